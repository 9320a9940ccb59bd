"""Persons, roles and posts, and what a post allows."""
