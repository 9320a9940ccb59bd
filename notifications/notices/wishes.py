"""What somebody wishes of their own mail: the hour, a pause, days of leave."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.installation import day_here
from events.models import Person
from notifications.notices.table import MailWish

_LONGEST_PAUSE = timedelta(days=92)  # longer ones would be forgotten
_LONGEST_LEAVE = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Wishes:
    """See ``MailWish``."""

    hour: time | None = None
    paused_until: date | None = None
    away_from: date | None = None
    away_to: date | None = None


def wishes_by(session: Session, person: Person) -> Wishes:
    """Return what a person wished last."""
    row = session.get(MailWish, person.id)
    if row is None:
        return Wishes()
    return Wishes(row.hour, row.paused_until, row.away_from, row.away_to)


def wish(session: Session, person: Person, wishes: Wishes, *, now: datetime) -> None:
    """Store what a person wishes of their mail. Raises ``InvalidInputError``."""
    _check(wishes, day_here(session, now))
    row = session.get(MailWish, person.id)
    if row is None:
        row = MailWish(person_id=person.id)
        session.add(row)
    row.hour, row.paused_until = wishes.hour, wishes.paused_until
    row.away_from, row.away_to = wishes.away_from, wishes.away_to
    session.flush()


def _check(wishes: Wishes, today: date) -> None:
    if (wishes.away_from is None) != (wishes.away_to is None):
        raise InvalidInputError(N_("Leave has a first day and a last day."))
    if wishes.away_from and wishes.away_to:
        length = wishes.away_to - wishes.away_from
        if not timedelta() <= length <= _LONGEST_LEAVE:
            raise InvalidInputError(N_("The last day of leave lies before the first, or too late."))
    if wishes.paused_until and wishes.paused_until > today + _LONGEST_PAUSE:
        raise InvalidInputError(
            N_("A pause lasts %(days)s days at most."), days=_LONGEST_PAUSE.days
        )
