"""Changes of the tree, and what goes over from units that end to those that follow."""
