"""Things with a time and a place: entered, changed, called off, and what overlaps."""
