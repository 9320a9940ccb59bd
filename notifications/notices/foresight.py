"""What people will get: the sources of notices asked about mornings to come, on what is open today.

Nothing is written. What will be done until then, and campaigns that open until then, cannot be
known; ``not_open_yet`` names those.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.opening import self_opening
from events.campaigns.rounds import rounds_of
from events.localtime import local_day
from events.models import ChecklistItem, Person, Round, Unit
from events.units.tree import subtree_ids
from notifications.notices.recipients import Directory
from notifications.notices.reminders import tellings
from notifications.notices.rules import RuleBook
from notifications.notices.steps import Clockwork
from notifications.notices.tellings import Moment, Telling

_A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a mail will say: why, and of which item if it is about one."""

    rule: str
    item: str | None
    unit: str


@dataclass(frozen=True, slots=True)
class MailToCome:
    """One mail: to whom, when it leaves (UTC), what it says."""

    to: str
    leaves: datetime
    says: Sequence[Said]


def foresee(
    session: Session, unit: Unit, first: date, last: date, *, clockwork: Clockwork, book: RuleBook
) -> dict[date, list[MailToCome]]:
    """Return the mails that people of ``unit`` and all units below it get from ``first`` to
    ``last``, by day, by the rules of ``book``.
    """
    here = frozenset(session.scalars(subtree_ids(unit.id, first)))
    mails = defaultdict[tuple[date, int], list[Telling]](list)
    leaves: dict[tuple[date, int], datetime] = {}
    before = next(clockwork.mornings(first - _A_DAY, first))
    directory = Directory.load(session, first)
    people = {to.id for unit_id in here for to in directory.people.get(unit_id, ())}
    for morning in clockwork.mornings(first, last):
        moment = Moment(
            session, morning, clockwork, book, since=before, units=here, known=directory
        )
        for telling in tellings(moment):
            if telling.to.id not in people:
                continue
            at = clockwork.leaves(morning, telling.to.hour, any_day=telling.step.urgent)
            place = local_day(at, clockwork.zone), telling.to.id
            mails[place].append(telling)
            leaves[place] = min(at, leaves.get(place, at))
        before = morning
    names = _Names(session, [each for some in mails.values() for each in some])
    found = defaultdict[date, list[MailToCome]](list)
    for (day, person_id), some in sorted(mails.items()):
        mail = MailToCome(
            names.people[person_id], leaves[day, person_id], [names.said(each) for each in some]
        )
        found[day].append(mail)
    return dict(found)


def not_open_yet(session: Session, first: date, last: date, today: date) -> list[str]:
    """Return the names of the rounds that open by themselves from ``today`` until ``last`` and go
    on after ``first``.
    """
    query = select(Round.template_id, Round.period)
    opened = {(row.template_id, row.period) for row in session.execute(query)}
    return [
        found.summary
        for template in self_opening(session)
        for year in {first.year, last.year}
        for found in rounds_of(template, year)
        if (found.template_id, found.period) not in opened
        if today <= found.opens <= last and found.key_day >= first
    ]


class _Names:
    """What people, items and units of many tellings are called."""

    def __init__(self, session: Session, told: Sequence[Telling]) -> None:
        people = select(Person.id, Person.full_name)
        units = select(Unit.id, Unit.full_name)
        items = select(ChecklistItem.id, ChecklistItem.summary)
        self.people: dict[int, str] = dict(
            session.execute(people.where(Person.id.in_({one.to.id for one in told}))).all()
        )
        self._units: dict[int, str] = dict(
            session.execute(units.where(Unit.id.in_({one.unit_id for one in told}))).all()
        )
        self._items: dict[int, str] = dict(
            session.execute(items.where(ChecklistItem.id.in_({one.item_id for one in told}))).all()
        )

    def said(self, telling: Telling) -> Said:
        unit = self._units.get(telling.unit_id or 0, "")
        item = self._items.get(telling.item_id) if telling.item_id else None
        return Said(telling.step.rule, item, unit)
