"""How far everybody is, now and as of a past day, and who reported nothing."""
