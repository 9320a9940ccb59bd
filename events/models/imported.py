"""Calendars of others that a unit looks at, and what falls on their days."""

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models.units import Unit


class ImportedCalendar(Base):
    """Somebody else's calendar, uploaded as a file or fetched from ``url``.

    ``body`` is what was taken in last and stays when a later try fails; ``problem`` is then why,
    one of `events.calendars.refusals.Refused` with its facts.
    """

    __tablename__ = "imported_calendar"
    __table_args__ = (Index(None, "unit_id"), Index(None, "next_try"))

    id: Mapped[PrimaryKey]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    name: Mapped[str]
    url: Mapped[str | None]  # None: uploaded
    added: Mapped[datetime]
    body: Mapped[bytes | None]
    taken: Mapped[datetime | None]  # when the body was last taken in or found unchanged
    skipped: Mapped[int] = mapped_column(default=0)  # events of the body that nobody can read
    spread: Mapped[date | None]  # the day from whose view its events are stored
    etag: Mapped[str | None]  # what the server wants to hear next time
    modified: Mapped[str | None]
    next_try: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    problem: Mapped[str | None]
    problem_facts: Mapped[dict[str, Any] | None]

    unit: Mapped[Unit] = relationship()


class ImportedEvent(Base):
    """One time that something of an imported calendar takes place.

    ``first`` to ``last`` are local days, both included; ``starts`` and ``ends`` are None for what
    lasts all day.
    """

    __tablename__ = "imported_event"
    __table_args__ = (Index(None, "calendar_id", "first"),)

    id: Mapped[PrimaryKey]
    calendar_id: Mapped[int] = mapped_column(ForeignKey("imported_calendar.id"))
    summary: Mapped[str]
    location: Mapped[str]
    first: Mapped[date]
    last: Mapped[date]
    starts: Mapped[datetime | None]
    ends: Mapped[datetime | None]

    calendar: Mapped[ImportedCalendar] = relationship()

    @property
    def dtend(self) -> date:
        """The day after its last."""
        return self.last + timedelta(days=1)

    def covers(self, day: date) -> bool:
        return self.first <= day <= self.last
