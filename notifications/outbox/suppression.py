"""Addresses that get no mail, because a server does not know them."""

from collections.abc import Iterable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.outbox.sets import chunks
from notifications.outbox.table import Message, MessageState


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
