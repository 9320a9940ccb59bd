"""The outbox: messages on their way.

A message is written in the transaction that causes it and has a key that cannot come twice. A relay
takes messages with a lease: claiming pushes ``next_attempt`` forward, so what a dead relay held
becomes ready by itself. Every change of state names the state and the lease it starts from; a relay
that slept past its lease changes nothing.

    ready ─> leased ─> sending ─> sent
      ^         │         ├─> failed      refused for good
      └─────────┴─────────┤
                          └─> unknown     lost after the final dot; tried once more
    leased ─> cancelled | expired | suppressed
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    ForeignKey,
    Index,
    String,
    case,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from events.database import Base, PrimaryKey
from events.errors import N_, ConflictError, NotFoundError
from events.models import Person

LEASE = timedelta(minutes=10)  # longer than the slowest server may take over one mail
LIFETIME = timedelta(days=2)  # of a message whose writer says nothing else
_A_CHUNK = 5_000  # ids in one statement; SQLite and PostgreSQL both take more
_ID_DOMAIN = "sumvay"

T = TypeVar("T")


class MessageKind(StrEnum):
    """What a message is about; also the name of its folder of templates."""

    REMINDER = "reminder"
    SIGN_IN = "sign_in"
    TRIAL = "trial"  # never a row: somebody waits for what comes of it
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    POST_OFFER = "post_offer"


class MessageState(StrEnum):
    """Where a message is on its way."""

    READY = "ready"
    LEASED = "leased"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SUPPRESSED = "suppressed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


UNDERWAY = (MessageState.READY, MessageState.LEASED, MessageState.SENDING, MessageState.UNKNOWN)
_HELD = (MessageState.LEASED, MessageState.SENDING)


class Message(Base):
    """A mail to one person: a row of the outbox.

    It keeps what to say (``params``), never the words.

    ``next_attempt`` is None once nothing more will be tried. ``date`` is that of the first attempt
    that may have reached a server, and with ``message_id`` it never changes afterwards, so that a
    repeated mail is the same mail.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index(None, "state", "next_attempt"),
        Index(None, "person_id"),
        Index(None, "rcpt_to"),
    )

    id: Mapped[PrimaryKey]
    key: Mapped[str] = mapped_column(String(255), unique=True)
    kind: Mapped[MessageKind]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    rcpt_to: Mapped[str] = mapped_column(String(320))
    language: Mapped[str] = mapped_column(String(16))
    params: Mapped[dict[str, Any]]
    urgent: Mapped[bool] = mapped_column(default=False)  # leaves on a day off too
    state: Mapped[MessageState] = mapped_column(default=MessageState.READY)
    next_attempt: Mapped[datetime | None]
    lease_epoch: Mapped[int] = mapped_column(default=0)  # rises with every claim
    leased_by: Mapped[str | None]
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    doubts: Mapped[int] = mapped_column(default=0)  # how often nobody could tell whether it arrived
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    date: Mapped[datetime]
    expires: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    reply_code: Mapped[int | None]  # RFC 5321, 4.2
    reply: Mapped[str | None]
    # the server knows no such mailbox (RFC 3463, X.1.X)
    bad_address: Mapped[bool] = mapped_column(default=False)
    created: Mapped[datetime]

    person: Mapped[Person | None] = relationship()

    def __repr__(self) -> str:
        return f"<Message {self.key} {self.state}>"


def enqueue(
    session: Session,
    *,
    key: str,
    kind: MessageKind,
    rcpt_to: str,
    language: str,
    now: datetime,
    person: Person | None = None,
    params: dict[str, Any] | None = None,
    urgent: bool = False,
    next_attempt: datetime | None = None,
    expires: datetime | None = None,
) -> Message:
    """Put a message into the outbox, in the caller's transaction.

    A key that is there already changes nothing.

    It leaves at ``next_attempt`` (``now`` if None) and is given up at ``expires`` (two days from
    now if None).
    """
    row = message_row(
        key=key,
        kind=kind,
        person_id=person.id if person else None,
        rcpt_to=rcpt_to,
        language=language,
        params=params or {},
        urgent=urgent,
        next_attempt=next_attempt or now,
        expires=expires or now + LIFETIME,
        now=now,
    )
    insert_new(session, Message, [row])
    return session.scalars(select(Message).where(Message.key == key)).one()


