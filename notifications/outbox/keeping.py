"""What administrators do with messages: sent again, called off, or decided on all at once when a
copy is to go on in the place of what it was made from.
"""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from events.errors import ConflictError
from notifications.outbox.claiming import requeue
from notifications.outbox.table import Message, MessageState

_OPEN = (MessageState.READY, MessageState.UNKNOWN)


class Held(StrEnum):
    """What becomes of mail that a copy kept back."""

    SEND = "send"  # all of it leaves
    SKIP = "skip"  # none of it does
    EXPIRE = "expire"  # what was due by now has surely left from the other one; the rest stays


def send_again(session: Session, numbers: Collection[int], *, now: datetime) -> int:
    """Send again those of the messages that ended and did not arrive; return how many."""
    done = 0
    for number in sorted(numbers):
        try:
            requeue(session, number, now=now)
        except ConflictError:  # on its way, or arrived meanwhile
            continue
        done += 1
    return done


def cancel(session: Session, numbers: Collection[int]) -> int:
    """Call off those of the messages that nobody has begun to send; return how many."""
    which = Message.id.in_(sorted(numbers)), Message.state.in_(_OPEN)
    return _end(session, MessageState.CANCELLED, "called off by an administrator", *which)


def decide(session: Session, held: Held, *, now: datetime) -> int:
    """Decide on all that waits in a copy; return how many messages end."""
    if held is Held.SKIP:
        return _end(session, MessageState.CANCELLED, "skipped in a copy")
    if held is Held.EXPIRE:
        due = Message.next_attempt <= now
        return _end(session, MessageState.EXPIRED, "was due before the copy went on", due)
    return 0


def _end(session: Session, state: MessageState, why: str, *which: object) -> int:
    tried = select(Message.id).where(Message.next_attempt.is_not(None), *which)  # type: ignore[arg-type]
    ended = session.execute(
        update(Message)
        .where(Message.id.in_(tried))
        .values(state=state, next_attempt=None, reply=why, lease_epoch=Message.lease_epoch + 1)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(ended, CursorResult)
    return ended.rowcount
