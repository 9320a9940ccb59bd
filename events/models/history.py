"""Who changed what, when and through which door. Nothing is overwritten silently."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models.items import ChecklistItem, NotDone, TodoStatus
from events.models.people import Person
from events.models.units import Unit


class Door(StrEnum):
    """The way a change came in."""

    PAGE = "page"
    MAIL_LINK = "mail-link"
    COMMAND = "command"
    CLOCK = "clock"


class Change(Base):
    """One change of one checklist item, with the values before and after."""

    __tablename__ = "change"
    __table_args__ = (
        Index(None, "item_id", "at"),
        Index(None, "reported_id"),
        Index(None, "undoes_id"),
    )

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str | None]  # stays when the person is removed
    door: Mapped[Door]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    # the unit for which somebody else did it
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    # the unit whose report this is; None: nobody's
    reported_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    # the change that this one took back, once more as a column
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("change.id"))
    # The state after the change once more as columns, so that progress can be counted as of a past
    # date in SQL.
    status: Mapped[TodoStatus]
    not_done: Mapped[NotDone | None]
    blocked: Mapped[bool] = mapped_column(default=False)
    due: Mapped[date]
    completed_on: Mapped[date | None]
    recorded_after: Mapped[int | None]
    followed_from: Mapped[date | None]

    item: Mapped[ChecklistItem] = relationship()
    by: Mapped[Person | None] = relationship()
    on_behalf_of: Mapped[Unit | None] = relationship(foreign_keys=on_behalf_of_id)
    reported: Mapped[Unit | None] = relationship(foreign_keys=reported_id)
