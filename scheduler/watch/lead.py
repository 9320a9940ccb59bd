"""Who leads: of many clocks one does what is done once.

A row with an epoch, not a lock that goes with a connection: a clock that sleeps, or whose database
was away, loses it. Clocks on several machines disagree about the time, so nobody's time is written.
The leader counts a number up; who has seen the same number for ``LEASE`` seconds, by a watch that
nobody sets, takes its place. The leader itself stops leading before that: when it could not count
for two thirds of the time.
"""

import os
import socket
import time
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CursorResult, String, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from events.database.sessions import Base, SessionFactory, reading
from notifications.outbox.sets import insert_once

LEASE = 12.0  # seconds
_LEADS = LEASE * 2 / 3
_THE_ROW = 1
_LONGEST = 128


class ClockLease(Base):
    """Which clock leads. ``epoch`` rises with every change, ``count`` while it leads."""

    __tablename__ = "clock_lease"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    holder: Mapped[str] = mapped_column(String(_LONGEST))
    epoch: Mapped[int]
    count: Mapped[int]


def this_clock() -> str:
    """Return what tells the clock of this process from all others."""
    return f"{socket.gethostname()}:{os.getpid()}"[-_LONGEST:]


def has_ended(clock: str) -> bool:
    """Tell whether a clock of this machine is known to be no process any more."""
    machine, _colon, process = clock.rpartition(":")
    if machine != socket.gethostname():
        return False
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return True
    except OSError:  # of another user
        return False
    return False


@dataclass
class Lead:
    """One clock's part in it. ``keep`` is called every few seconds, by one thread."""

    session_factory: SessionFactory
    name: str = field(default_factory=this_clock)
    epoch: int | None = None
    _counted: float = -LEASE
    _seen: tuple[int, int] | None = None
    _seen_at: float = 0.0

    @property
    def is_mine(self) -> bool:
        """Whether this clock leads, as far as it can know."""
        return self.epoch is not None and time.monotonic() - self._counted < _LEADS

    def begin(self) -> None:
        """Lead at once if nobody does: no one ever did, or who did has ended on this machine."""
        with reading(self.session_factory)() as session:
            row = session.get(ClockLease, _THE_ROW)
        if row is None or row.holder in ("", self.name) or has_ended(row.holder):
            self._take((row.epoch, row.count) if row else None)

    def keep(self) -> None:
        """Go on leading, or take the lead of a clock that has been silent for ``LEASE``."""
        if self.epoch is not None:
            self._count()
            return
        with reading(self.session_factory)() as session:
            row = session.get(ClockLease, _THE_ROW)
        seen = (row.epoch, row.count) if row else None
        if seen != self._seen or (row and self._seen_at == 0.0):
            self._seen, self._seen_at = seen, time.monotonic()
        is_free = row is None or not row.holder or has_ended(row.holder)
        if is_free or time.monotonic() - self._seen_at >= LEASE:
            self._take(seen)

    def end(self) -> None:
        """Leave the lead to the next one, at once."""
        if self.epoch is None:
            return
        with self.session_factory.begin() as session:
            self._change(session, self.epoch, {"holder": ""})
        self.epoch = None

    def _count(self) -> None:
        began = time.monotonic()
        with self.session_factory.begin() as session:
            assert self.epoch is not None
            is_mine = self._change(session, self.epoch, {"count": ClockLease.count + 1})
        self.epoch, self._counted = (self.epoch if is_mine else None), began
        self._seen_at = 0.0

    def _take(self, seen: tuple[int, int] | None) -> None:
        began = time.monotonic()
        with self.session_factory.begin() as session:
            insert_once(session, ClockLease, {"id": _THE_ROW, "holder": "", "epoch": 0, "count": 0})
            epoch, count = seen or (0, 0)
            new = {"holder": self.name, "epoch": epoch + 1, "count": 0}
            if self._change(session, epoch, new, seen=count):
                self.epoch, self._counted = epoch + 1, began

    @staticmethod
    def _change(
        session: Session, epoch: int, values: dict[str, Any], *, seen: int | None = None
    ) -> bool:
        statement = update(ClockLease).where(ClockLease.epoch == epoch)
        if seen is not None:
            statement = statement.where(ClockLease.count == seen)
        done = session.execute(statement.values(values))
        assert isinstance(done, CursorResult)
        return done.rowcount == 1
