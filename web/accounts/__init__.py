"""Who may come in: accounts, signing in, and the very first administrator."""
