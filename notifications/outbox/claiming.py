"""A relay's hold on messages: claimed, handed over, and what came of it.

Every change of state names the state and the lease it starts from.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    BindParameter,
    Table,
    Update,
    bindparam,
    case,
    false,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from events.errors import N_, ConflictError, NotFoundError
from notifications.outbox.table import HELD, Message, MessageState
from notifications.outbox.writing import LIFETIME

LEASE = timedelta(minutes=1)  # of what waits for its turn; renewed while it waits
# of what is being handed over: longer than a whole mail may take, and than a database may be away
SENDING = timedelta(minutes=4)
_ROW = cast(Table, Message.__table__)


def claim(
    session: Session,
    *,
    now: datetime,
    limit: int,
    by: str,
    lease: timedelta = LEASE,
    only_urgent: bool = False,
) -> list[Message]:
    """Take up to ``limit`` messages whose time has come, urgent ones first, or alone.

    They are the caller's for ``lease``.

    Two relays never get the same message: PostgreSQL skips rows that another one is taking, SQLite
    has one writer at a time.
    """
    taken: list[Message] = []
    for urgent in (
        (True,) if only_urgent else (True, False)
    ):  # one after the other, so that the index gives both in their order
        if len(taken) < limit:
            taken += _claim(session, urgent, now, limit - len(taken), by, lease)
    return taken


def is_anything_ready(session: Session, *, now: datetime) -> bool:
    """Tell whether the time of any message has come."""
    due = select(Message.id).where(Message.next_attempt <= now).limit(1)
    # one after the other, as the index has them
    return any(
        session.scalar(due.where(Message.urgent == which)) is not None
        for which in (true(), false())
    )


def renew(session: Session, messages: Collection[Message], *, until: datetime) -> int:
    """Keep what was claimed and waits for its turn until ``until``; return how many still are
    ours.
    """
    times = {"leased_until": until, "next_attempt": until}
    return sum(_change(session, message, _RENEW, **times) for message in messages)


def start_sending(
    session: Session, message: Message, *, now: datetime, lease_until: datetime
) -> bool:
    """Record that ``message`` is being handed over; False if the lease is no longer ours.

    The Date of a mail that never left is now; one that may have reached a server keeps its own.
    """
    times = {"leased_until": lease_until, "next_attempt": lease_until}
    return _change(session, message, _START, first_date=now, **times)


def mark_sent(session: Session, message: Message, *, now: datetime, code: int, reply: str) -> bool:
    """Record that a server took the mail. False if the lease is no longer ours."""
    return _change(session, message, _SENT, sent_at=now, reply_code=code, reply=reply)


def mark_failed(
    session: Session, message: Message, *, code: int | None, reply: str, bad_address: bool = False
) -> bool:
    """Record that the mail was refused for good."""
    said = {"reply_code": code, "reply": reply, "bad_address": bad_address}
    return _change(session, message, _FAILED, **said)


def mark_unknown(
    session: Session, message: Message, *, reply: str, next_attempt: datetime | None
) -> bool:
    """Record that nobody knows whether the mail arrived; it is tried again at ``next_attempt``, if
    any.
    """
    return _change(session, message, _UNKNOWN, reply=reply, next_attempt=next_attempt)


def defer(
    session: Session, message: Message, *, until: datetime, code: int | None, reply: str
) -> bool:
    """Make the mail ready again at ``until``, after an attempt that counted."""
    return _change(session, message, _DEFER, next_attempt=until, reply_code=code, reply=reply)


def release(session: Session, message: Message, *, at: datetime) -> bool:
    """Give the mail back untouched, ready at ``at``: no server ever saw it, so the attempt does not
    count.
    """
    return _change(session, message, _RELEASE, next_attempt=at)


def readdress(session: Session, message: Message, rcpt_to: str) -> bool:
    """Let a claimed mail go to the address that its person has by now."""
    set_committed_value(message, "rcpt_to", rcpt_to)
    return _change(session, message, _READDRESS, rcpt_to=rcpt_to)


def drop(session: Session, message: Message, state: MessageState, reason: str) -> bool:
    """End a mail before it leaves: cancelled, expired or suppressed."""
    return _change(session, message, _DROP, state=state, reply=reason)


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


def _claim(
    session: Session, urgent: bool, now: datetime, limit: int, by: str, lease: timedelta
) -> list[Message]:
    is_due = (
        (Message.urgent == true() if urgent else Message.urgent == false())
        & Message.next_attempt.is_not(None)
        & (Message.next_attempt <= now)
    )
    first = select(Message.id).where(is_due).order_by(Message.next_attempt, Message.id).limit(limit)
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
    return sorted(session.scalars(taken), key=lambda message: message.id)


def _moving(
    before: Collection[MessageState], after: MessageState | None, *given: str, **worked_out: Any
) -> Update:
    """Return the statement that moves a message from one of ``before`` to ``after``, if it is there
    under the lease that it was claimed with. The columns ``given`` get values with each execution.

    Past the ORM, and built once: it happens twice a mail, and took as long as the mail.
    """
    state = or_(*(_ROW.c.state == one for one in before))
    ours = (_ROW.c.id == bindparam("this")) & (_ROW.c.lease_epoch == bindparam("epoch")) & state
    columns: dict[str, Any] = {name: _given(name) for name in given} | worked_out
    return update(_ROW).where(ours).values(columns | ({"state": after} if after else {}))


def _given(name: str, column: str = "") -> BindParameter[Any]:
    return bindparam(f"to_{name}", type_=_ROW.c[column or name].type)


_LEASED, _SENDING = MessageState.LEASED, MessageState.SENDING
_ENDED = {"next_attempt": null()}
_RENEW = _moving((_LEASED,), None, "leased_until", "next_attempt")
_START = _moving(
    (_LEASED,),
    _SENDING,
    "leased_until",
    "next_attempt",
    attempts=_ROW.c.attempts + 1,
    date=case((_ROW.c.attempts == 0, _given("first_date", "date")), else_=_ROW.c.date),
)
_SENT = _moving(HELD, MessageState.SENT, "sent_at", "reply_code", "reply", **_ENDED)
_FAILED = _moving(HELD, MessageState.FAILED, "reply_code", "reply", "bad_address", **_ENDED)
_UNKNOWN = _moving(
    (_SENDING,),
    MessageState.UNKNOWN,
    "next_attempt",
    "reply",
    reply_code=null(),
    doubts=_ROW.c.doubts + 1,
)
_DEFER = _moving(HELD, MessageState.READY, "next_attempt", "reply_code", "reply")
_RELEASE = _moving(
    HELD,
    MessageState.READY,
    "next_attempt",
    attempts=case((_ROW.c.state == _SENDING, _ROW.c.attempts - 1), else_=_ROW.c.attempts),
)
_READDRESS = _moving((_LEASED,), None, "rcpt_to")
_DROP = _moving((_LEASED,), None, "state", "reply", **_ENDED)


def _change(session: Session, message: Message, statement: Update, **values: Any) -> bool:
    row = {"this": message.id, "epoch": message.lease_epoch}
    given = {f"to_{name}": value for name, value in values.items()}
    return bool(session.connection().execute(statement, row | given).rowcount)
