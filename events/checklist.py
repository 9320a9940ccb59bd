"""What becomes of an item: started, held up, done, not done, not required, and back again.

Every change is history: who, when, through which door, for which unit, what before and after. An undo is a change too: it points at
the one that it takes back and restores what that one found, so that history replays to where the item stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from events.database import nfc
from events.errors import N_, ConflictError, EvidenceMissingError, InvalidInputError, NotAllowedError, NotFoundError
from events.localtime import VIETNAM, local_day
from events.models import (
    Campaign,
    CampaignStatus,
    Change,
    ChecklistItem,
    EvidenceType,
    ItemState,
    Level,
    NotDone,
    Person,
    Post,
    TodoStatus,
    Unit,
)
from events.models.history import Door
from events.people import held, may_work_on
from events.units import ancestors

UNDOES = "undoes"  # in `after`: the id of the change that this one took back
PARTS = "parts"  # in `after`: the item changed because its parts did
EDITED = "edited"  # in `before` and `after` of an edit by hand: the columns that stand by hand
_DAYS = {"dtstart", "due", "nominal_due"}
_FIRST: dict[str, Any] = {
    "status": TodoStatus.NEEDS_ACTION.value,
    "completed": None,
    "completed_on": None,
    "completed_by": None,
    "blocked": None,
    "not_done": None,
    "reason": None,
}


@dataclass(frozen=True, slots=True)
class Stamp:
    """Who changes something, when and through which door; ``on_behalf_of`` is the unit for which they do it.

    ``reported`` is the unit whose report it is; None for what is decided about its work, such as a date.
    """

    by: Person
    now: datetime
    door: Door = Door.PAGE
    on_behalf_of: Unit | None = None
    reported: Unit | None = None


def start_item(
    session: Session, item_id: int, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record that work has begun, or goes on after it was held up. Raises the same errors as ``complete_item``."""
    item = open_for_change(session, item_id, by, now, zone)
    return _move(session, item, _stamp(session, item, by, now, door, zone), status=TodoStatus.IN_PROCESS.value)


