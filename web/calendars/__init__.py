"""The year for everybody: observances, months, feeds."""
