"""What is in the outbox, for those who look."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from notifications.outbox.table import Message, MessageState


def list_messages(
    session: Session,
    *,
    states: Collection[MessageState] = (),
    person_id: int | None = None,
    rcpt_to: str = "",
    before: int | None = None,
    limit: int = 100,
) -> Sequence[Message]:
    """Return messages, the newest first: all of them, or those in some states, one person's, to one
    address, or older than number ``before``.
    """
    query = select(Message).order_by(Message.id.desc()).limit(limit)
    query = query.options(joinedload(Message.person))
    if before is not None:
        query = query.where(Message.id < before)
    if rcpt_to:
        query = query.where(Message.rcpt_to == rcpt_to)
    if states:
        query = query.where(Message.state.in_(states))
    if person_id is not None:
        query = query.where(Message.person_id == person_id)
    return session.scalars(query).all()


def next_planned(session: Session, limit: int = 3) -> Sequence[Message]:
    """Return the messages that are tried next."""
    tried = select(Message).where(Message.next_attempt.is_not(None))
    return session.scalars(tried.order_by(Message.next_attempt).limit(limit)).all()


def number_by_state(session: Session) -> dict[MessageState, int]:
    """Return how many messages there are in each state; a state of which there is none is left
    out.
    """
    query = select(Message.state, func.count()).group_by(Message.state)
    return dict(session.execute(query).all())
