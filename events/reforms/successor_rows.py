"""Rows of units that follow others: a unit is never rewritten, the old row ends and a new one
begins in its place.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from events.models import Unit, UnitSuccession
from events.units.lineage import Lineage
from events.words.texts import slug_of

_A_DAY = timedelta(days=1)
_NAMES = ("type", "name", "full_name", "name_gso", "search")


class Successions:
    """Ends and begins units on one day, and remembers which."""

    def __init__(self, session: Session, on: date) -> None:
        self._session, self._on = session, on
        self._keys = set(session.scalars(select(Unit.key)))
        self._slugs = set(session.scalars(select(Unit.slug)))
        self.ended: list[Unit] = []
        self.begun: list[Unit] = []

    def end(self, unit: Unit) -> None:
        unit.valid_to = self._on - _A_DAY
        self.ended.append(unit)

    def repeat(self, unit: Unit, parent: Unit | None) -> None:
        """End a unit that only changes its place, begin it again below ``parent``, and so on
        down.
        """
        again = self.begin(
            unit, parent, [unit], None, {name: getattr(unit, name) for name in _NAMES}
        )
        self.end(unit)
        self.hang_anew({unit.id: again})

    def hang_anew(self, parents: dict[int, Unit]) -> None:
        """Hang the children of units that end below the one that follows; those that end with them
        have their own successors.
        """
        for child in self._session.scalars(children_on(parents, self._on)).all():
            assert child.parent_id is not None
            self.repeat(child, parents[child.parent_id])

    def begin(
        self,
        model: Unit,
        parent: Unit | None,
        old: Sequence[Unit],
        code: str | None,
        values: dict[str, Any],
    ) -> Unit:
        """Begin a unit like ``model`` in the place of ``old``. ``values`` are its type and
        names.
        """
        code = code or model.gso_code or model.key
        key = _unused(f"{code}-{self._on.year}", self._keys)
        slug = _unused(f"{slug_of(values['full_name'])}-{self._on.year}", self._slugs)
        unit = Unit(
            key=key,
            gso_code=code,
            level_key=model.level_key,
            slug=slug,
            parent=parent,
            position=model.position,
            valid_from=self._on,
            followed_from=_followed_from(old),
            note=None,
            **values,
        )
        self._session.add(unit)
        self._session.flush()
        self._session.add_all(
            UnitSuccession(predecessor_id=one.id, successor_id=unit.id) for one in old
        )
        self.begun.append(unit)
        return unit


def children_on(parent_ids: Iterable[int], on: date) -> Select[Unit]:
    """Return the query for the units below others on the day ``on``, in their official order."""
    return (
        select(Unit)
        .where(Unit.parent_id.in_(parent_ids), Unit.on(on))
        .order_by(Unit.position, Unit.id)
    )


def take_along(session: Session, on: date) -> None:
    """Begin again, below the unit that followed, what still lives below a unit that ended before
    ``on``.

    The villages that a commune entered are unknown to the catalogue, and one may be entered after a
    change of units was.
    """
    stranded = _stranded(session, on)
    lineage = Lineage.load(session, on) if stranded else None
    work: dict[date, Successions] = {}
    for unit, closed, day in stranded:
        assert lineage is not None
        heir_id = next(iter(lineage.heirs(closed)), None) or lineage.stand_in(closed)
        if heir_id is None:
            continue
        if day not in work:
            work[day] = Successions(session, day)
        work[day].repeat(unit, session.get_one(Unit, heir_id))
    session.flush()


def _stranded(session: Session, on: date) -> list[tuple[Unit, int, date]]:
    """Return the units that live below one that has ended, with its id and the first day without
    it.
    """
    parent = aliased(Unit)
    query = (
        select(Unit, parent.id, parent.valid_to)
        .join(parent, Unit.parent_id == parent.id)
        .where(parent.valid_to < on)
    )
    living = or_(Unit.valid_to.is_(None), Unit.valid_to > parent.valid_to)
    begun = or_(Unit.valid_from.is_(None), Unit.valid_from <= parent.valid_to)
    rows = session.execute(query.where(living, begun).order_by(Unit.position, Unit.id))
    return [(unit, closed, last + _A_DAY) for unit, closed, last in rows if last]


def _followed_from(old: Sequence[Unit]) -> date | None:
    """Return from when a unit is followed that goes on with the work of others: as the first of
    them was.
    """
    days = [unit.followed_from for unit in old]
    return min((day for day in days if day), default=None) if all(days) else None


def _unused(wanted: str, taken: set[str]) -> str:
    """Return ``wanted``, with a number behind it if it is taken."""
    found, number = wanted, 1
    while found in taken:
        number += 1
        found = f"{wanted}-{number}"
    taken.add(found)
    return found
