"""The tree of units: as of a day, who followed whom, and how units end."""
