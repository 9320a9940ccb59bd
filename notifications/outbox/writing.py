"""Messages put into the outbox, in the transaction that causes them."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Person
from notifications.outbox.sets import insert_new
from notifications.outbox.table import Message, MessageKind

LIFETIME = timedelta(days=2)  # of a message whose writer says nothing else
_ID_DOMAIN = "sumvay"


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
