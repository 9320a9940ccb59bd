"""What becomes of an item: started, held up, done, not done, not required, and back again. Every change is history."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database import nfc
from events.errors import N_, ConflictError, EvidenceMissingError, InvalidInputError
from events.history import (
    AT_FIRST,
    PARTS,
    UNDOES,
    Stamp,
    history_of,
    known_state,
    last_of_state,
    line_of,
    record,
    state_of,
    undivided_in,
)
from events.localtime import VIETNAM, local_day
from events.models import Change, ChecklistItem, EvidenceType, ItemState, NotDone, Person, TodoStatus, Unit
from events.models.history import Door
from events.rights import may_excuse, open_for_change, open_for_choice, require_excuser, require_open, stamp_for


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


def reopen_all(session: Session, items: Sequence[ChecklistItem], *, by: Person, now: datetime) -> None:
    """Open closed items again, each as it was, when something above them changed: a fixed number of statements for any number."""
    histories: dict[int | None, list[Change]] = defaultdict(list)
    ids = [item.id for item in items]
    for change in session.scalars(select(Change).where(Change.item_id.in_(ids)).order_by(Change.id.desc())):
        histories[change.item_id].append(change)
    for item in items:
        last, before = last_of_state(histories[item.id]), state_of(item)
        _restore(session, item, AT_FIRST if last is None else known_state(last.before))
        item.touch(now)
        undoes = {} if last is None else {UNDOES: last.id}
        session.add(line_of(item, before, state_of(item) | undoes, Stamp(by, now, on_behalf_of=item.campaign.unit)))
    session.flush()


def restore_state(session: Session, item: ChecklistItem, change: Change, stamp: Stamp, today: date) -> None:
    """Bring an item back to the state that a change found it in. What may not be reached is not reached by an undo either."""
    before = known_state(change.before)
    if before["status"] == TodoStatus.COMPLETED.value:
        _require_evidence(session, item)
    if before["not_done"] == NotDone.NOT_REQUIRED.value:
        require_excuser(session, item, stamp.by, today)
    _move(session, item, stamp, undoes=change.id, **before)


def parts_of(session: Session, item: ChecklistItem) -> Sequence[ChecklistItem]:
    """Return the parts that an item was split into, in the order of their units."""
    query = select(ChecklistItem).where(ChecklistItem.split_from_id == item.id).join(ChecklistItem.campaign)
    return session.scalars(query.order_by(ChecklistItem.id)).all()


def closed_by_parts(session: Session, item: ChecklistItem) -> Change | None:
    """Return the change that closed an item because all its parts are closed, if it is closed and that was why."""
    last = None if item.is_open else last_of_state(history_of(session, item))
    return last if last is not None and PARTS in last.after else None


def require_closed_by_people(session: Session, item: ChecklistItem) -> None:
    """Raise ``ConflictError`` for an item that is closed because all its parts are: opened alone it could never be closed again."""
    if closed_by_parts(session, item) is not None:
        raise ConflictError(
            N_("“%(item)s” is closed because all its parts are. Please open one of its parts again."), item=item.summary
        )


def follow_parts(session: Session, whole: ChecklistItem, stamp: Stamp) -> None:
    """Close an item when all its parts are closed, and open it again when one of them is.

    One that people closed themselves stays closed, whatever its parts do, and people close one of which a share is in no part.
    """
    parts = parts_of(session, whole)
    closing = closed_by_parts(session, whole)
    if closing is not None and any(part.is_open for part in parts):
        _move(session, whole, stamp, parts=True, undoes=closing.id, **known_state(closing.before))
    elif parts and whole.is_open and not any(part.is_open for part in parts) and not undivided_in(history_of(session, whole)):
        _close_as_parts(session, whole, parts, stamp)


def _before_closing(session: Session, item: ChecklistItem) -> tuple[Change | None, dict[str, Any]]:
    """Return the change that closed an item, and the state it was in before."""
    last = last_of_state(history_of(session, item))
    if last is None or last.before["status"] not in (TodoStatus.NEEDS_ACTION.value, TodoStatus.IN_PROCESS.value):
        return None, AT_FIRST
    return last, known_state(last.before)


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
    state = {name: wanted.get(name, first) for name, first in AT_FIRST.items()}
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


def _close_as_parts(session: Session, whole: ChecklistItem, parts: Sequence[ChecklistItem], stamp: Stamp) -> None:
    """Close an item as its parts were: done if one was, not required if none was, as far as that is theirs to say.

    A part that went over is closed where it went.
    """
    parts = [part for part in parts if part.not_done is not NotDone.MOVED]
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
