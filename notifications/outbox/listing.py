"""What is in the outbox, for those who look."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from notifications.outbox.table import Message, MessageState


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
