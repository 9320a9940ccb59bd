"""The web servers before the pages."""
