"""Work that a commit leaves for others to do at once: mail that waits, calendars that are stale.

Three calls, done in two ways. ``defer`` is heard in the transaction that leaves the work
(`noticing`), ``periodic`` makes wake-ups anew from the tables, ``loop`` does the work until it is
stopped. On SQLite all of it happens in the process of the clock (`in_process`); on PostgreSQL, with
``scheduler.workers``, by any number of processes on any number of machines (`procrastinate`).

The tables stay the truth: a wake-up only says "look", so that one too many does nothing and one too
few is made good a moment later.
"""
