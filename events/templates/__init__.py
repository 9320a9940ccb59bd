"""What campaigns are made from: read, checked, edited, and carried in files."""
