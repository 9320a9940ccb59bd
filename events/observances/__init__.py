"""The days kept every year: their dates, what is printed for them, and days of one's own."""
