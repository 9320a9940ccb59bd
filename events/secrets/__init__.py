"""What nobody else may make or read: secrets in files, signed texts."""
