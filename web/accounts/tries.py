"""Guessing gets slower: for one account after a few failures, for one visitor's address after many.

Failures are counted in the database, so that several processes count together, and by a digest, so
that what people typed is not kept. An address that is nobody's is slowed down as one that is
somebody's.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from web.accounts.models import Tries

_FORGOTTEN = timedelta(hours=1)  # after the last failure


@dataclass(frozen=True, slots=True)
class Pace:
    """How many failures are free, how long the first wait is, and the longest; it doubles."""

    free: int
    first: timedelta
    longest: timedelta = timedelta(minutes=15)

    def pause(self, failures: int) -> timedelta:
        """Return how long somebody waits after so many failures."""
        over = failures - self.free
        if over < 0:
            return timedelta(0)
        return min(self.first * (1 << min(over, 20)), self.longest)


OF_ACCOUNT = Pace(5, timedelta(seconds=30))
OF_ADDRESS = Pace(50, timedelta(seconds=10))  # an office of many shares one
OF_LINKS = Pace(20, timedelta(minutes=1))  # asked for from one address
OF_SUBSCRIPTIONS = Pace(5, timedelta(minutes=1))  # asked for from one address


@dataclass(frozen=True, slots=True)
class Counter:
    """What is counted: of which kind, whose, and at which pace."""

    kind: str
    whose: str
    pace: Pace

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.kind}\0{self.whose}".encode()).hexdigest()


def time_to_wait(session: Session, *counters: Counter, now: datetime) -> timedelta:
    """Return how long somebody has to wait still; zero for nobody who does."""
    waits = [timedelta(0)]
    for counter in counters:
        row = session.get(Tries, counter.key, populate_existing=True)
        if row is not None and now - row.last < _FORGOTTEN:
            waits.append(row.last + counter.pace.pause(row.count) - now)
    return max(waits)


def count_failure(session: Session, *counters: Counter, now: datetime) -> bool:
    """Count one more; tell whether somebody has to wait from now on who had not to before."""
    slowed = False
    for counter in counters:
        row = _row_of(session, counter, now)
        row.count = 1 if now - row.last >= _FORGOTTEN else row.count + 1
        row.last = now
        slowed = slowed or row.count == counter.pace.free
    session.flush()
    return slowed


def _row_of(session: Session, counter: Counter, now: datetime) -> Tries:
    """Return the row to count in, which nobody else changes meanwhile; two may make it at once."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(Tries).values(key=counter.key, count=0, last=now)
    session.execute(new.on_conflict_do_nothing())
    row = session.get(Tries, counter.key, with_for_update=True, populate_existing=True)
    assert row is not None
    return row


def forget_failures(session: Session, counter: Counter) -> None:
    """Begin to count anew: who was there knew the password."""
    session.execute(delete(Tries).where(Tries.key == counter.key))


def forget_before(session: Session, moment: datetime) -> None:
    """Remove what was counted before ``moment``."""
    session.execute(delete(Tries).where(Tries.last < moment))
