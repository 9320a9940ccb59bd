"""When each job of each clock last ran and how it went, so that a silent clock is noticed."""

import os
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from events.database import Base, SessionFactory

_REMEMBERED = timedelta(hours=2)  # longer than from one run of an hourly job to the next
_LONGEST = 128


class Heartbeat(Base):
    """The last run of one job of one clock. ``error`` is empty when it went well."""

    __tablename__ = "heartbeat"

    clock: Mapped[str] = mapped_column(String(_LONGEST), primary_key=True)
    job: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    error: Mapped[str]


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat as it is read."""

    job: str
    at: datetime
    error: str
    clock: str = ""


def this_clock() -> str:
    """Return what tells the clock of this process from all others."""
    return f"{socket.gethostname()}:{os.getpid()}"[-_LONGEST:]


def beat(
    session_factory: SessionFactory, job: str, *, now: datetime, error: str = "", clock: str = ""
) -> None:
    """Record that ``job`` ran at ``now``, and forget the clocks that have stopped long ago."""
    with session_factory.begin() as session:
        gone = Heartbeat.at < now - _REMEMBERED
        session.execute(delete(Heartbeat).where(gone, Heartbeat.clock != clock))
        session.merge(Heartbeat(clock=clock, job=job, at=now, error=error))


def forget_the_dead(session_factory: SessionFactory) -> None:
    """Forget the clocks of this machine whose processes have ended: a new one has begun, and their
    silence is none.
    """
    machine = f"{socket.gethostname()}:"
    with session_factory.begin() as session:
        for clock in session.scalars(select(Heartbeat.clock).distinct()).all():
            if clock.startswith(machine) and not _lives(clock.removeprefix(machine)):
                session.execute(delete(Heartbeat).where(Heartbeat.clock == clock))


def _lives(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except OSError:  # of another user
        return True
    return True


def beats(session: Session) -> list[Beat]:
    """Return the last run of every job of every clock, the oldest first."""
    return [
        Beat(row.job, row.at, row.error, row.clock)
        for row in session.scalars(select(Heartbeat).order_by(Heartbeat.at, Heartbeat.job))
    ]
