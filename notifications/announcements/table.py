"""The table of announcements: what an officer writes to many, and whether it was sent or stopped.

Whom it reached stands in the outbox: a message for each, whose key names the announcement.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models import Person, Unit


class Audience(StrEnum):
    """Whom an announcement is for."""

    UNIT = "unit"  # posts in the unit alone
    BELOW = "below"  # posts in units below it, without its own
    ALL = "all"  # both
    PUBLIC = "public"  # subscribers without an account


class Announcement(Base):
    """A letter to many; ``body`` is Markdown. Once it is ``sent`` nothing of it changes."""

    __tablename__ = "announcement"
    __table_args__ = (Index(None, "unit_id"), Index(None, "by_id"))

    id: Mapped[PrimaryKey]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    audience: Mapped[Audience]
    roles: Mapped[list[str]]  # keys; none: every post
    subject: Mapped[str]
    body: Mapped[str]
    created: Mapped[datetime]
    sent: Mapped[datetime | None]
    stopped: Mapped[datetime | None]
    recipients: Mapped[int | None]  # how many it was written to

    unit: Mapped[Unit] = relationship()
    by: Mapped[Person | None] = relationship()
