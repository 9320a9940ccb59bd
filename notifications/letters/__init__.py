"""What messages say: the words, and the mail that carries them."""
