"""Messages removed: those of people who are deleted, and those that ended long ago."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from events.models import Person
from notifications.outbox.sets import chunks
from notifications.outbox.suppression import Suppression
from notifications.outbox.table import Message


def forget_people(session: Session, person_ids: Collection[int]) -> None:
    """Remove the messages of persons who are about to be deleted; nothing may point at them any
    more.
    """
    for some in chunks(sorted(person_ids)):
        theirs = select(func.lower(Person.email)).where(Person.id.in_(some))
        session.execute(delete(Suppression).where(Suppression.address.in_(theirs)))
        session.execute(delete(Message).where(Message.person_id.in_(some)))


def ended_before(moment: datetime) -> ColumnElement[bool]:
    """Return the condition that nothing more is tried with a message written before ``moment``."""
    return Message.next_attempt.is_(None) & (Message.created < moment)
