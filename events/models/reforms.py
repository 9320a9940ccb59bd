"""What happened to units, and the decisions on days off: each with its date, its basis and who
entered it.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models.people import Person, Post, Role
from events.models.units import Unit


class ReformKind(StrEnum):
    """What a change does to units."""

    MERGE = "merge"
    SPLIT = "split"
    RENAME = "rename"
    ABOLISH = "abolish"
    MOVE = "move"  # to another unit above
    FOUND = "found"  # a new one, made from none


class Reform(Base):
    """One change of the unit tree. ``detail`` names the units before and after by key."""

    __tablename__ = "reform"

    id: Mapped[PrimaryKey]
    kind: Mapped[ReformKind]
    on: Mapped[date]  # the first day of the new units
    basis: Mapped[str | None]
    detail: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    by: Mapped[Person | None] = relationship()


class PostProposal(Base):
    """A post in a successor unit that somebody confirms before it is held."""

    __tablename__ = "post_proposal"
    __table_args__ = (Index(None, "unit_id"), Index(None, "reform_id"))

    id: Mapped[PrimaryKey]
    reform_id: Mapped[int | None] = mapped_column(ForeignKey("reform.id"))
    from_post_id: Mapped[int] = mapped_column(ForeignKey("post.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))
    valid_from: Mapped[date]
    decided: Mapped[datetime | None]
    confirmed: Mapped[bool | None]  # None: not decided yet
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    from_post: Mapped[Post] = relationship()
    person: Mapped[Person] = relationship(foreign_keys="PostProposal.person_id")
    decided_by: Mapped[Person | None] = relationship(foreign_keys="PostProposal.decided_by_id")
    unit: Mapped[Unit] = relationship()
    role: Mapped[Role] = relationship()


class CalendarDecision(Base):
    """A decision on days off as it was entered: the text, and the days it led to."""

    __tablename__ = "calendar_decision"

    id: Mapped[PrimaryKey]
    year: Mapped[int]
    text: Mapped[str]
    source: Mapped[str | None]
    days: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    by: Mapped[Person | None] = relationship()
