"""The table of notices: one thing that one person should be told, and what became of it.

What is told follows from what is stored; nothing is remembered but what was told:

    items, history, activities, rounds ─> tellings (a module a source)
    tellings, less those told ─> notices ─gathered by person and morning─> messages
    messages ─claimed: looked at again, made one─> letters
"""

from collections.abc import Collection
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CursorResult, ForeignKey, Index, String, delete, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey
from events.models import ChecklistItem, Person
from notifications.outbox import forgetting
from notifications.outbox.forgetting import ended_before
from notifications.outbox.sets import chunks
from notifications.outbox.table import Message


class NoticeKind(StrEnum):
    """What a notice is about, and so which part of a mail says it."""

    DUE = "reminder"  # an item has come to a step before or after its day
    LATE = "late"  # an item below is late, and those in charge of it were told
    ASSIGNED = "assigned"  # an item is somebody's now
    MOVED = "moved"  # an item has another day
    BLOCKED = "blocked"  # something stands in an item's way below
    OPENED = "opened"  # a campaign has opened; `about_id` is its
    INVITED = "invited"  # an activity takes place, elsewhere, or not; `about_id` is its
    WEEK = "week"  # what is due in the week
    MONTH = "month"  # figures of a month; `about_id` is the unit's


class NoticeState(StrEnum):
    """What became of a notice."""

    PLANNED = "planned"  # a message carries it, or will
    COLLAPSED = "collapsed"  # a newer step of the same item went out instead
    CANCELLED = "cancelled"  # nothing left to say when its message was about to leave


class Notice(Base):
    """One thing one person should be told, about one item if it has one.

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
    kind: Mapped[NoticeKind]
    rule: Mapped[Key]  # the step or the occasion: "before-7", "late-1", "2026-11-30"
    item_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_item.id"))
    about_id: Mapped[int | None]  # of what else the kind says; that may be gone
    anchor_version: Mapped[int]
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime]  # the planned instant
    state: Mapped[NoticeState] = mapped_column(default=NoticeState.PLANNED)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("message.id"))
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created: Mapped[datetime]

    item: Mapped[ChecklistItem | None] = relationship()
    person: Mapped[Person] = relationship()
    message: Mapped[Message | None] = relationship()


class Gathered(Base):
    """Up to which morning a source was asked for what is to be told: it is asked once for each."""

    __tablename__ = "gathered"

    source: Mapped[Key] = mapped_column(primary_key=True)
    until: Mapped[datetime]


class MailWish(Base):
    """What a person wishes of their mail; whoever has no row gets it in the morning.

    ``paused_until`` is the last day without mail; on the days from ``away_from`` to ``away_to``
    others are told in their place.
    """

    __tablename__ = "mail_wish"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    hour: Mapped[time | None]
    paused_until: Mapped[date | None]
    away_from: Mapped[date | None]
    away_to: Mapped[date | None]


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
        session.execute(delete(MailWish).where(MailWish.person_id.in_(some)))
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
