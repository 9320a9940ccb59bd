"""When each job of each clock last ran and how it went, so that a silent clock is noticed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from events.database.sessions import Base, SessionFactory
from events.errors import N_, CannotRunError
from scheduler.watch.jumps import forget_jump
from scheduler.watch.lead import has_ended

PULSE = "pulse"  # of the watchdog, every few seconds; its error names jobs that stand still
_REMEMBERED = timedelta(hours=2)  # longer than from one run of an hourly job to the next
_SLIP = timedelta(days=1)  # less is a time zone or a clock that is set by the network
_LONGEST = 128


class ClockSetBackError(CannotRunError):
    """Raised when the clock of the machine is far behind the last run: dates would be wrong."""

    msgid = N_(
        "The clock of this machine says %(now)s, but this service last ran at %(last)s (UTC). "
        "Please set the clock right. If it is right now, run once: sumvay init --clock-is-right"
    )


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


def check_time(session_factory: SessionFactory, now: datetime) -> None:
    """Raise ``ClockSetBackError`` when a job ran later than a day after ``now``."""
    with session_factory() as session:
        last = max((one.at for one in beats(session)), default=now)
    if last > now + _SLIP:
        raise ClockSetBackError(now=f"{now:%d/%m/%Y %H:%M}", last=f"{last:%d/%m/%Y %H:%M}")


def forget_the_future(session_factory: SessionFactory, now: datetime) -> None:
    """Forget what ran while the clock was ahead."""
    with session_factory.begin() as session:
        session.execute(delete(Heartbeat).where(Heartbeat.at > now))
        forget_jump(session)


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
    with session_factory.begin() as session:
        for clock in session.scalars(select(Heartbeat.clock).distinct()).all():
            if has_ended(clock):
                session.execute(delete(Heartbeat).where(Heartbeat.clock == clock))


def beats(session: Session) -> list[Beat]:
    """Return the last run of every job of every clock, the oldest first."""
    return [
        Beat(row.job, row.at, row.error, row.clock)
        for row in session.scalars(select(Heartbeat).order_by(Heartbeat.at, Heartbeat.job))
    ]
