"""Letters to many: those that people without an account ask for, and those that officers write."""
