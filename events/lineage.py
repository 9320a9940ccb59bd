"""What became of units: who answers for a closed unit on a later day.

A merge has one successor, a split several, an abolished level none. What needs one unit for each old one counts a split unit with
the unit above its successors, a unit without successor with whatever became of the unit above it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

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
