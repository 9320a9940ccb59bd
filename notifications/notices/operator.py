"""The mail that tells administrators in the morning what is wrong with the installation."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.installation import day_here
from events.models import Person
from events.words.language import Said
from notifications.outbox.table import MessageKind
from notifications.outbox.writing import enqueue

_LIFETIME = timedelta(hours=20)  # the next one says what is true then


def tell_administrators(session: Session, found: Sequence[Said], *, now: datetime) -> int:
    """Queue a mail a person and day, in the caller's transaction; return how many people there are
    to tell.
    """
    query = select(Person).where(Person.is_administrator, Person.email.is_not(None))
    people = session.scalars(query).all() if found else []
    for person in people:
        assert person.email is not None
        enqueue(
            session,
            key=f"{MessageKind.OPERATOR}|{day_here(session, now)}|{person.id}",
            kind=MessageKind.OPERATOR,
            rcpt_to=person.email,
            language=person.language,
            now=now,
            person=person,
            params={"troubles": [[one.sentence, dict(one.facts)] for one in found]},
            expires=now + _LIFETIME,
        )
    return len(people)
