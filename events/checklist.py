"""What becomes of an item: started, held up, done, not done, not required, and back again.

Every change is history: who, when, through which door, for which unit, what before and after. An undo is a change too: it points at
the one that it takes back and restores what that one found, so that history replays to where the item stands.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
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
from events.people import held, may_work_on, require_post
from events.units import ancestors

UNDOES = "undoes"  # in `after`: the id of the change that this one took back
PARTS = "parts"  # in `after`: the item changed because its parts did
MOVED_TO = "moved_to"  # in `after` of an item whose unit ended: the units that have it now, by the id of theirs
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
    require_open(item)
    return _move(session, item, stamp_for(session, item, by, now, door, zone), status=TodoStatus.IN_PROCESS.value)


def block_item(
    session: Session, item_id: int, note: str, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record what stands in the way. The item stays open. Raises ``InvalidInputError`` without a note."""
    note = _required(note, N_("Please say what stands in the way."))
    item = open_for_change(session, item_id, by, now, zone)
    require_open(item)
    return _move(session, item, stamp_for(session, item, by, now, door, zone), status=item.status.value, blocked=note)


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
    stamp = stamp_for(session, item, by, now, door, zone, on_behalf_of)
    if item.is_done:
        return item
    _require_evidence(session, item)
    return _complete(session, item, stamp, local_day(now, zone))


