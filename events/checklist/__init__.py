"""What may be done to an item, by whom, and the history that it leaves."""
