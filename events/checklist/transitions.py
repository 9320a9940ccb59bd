"""An item brought from one state to another, and what goes with it: its dates, its whole, its
parts, what it stands for.

While an item was closed nothing moved it, so what opens takes the dates and the words that its
template, or its whole, has for it by now, or it would be late through no fault of its unit. What is
closed without being done takes along the parts that nobody has begun, and what it stood for is open
again; both follow when it is opened once more. A whole follows its parts.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.closing_words import Closing, by_parts, by_version, with_whole
from events.checklist.history import (
    AT_FIRST,
    FREED,
    GO_ON,
    RECORDED_ON,
    UNDOES,
    Stamp,
    history_of,
    known_state,
    last_of_state,
    put_columns,
    record,
    state_of,
    undivided_in,
)
from events.checklist.origins import is_gone, missed, of_origin, parts_of
from events.checklist.own_plan import follow_own_plans
from events.checklist.real_days import RealDay
from events.checklist.rights import may_excuse
from events.errors import N_, ConflictError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import (
    CampaignStatus,
    Change,
    ChecklistItem,
    ClosedBecause,
    ItemCredit,
    ItemState,
    NotDone,
    Person,
    TodoStatus,
)
from events.models.campaigns import takes_place
from events.models.items import OPEN

_Row = dict[str, Any]


def move(
    session: Session,
    item: ChecklistItem,
    wanted: Mapping[str, Any],
    stamp: Stamp,
    notes: Mapping[str, Any] | None = None,
    *,
    columns: Mapping[str, Any] | None = None,
) -> ChecklistItem:
    """Bring an item to the state ``wanted``; what that does not name is as at first.

    A change becomes history, with ``notes``.

    ``columns`` are written with it; without them an item that opens takes what its origin gives.
    """
    if _change(session, item, wanted, stamp, notes, columns):
        follow_own_plans(session, {item: stamp})
    return item


def _change(
    session: Session,
    item: ChecklistItem,
    wanted: Mapping[str, Any],
    stamp: Stamp,
    notes: Mapping[str, Any] | None,
    columns: Mapping[str, Any] | None,
) -> bool:
    """Do what ``move`` does, but for what counts from an item; tell whether that has to follow."""
    before, state = state_of(item), known_state(dict(wanted))
    if state == before:
        return False
    was = item.status
    _put(session, item, state)
    opens, drops = _opens(item, was), _drops(item, was)
    if columns is None:
        columns = missed(item, of_origin(session, item)) if opens else {}
    old, new = put_columns(item, columns)
    item.touch(stamp.now)
    parts = [part for part in parts_of(session, item, lock=True) if part.is_open] if drops else []
    begun = ", ".join(part.campaign.unit.full_name for part in parts if not untouched(part))
    told = dict(notes or {}) | ({GO_ON: begun} if begun else {})
    record(session, item, before | old, state_of(item) | new | told, stamp)
    _let_others_follow(session, item, was, parts, stamp)
    return _issues_otherwise(before, state)


def complete(
    session: Session,
    item: ChecklistItem,
    stamp: Stamp,
    day: RealDay,
    because: ClosedBecause = ClosedBecause.PERSON,
) -> ChecklistItem:
    """Bring an item to its being done."""
    return move(session, item, _done(stamp, day, because), stamp, recorded(session, day, stamp))


def complete_all(session: Session, ticks: Iterable[tuple[ChecklistItem, Stamp, RealDay]]) -> None:
    """Bring many items to their being done, one after the other, and ask once what counts from
    them.
    """
    plans = {
        item: stamp
        for item, stamp, day in ticks
        if _change(session, item, _done(stamp, day), stamp, recorded(session, day, stamp), None)
    }
    follow_own_plans(session, plans)


def _done(stamp: Stamp, day: RealDay, because: ClosedBecause = ClosedBecause.PERSON) -> _Row:
    """Return the state of an item that is done."""
    return {
        "status": TodoStatus.COMPLETED.value,
        "completed": stamp.now.isoformat(),
        "completed_by": stamp.person.id,
        "closed_because": because.value,
        **day.columns,
    }


def give_day(session: Session, item: ChecklistItem, stamp: Stamp, day: RealDay) -> ChecklistItem:
    """Give what was done another real day; when it was closed, and by whom, stays."""
    wanted = state_of(item) | day.columns
    return move(session, item, wanted, stamp, recorded(session, day, stamp))


def recorded(session: Session, day: RealDay, stamp: Stamp) -> _Row:
    """Return the day of the recording as history notes it beside another real day."""
    today = day_here(session, stamp.now)
    return {} if day.day == today else {RECORDED_ON: today.isoformat()}


def dropped(how: NotDone, closing: Closing) -> _Row:
    """Return the state of an item that is closed without being done."""
    return {"status": TodoStatus.CANCELLED.value, "not_done": how.value} | closing.columns


def before_closing(session: Session, item: ChecklistItem) -> tuple[Change | None, _Row]:
    """Return the change that closed an item, and the state it was in before."""
    last = last_of_state(history_of(session, item))
    if last is None or last.before["status"] not in OPEN:
        return None, AT_FIRST
    return last, known_state(last.before)


def untouched(part: ChecklistItem) -> bool:
    """Tell whether a part stands as it was given."""
    return (
        part.state is ItemState.NOT_STARTED
        and not part.evidence_given
        and part.delegate_unit_id is None
    )


def require_closed_by_people(item: ChecklistItem) -> None:
    """Raise ``ConflictError`` for an item that is closed because all its parts are, or because its
    whole is.
    """
    if not item.is_closed_from_outside:
        return
    if item.closed_because is ClosedBecause.PARTS:
        raise ConflictError(
            N_(
                "“%(item)s” is closed because all its parts are. Please open one of its parts "
                "again."
            ),
            item=item.summary,
        )
    above = item.split_from.campaign.unit if item.split_from else item.campaign.unit
    raise ConflictError(
        N_(
            "“%(item)s” is a part of an item of %(above)s, which closed it; it is opened again "
            "there."
        ),
        item=item.summary,
        above=above.full_name,
    )


def require_in_template(item: ChecklistItem) -> None:
    """Raise ``ConflictError`` for what is not required and what the template has no longer: nobody
    else is asked for it.
    """
    if item.state is ItemState.NOT_REQUIRED and is_gone(item):
        raise ConflictError(
            N_(
                "The template has “%(item)s” no longer. To do it all the same, please add it as "
                "an item of the unit's own."
            ),
            item=item.summary,
        )


def _opens(item: ChecklistItem, was: TodoStatus) -> bool:
    return item.is_open and was not in OPEN


def _drops(item: ChecklistItem, was: TodoStatus) -> bool:
    """Tell whether an item was closed without being done just now."""
    return item.status is TodoStatus.CANCELLED is not was


def _issues_otherwise(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Tell whether a plan counts as issued on another day: it was ticked or opened again, or
    another one stands for it or not.
    """
    covered = [state["closed_because"] == ClosedBecause.STAND_IN for state in (before, after)]
    return before["completed_on"] != after["completed_on"] or covered[0] is not covered[1]


