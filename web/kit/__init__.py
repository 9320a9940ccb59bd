"""What every page reaches for."""
