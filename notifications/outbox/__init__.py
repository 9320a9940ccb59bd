"""Messages on their way: a row each, from the transaction that causes it to the server's answer."""
