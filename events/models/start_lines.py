"""The days from which an installation was followed, and what each of them took out of the debts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models.people import Person


class StartLine(Base):
    """A day from which an installation is followed; the newest that was not undone counts.

    Without any, everything is followed, as before there were start lines.
    """

    __tablename__ = "start_line"

    id: Mapped[PrimaryKey]
    day: Mapped[date]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str | None]  # stays when the person is removed
    # by the id of each item that left the debts, or came back: from when it was followed before
    moved: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone: Mapped[datetime | None]

    by: Mapped[Person | None] = relationship()
