"""Addresses that get no notices, because a server does not know them: each with its reason, date
and end, since mailboxes come back and servers err.

A refusal without a reason in numbers may as well be about us. When several recipients in a row get
the same words, it is: then none of them stays condemned.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import String, delete, exists, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from events.database.sessions import Base
from events.errors import NotFoundError
from notifications.outbox.claiming import mark_failed, release, requeue
from notifications.outbox.sets import chunks
from notifications.outbox.table import Message, MessageState

FIRST = timedelta(days=90)
LONGEST = timedelta(days=720)
IN_A_ROW = 3  # different recipients that make a refusal one of us
_NEARBY = timedelta(hours=1)


class SuppressionReason(StrEnum):
    """Why an address gets no notices."""

    NO_MAILBOX = "no-mailbox"  # the server knows no such address (RFC 3463, X.1.X)
    PLAIN_REFUSAL = "plain-refusal"  # the server refuses it and says no reason in numbers


class Suppression(Base):
    """An address that gets no notices until ``until``. ``words`` are those of the server."""

    __tablename__ = "suppression"

    address: Mapped[str] = mapped_column(String(320), primary_key=True)  # in small letters
    reason: Mapped[SuppressionReason]
    words: Mapped[str]
    since: Mapped[datetime]
    until: Mapped[datetime]
    times: Mapped[int]  # how often: each time is twice as long
    message_id: Mapped[int | None]  # the mail that was refused; it may be forgotten already


def suppressed(session: Session, addresses: Iterable[str], now: datetime) -> set[str]:
    """Return those addresses that get no notices now."""
    spelled = {address.lower(): address for address in addresses}
    found: set[str] = set()
    for some in chunks(sorted(spelled)):
        query = select(Suppression.address).where(
            Suppression.address.in_(some), Suppression.until > now
        )
        found.update(spelled[address] for address in session.scalars(query))
    return found


def condemn(
    session: Session,
    message: Message,
    *,
    now: datetime,
    code: int | None,
    words: str,
    is_plain: bool = False,
) -> bool:
    """End a mail whose recipient does not exist, and let no notice go there for a time. False if
    the lease is no longer ours.
    """
    if not mark_failed(session, message, code=code, reply=words, bad_address=True):
        return False
    reason = SuppressionReason.PLAIN_REFUSAL if is_plain else SuppressionReason.NO_MAILBOX
    suppress(session, message, now=now, words=words, reason=reason)
    return True


def suppress(
    session: Session, message: Message, *, now: datetime, words: str, reason: SuppressionReason
) -> None:
    """Let no notice go to the recipient of ``message`` for a time, twice as long each time."""
    address = message.rcpt_to.lower()
    row = session.get(Suppression, address) or Suppression(address=address, times=0)
    row.times += 1
    row.reason = reason
    row.words, row.since, row.message_id = words, now, message.id
    row.until = now + min(FIRST * 2 ** (row.times - 1), LONGEST)
    session.add(row)
    session.flush()


def is_about_us(session: Session, message: Message, *, now: datetime, words: str) -> bool:
    """Tell whether a refusal without a reason in numbers hits everybody: others got the same words
    just now, and no mail was taken since. Then those are as they were before, and ``message`` is
    put back.
    """
    address = message.rcpt_to.lower()
    query = select(Suppression).where(
        Suppression.reason == SuppressionReason.PLAIN_REFUSAL,
        Suppression.words == words,
        Suppression.since > now - _NEARBY,
        Suppression.address != address,
    )
    others = session.scalars(query).all()
    if len(others) < IN_A_ROW - 1:
        return False
    first = min(row.since for row in others)
    was_taken = exists().where(Message.state == MessageState.SENT, Message.sent_at > first)
    if session.scalar(select(was_taken)):
        return False
    for row in others:
        _take_back(session, row, now)
    return release(session, message, at=now)


def lift(session: Session, address: str) -> Suppression:
    """Let notices go to an address again. Raises ``NotFoundError``."""
    row = session.get(Suppression, address.lower())
    if row is None:
        raise NotFoundError(kind="address", key=address)
    session.delete(row)
    return row


def forget_address(session: Session, address: str) -> None:
    """Forget what was held against an address: a mail arrived there, or its person is erased."""
    session.execute(delete(Suppression).where(Suppression.address == address.lower()))


def forget_before(session: Session, moment: datetime) -> None:
    """Forget addresses whose time was over before ``moment``."""
    session.execute(delete(Suppression).where(Suppression.until < moment))


def list_suppressed(session: Session, now: datetime, limit: int = 500) -> Sequence[Suppression]:
    """Return the addresses that get no notices now, the newest first."""
    query = select(Suppression).where(Suppression.until > now)
    return session.scalars(query.order_by(Suppression.since.desc()).limit(limit)).all()


def number_suppressed(session: Session, now: datetime) -> int:
    query = select(func.count()).select_from(Suppression).where(Suppression.until > now)
    return session.scalar(query) or 0


def _take_back(session: Session, row: Suppression, now: datetime) -> None:
    session.delete(row)
    message = session.get(Message, row.message_id) if row.message_id else None
    if message is not None and message.state is MessageState.FAILED:
        requeue(session, message.id, now=now)
