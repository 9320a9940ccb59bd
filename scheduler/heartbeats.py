"""When each job last ran and how it went, so that a silent clock is noticed."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from events.database import Base, SessionFactory


class Heartbeat(Base):
    """The last run of one job. ``error`` is empty when it went well."""

    __tablename__ = "heartbeat"

    job: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    error: Mapped[str]


@dataclass(frozen=True, slots=True)
class Beat:
    """A heartbeat as it is read."""

    job: str
    at: datetime
    error: str


def beat(session_factory: SessionFactory, job: str, *, now: datetime, error: str = "") -> None:
    """Record that ``job`` ran at ``now``."""
    with session_factory.begin() as session:
        session.merge(Heartbeat(job=job, at=now, error=error))


def beats(session: Session) -> list[Beat]:
    return [
        Beat(row.job, row.at, row.error)
        for row in session.scalars(select(Heartbeat).order_by(Heartbeat.job))
    ]
