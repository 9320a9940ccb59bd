"""Files that people upload, whatever they are for."""
