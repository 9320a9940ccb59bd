"""The newest change of an item taken back: the item stands again exactly as that change found it.

An undo is a change too and points at the one that it takes back. Only the newest change can be
undone, and only one that a person made on this item: what moved days, new versions, divisions and
reforms did concerns other items too.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from events.checklist.delegating import give_to
from events.checklist.editing import EDITABLE, require_say_over, write_with_parts
from events.checklist.evidence import find_piece, put_back, take_out
from events.checklist.history import (
    COVERS,
    CREDIT_TO,
    DELEGATE_TO,
    EDITED,
    FREED,
    GIVEN,
    MOVED_TO,
    PIECE,
    UNDOES,
    Stamp,
    history_of,
    not_undone,
    of_the_day,
    parsed,
    plain,
)
from events.checklist.integration import credit_item, remove_credit
from events.checklist.origins import of_origin
from events.checklist.rights import open_for_change
from events.checklist.states import restore_state
from events.checklist.stray_files import UNDO
from events.checklist.transitions import require_closed_by_people
from events.errors import N_, ConflictError, NotFoundError
from events.installation import day_here
from events.models import Campaign, Change, ChecklistItem, ClosedBecause, Unit
from events.people.rights import Capability, require

_HELD_WITH = {"nominal_due": "due", "due_reason": "due"}
# what closed an item elsewhere; a stand-in is undone too: it was chosen here
_NOT_OF_PEOPLE = (
    ClosedBecause.VERSION,
    ClosedBecause.WHOLE,
    ClosedBecause.PARTS,
    ClosedBecause.TAKEN_BACK,
)
_UNKNOWN = object()  # what an edit of former days did not note


def last_change(history: Sequence[Change]) -> Change | None:
    """Return the newest change that nobody took back, if it can be undone.

    ``history`` is that of ``history.history_of``.
    """
    newest = next((each for each in not_undone(history) if not _follows_parts(each)), None)
    return newest if newest is not None and _can_be_undone(newest) else None


def is_choice(change: Change) -> bool:
    """Tell whether a change was a decision of the item's unit: whoever the item was delegated to
    does not take that back.
    """
    return (
        EDITED in change.before
        or DELEGATE_TO in change.before
        or CREDIT_TO in (change.before | change.after)
    )


def undo_change(session: Session, item_id: int, change_id: int, stamp: Stamp) -> ChecklistItem:
    """Take one change back. Asking twice changes nothing.

    Raises the errors of ``checklist.complete_item``, and ``ConflictError`` when the item was
    changed since; the newest change is undone first.
    """
    item, stamp = open_for_change(session, item_id, stamp)
    history = history_of(session, item)
    change = next((change for change in history if change.id == change_id), None)
    if change is None:
        raise NotFoundError(kind="change", key=change_id)
    if UNDOES in change.after or change not in not_undone(history):
        return item
    require_closed_by_people(item)
    if last_change(history) is not change:
        raise _changed_since(item)
    if is_choice(change):
        today = day_here(session, stamp.now)
        require(session, stamp.person, Capability.DO_WORK, item.campaign.unit, today)
    _take_back(session, item, change, stamp)
    return item


def _follows_parts(change: Change) -> bool:
    """Tell whether a divided item was only given the real day of its parts."""
    return of_the_day(change) and change.after.get("closed_because") == ClosedBecause.PARTS


def _can_be_undone(change: Change) -> bool:
    before, after = change.before, change.after
    if before.get("closed_because") == ClosedBecause.VERSION:
        return False
    if after.get("closed_because") in _NOT_OF_PEOPLE or {FREED, MOVED_TO} & after.keys():
        return False
    return bool(
        {"status", EDITED, DELEGATE_TO, PIECE, CREDIT_TO} & before.keys()
        or {PIECE, CREDIT_TO} & after.keys()
    )


def _take_back(session: Session, item: ChecklistItem, change: Change, stamp: Stamp) -> None:
    before, after, undoes = change.before, change.after, {UNDOES: change.id}
    if EDITED in before:
        _undo_edit(session, item, change, stamp, day_here(session, stamp.now))
    elif "status" in before:
        restore_state(session, item, change, stamp, day_here(session, stamp.now))
    elif DELEGATE_TO in before:
        unit_id, role = before[DELEGATE_TO]
        give_to(
            session, item, session.get(Unit, unit_id) if unit_id else None, role, stamp, **undoes
        )
    elif PIECE in before:
        _require_file(item, change, stamp)
        put_back(session, item, before[PIECE], stamp, **undoes)
    elif PIECE in after:
        piece = find_piece(item, after[PIECE])
        if piece is None:
            raise _changed_since(item)
        take_out(session, item, piece, stamp, **undoes)
    else:
        _undo_credit(session, item, change, stamp)


def _require_file(item: ChecklistItem, change: Change, stamp: Stamp) -> None:
    """Raise ``ConflictError`` if the file of what was taken away is not kept any more."""
    if change.before[PIECE]["file_digest"] and change.at < stamp.now - UNDO:
        raise ConflictError(
            N_("The file of this evidence is no longer kept. Please upload it again: “%(item)s”."),
            item=item.summary,
        )


def _undo_credit(session: Session, item: ChecklistItem, change: Change, stamp: Stamp) -> None:
    given, taken = change.after.get(CREDIT_TO), change.before.get(CREDIT_TO)
    campaign = session.get_one(Campaign, given or taken)
    if given:
        remove_credit(session, item.id, campaign, undoes=change.id, by=stamp.person, now=stamp.now)
        return
    covers = change.before[COVERS]
    credit_item(
        session,
        item.id,
        campaign,
        covers_id=covers,
        undoes=change.id,
        by=stamp.person,
        now=stamp.now,
    )


def _undo_edit(
    session: Session, item: ChecklistItem, change: Change, stamp: Stamp, today: date
) -> None:
    values = _parsed(change.before)
    if any(
        getattr(item, name) != value
        for name, value in _parsed(change.after).items()
        if name in values
    ):
        raise _changed_since(item)  # a moved day or a new version wrote over it
    values |= _given_since(session, item, change)
    due, dtstart = values.get("due", item.due), values.get("dtstart", item.dtstart)
    if dtstart and dtstart > due:
        values["dtstart"] = due
    require_say_over(session, item, change, due, stamp.person, today)
    write_with_parts(session, item, values, stamp, **{UNDOES: change.id})


def _given_since(session: Session, item: ChecklistItem, change: Change) -> dict[str, Any]:
    """Return what the template, or the whole, gives now for columns that follow it again, where it
    gave something else before.
    """
    given, before = of_origin(session, item) or {}, change.after.get(GIVEN, {})
    free = {
        name for name in EDITABLE if name in change.before and name not in change.before[EDITED]
    }
    following = {name: value for name, value in given.items() if _HELD_WITH.get(name, name) in free}
    differing = {
        _HELD_WITH.get(name, name)
        for name, value in following.items()
        if plain(value) != before.get(name, _UNKNOWN)
    }
    return {
        name: value for name, value in following.items() if _HELD_WITH.get(name, name) in differing
    }


def _parsed(values: dict[str, Any]) -> dict[str, Any]:
    """Return remembered columns as the item holds them."""
    return {name: parsed(name, value) for name, value in values.items()}


def _changed_since(item: ChecklistItem) -> ConflictError:
    return ConflictError(
        N_("“%(item)s” was changed since. Please look at it again."), item=item.summary
    )
