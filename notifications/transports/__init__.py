"""The ways out for mail: each takes one mail and says what became of it."""
