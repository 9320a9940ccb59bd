"""A relay's hold on messages: claimed, handed over, and what came of it.

Every change of state names the state and the lease it starts from.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, case, select, update
from sqlalchemy.orm import Session

from events.errors import N_, ConflictError, NotFoundError
from notifications.outbox.table import HELD, UNDERWAY, Message, MessageState
from notifications.outbox.writing import LIFETIME

LEASE = timedelta(minutes=10)  # longer than the slowest server may take over one mail


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
        HELD,
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
    return _change(session, message, HELD, MessageState.FAILED, **values)


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
        HELD,
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
    return _change(session, message, HELD, MessageState.READY, next_attempt=at, attempts=attempts)


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
