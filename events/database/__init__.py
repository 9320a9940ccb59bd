"""Tables, engines, sessions, and what several processes that share a database owe each other."""
