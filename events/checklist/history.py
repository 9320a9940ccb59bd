"""The history of an item: one line for each change, with who, when, through which door, for which
unit, what before and after.

An undo is a change too: it points at the one that it takes back and restores what that one found,
so that history replays to where the item stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.days.reasons import DayReason
from events.models import Change, ChecklistItem, Person, TodoStatus, Unit
from events.models.history import Door

# What `before` and `after` of a change name beside the item's own columns.
RECORDED_ON = "recorded_on"  # after it was done: the day of the recording, if that is another
UNDOES = "undoes"  # after: the id of the change that this one took back
PARTS = "parts"  # after: the units it was split among; before: whose part was taken back
# after a whole was closed without being done: the units whose begun parts stay open
GO_ON = "go_on"
FREED = "freed"  # after it was open again: the wording of the item that stands for it no longer
EDITED = "edited"  # both, of an edit by hand: the columns that stand by hand
GIVEN = "given"  # after an edit by hand: what the template, or the whole of a part, gave then
ADDED = "added"  # after: the words of an item that the unit made itself
# both: who does it, in words, and as the ids of unit and role
DELEGATE, DELEGATE_TO = "delegate", "delegate_to"
# the other campaign's name and id, and the item it stands for there
CREDIT, CREDIT_TO, COVERS = "credit", "credit_to", "covers"
# after it was given, before it was taken away: in words, and as an undo needs it
EVIDENCE, PIECE = "evidence", "piece"
ERASED = "erased"  # after: the kind of a piece of evidence that was erased, in words
DOCUMENT = "document"  # after: what was done with a paper of the item
# after its date followed its unit's plan: the day on which that was issued, None before it is
COUNTS_FROM = "counts_from"
MOVED_TO = "moved_to"  # after its unit ended: the units that have it now, by the id of theirs
# after it was taken over: the unit that ended, and its item
MOVED_FROM, MOVED_FROM_ITEM = "moved_from", "moved_from_item"
# and how it stood there, and what came along, in words
MOVED_STATE, MOVED_EVIDENCE = "moved_state", "moved_evidence"
MOVED_PARTS = "moved_parts"  # and the units whose parts were closed there already
# after it was taken over: the units whose own share of a divided item is in no part
UNDIVIDED = "undivided"

# both, when the start line moved: the day from which it is followed
START_LINE = "followed_from"

_DAYS = {"dtstart", "due", "nominal_due", "born", "followed_from"}
_FROZEN = ("status", "not_done", "due", "completed_on", "recorded_after", "followed_from")
AT_FIRST: dict[str, Any] = {
    "status": TodoStatus.NEEDS_ACTION.value,
    "completed": None,
    "completed_on": None,
    "completed_by": None,
    "recorded_after": None,
    "blocked": None,
    "not_done": None,
    "closed_because": None,
    "closing_facts": None,
    "reason": None,
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who changes something, when and through which door; ``on_behalf_of`` is the unit for which
    they do it.

    ``reported`` is the unit whose report it is; None for what is decided about its work, such as a
    date.
    """

    by: Person | None  # None: the clock or a command
    now: datetime
    door: Door = Door.PAGE
    on_behalf_of: Unit | None = None
    reported: Unit | None = None

    @property
    def person(self) -> Person:
        """Whoever changes it, where only people may."""
        assert self.by is not None
        return self.by


def history_of(session: Session, item: ChecklistItem) -> Sequence[Change]:
    """Return the changes of an item, the newest first."""
    query = select(Change).where(Change.item_id == item.id).options(joinedload(Change.on_behalf_of))
    return session.scalars(query.order_by(Change.id.desc())).all()


def origins_of(session: Session, item: ChecklistItem) -> list[int]:
    """Return the ids of an item and of those of closed units from which it went over, one after the
    other.
    """
    found, whence = [item.id], Change.after[MOVED_FROM_ITEM].as_integer()
    fresh = found
    while fresh:
        fresh = list(
            session.scalars(
                select(whence).where(Change.item_id.in_(fresh), whence.is_not(None)).distinct()
            )
        )
        found = [*found, *fresh]
    return found


def not_undone(history: Sequence[Change]) -> list[Change]:
    """Return the changes that stand: neither an undo nor taken back by one, the newest first."""
    undone = {change.after.get(UNDOES) for change in history}
    return [change for change in history if UNDOES not in change.after and change.id not in undone]


