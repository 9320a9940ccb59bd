"""Play a year with a moved clock on a copy in memory: the real jobs, no campaign of the real
database, nothing written or sent.

The copy holds the catalogue as it was edited, the units, the people and their posts. Where nobody
holds a post, a stand-in takes it, so that every notice shows whom it would reach.
"""
