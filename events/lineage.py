"""What became of units: who answers for a closed unit on a later day, and how years compare across a reform.

A merge has one successor, a split several, an abolished level none. Comparing years needs one unit for each old one: a split unit
is counted with the unit above its successors, a unit without successor with whatever became of the unit above it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from events.models import Campaign, Unit, UnitSuccession
from events.progress import AsOf, Day, Progress, year_progress
from events.units import load_tree

_COLUMNS = ("id", "level_key", "parent_id", "position", "valid_from", "valid_to", "full_name")


@dataclass(frozen=True, slots=True)
class Kin:
    """What a lineage needs to know of a unit, whenever it lived."""

    id: int
    level: str  # its key
    parent_id: int | None
    position: int
    valid_from: date | None
    valid_to: date | None
    full_name: str

    def lives(self, on: date) -> bool:
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_to is None or on <= self.valid_to)

    def changes_from(self, on: date) -> date | None:
        """Return the day on which it begins on or after ``on``, or ends after it; None if it stays as it is."""
        if self.valid_from is not None and self.valid_from >= on:
            return self.valid_from
        return self.valid_to + timedelta(days=1) if self.valid_to is not None and self.valid_to >= on else None


@dataclass(frozen=True, slots=True)
class Lineage:
    """Every unit there ever was, seen from the day ``on``."""

    on: date
    kin: dict[int, Kin]
    successors: dict[int, list[int]]

    @classmethod
    def load(cls, session: Session, on: date) -> "Lineage":
        """Read all units and successions, in two queries."""
        columns: tuple[Any, ...] = tuple(getattr(Unit, name) for name in _COLUMNS)
        kin = {row.id: Kin(*row) for row in session.execute(select(*columns))}
        links: dict[int, list[int]] = defaultdict(list)
        for old, new in session.execute(select(UnitSuccession.predecessor_id, UnitSuccession.successor_id)):
            links[old].append(new)
        return cls(on, kin, dict(links))

    def heirs(self, unit_id: int) -> list[int]:
        """Return the units alive on the day that do the work of ``unit_id``, in official order; itself while it lives."""
        found: set[int] = set()
        waiting, seen = [unit_id], {unit_id}
        for current in waiting:
            if self.kin[current].lives(self.on):
                found.add(current)
                continue
            fresh = [new for new in self.successors.get(current, ()) if new not in seen]
            seen.update(fresh)
            waiting.extend(fresh)
        return sorted(found, key=lambda heir: (self.kin[heir].position, heir))

    def stand_in(self, unit_id: int) -> int | None:
        """Return the one unit alive on the day that ``unit_id`` is counted with; None when nothing is left above it either."""
        heirs = self.heirs(unit_id)
        if len(heirs) == 1:
            return heirs[0]
        if heirs:
            return self._common(heirs)
        parent = self.kin[unit_id].parent_id
        return None if parent is None else self.stand_in(parent)

    def above(self, unit_id: int) -> list[int]:
        """Return the units above, the nearest first."""
        found = []
        parent = self.kin[unit_id].parent_id
        while parent is not None:
            found.append(parent)
            parent = self.kin[parent].parent_id
        return found

    def below(self, unit_id: int) -> list[int]:
        """Return the units that were ever below ``unit_id``, the nearest first."""
        children: dict[int | None, list[int]] = defaultdict(list)
        for one in self.kin.values():
            children[one.parent_id].append(one.id)
        found = list(children[unit_id])
        for child in found:
            found.extend(children[child])
        return found

    def _common(self, units: Iterable[int]) -> int | None:
        paths = [self.above(unit) for unit in units]
        return next((unit for unit in paths[0] if all(unit in path for path in paths)), None)


def above_now(session: Session, unit: Unit, on: date) -> Unit | None:
    """Return the unit alive on the day ``on`` under which the work of one without successor went on, such as a district's."""
    stand_in = Lineage.load(session, on).stand_in(unit.id)
    return None if stand_in is None else session.get_one(Unit, stand_in)


def mapped_to(session: Session, on: date) -> dict[int, int]:
    """Return for every unit that lived by ``on`` the unit alive on that day that it is counted with; itself while it lives."""
    lineage = Lineage.load(session, on)
    born = [one.id for one in lineage.kin.values() if one.valid_from is None or one.valid_from <= on]
    found = {unit_id: lineage.stand_in(unit_id) for unit_id in born}
    return {old: new for old, new in found.items() if new is not None}


def compare_years(session: Session, unit: Unit, years: Iterable[int], today: date) -> dict[int, Progress]:
    """Return the progress of ``unit`` with everything below it in these years, as ``progress_by_year`` counts it."""
    wanted = list(years)
    found = progress_by_year(session, unit, today, Campaign.year.in_(wanted))
    return {year: found.get(year, Progress()) for year in wanted}


def progress_by_year(session: Session, unit: Unit, day: Day, *conditions: ColumnElement[bool]) -> dict[int, Progress]:
    """Return the progress of ``unit`` with everything below it, year by year, over the campaigns that meet ``conditions``.

    Old units are added up to those alive on ``day``; of a unit that was not there then, on the nearest day on which it was.
    """
    on = day.day if isinstance(day, AsOf) else day
    on = min(on, unit.valid_to or on)
    on = max(on, unit.valid_from or on)
    tree = load_tree(session, on)
    here = {node.id for node in tree.below(tree.nodes[unit.id])}
    counted = [old for old, new in mapped_to(session, on).items() if new in here]
    return year_progress(session, day, Campaign.unit_id.in_(counted), *conditions)