def last_of_state(history: Sequence[Change]) -> Change | None:
    """Return the newest change that stands and that changed the item's state, not only its day."""
    of_state = (change for change in not_undone(history) if "status" in change.before)
    return next((change for change in of_state if not of_the_day(change)), None)


def of_the_day(change: Change) -> bool:
    """Tell whether a change gave another real day to what was done and stays done."""
    done = TodoStatus.COMPLETED
    return change.before.get("status") == done == change.after.get("status")


def undivided_in(history: Sequence[Change]) -> list[str]:
    """Return the units whose own share of a divided item is in no part since the item went over,
    until it is divided once more.
    """
    for change in history:
        if UNDIVIDED in change.after:
            return list(change.after[UNDIVIDED])
        if PARTS in change.after:
            break
    return []


def state_of(item: ChecklistItem) -> dict[str, Any]:
    """Return where an item stands as history keeps it: JSON values by column."""
    return {
        "status": item.status.value,
        "completed": item.completed.isoformat() if item.completed else None,
        "completed_on": item.completed_on.isoformat() if item.completed_on else None,
        "completed_by": item.completed_by.id if item.completed_by else None,
        "recorded_after": item.recorded_after,
        "blocked": item.blocked,
        "not_done": item.not_done.value if item.not_done else None,
        "closed_because": item.closed_because.value if item.closed_because else None,
        "closing_facts": item.closing_facts,
        "reason": item.reason,
    }


def known_state(before: dict[str, Any]) -> dict[str, Any]:
    """Return a remembered state in full: an older line of history may name less."""
    return {name: before.get(name, first) for name, first in AT_FIRST.items()}


def record(
    session: Session,
    item: ChecklistItem,
    before: dict[str, Any],
    after: dict[str, Any],
    stamp: Stamp,
) -> Change:
    """Write one line of an item's history, with the state after it once more as columns."""
    change = line_of(item, before, after, stamp)
    session.add(change)
    return change


def write_columns(
    session: Session, item: ChecklistItem, values: dict[str, Any], stamp: Stamp, **notes: Any
) -> None:
    """Write columns of an item by name, with the edit as history.

    ``values`` may be JSON's; moved dates re-arm reminders.
    """
    before, after = put_columns(item, values)
    item.touch(stamp.now)
    record(session, item, before, after | notes, replace(stamp, reported=None))


def put_columns(
    item: ChecklistItem, values: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write columns of an item and return them before and after as history keeps them."""
    before, after = (
        {name: plain(getattr(item, name)) for name in values},
        {name: plain(value) for name, value in values.items()},
    )
    for name, value in after.items():
        setattr(item, name, parsed(name, value))
    item.anchor_version += any(
        before[name] != after[name] for name in ("due", "dtstart") if name in values
    )
    return before, after


def line_of(
    item: ChecklistItem, before: dict[str, Any], after: dict[str, Any], stamp: Stamp
) -> Change:
    """Return one line of an item's history, not yet stored."""
    return Change(
        at=stamp.now,
        by=stamp.by,
        by_name=stamp.by.full_name if stamp.by else None,
        door=stamp.door,
        item=item,
        before=before,
        after=after,
        on_behalf_of=stamp.on_behalf_of,
        reported=stamp.reported,
        undoes_id=after.get(UNDOES),
        **frozen(item),
    )


def frozen(item: ChecklistItem, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the state that every change keeps once more as columns, by which figures of a past day
    are counted.

    ``values`` are columns of the item that are written together with the change.
    """
    named = {name: getattr(item, name) for name in _FROZEN}
    return {name: (values or {}).get(name, value) for name, value in named.items()} | {
        "blocked": item.blocked is not None
    }


def plain(value: Any) -> Any:
    """Return a column's value as JSON keeps it."""
    if isinstance(value, DayReason):
        return value.plain
    return value.isoformat() if isinstance(value, date) else value


def parsed(name: str, value: Any) -> Any:
    """Return what a column holds for the value that history keeps of it."""
    if name in _DAYS and value:
        return date.fromisoformat(value)
    return DayReason.from_plain(value) if name == "due_reason" and value else value
