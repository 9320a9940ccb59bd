"""Jumps of the wall clock, seen against one that nobody sets.

A machine whose time is a month ahead would let mail expire, forget what is kept for a year, and
tell everybody that they are late. So after a jump all that goes by the day waits: for an hour, or,
when it was more than a day, until somebody says that the time is right (`sumvay init
--clock-is-right`) or it jumps back. Signing in and mail that somebody waits for go on.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Mapped, Session, mapped_column

from events.database.sessions import Base, SessionFactory

SLIP = timedelta(minutes=2)  # less is a clock that is set by the network
_LARGE = timedelta(days=1)
_REST = timedelta(hours=1)
_THE_ROW = 1


class TimeJump(Base):
    """That the time jumped by ``seconds`` to ``at``; ``until`` None: until somebody says that it is
    right.
    """

    __tablename__ = "time_jump"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    seconds: Mapped[int]
    until: Mapped[datetime | None]


def steady() -> float:
    """Return seconds that nobody sets; those that a laptop slept count, where the system says."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot_time is None else time.clock_gettime(boot_time)


class Watch:
    """Compares the wall clock with a steady one, from when it was made. Not for many threads."""

    def __init__(self, now: Callable[[], datetime], still: Callable[[], float] = steady) -> None:
        self._now, self._still = now, still
        self._at, self._steady = now(), still()
        self._jumped = timedelta()

    def look(self, session_factory: SessionFactory) -> bool:
        """Write down a jump since the last look; tell whether there was one."""
        at, steadily = self._now(), self._still()
        by = at - self._at - timedelta(seconds=steadily - self._steady)
        if abs(by) > SLIP:
            with session_factory.begin() as session:
                _note(session, at, self._jumped + by)
            self._jumped = timedelta() if abs(self._jumped + by) <= SLIP else self._jumped + by
        self._at, self._steady = at, steadily
        return abs(by) > SLIP


def jump_of(session: Session, now: datetime) -> TimeJump | None:
    """Return the jump that makes everything wait that goes by the day."""
    row = session.get(TimeJump, _THE_ROW)
    return None if row is None or (row.until is not None and row.until <= now) else row


def forget_jump(session: Session) -> None:
    """Go on: the time is right."""
    session.execute(delete(TimeJump))


def _note(session: Session, at: datetime, by: timedelta) -> None:
    forget_jump(session)
    if abs(by) <= SLIP:  # it jumped back to where it was
        return
    until = None if abs(by) > _LARGE else at + _REST
    session.add(TimeJump(id=_THE_ROW, at=at, seconds=round(by.total_seconds()), until=until))
