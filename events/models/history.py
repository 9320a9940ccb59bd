"""Who changed what, when and through which door. Nothing is overwritten silently."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database import Base, PrimaryKey
from events.models.campaigns import ChecklistItem
from events.models.people import Person


class Door(StrEnum):
    """The way a change came in."""

    PAGE = "page"
    MAIL_LINK = "mail-link"
    COMMAND = "command"
    CLOCK = "clock"


class Change(Base):
    """One change of one checklist item, with the values before and after."""

    __tablename__ = "change"
    __table_args__ = (Index(None, "item_id", "at"),)

    id: Mapped[PrimaryKey]
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    by_name: Mapped[str | None]  # stays when the person is removed
    door: Mapped[Door]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"))
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]

    item: Mapped[ChecklistItem] = relationship()
    by: Mapped[Person | None] = relationship()
