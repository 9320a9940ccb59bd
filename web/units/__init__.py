"""Units, their people and their reforms."""
