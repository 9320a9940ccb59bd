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
    sent, unknown ─> bounced              came back later

What is still tried has a ``next_attempt``; whatever has ended has none.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey
from events.models import Person


class MessageKind(StrEnum):
    """What a message is about; also the name of its folder of templates."""

    REMINDER = "reminder"
    SIGN_IN = "sign_in"
    TRIAL = "trial"  # never a row: somebody waits for what comes of it
    PASSWORD = "password"  # noqa: S105 - the name of a kind
    POST_OFFER = "post_offer"
    SUBSCRIBE = "subscribe"  # to a subscriber without an account: whether they asked for it
    PUBLIC_NEWS = "public_news"
    OPERATOR = "operator"
    ANNOUNCEMENT = "announcement"


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
    BOUNCED = "bounced"


UNDERWAY = (MessageState.READY, MessageState.LEASED, MessageState.SENDING, MessageState.UNKNOWN)
HELD = (MessageState.LEASED, MessageState.SENDING)


class Message(Base):
    """A mail to one person: a row of the outbox.

    It keeps what to say (``params``), never the words.

    ``next_attempt`` is None once nothing more will be tried. ``date`` is that of the first attempt
    that may have reached a server, and with ``message_id`` it never changes afterwards, so that a
    repeated mail is the same mail.
    """

    __tablename__ = "message"
    __table_args__ = (
        # in the order in which a relay takes them; only what is still tried, whatever has ended
        Index(
            "ix_message_ready",
            "urgent",
            "next_attempt",
            "id",
            postgresql_where=text("next_attempt IS NOT NULL"),
            sqlite_where=text("next_attempt IS NOT NULL"),
        ),
        Index(None, "state"),
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
