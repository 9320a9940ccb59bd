"""Does a calendar keep the rules that clients need? Reads it, octet by octet, and changes nothing.

The rules are in ``rules``, one line each with the clients that break without it; ``check`` asks
those of one version, ``between`` those that hold between two, ``over_http`` those of an address.
docs/feed-check.md says them for other projects.
"""
