"""What a preview says of each item of a round, and the one way to write it: exactly the lines that
were shown.

Columns that somebody edited by hand stay, and the lines say so. Whoever applies a preview hands its
fingerprint back: had anything changed in between, it would be another one.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlalchemy.orm import Session

from events.campaigns.unit_checklists import UnitChecklist
from events.checklist.closing_words import Closing
from events.checklist.history import Stamp, frozen, plain, state_of
from events.checklist.origins import COLUMNS, DATES, comparable, values_of
from events.days.reasons import DayReason
from events.errors import N_, ConflictError
from events.models import Change, ChecklistItem, ItemState
from events.units.tree import UnitNode

_DAYS = {"dtstart", "due"}
_WHY = {"nominal_due", "due_reason"}  # said of a due date
_STATE = ("status", "not_done", "closed_because", "closing_facts", "reason")
_BIRTH = ("born", "followed_from")  # of what comes back
_WRITTEN = (*DATES, *_STATE, *_BIRTH, *COLUMNS, "anchor_version", "sequence", "last_modified")
_Row = dict[str, Any]
# fate, key, summary and level; the old and new due date, and why; differences, hands, closing
_Said = tuple[
    "Fate",
    str,
    str,
    str,
    date | None,
    date | None,
    DayReason | str | None,
    "tuple[Difference, ...]",
    frozenset[str],
    Closing | None,
]


class Fate(StrEnum):
    """What happens to an item, or why nothing does."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    REWORDED = "reworded"
    KEPT_DONE = "kept-done"
    KEPT_BY_HAND = "kept-by-hand"
    KEPT_OWN = "kept-own"


class Lateness(StrEnum):
    """What a new due date that has passed already does to an open item, with no fault of its
    unit.
    """

    AT_ONCE = "at-once"  # it was not overdue
    MORE_DAYS = "more-days"  # it was, for fewer days


_CHANGES = frozenset({Fate.ADDED, Fate.REMOVED, Fate.MOVED, Fate.REWORDED})


@dataclass(frozen=True, slots=True)
class Difference:
    """A column with its value before and after; lists stand as tuples, so that lines that say the
    same are found.
    """

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Line:
    """One item of one unit: its fate, its date before and after, the columns that change and those
    that a hand holds.
    """

    fate: Fate
    unit: UnitNode
    campaign_id: int
    key: str
    summary: str
    item: ChecklistItem | None
    old_due: date | None
    new_due: date | None
    reason: DayReason | str | None
    values: _Row
    told: bool = False  # somebody was reminded of the date that moves
    differences: tuple[Difference, ...] = ()  # beside the due date
    held: frozenset[str] = frozenset()
    closing: Closing | None = None  # of one that is no longer needed

    @property
    def item_id(self) -> int | None:
        return self.item.id if self.item else None

    @property
    def is_change(self) -> bool:
        return self.fate in _CHANGES


@dataclass(frozen=True, slots=True)
class Group:
    """The same change in many units: how a preview shows it."""

    fate: Fate
    key: str
    summary: str
    level: str
    old_due: date | None
    new_due: date | None
    reason: DayReason | str | None
    differences: tuple[Difference, ...]
    held: frozenset[str]
    closing: Closing | None
    units: tuple[str, ...]
    told: int
    lateness: Lateness | None


def grouped(lines: Iterable[Line], today: date) -> list[Group]:
    """Return lines that say the same in one, changes before what is kept; on the day ``today``,
    which tells what is overdue.

    Dates themselves never depend on the day on which somebody applies them, or the same changes
    would come to other dates in another order. So a date may come to lie in the past, and a preview
    says of which items.
    """
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault(_said(line, today), []).append(line)
    found = [_group(said, same, today) for said, same in groups.items()]
    return sorted(found, key=lambda group: list(Fate).index(group.fate))


def compare_item(
    checklist: UnitChecklist, item: ChecklistItem, wanted: Mapping[str, Any], *, told: bool = False
) -> Line | None:
    """Compare an item that stays in its round with what it should be: it takes that over, or keeps
    what it has, and why.

    None where there is nothing to say. What is not required, such as work that went to another
    unit, keeps nothing.
    """
    values, held = values_of(item, wanted)
    differing = values.keys() | held
    if (
        not differing
        or item.state is ItemState.NOT_REQUIRED
        or (not item.is_open and differing <= _WHY)
    ):
        return None
    if not item.is_open:
        fate, values, held = Fate.KEPT_DONE, {}, frozenset()
    elif not values:
        fate = Fate.KEPT_BY_HAND
    else:
        fate = Fate.MOVED if _DAYS & values.keys() else Fate.REWORDED
    kept = item.due_reason if "due_reason" in held else wanted.get("due_reason", item.due_reason)
    reason = kept if fate is Fate.MOVED or "due_reason" in values else None
    shown = (
        checklist.node,
        checklist.campaign.id,
        item.key,
        values.get("summary", item.summary),
        item,
    )
    dates = (item.due, values.get("due", item.due), reason)
    return Line(fate, *shown, *dates, values, told, _differences_of(item, values), held)


