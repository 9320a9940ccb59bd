"""The shipped facts, in TOML under data/: read, checked and imported."""