def _let_others_follow(
    session: Session,
    item: ChecklistItem,
    was: TodoStatus,
    parts: Sequence[ChecklistItem],
    stamp: Stamp,
) -> None:
    """Let what hangs on an item follow its new state. ``parts`` were open as it was closed."""
    for part in parts:
        _close_with_whole(session, part, item, stamp)
    if _opens(item, was):
        _open_parts(session, item, stamp)
    if _drops(item, was):
        _free(session, credits_of(session, item), stamp)
    elif was is TodoStatus.CANCELLED is not item.status:
        cover_again(session, credits_of(session, item), stamp)
    if item.split_from_id is not None:
        follow_parts(
            session,
            session.get_one(ChecklistItem, item.split_from_id, with_for_update=FOR_CHANGE),
            stamp,
        )


# Wholes and parts.


def follow_parts(session: Session, whole: ChecklistItem, stamp: Stamp) -> None:
    """Close an item when all its parts are closed, and open it again when one of them is.

    One that people closed themselves stays closed, whatever its parts do, and people close one of
    which a share is in no part.
    """
    parts = parts_of(session, whole)
    if whole.closed_because is ClosedBecause.PARTS and any(part.is_open for part in parts):
        reopen(session, whole, stamp)
    elif whole.is_done and whole.closed_because is ClosedBecause.PARTS:
        if day := _day_of(parts):
            give_day(session, whole, stamp, day)
    elif (
        parts
        and whole.is_open
        and not any(part.is_open for part in parts)
        and not undivided_in(history_of(session, whole))
    ):
        _close_as_parts(session, whole, parts, stamp)


def reopen(session: Session, item: ChecklistItem, stamp: Stamp) -> None:
    """Open again, as it was, what nobody closed by itself: what closed it holds no longer."""
    closing, before = before_closing(session, item)
    move(session, item, before, stamp, {} if closing is None else {UNDOES: closing.id})


def _close_as_parts(
    session: Session, whole: ChecklistItem, parts: Sequence[ChecklistItem], stamp: Stamp
) -> None:
    """Close an item as its parts were: done if one was, not required if none was, as far as that is
    theirs to say.

    A part that went over is closed where it went.
    """
    parts = [part for part in parts if part.not_done is not NotDone.MOVED]
    if day := _day_of(parts):
        complete(session, whole, stamp, day, ClosedBecause.PARTS)
        return
    needless = all(part.state is ItemState.NOT_REQUIRED for part in parts)
    excused = needless and may_excuse(session, stamp.person, whole, day_here(session, stamp.now))
    how = NotDone.NOT_REQUIRED if excused else NotDone.NOT_DONE
    move(session, whole, dropped(how, by_parts(parts)), stamp)


def _day_of(parts: Sequence[ChecklistItem]) -> RealDay | None:
    """Return the real day of the part that was done last, marked as that one is."""
    days = [
        RealDay(part.completed_on, part.recorded_after)
        for part in parts
        if part.is_done and part.completed_on
    ]
    return max(days, key=lambda day: (day.day, day.recorded_after or 0), default=None)