def _differences_of(item: ChecklistItem, values: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what ``values`` would change beside the due date; how that was counted only where it
    stays.
    """
    beside = values.keys() - (_WHY if "due" in values else set())
    names = (name for name in (*DATES, *COLUMNS) if name in beside and name != "due")
    return tuple(
        Difference(name, comparable(name, getattr(item, name)), comparable(name, values[name]))
        for name in names
    )


def fingerprint(lines: Iterable[Line], *asked: object) -> str:
    """Return what tells two previews apart: items, their sequences and dates, and what was
    asked.
    """
    marks = sorted(
        (
            line.campaign_id,
            line.key,
            line.fate,
            line.item.sequence if line.item else -1,
            str(line.old_due),
            repr(line.values),
        )
        for line in lines
    )
    return hashlib.sha256(repr((marks, asked)).encode()).hexdigest()


def expect(expected: str, found: str) -> None:
    """Raise ``ConflictError`` unless the preview would still look the same."""
    if expected != found:
        raise ConflictError(
            N_(
                "Something changed since this was shown. Please look at what moves once more, "
                "then apply it."
            )
        )


def write(
    session: Session,
    lines: Iterable[Line],
    *,
    stamp: Stamp,
) -> None:
    """Write the changed lines and their history, in two statements however many units there are."""
    found = [(line, line.item) for line in lines if line.is_change and line.item is not None]
    if not found:
        return
    session.flush()
    changes = [_change_row(line, item, stamp) for line, item in found]
    rows = [_item_row(line, item, stamp.now) for line, item in found]
    table = ChecklistItem.__table__
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in _WRITTEN}
    session.connection().execute(
        update(ChecklistItem).where(ChecklistItem.id == bindparam("item_id")).values(values), rows
    )
    session.connection().execute(insert(Change), changes)
    for _line, item in found:
        session.expire(item)


def _group(said: _Said, lines: Sequence[Line], today: date) -> Group:
    units, told = tuple(line.unit.full_name for line in lines), sum(line.told for line in lines)
    return Group(*said, units, told, _lateness(lines[0], today))


def _lateness(line: Line, today: date) -> Lateness | None:
    if not line.is_change or line.new_due is None or line.new_due >= today:
        return None
    if line.old_due is None or line.old_due >= today:
        return Lateness.AT_ONCE
    return Lateness.MORE_DAYS if line.new_due < line.old_due else None


def _said(line: Line, today: date) -> _Said:
    """Return what a line says, whoever it says it of: the columns of its group, up to ``closing``.

    Of a day that has passed, nothing is a guess any more.
    """
    what, reason = (line.fate, line.key, line.summary, line.unit.level), line.reason
    nominal = line.values.get("nominal_due", line.item.nominal_due if line.item else None)
    if isinstance(reason, DayReason) and nominal is not None:
        reason = reason.as_of(today, nominal)
    dates = line.old_due, line.new_due, reason
    return (*what, *dates, line.differences, line.held, line.closing)


def _item_row(line: Line, item: ChecklistItem, now: datetime) -> _Row:
    moves = bool(_DAYS & line.values.keys())
    row = {name: getattr(item, name) for name in _WRITTEN} | line.values
    row |= {
        "anchor_version": item.anchor_version + moves,
        "sequence": item.sequence + 1,
        "last_modified": now,
    }
    return {"item_id": item.id} | {f"new_{name}": value for name, value in row.items()}


def _change_row(line: Line, item: ChecklistItem, stamp: Stamp) -> _Row:
    after = {name: plain(value) for name, value in line.values.items()}
    before = {name: plain(getattr(item, name)) for name in line.values}
    if "status" in after:
        before, after = state_of(item) | before, state_of(item) | after
    who = {
        "by_id": stamp.by.id if stamp.by else None,
        "by_name": stamp.by.full_name if stamp.by else None,
        "on_behalf_of_id": None,
    }
    return {
        "at": stamp.now,
        "item_id": item.id,
        "door": stamp.door,
        **who,
        "before": before,
        "after": after,
        **frozen(item, line.values),
    }