def message_row(*, key: str, now: datetime, **columns: Any) -> dict[str, Any]:
    """Return the row of a new message."""
    return {"key": key, "message_id": message_id_of(key), "date": now, "created": now, **columns}


def message_id_of(key: str) -> str:
    """Return the Message-ID (RFC 5322, 3.6.4) that belongs to a key for ever."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{_ID_DOMAIN}>"


def insert_new(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Insert the rows whose key is not there yet and return the ids of those, by key.

    ``table`` has the columns ``id`` and ``key``.

    A key that another process has inserted but not yet committed is waited for on PostgreSQL;
    SQLite has one writer at a time.
    """
    if not rows:
        return {}
    connection = session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(table)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(table.id, table.key)
    )
    return {row.key: row.id for row in connection.execute(statement, rows)}


def claim(
    session: Session, *, now: datetime, limit: int, by: str, lease: timedelta = LEASE
) -> list[Message]:
    """Take up to ``limit`` messages whose time has come, urgent ones first.

    They are the caller's for ``lease``.

    Two relays never get the same message: PostgreSQL skips rows that another one is taking, SQLite
    has one writer at a time.
    """
    is_due = Message.state.in_(UNDERWAY) & (Message.next_attempt <= now)
    first = (
        select(Message.id)
        .where(is_due)
        .order_by(Message.urgent.desc(), Message.next_attempt, Message.id)
        .limit(limit)
    )
    # a subquery may run again for every row, a CTE runs once
    chosen = first.with_for_update(skip_locked=True).cte("chosen")
    taken = (
        update(Message)
        .where(Message.id.in_(select(chosen.c.id)), is_due)
        .values(
            state=MessageState.LEASED,
            lease_epoch=Message.lease_epoch + 1,
            leased_by=by,
            leased_until=now + lease,
            next_attempt=now + lease,
        )
        .returning(Message)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(session.scalars(taken), key=lambda message: (not message.urgent, message.id))


def start_sending(
    session: Session, message: Message, *, now: datetime, lease_until: datetime
) -> Message | None:
    """Record that ``message`` is being handed over, and return it as it is to be sent; None if the
    lease is no longer ours.

    The Date of a mail that never left is now; one that may have reached a server keeps its own.
    """
    first = {"date": case((Message.attempts == 0, now), else_=Message.date)}
    values = {
        "attempts": Message.attempts + 1,
        "leased_until": lease_until,
        "next_attempt": lease_until,
        **first,
    }
    if not _change(session, message, (MessageState.LEASED,), MessageState.SENDING, **values):
        return None
    return session.get(Message, message.id, populate_existing=True)


def mark_sent(session: Session, message: Message, *, now: datetime, code: int, reply: str) -> bool:
    """Record that a server took the mail. False if the lease is no longer ours."""
    return _change(
        session,
        message,
        _HELD,
        MessageState.SENT,
        next_attempt=None,
        sent_at=now,
        reply_code=code,
        reply=reply,
    )


def mark_failed(
    session: Session, message: Message, *, code: int | None, reply: str, bad_address: bool = False
) -> bool:
    """Record that the mail was refused for good."""
    values = {"next_attempt": None, "reply_code": code, "reply": reply, "bad_address": bad_address}
    return _change(session, message, _HELD, MessageState.FAILED, **values)


def mark_unknown(
    session: Session, message: Message, *, reply: str, next_attempt: datetime | None
) -> bool:
    """Record that nobody knows whether the mail arrived; it is tried again at ``next_attempt``, if
    any.
    """
    values = {
        "next_attempt": next_attempt,
        "reply": reply,
        "reply_code": None,
        "doubts": Message.doubts + 1,
    }
    return _change(session, message, (MessageState.SENDING,), MessageState.UNKNOWN, **values)


def defer(
    session: Session, message: Message, *, until: datetime, code: int | None, reply: str
) -> bool:
    """Make the mail ready again at ``until``, after an attempt that counted."""
    return _change(
        session,
        message,
        _HELD,
        MessageState.READY,
        next_attempt=until,
        reply_code=code,
        reply=reply,
    )


def release(session: Session, message: Message, *, at: datetime) -> bool:
    """Give the mail back untouched, ready at ``at``: no server ever saw it, so the attempt does not
    count.
    """
    attempts = case(
        (Message.state == MessageState.SENDING, Message.attempts - 1), else_=Message.attempts
    )
    return _change(session, message, _HELD, MessageState.READY, next_attempt=at, attempts=attempts)


def drop(session: Session, message: Message, state: MessageState, reason: str) -> bool:
    """End a mail before it leaves: cancelled, expired or suppressed."""
    return _change(session, message, (MessageState.LEASED,), state, next_attempt=None, reply=reason)


def requeue(
    session: Session, message_id: int, *, now: datetime, lifetime: timedelta = LIFETIME
) -> Message:
    """Send a failed or doubtful message again, because somebody mended what was wrong.

    Raises ``NotFoundError``; ``ConflictError`` for one that is still on its way, or arrived.
    """
    message = session.get(Message, message_id, with_for_update=True, populate_existing=True)
    if message is None:
        raise NotFoundError(kind="message", key=message_id)
    if message.next_attempt is not None or message.state is MessageState.SENT:
        raise ConflictError(N_("This message is still on its way, or has arrived."))
    message.state, message.next_attempt, message.expires = MessageState.READY, now, now + lifetime
    message.bad_address, message.doubts = False, 0
    return message


def list_messages(
    session: Session,
    *,
    states: Collection[MessageState] = (),
    person_id: int | None = None,
    limit: int = 100,
) -> Sequence[Message]:
    """Return messages, the newest first: all of them, or those in some states, or one person's."""
    query = select(Message).order_by(Message.id.desc()).limit(limit)
    if states:
        query = query.where(Message.state.in_(states))
    if person_id is not None:
        query = query.where(Message.person_id == person_id)
    return session.scalars(query).all()


def number_by_state(session: Session) -> dict[MessageState, int]:
    """Return how many messages there are in each state; a state of which there is none is left
    out.
    """
    query = select(Message.state, func.count()).group_by(Message.state)
    return dict(session.execute(query).all())


def refused_addresses(session: Session, addresses: Iterable[str]) -> set[str]:
    """Return those addresses that a server called unknown and that took no mail since."""
    found: set[str] = set()
    for some in chunks(sorted(set(addresses))):
        outcome = Message.rcpt_to.in_(some) & (
            Message.bad_address | (Message.state == MessageState.SENT)
        )
        last = (
            select(Message.rcpt_to, func.max(Message.date).label("date"))
            .where(outcome)
            .group_by(Message.rcpt_to)
            .subquery()
        )
        is_last = (Message.rcpt_to == last.c.rcpt_to) & (Message.date == last.c.date)
        found.update(
            session.scalars(select(Message.rcpt_to).join(last, is_last).where(Message.bad_address))
        )
    return found


def forget_people(session: Session, person_ids: Collection[int]) -> None:
    """Remove the messages of persons who are about to be deleted; nothing may point at them any
    more.
    """
    for some in chunks(sorted(person_ids)):
        session.execute(delete(Message).where(Message.person_id.in_(some)))


def ended_before(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that nothing more is tried with a message written before ``moment``."""
    return Message.next_attempt.is_(None) & (Message.created < moment)


def _change(
    session: Session,
    message: Message,
    before: Collection[MessageState],
    after: MessageState,
    **values: Any,
) -> bool:
    """Move a message to another state if it still is in one of ``before`` under the lease that
    ``message`` was claimed with.
    """
    ours = (
        (Message.id == message.id)
        & (Message.lease_epoch == message.lease_epoch)
        & Message.state.in_(before)
    )
    statement = (
        update(Message)
        .where(ours)
        .values(state=after, **values)
        .execution_options(synchronize_session=False)
    )
    result = session.execute(statement)
    assert isinstance(result, CursorResult)
    return bool(result.rowcount)


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Yield values in pieces that fit into one statement each."""
    return (values[start : start + _A_CHUNK] for start in range(0, len(values), _A_CHUNK))