def _close_with_whole(
    session: Session, part: ChecklistItem, whole: ChecklistItem, stamp: Stamp
) -> None:
    if untouched(part) and whole.not_done is not None:
        move(session, part, dropped(whole.not_done, with_whole(whole)), _decided(stamp))


def _open_parts(session: Session, whole: ChecklistItem, stamp: Stamp) -> None:
    """Open the parts again that were closed with their whole, in the units that are there still."""
    for part in parts_of(session, whole, lock=True):
        is_there = part.campaign.unit.is_valid(day_here(session, stamp.now))
        if part.closed_because is ClosedBecause.WHOLE and is_there:
            reopen(session, part, _decided(stamp))


# Items that stand for others.


def credits_of(session: Session, *items: ChecklistItem) -> Sequence[ItemCredit]:
    """Return the credits by which items stand for one of another campaign."""
    ids = [item.id for item in items]
    query = select(ItemCredit).where(ItemCredit.item_id.in_(ids), ItemCredit.covers_id.is_not(None))
    return session.scalars(query.order_by(ItemCredit.id)).all()


def is_covered(item: ChecklistItem) -> bool:
    """Tell whether an item is closed because another one stands for it, and not by hand since."""
    return item.closed_because is ClosedBecause.STAND_IN


def stands_in(session: Session, item: ChecklistItem) -> bool:
    """Tell whether another item that is not given up is there to stand for this one."""
    query = (
        select(ItemCredit.id)
        .join(ItemCredit.item)
        .join(ChecklistItem.campaign)
        .where(ItemCredit.covers_id == item.id)
    )
    alive = (
        ChecklistItem.status != TodoStatus.CANCELLED,
        takes_place(),
    )
    return session.scalar(query.where(*alive).limit(1)) is not None


def cover(session: Session, item: ChecklistItem, by_item: ChecklistItem, stamp: Stamp) -> None:
    """Close an item because another one stands for it.

    It is done once all the same, so this asks for no unit above.
    """
    closing = Closing(ClosedBecause.STAND_IN, {"item": by_item.summary})
    move(session, item, dropped(NotDone.NOT_REQUIRED, closing), stamp)


def uncover(
    session: Session,
    item: ChecklistItem,
    by_item: ChecklistItem,
    stamp: Stamp,
    columns: Mapping[str, Any] | None = None,
) -> None:
    """Open an item again, as it was, for which another one stands no longer; what no template asks
    for any more stays closed.

    Not undone by itself: what stood for it is gone.
    """
    closing, state = before_closing(session, item)
    if is_gone(item):
        gone = by_version(item.campaign.version.number)
        state, columns = dropped(NotDone.NOT_REQUIRED, gone), {}
    undoes = {} if closing is None else {UNDOES: closing.id}
    move(session, item, state, stamp, {FREED: by_item.summary} | undoes, columns=columns)


def cover_again(session: Session, credits: Sequence[ItemCredit], stamp: Stamp) -> None:
    """Close again what was opened when these credits were of no use, unless somebody went on with
    it since.
    """
    for credit in credits:
        covered = _covered_by(session, credit)
        if covered is not None and _is_idle(session, covered):
            cover(session, covered, credit.item, _decided(stamp))


def _free(session: Session, credits: Sequence[ItemCredit], stamp: Stamp) -> None:
    for credit in credits:
        covered = _covered_by(session, credit)
        if covered is not None and is_covered(covered):
            uncover(session, covered, credit.item, _decided(stamp))


def _covered_by(session: Session, credit: ItemCredit) -> ChecklistItem | None:
    """Lock the item that another one stands for, if its campaign takes place."""
    if credit.covers_id is None or credit.campaign.status is CampaignStatus.CANCELLED:
        return None
    return session.get_one(ChecklistItem, credit.covers_id, with_for_update=FOR_CHANGE)


def _is_idle(session: Session, item: ChecklistItem) -> bool:
    """Tell whether an item is open since another one stands for it no longer, and nobody reported
    on it.
    """
    history = history_of(session, item) if item.is_open else []
    freed = next((change for change in history if "status" in change.before), None)
    if freed is None or FREED not in freed.after:
        return False
    return not any(change.reported_id for change in history if change.id > freed.id)


def _decided(stamp: Stamp) -> Stamp:
    """Return the stamp of what follows from a change: it is nobody's report."""
    return Stamp(stamp.by, stamp.now, stamp.door)


def _put(session: Session, item: ChecklistItem, state: Mapping[str, Any]) -> None:
    item.status = TodoStatus(state["status"])
    item.completed = datetime.fromisoformat(state["completed"]) if state["completed"] else None
    item.completed_on = date.fromisoformat(state["completed_on"]) if state["completed_on"] else None
    item.completed_by = (
        session.get(Person, state["completed_by"]) if state["completed_by"] else None
    )
    item.recorded_after = state["recorded_after"]
    item.blocked = state["blocked"]
    item.not_done = NotDone(state["not_done"]) if state["not_done"] else None
    because = state["closed_because"]
    item.closed_because = ClosedBecause(because) if because else None
    item.closing_facts = state["closing_facts"]
    item.reason = state["reason"]
