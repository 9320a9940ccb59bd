"""How the outbox stands, in figures: what waits, for how long, what was refused."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, false, func, select, true
from sqlalchemy.orm import Session

from notifications.outbox.suppression import number_suppressed
from notifications.outbox.table import Message, MessageState

MOST = 100_000
_A_DAY = timedelta(days=1)
_REFUSED = (MessageState.FAILED, MessageState.BOUNCED)


@dataclass(frozen=True, slots=True)
class Standing:
    """``due`` messages could leave now, the first of them since ``oldest``; ``waiting`` with those
    that leave later. ``failed`` and ``unknown`` are of the last day, ``suppressed`` are addresses.
    """

    waiting: int
    due: int
    oldest: datetime | None
    failed: int
    unknown: int
    suppressed: int


def standing(session: Session, now: datetime) -> Standing:
    """Return how the outbox stands at ``now``. Nobody counts further than ``MOST``, which takes as
    long however much waits.
    """
    is_due = Message.next_attempt.is_not(None) & (Message.next_attempt <= now)
    oldest = [
        session.scalar(select(func.min(Message.next_attempt)).where(is_due, Message.urgent == each))
        for each in (true(), false())  # so that the index answers
    ]
    return Standing(
        waiting=_number(session, Message.next_attempt.is_not(None)),
        due=_number(session, is_due),
        oldest=min((at for at in oldest if at), default=None),
        failed=_number(session, *_ended(_REFUSED, now)),
        unknown=_number(session, *_ended((MessageState.UNKNOWN,), now)),
        suppressed=number_suppressed(session, now),
    )


def _ended(states: Collection[MessageState], now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Message.state.in_(states), Message.next_attempt.is_(None), Message.date > now - _A_DAY


def _number(session: Session, *which: ColumnElement[bool]) -> int:
    some = select(Message.id).where(*which).limit(MOST).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0
