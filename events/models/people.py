"""Persons, the roles of the administration and who holds which post when."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey, Uid
from events.models.columns import FromCatalog, Valid
from events.models.units import Unit


class Duty(StrEnum):
    """What a post makes of somebody in an installation: what it allows is the table in
    ``events/people/rights.py``.
    """

    OFFICER = "officer"
    ORGANISER = "organiser"
    LEADER = "leader"
    READER = "reader"


class Role(FromCatalog, Valid, Base):
    """What an office or person does in the work, for a period; afterwards its ``successor_key``
    does it.
    """

    __tablename__ = "role"

    key: Mapped[Key] = mapped_column(primary_key=True)
    title_vi: Mapped[str]
    title_en: Mapped[str]
    level_key: Mapped[str | None]  # None: held at any level
    successor_key: Mapped[str | None]
    position: Mapped[int] = mapped_column(default=0)
    # has its own series of numbers: it issues the documents of campaigns that it leads
    issues_papers: Mapped[bool] = mapped_column(default=False)
    duty: Mapped[Duty] = mapped_column(default=Duty.ORGANISER)


class Person(Base):
    """Somebody who is told things and ticks items.

    One full name: many names here have no first and last part.
    """

    __tablename__ = "person"
    __table_args__ = (Index(None, "search"),)

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    full_name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="vi")
    is_demo: Mapped[bool] = mapped_column(default=False)
    is_administrator: Mapped[bool] = mapped_column(default=False)
    search: Mapped[str]
    # when name and addresses were erased; the row stays, since history points at it
    erased: Mapped[datetime | None]

    posts: Mapped[list["Post"]] = relationship(
        back_populates="person", cascade="all, delete-orphan"
    )


class Post(Valid, Base):
    """A person in a unit, in a role, for a period."""

    __tablename__ = "post"
    __table_args__ = (Index(None, "person_id"), Index(None, "unit_id", "role_key"))

    id: Mapped[PrimaryKey]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))

    person: Mapped[Person] = relationship(back_populates="posts")
    unit: Mapped[Unit] = relationship()
    role: Mapped[Role] = relationship()