def block_item(
    session: Session, item_id: int, note: str, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record what stands in the way. The item stays open. Raises ``InvalidInputError`` without a note."""
    note = _required(note, N_("Please say what stands in the way."))
    item = open_for_change(session, item_id, by, now, zone)
    if not item.is_open:
        raise ConflictError(N_("“%(item)s” is closed already. Please open it again first."), item=item.summary)
    return _move(session, item, _stamp(session, item, by, now, door, zone), status=item.status.value, blocked=note)


def complete_item(
    session: Session,
    item_id: int,
    *,
    by: Person,
    now: datetime,
    door: Door = Door.PAGE,
    zone: ZoneInfo = VIETNAM,
    on_behalf_of: Unit | None = None,
) -> ChecklistItem:
    """Record that an item is done. Asking twice changes nothing.

    Raises ``NotFoundError``, ``NotAllowedError`` without a post in the unit or above it, ``ConflictError`` in a cancelled campaign
    and ``EvidenceMissingError`` while the item wants evidence that was not given.
    """
    item = open_for_change(session, item_id, by, now, zone)
    stamp = _stamp(session, item, by, now, door, zone, on_behalf_of)
    if item.is_done:
        return item
    _require_evidence(session, item)
    return _complete(session, item, stamp, local_day(now, zone))


def decline_item(
    session: Session, item_id: int, reason: str, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record that an item was not done, and why. Raises ``InvalidInputError`` without a reason."""
    return _cancel(session, item_id, NotDone.NOT_DONE, reason, by, now, door, zone)


def excuse_item(
    session: Session, item_id: int, reason: str, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record that the unit does not need an item, and why. Raises ``InvalidInputError`` without a reason."""
    return _cancel(session, item_id, NotDone.NOT_REQUIRED, reason, by, now, door, zone)


def reopen_item(
    session: Session, item_id: int, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Open a closed item again, as it was before it was closed. Raises the same errors as ``complete_item``."""
    item = open_for_change(session, item_id, by, now, zone)
    if item.is_open:
        return item
    stamp = _stamp(session, item, by, now, door, zone)
    last = next((change for change in undoable(history_of(session, item)) if "status" in change.before), None)
    if last is None or last.before["status"] not in (TodoStatus.NEEDS_ACTION.value, TodoStatus.IN_PROCESS.value):
        return _move(session, item, stamp)
    return _move(session, item, stamp, undoes=last.id, **_known(last.before))


def undo_change(
    session: Session,
    item_id: int,
    change_id: int,
    *,
    by: Person,
    now: datetime,
    door: Door = Door.PAGE,
    zone: ZoneInfo = VIETNAM,
) -> ChecklistItem:
    """Take one change back: the item stands again exactly as that change found it. Asking twice changes nothing.

    Raises ``ConflictError`` when the item was changed since; the newest change is undone first.
    """
    item = open_for_change(session, item_id, by, now, zone)
    history = history_of(session, item)
    if change_id not in {change.id for change in history}:
        raise NotFoundError(kind="change", key=change_id)
    live = undoable(history)
    if change_id not in {change.id for change in live}:
        return item
    if live[0].id != change_id or not _stands_as(item, live[0]):
        raise ConflictError(N_("“%(item)s” was changed since. Please look at it again."), item=item.summary)
    if EDITED in live[0].before:
        write_columns(session, item, live[0].before, _stamp(session, item, by, now, door, zone), undoes=change_id)
        return item
    before = _known(live[0].before)
    if before["status"] == TodoStatus.COMPLETED.value:
        _require_evidence(session, item)
    return _move(session, item, _stamp(session, item, by, now, door, zone), undoes=change_id, **before)


def history_of(session: Session, item: ChecklistItem) -> Sequence[Change]:
    """Return the changes of an item, the newest first."""
    query = select(Change).where(Change.item_id == item.id).options(joinedload(Change.on_behalf_of))
    return session.scalars(query.order_by(Change.id.desc())).all()


def undoable(history: Sequence[Change]) -> list[Change]:
    """Return the changes of state and edits that nobody took back, the newest first. ``history`` is that of ``history_of``."""
    undone = {change.after.get(UNDOES) for change in history}
    kept = (change for change in history if UNDOES not in change.after and change.id not in undone)
    return [change for change in kept if {"status", EDITED} & change.before.keys()]


def parts_of(session: Session, item: ChecklistItem) -> Sequence[ChecklistItem]:
    """Return the parts that an item was split into, in the order of their units."""
    query = select(ChecklistItem).where(ChecklistItem.split_from_id == item.id).join(ChecklistItem.campaign)
    return session.scalars(query.order_by(ChecklistItem.id)).all()


def may_work_on_item(session: Session, person: Person, item: ChecklistItem, on: date) -> bool:
    """Tell whether ``person`` may change an item: by a post in its unit or above, or in the unit that it was delegated to.

    In that unit it is the holder of the item's role, or of the level's default role.
    """
    if may_work_on(session, person, item.campaign.unit, on):
        return True
    unit = item.delegate_unit
    if unit is None:
        return False
    roles = [item.role_key, unit.level.default_role_key]
    query = select(Post.id).where(Post.person_id == person.id, Post.unit_id == unit.id, Post.role_key.in_(roles), held(on))
    return session.scalar(query.limit(1)) is not None


def in_charge() -> ColumnElement[bool]:
    """Return the condition that a post is in charge of an item: its role in its unit, or in the unit that it was delegated to.

    There the level's default role counts too. For queries over ``ChecklistItem``, its ``Campaign`` and ``Post``.
    """
    level = select(Level.default_role_key).join(Unit, Unit.level_key == Level.key)
    default = level.where(Unit.id == ChecklistItem.delegate_unit_id).correlate(ChecklistItem).scalar_subquery()
    unit_id = func.coalesce(ChecklistItem.delegate_unit_id, Campaign.unit_id)
    return and_(Post.unit_id == unit_id, or_(Post.role_key == ChecklistItem.role_key, Post.role_key == default))


def open_for_change(session: Session, item_id: int, by: Person, now: datetime, zone: ZoneInfo = VIETNAM) -> ChecklistItem:
    """Lock an item that ``by`` may change. Raises the errors of ``complete_item``."""
    item = session.get(ChecklistItem, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NotFoundError(kind="checklist item", key=item_id)
    if not may_work_on_item(session, by, item, local_day(now, zone)):
        raise NotAllowedError(unit=item.campaign.unit.full_name)
    if item.campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("The campaign “%(campaign)s” was cancelled."), campaign=item.campaign.summary)
    return item


def record(session: Session, item: ChecklistItem, before: dict[str, Any], after: dict[str, Any], stamp: Stamp) -> Change:
    """Write one line of an item's history, with the state after it once more as columns."""
    state = {name: getattr(item, name) for name in ("status", "not_done", "due", "completed_on")}
    change = Change(
        at=stamp.now,
        by=stamp.by,
        by_name=stamp.by.full_name,
        door=stamp.door,
        item=item,
        before=before,
        after=after,
        on_behalf_of=stamp.on_behalf_of,
        reported=stamp.reported,
        blocked=item.blocked is not None,
        **state,
    )
    session.add(change)
    session.flush()
    return change


def report(
    session: Session,
    item: ChecklistItem,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    by: Person,
    now: datetime,
    door: Door = Door.PAGE,
    zone: ZoneInfo = VIETNAM,
) -> Change:
    """Record what says how far a unit has come beside the state of its item, such as evidence."""
    return record(session, item, before, after, _stamp(session, item, by, now, door, zone))


def write_columns(session: Session, item: ChecklistItem, values: dict[str, Any], stamp: Stamp, **notes: Any) -> None:
    """Write columns of an item by name, with the edit as history. ``values`` may be JSON's; moved dates re-arm reminders."""
    before = {name: _plain(getattr(item, name)) for name in values}
    after = {name: _plain(value) for name, value in values.items()}
    for name, value in after.items():
        setattr(item, name, date.fromisoformat(value) if name in _DAYS and value else value)
    item.anchor_version += any(before[name] != after[name] for name in ("due", "dtstart") if name in values)
    item.touch(stamp.now)
    record(session, item, before, after | notes, replace(stamp, reported=None))


def state_of(item: ChecklistItem) -> dict[str, Any]:
    """Return where an item stands as history keeps it: JSON values by column."""
    return {
        "status": item.status.value,
        "completed": item.completed.isoformat() if item.completed else None,
        "completed_on": item.completed_on.isoformat() if item.completed_on else None,
        "completed_by": item.completed_by.id if item.completed_by else None,
        "blocked": item.blocked,
        "not_done": item.not_done.value if item.not_done else None,
        "reason": item.reason,
    }


def _stands_as(item: ChecklistItem, change: Change) -> bool:
    """Tell whether an edit still stands: a moved day or a new version may have written over it."""
    return EDITED not in change.after or all(_plain(getattr(item, name)) == change.after[name] for name in change.before)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _cancel(
    session: Session, item_id: int, how: NotDone, reason: str, by: Person, now: datetime, door: Door, zone: ZoneInfo
) -> ChecklistItem:
    reason = _required(reason, N_("Please give the reason."))
    item = open_for_change(session, item_id, by, now, zone)
    stamp = _stamp(session, item, by, now, door, zone)
    return _move(session, item, stamp, status=TodoStatus.CANCELLED.value, not_done=how.value, reason=reason)


def _complete(session: Session, item: ChecklistItem, stamp: Stamp, today: date, **note: Any) -> ChecklistItem:
    done = {"completed": stamp.now.isoformat(), "completed_on": today.isoformat(), "completed_by": stamp.by.id}
    return _move(session, item, stamp, status=TodoStatus.COMPLETED.value, **done, **note)


def _move(session: Session, item: ChecklistItem, stamp: Stamp, **wanted: Any) -> ChecklistItem:
    """Bring an item to the state that ``wanted`` names; what it does not name is as at first. A change becomes history."""
    before = state_of(item)
    state = {name: wanted.get(name, first) for name, first in _FIRST.items()}
    if state == before:
        return item
    _restore(session, item, state)
    item.touch(stamp.now)
    notes = {name: wanted[name] for name in (UNDOES, PARTS) if name in wanted}
    record(session, item, before, state_of(item) | notes, stamp)
    _follow_parts(session, item, stamp)
    return item


def _restore(session: Session, item: ChecklistItem, state: dict[str, Any]) -> None:
    item.status = TodoStatus(state["status"])
    item.completed = datetime.fromisoformat(state["completed"]) if state["completed"] else None
    item.completed_on = date.fromisoformat(state["completed_on"]) if state["completed_on"] else None
    item.completed_by = session.get(Person, state["completed_by"]) if state["completed_by"] else None
    item.blocked = state["blocked"]
    item.not_done = NotDone(state["not_done"]) if state["not_done"] else None
    item.reason = state["reason"]


def _known(before: dict[str, Any]) -> dict[str, Any]:
    """Return a remembered state in full: an older line of history may name less."""
    return {name: before.get(name, first) for name, first in _FIRST.items()}


def _follow_parts(session: Session, item: ChecklistItem, stamp: Stamp) -> None:
    """Close the item that ``item`` is a part of when all its parts are closed, and open it again when one of them is."""
    if item.split_from_id is None:
        return
    whole = session.get_one(ChecklistItem, item.split_from_id, with_for_update=True)
    parts = parts_of(session, whole)
    if any(part.is_open for part in parts):
        if whole.is_done or whole.state is ItemState.NOT_DONE:
            _move(session, whole, stamp, parts=True)
    elif not whole.is_open:
        return
    elif any(part.is_done for part in parts):
        last = max(part.completed_on for part in parts if part.completed_on)
        _complete(session, whole, stamp, last, parts=True)
    else:
        none = {"not_done": NotDone.NOT_DONE.value, "reason": "; ".join(sorted({part.reason or "" for part in parts}))}
        _move(session, whole, stamp, status=TodoStatus.CANCELLED.value, parts=True, **none)


def _require_evidence(session: Session, item: ChecklistItem) -> None:
    if item.evidence_missing:
        query = select(EvidenceType.title_vi).where(EvidenceType.key.in_(item.evidence_kinds)).order_by(EvidenceType.position)
        titles = session.scalars(query)
        raise EvidenceMissingError(count=item.evidence_min, kinds=", ".join(titles).lower(), item=item.summary)


def _stamp(
    session: Session, item: ChecklistItem, by: Person, now: datetime, door: Door, zone: ZoneInfo, chosen: Unit | None = None
) -> Stamp:
    """Return who acts for whom, and whose report that is.

    Somebody from above acts on behalf of the item's unit; ``chosen`` names a unit below it instead.
    """
    unit = item.campaign.unit
    if chosen is not None and chosen.id != unit.id:
        if unit not in ancestors(chosen):
            raise InvalidInputError(N_("%(unit)s is not below %(above)s."), unit=chosen.full_name, above=unit.full_name)
        return Stamp(by, now, door, chosen, chosen)
    ids = [unit.id, item.delegate_unit_id]
    query = select(Post.unit_id).where(Post.person_id == by.id, Post.unit_id.in_(ids), held(local_day(now, zone)))
    own = set(session.scalars(query))
    delegated = own and unit.id not in own
    return Stamp(by, now, door, None if own else unit, item.delegate_unit if delegated else unit)


def _required(text: str, sentence: str) -> str:
    text = nfc(text)
    if not text:
        raise InvalidInputError(sentence)
    return text
