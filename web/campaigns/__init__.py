"""One campaign and its round."""
