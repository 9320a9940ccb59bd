"""The table of notices: one thing that one person should be told about one item, and what became of
it.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CursorResult, ForeignKey, Index, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from events.database import Base, Key, PrimaryKey
from events.models import ChecklistItem, Person
from notifications.outbox import forgetting
from notifications.outbox.forgetting import ended_before
from notifications.outbox.sets import chunks
from notifications.outbox.table import Message, MessageKind


class NoticeState(StrEnum):
    """What became of a notice."""

    PLANNED = "planned"  # a message carries it, or will
    COLLAPSED = "collapsed"  # a newer step of the same item went out instead
    CANCELLED = "cancelled"  # nothing left to say when its message was about to leave


class Notice(Base):
    """One thing one person should be told about one item.

    The key holds the version of the item's dates: a moved item re-arms.
    """

    __tablename__ = "notice"
    __table_args__ = (
        Index(None, "item_id", "person_id"),
        Index(None, "person_id"),
        Index(None, "message_id"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[MessageKind]
    rule: Mapped[Key]  # "before-7", "overdue-1"
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"))
    anchor_version: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]  # the planned instant
    state: Mapped[NoticeState] = mapped_column(default=NoticeState.PLANNED)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    created: Mapped[datetime]

    item: Mapped[ChecklistItem] = relationship()
    person: Mapped[Person] = relationship()
    message: Mapped[Message | None] = relationship()


def cancel_notices(session: Session, notice_ids: Collection[int]) -> None:
    """Record that these notices have nothing left to say."""
    for some in chunks(sorted(notice_ids)):
        session.execute(
            update(Notice).where(Notice.id.in_(some)).values(state=NoticeState.CANCELLED)
        )


def forget_people(session: Session, person_ids: Collection[int]) -> None:
    """Remove the notices and messages of persons who are about to be deleted."""
    for some in chunks(sorted(person_ids)):
        session.execute(delete(Notice).where(Notice.person_id.in_(some)))
    forgetting.forget_people(session, person_ids)


def forget_messages_before(session: Session, moment: datetime) -> int:
    """Remove the messages that ended before ``moment``; return how many.

    Their notices stay, so that nobody is told the same again.
    """
    old = select(Message.id).where(ended_before(moment))
    session.execute(update(Notice).where(Notice.message_id.in_(old)).values(message_id=None))
    removed = session.execute(delete(Message).where(ended_before(moment)))
    assert isinstance(removed, CursorResult)
    return removed.rowcount
