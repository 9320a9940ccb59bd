"""How fast the service is, each time as a ratio to a limit measured in the same run.

Run them with `make bench`.
"""
