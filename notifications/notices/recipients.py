"""To whom things are told: those in charge, else the contact of their unit, else that of the units
above, the nearest first.

The contact of a unit is whoever holds the usual role of its level. Whoever is away counts as not
there, so that somebody is told all the same; whoever made a pause is told nothing.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Duty, Level, Person, Post, Role, Unit
from notifications.notices.table import MailWish


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person who gets mail; ``hour`` is the one they ask for."""

    id: int
    email: str
    language: str
    hour: time | None = None


@dataclass(frozen=True, slots=True)
class UnitLine:
    """What is to be known of a unit: the one above, and the usual role of its level."""

    parent_id: int | None
    usual_role: str | None


@dataclass(frozen=True, slots=True)
class Directory:
    """Who holds which post on a day and may be told something."""

    units: Mapping[int, UnitLine]
    holders: Mapping[tuple[int, str], Sequence[Recipient]]
    leaders: Mapping[int, Sequence[Recipient]]  # of a unit
    people: Mapping[int, Sequence[Recipient]]  # of a unit, in whatever post

    @classmethod
    def load(
        cls, session: Session, today: date, units: Collection[int] | None = None
    ) -> "Directory":
        """Return the directory of the day ``today``, in three queries; with ``units`` only of these
        and those above them.
        """
        query = (
            select(Unit.id, Unit.parent_id, Level.default_role_key)
            .join(Level, Level.key == Unit.level_key)
            .order_by(Unit.id)
        )
        lines = {
            row.id: UnitLine(row.parent_id, row.default_role_key) for row in session.execute(query)
        }
        asked = None if units is None else _with_those_above(lines, units)
        holders, leaders, people = (defaultdict[Any, list[Recipient]](list) for _ in range(3))
        for unit_id, role, duty, recipient in _posts(session, today, asked):
            _add(holders[unit_id, role], recipient)
            _add(people[unit_id], recipient)
            if duty is Duty.LEADER:
                _add(leaders[unit_id], recipient)
        return cls(lines, holders, leaders, people)

    def in_charge(self, unit_id: int, roles: Iterable[str]) -> Sequence[Recipient]:
        """Return whom to tell of an item that ``roles`` of a unit are in charge of."""
        found: list[Recipient] = []
        for role in roles:
            for recipient in self.holders.get((unit_id, role), ()):
                _add(found, recipient)
        return found or self.contact(unit_id)

    def charge_of(self, row: Any) -> Sequence[Recipient]:
        """Return whom to tell of the item of a row (``item_columns``)."""
        return self.in_charge(row.unit_id, self.roles_of(row))

    def roles_of(self, row: Any) -> list[str]:
        """Return the roles in charge of the item of a row: ``charge.in_charge`` in Python."""
        if row.delegate_role_key:
            return [row.delegate_role_key]
        line = self.units.get(row.unit_id)
        usual = line.usual_role if line and row.delegate_unit_id else None
        return [role for role in (row.role_key, usual) if role]

    def supporting(self, row: Any) -> Sequence[Recipient]:
        """Return who supports the work on the item of a row, in the unit that does it."""
        found: list[Recipient] = []
        for role in row.support_roles or ():
            for recipient in self.holders.get((row.unit_id, role), ()):
                _add(found, recipient)
        return found

    def contact(self, unit_id: int | None) -> Sequence[Recipient]:
        """Return the contact of a unit, else of the nearest unit above that has one."""
        while unit_id is not None and (line := self.units.get(unit_id)) is not None:
            found = self.holders.get((unit_id, line.usual_role or ""), ())
            if found:
                return found
            unit_id = line.parent_id
        return ()

    def above(self, unit_id: int, hops: int = 1) -> int | None:
        """Return the unit ``hops`` above another."""
        found: int | None = unit_id
        for _ in range(hops):
            line = self.units.get(found) if found is not None else None
            found = line.parent_id if line else None
        return found

    def chiefs(self, unit_id: int | None) -> Sequence[Recipient]:
        """Return who hears that work below a unit is late: its leaders, else its contact."""
        if unit_id is None:
            return ()
        return self.leaders.get(unit_id) or self.contact(unit_id)


def wishes_of(session: Session, people: Collection[int]) -> dict[int, MailWish]:
    """Return by person what they wish of their mail; who wishes nothing is left out."""
    rows = session.scalars(select(MailWish).where(MailWish.person_id.in_(people)))
    return {row.person_id: row for row in rows}


def gets_mail(wish: MailWish | None, today: date) -> bool:
    """Tell whether somebody is there and made no pause."""
    if wish is None:
        return True
    is_paused = wish.paused_until is not None and today <= wish.paused_until
    is_away = wish.away_from is not None and wish.away_from <= today <= (wish.away_to or date.max)
    return not (is_paused or is_away)


def _with_those_above(lines: Mapping[int, UnitLine], units: Collection[int]) -> set[int]:
    found: set[int] = set()
    for one in units:
        unit_id: int | None = one
        while unit_id is not None and unit_id not in found and unit_id in lines:
            found.add(unit_id)
            unit_id = lines[unit_id].parent_id
    return found


def _posts(
    session: Session, today: date, units: Collection[int] | None
) -> Iterable[tuple[int, str, Duty, Recipient]]:
    wishes = {row.person_id: row for row in session.scalars(select(MailWish))}
    query = (
        select(Post.unit_id, Post.role_key, Role.duty, Person.id, Person.email, Person.language)
        .join(Person, Person.id == Post.person_id)
        .join(Role, Role.key == Post.role_key)
        .where(Post.on(today), Person.email.is_not(None))
        .order_by(Post.id)
    )
    if units is not None:
        query = query.where(Post.unit_id.in_(units))
    for unit_id, role, duty, person, email, language in session.execute(query):
        wish = wishes.get(person)
        if gets_mail(wish, today):
            hour = wish.hour if wish else None
            yield unit_id, role, duty, Recipient(person, str(email), language, hour)


def _add(found: list[Recipient], recipient: Recipient) -> None:
    if recipient not in found:  # somebody may hold the same post twice
        found.append(recipient)