def decline_item(
    session: Session, item_id: int, reason: str, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record that an item was not done, and why. Asking twice changes nothing.

    Raises ``InvalidInputError`` without a reason, ``ConflictError`` for an item that is closed otherwise.
    """
    reason = _required(reason, N_("Please give the reason."))
    item = open_for_change(session, item_id, by, now, zone)
    return _cancel(session, item, NotDone.NOT_DONE, reason, stamp_for(session, item, by, now, door, zone))


def excuse_item(
    session: Session, item_id: int, reason: str, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Record that the unit does not need an item, and why. Raises the errors of ``decline_item``.

    A required item is excused by a unit above it, or what a unit owes could be wished away.
    """
    reason = _required(reason, N_("Please give the reason."))
    item = open_for_choice(session, item_id, by, now, zone)
    require_excuser(session, item, by, local_day(now, zone))
    return _cancel(session, item, NotDone.NOT_REQUIRED, reason, stamp_for(session, item, by, now, door, zone))


def cover_item(
    session: Session, item_id: int, reason: str, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Close an item because another one stands for it. It is done once all the same, so this asks for no unit above."""
    item = open_for_choice(session, item_id, by, now, zone)
    return _cancel(session, item, NotDone.NOT_REQUIRED, reason, stamp_for(session, item, by, now, door, zone))


def reopen_item(
    session: Session, item_id: int, *, by: Person, now: datetime, door: Door = Door.PAGE, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Open a closed item again, as it was before it was closed. Raises the same errors as ``complete_item``.

    What was opened by mistake is closed again by undoing that: a new tick would count as done today.
    """
    item = open_for_change(session, item_id, by, now, zone)
    if item.is_open:
        return item
    require_closed_by_people(session, item)
    return _move(session, item, stamp_for(session, item, by, now, door, zone), **_before_closing(session, item)[1])


def uncover_item(session: Session, item_id: int, *, by: Person, now: datetime, zone: ZoneInfo = VIETNAM) -> ChecklistItem:
    """Open an item again for which another one stands no longer. Not undone by itself: what stood for it is gone."""
    item = open_for_choice(session, item_id, by, now, zone)
    if item.is_open:
        return item
    closing, before = _before_closing(session, item)
    undoes = {} if closing is None else {UNDOES: closing.id}
    return _move(session, item, stamp_for(session, item, by, now, Door.PAGE, zone), **before, **undoes)


def _before_closing(session: Session, item: ChecklistItem) -> tuple[Change | None, dict[str, Any]]:
    """Return the change that closed an item, and the state it was in before."""
    last = _last_of_state(history_of(session, item))
    if last is None or last.before["status"] not in (TodoStatus.NEEDS_ACTION.value, TodoStatus.IN_PROCESS.value):
        return None, _FIRST
    return last, _known(last.before)


def reopen_all(session: Session, items: Sequence[ChecklistItem], *, by: Person, now: datetime) -> None:
    """Open closed items again, each as it was, when something above them changed: a fixed number of statements for any number."""
    histories: dict[int | None, list[Change]] = defaultdict(list)
    ids = [item.id for item in items]
    for change in session.scalars(select(Change).where(Change.item_id.in_(ids)).order_by(Change.id.desc())):
        histories[change.item_id].append(change)
    for item in items:
        last, before = _last_of_state(histories[item.id]), state_of(item)
        _restore(session, item, _FIRST if last is None else _known(last.before))
        item.touch(now)
        undoes = {} if last is None else {UNDOES: last.id}
        session.add(_line(item, before, state_of(item) | undoes, Stamp(by, now, on_behalf_of=item.campaign.unit)))
    session.flush()


def restore_state(session: Session, item: ChecklistItem, change: Change, stamp: Stamp, today: date) -> None:
    """Bring an item back to the state that a change found it in. What may not be reached is not reached by an undo either."""
    before = _known(change.before)
    if before["status"] == TodoStatus.COMPLETED.value:
        _require_evidence(session, item)
    if before["not_done"] == NotDone.NOT_REQUIRED.value:
        require_excuser(session, item, stamp.by, today)
    _move(session, item, stamp, undoes=change.id, **before)


def history_of(session: Session, item: ChecklistItem) -> Sequence[Change]:
    """Return the changes of an item, the newest first."""
    query = select(Change).where(Change.item_id == item.id).options(joinedload(Change.on_behalf_of))
    return session.scalars(query.order_by(Change.id.desc())).all()


def not_undone(history: Sequence[Change]) -> list[Change]:
    """Return the changes that stand: neither an undo nor taken back by one, the newest first."""
    undone = {change.after.get(UNDOES) for change in history}
    return [change for change in history if UNDOES not in change.after and change.id not in undone]


def parts_of(session: Session, item: ChecklistItem) -> Sequence[ChecklistItem]:
    """Return the parts that an item was split into, in the order of their units."""
    query = select(ChecklistItem).where(ChecklistItem.split_from_id == item.id).join(ChecklistItem.campaign)
    return session.scalars(query.order_by(ChecklistItem.id)).all()


def closed_by_parts(session: Session, item: ChecklistItem) -> Change | None:
    """Return the change that closed an item because all its parts are closed, if it is closed and that was why."""
    last = None if item.is_open else _last_of_state(history_of(session, item))
    return last if last is not None and PARTS in last.after else None


def require_closed_by_people(session: Session, item: ChecklistItem) -> None:
    """Raise ``ConflictError`` for an item that is closed because all its parts are: opened alone it could never be closed again."""
    if closed_by_parts(session, item) is not None:
        raise ConflictError(
            N_("“%(item)s” is closed because all its parts are. Please open one of its parts again."), item=item.summary
        )


def _last_of_state(history: Sequence[Change]) -> Change | None:
    return next((change for change in not_undone(history) if "status" in change.before), None)


def may_work_on_item(session: Session, person: Person, item: ChecklistItem, on: date) -> bool:
    """Tell whether ``person`` may change an item: by a post in its unit or above, or in the unit that it was delegated to.

    In that unit it is the holder of the post that was chosen, else of the item's role or of the level's default role.
    """
    if may_work_on(session, person, item.campaign.unit, on):
        return True
    unit = item.delegate_unit
    if unit is None:
        return False
    roles = [item.delegate_role_key] if item.delegate_role_key else [item.role_key, unit.level.default_role_key]
    query = select(Post.id).where(Post.person_id == person.id, Post.unit_id == unit.id, Post.role_key.in_(roles), held(on))
    return session.scalar(query.limit(1)) is not None


def in_charge() -> ColumnElement[bool]:
    """Return the condition that a post is in charge of an item: its role in its unit, or where it was delegated to.

    There it is the post that was chosen; if none was, the level's default role counts beside the item's. For queries over
    ``ChecklistItem``, its ``Campaign`` and ``Post``.
    """
    level = select(Level.default_role_key).join(Unit, Unit.level_key == Level.key)
    default = level.where(Unit.id == ChecklistItem.delegate_unit_id).correlate(ChecklistItem).scalar_subquery()
    unit_id = func.coalesce(ChecklistItem.delegate_unit_id, Campaign.unit_id)
    chosen = ChecklistItem.delegate_role_key
    usual = and_(chosen.is_(None), or_(Post.role_key == ChecklistItem.role_key, Post.role_key == default))
    return and_(Post.unit_id == unit_id, or_(Post.role_key == chosen, usual))


def went_over(item: ChecklistItem, history: Iterable[Change]) -> dict[str, str] | None:
    """Return the units that have an item since its own ended, by the id of theirs; none may be left. None: it did not go over."""
    return None if item.is_open else next((change.after[MOVED_TO] for change in history if MOVED_TO in change.after), None)


def open_for_change(session: Session, item_id: int, by: Person, now: datetime, zone: ZoneInfo = VIETNAM) -> ChecklistItem:
    """Lock an item that ``by`` may change. Raises the errors of ``complete_item``, ``ConflictError`` too for one that went over."""
    item = session.get(ChecklistItem, item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise NotFoundError(kind="checklist item", key=item_id)
    if not may_work_on_item(session, by, item, local_day(now, zone)):
        raise NotAllowedError(unit=item.campaign.unit.full_name)
    if item.campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("The campaign “%(campaign)s” was cancelled."), campaign=item.campaign.summary)
    _require_here(session, item)
    return item


def open_for_choice(session: Session, item_id: int, by: Person, now: datetime, zone: ZoneInfo = VIETNAM) -> ChecklistItem:
    """Lock an item about which ``by`` may decide by a post in its unit or above: whoever it was delegated to only does it."""
    item = open_for_change(session, item_id, by, now, zone)
    require_post(session, by, item.campaign.unit, local_day(now, zone))
    return item


def require_open(item: ChecklistItem) -> None:
    """Raise ``ConflictError`` for a closed item: a form that was shown while it was open must not undo what was finished since."""
    if not item.is_open:
        raise ConflictError(N_("“%(item)s” is closed already. Please open it again first."), item=item.summary)


def may_excuse(session: Session, person: Person, item: ChecklistItem, on: date) -> bool:
    """Tell whether ``person`` may say that an item is not required; what is required, only a unit above excuses."""
    unit = item.campaign.unit
    return may_work_on(session, person, unit.parent if item.required and unit.parent else unit, on)


def require_excuser(session: Session, item: ChecklistItem, by: Person, on: date) -> None:
    """Raise ``ConflictError`` unless ``by`` may say that an item is not required."""
    above = item.campaign.unit.parent
    if above is not None and not may_excuse(session, by, item, on):
        raise ConflictError(
            N_("“%(item)s” is required. Only %(above)s can say that it is not needed; the unit can say that it was not done."),
            item=item.summary,
            above=above.full_name,
        )


def stamp_for(
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


def _require_here(session: Session, item: ChecklistItem) -> None:
    """Refuse what the units that follow would do once more."""
    units = went_over(item, history_of(session, item)) if item.campaign.unit.valid_to else None
    if units:
        where = ", ".join(dict.fromkeys(units.values()))
        raise ConflictError(N_("“%(item)s” went over to %(units)s and is done there."), item=item.summary, units=where)
    if units is not None:
        raise ConflictError(N_("“%(item)s” was closed when %(unit)s ended."), item=item.summary, unit=item.campaign.unit.full_name)


def record(session: Session, item: ChecklistItem, before: dict[str, Any], after: dict[str, Any], stamp: Stamp) -> Change:
    """Write one line of an item's history, with the state after it once more as columns."""
    change = _line(item, before, after, stamp)
    session.add(change)
    session.flush()
    return change


def _line(item: ChecklistItem, before: dict[str, Any], after: dict[str, Any], stamp: Stamp) -> Change:
    state = {name: getattr(item, name) for name in ("status", "not_done", "due", "completed_on")}
    return Change(
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
    return record(session, item, before, after, stamp_for(session, item, by, now, door, zone))


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


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _cancel(session: Session, item: ChecklistItem, how: NotDone, reason: str, stamp: Stamp) -> ChecklistItem:
    if (item.not_done, item.reason) == (how, reason):
        return item
    require_open(item)
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
    if item.split_from_id is not None:
        follow_parts(session, session.get_one(ChecklistItem, item.split_from_id, with_for_update=True), stamp)
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


def follow_parts(session: Session, whole: ChecklistItem, stamp: Stamp) -> None:
    """Close an item when all its parts are closed, and open it again when one of them is.

    One that people closed themselves stays closed, whatever its parts do.
    """
    parts = parts_of(session, whole)
    closing = closed_by_parts(session, whole)
    if closing is not None and any(part.is_open for part in parts):
        _move(session, whole, stamp, parts=True, undoes=closing.id, **_known(closing.before))
    elif parts and whole.is_open and not any(part.is_open for part in parts):
        _close_as_parts(session, whole, parts, stamp)


def _close_as_parts(session: Session, whole: ChecklistItem, parts: Sequence[ChecklistItem], stamp: Stamp) -> None:
    """Close an item as its parts were: done if one was, not required if none was, as far as that is theirs to say."""
    done = [part.completed_on for part in parts if part.is_done and part.completed_on]
    if done:
        _complete(session, whole, stamp, max(done), parts=True)
        return
    needless = all(part.state is ItemState.NOT_REQUIRED for part in parts)
    excused = needless and may_excuse(session, stamp.by, whole, local_day(stamp.now))
    how = NotDone.NOT_REQUIRED if excused else NotDone.NOT_DONE
    reason = "; ".join(sorted({part.reason or "" for part in parts}))
    _move(session, whole, stamp, status=TodoStatus.CANCELLED.value, not_done=how.value, reason=reason, parts=True)


def _require_evidence(session: Session, item: ChecklistItem) -> None:
    if item.evidence_missing:
        query = select(EvidenceType.title_vi).where(EvidenceType.key.in_(item.evidence_kinds)).order_by(EvidenceType.position)
        titles = session.scalars(query)
        raise EvidenceMissingError(count=item.evidence_min, kinds=", ".join(titles).lower(), item=item.summary)


def _required(text: str, sentence: str) -> str:
    text = nfc(text)
    if not text:
        raise InvalidInputError(sentence)
    return text
