"""Messages put into the outbox, in the transaction that causes them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.installation import installation_of
from events.models import Person
from events.units.office import office_of
from notifications.outbox.sets import insert_new
from notifications.outbox.table import Message, MessageKind

LIFETIME = timedelta(days=2)  # of a message whose writer says nothing else


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
        postmark=Postmark.of(session),
    )
    insert_new(session, Message, [row])
    return session.scalars(select(Message).where(Message.key == key)).one()


@dataclass(frozen=True, slots=True)
class Postmark:
    """Who writes here: the name of the installation and the domain that its mails come from.

    Two provinces have items with the same numbers, and mailboxes drop the second of two mails with
    one Message-ID.
    """

    name: str
    domain: str

    @classmethod
    def of(cls, session: Session) -> "Postmark":
        here, office = installation_of(session), office_of(session)
        domain = (office.sender or "").rpartition("@")[2] or here.mail_domain
        return cls(office.instance or here.here or "", domain)

    def message_id(self, key: str) -> str:
        """Return the Message-ID (RFC 5322, 3.6.4) that belongs to a key for ever."""
        whose = f"{self.name}|{key}" if self.name else key
        digest = hashlib.sha256(whose.encode()).hexdigest()
        return f"<{digest[:40]}@{self.domain}>"


def message_row(*, key: str, now: datetime, postmark: Postmark, **columns: Any) -> dict[str, Any]:
    """Return the row of a new message."""
    mark = {"message_id": postmark.message_id(key), "date": now, "created": now}
    return {"key": key, **mark, **columns}
