"""What became of units: who answers for a closed unit on a later day.

A merge has one successor, a split several, an abolished level none. What needs one unit for each
old one counts a split unit with the unit above its successors, a unit without successor with
whatever became of the unit above it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from events.models import Unit, UnitSuccession

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
        return (self.valid_from is None or self.valid_from <= on) and (
            self.valid_to is None or on <= self.valid_to
        )

    def changes_from(self, on: date) -> date | None:
        """Return the day on which it begins on or after ``on``, or ends after it; None if it stays
        as it is.
        """
        if self.valid_from is not None and self.valid_from >= on:
            return self.valid_from
        return (
            self.valid_to + timedelta(days=1)
            if self.valid_to is not None and self.valid_to >= on
            else None
        )


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
        for old, new in session.execute(
            select(UnitSuccession.predecessor_id, UnitSuccession.successor_id)
        ):
            links[old].append(new)
        return cls(on, kin, dict(links))

    def heirs(self, unit_id: int) -> list[int]:
        """Return the units alive on the day that do the work of ``unit_id``, in official order;
        itself while it lives.
        """
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
        """Return the one unit alive on the day that ``unit_id`` is counted with; None when nothing
        is left above it either.
        """
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


def heirs_of(session: Session, units: Iterable[Unit], on: date) -> list[Unit]:
    """Return those of ``units`` that live on the day, and whoever follows the others then; one
    query a generation.
    """
    found: dict[int, Unit] = {}
    seen: set[int] = set()
    waiting = list(units)
    while waiting:
        found |= {unit.id: unit for unit in waiting if unit.is_valid(on)}
        seen |= {unit.id for unit in waiting}
        gone = [unit.id for unit in waiting if not unit.is_valid(on)]
        followed = select(UnitSuccession.successor_id).where(
            UnitSuccession.predecessor_id.in_(gone)
        )
        next_ones = select(Unit).where(Unit.id.in_(followed), Unit.id.not_in(seen))
        waiting = list(session.scalars(next_ones)) if gone else []
    return sorted(found.values(), key=lambda unit: (unit.position, unit.id))


def work_above(session: Session, unit: Unit, on: date) -> list[Unit]:
    """Return the living unit above an ended one, or what follows that; nothing below a root."""
    if unit.parent is None:
        return []
    return heirs_of(session, [unit.parent], on) or work_above(session, unit.parent, on)


def answering_for(session: Session, unit: Unit, on: date) -> list[Unit]:
    """Return the units alive on the day that answer for ``unit``: itself, or who follows it, or the
    unit above once did.
    """
    return heirs_of(session, [unit], on) or work_above(session, unit, on)


def ever_below(unit_id: int) -> Select[int]:
    """Return the query for the ids of a unit and all units that ever stood below it.

    A unit keeps its parent for life, so a commune that was merged away still counts in its
    province's past.
    """
    tree = select(Unit.id.label("id")).where(Unit.id == unit_id).cte("ever_below", recursive=True)
    child = aliased(Unit)
    tree = tree.union_all(select(child.id).join(tree, child.parent_id == tree.c.id))
    return select(tree.c.id)


def made_from(unit_id: int) -> Select[int]:
    """Return the query for the ids of a unit and of all units from which it was made, one after the
    other.
    """
    line = select(Unit.id.label("id")).where(Unit.id == unit_id).cte("made_from", recursive=True)
    before = select(UnitSuccession.predecessor_id).join(
        line, UnitSuccession.successor_id == line.c.id
    )
    return select(line.union(before).c.id)


def predecessors(session: Session) -> dict[int, list[int]]:
    """Return by unit id the units from which a unit was made directly."""
    links: dict[int, list[int]] = defaultdict(list)
    for new, old in session.execute(
        select(UnitSuccession.successor_id, UnitSuccession.predecessor_id)
    ):
        links[new].append(old)
    return links


def line_of(unit_id: int, predecessors: Mapping[int, Iterable[int]]) -> list[int]:
    """Return a unit and all units from which it was made, one after the other."""
    found = [unit_id]
    for one in found:
        found += [old for old in predecessors.get(one, ()) if old not in found]
    return found
