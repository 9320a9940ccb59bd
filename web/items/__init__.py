"""One checklist item, and the list it stands in."""
