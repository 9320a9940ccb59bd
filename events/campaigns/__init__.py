"""A round in all its units: opened, joined later, its checklists and when their items are due."""
