"""Installations that older versions left, each with its database and its files, and where every row
of them is after the upgrade to this version.

``python -m tests.reliability.older`` makes one with the code of each version of ``VERSIONS``, or of
the commits that are named, lets people work in it through its pages, upgrades it and prints what
became of its rows as JSON. ``--keep`` keeps those installations for the tests.
"""
