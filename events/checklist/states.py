"""What becomes of an item: started, held up, done, not done, not required, and back again.

Every change is history.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.checklist.closing_words import Closing, begun_small, by_person, closing_of
from events.checklist.evidence import (
    Proof,
    evidence_missing,
    give_proof,
    kinds_wanted,
    load_evidence,
)
from events.checklist.history import UNDOES, Stamp, known_state
from events.checklist.origins import FOLLOWED
from events.checklist.real_days import RealDay, real_day
from events.checklist.rights import (
    open_all_for_change,
    open_for_change,
    open_for_choice,
    require_excuser,
    require_open,
)
from events.checklist.transitions import (
    before_closing,
    complete,
    complete_all,
    dropped,
    give_day,
    move,
    require_closed_by_people,
    require_in_template,
    stands_in,
)
from events.errors import N_, ConflictError, EvidenceMissingError
from events.installation import day_here
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    ClosedBecause,
    EvidenceType,
    NotDone,
    TodoStatus,
    Unit,
)
from events.words.texts import GIVE_A_REASON, passage, required

_PROOF = {"evidence", "evidence_min", "without_evidence"}


def start_item(session: Session, item_id: int, stamp: Stamp) -> ChecklistItem:
    """Record that work has begun, or goes on after it was held up.

    Raises the same errors as ``complete_item``.
    """
    item, stamp = open_for_change(session, item_id, stamp)
    require_open(item)
    return move(session, item, {"status": TodoStatus.IN_PROCESS.value}, stamp)


def block_item(session: Session, item_id: int, note: str, stamp: Stamp) -> ChecklistItem:
    """Record what stands in the way. The item stays open.

    Raises ``InvalidInputError`` without a note.
    """
    note = required(passage(note), N_("Please say what stands in the way."))
    item, stamp = open_for_change(session, item_id, stamp)
    require_open(item)
    return move(session, item, {"status": item.status.value, "blocked": note}, stamp)


def complete_item(
    session: Session,
    item_id: int,
    stamp: Stamp,
    *,
    done_on: date | None = None,
    on_behalf_of: Unit | None = None,
    proofs: Sequence[Proof] = (),
) -> ChecklistItem:
    """Record that an item is done, today or on the real day ``done_on``, with ``proofs`` of it.
    Asking twice changes nothing.

    Raises ``NotFoundError``, ``NotAllowedError`` without a post in the unit or above it,
    ``ConflictError`` in a cancelled campaign, ``RealDayError`` for a day that cannot be, the errors
    of ``add_evidence`` and ``EvidenceMissingError`` while the item wants more than was given.
    """
    item, stamp = open_for_change(session, item_id, stamp, on_behalf_of)
    if item.is_done:
        return item
    day = _proven(session, item, Completion(stamp, done_on, proofs))
    return complete(session, item, stamp, day)


@dataclass(frozen=True, slots=True)
class Completion:
    """That an item is done: who says so, the real day (None: today), evidence that comes along."""

    stamp: Stamp
    done_on: date | None = None
    proofs: Sequence[Proof] = ()


def complete_items(session: Session, ticks: Mapping[int, Completion]) -> None:
    """Record that the items with these ids are done, all of them or none: ``complete_item`` for
    many, in hardly more queries. All ticks are of one moment.
    """
    stamps = {item_id: tick.stamp for item_id, tick in ticks.items()}
    of_items = select(Campaign).join(Campaign.items).where(ChecklistItem.id.in_(ticks))
    # held here, or each item would ask for its own
    _campaigns = session.scalars(of_items.options(joinedload(Campaign.unit))).unique().all()
    opened = open_all_for_change(session, stamps)
    load_evidence(session, [item for item, _stamp in opened])
    done = (
        (item, stamp, _proven(session, item, replace(tick, stamp=stamp)))
        for (item, stamp), tick in zip(opened, ticks.values(), strict=True)
        if not item.is_done
    )
    complete_all(session, done)


def _proven(session: Session, item: ChecklistItem, tick: Completion) -> RealDay:
    """Add the evidence that comes with a tick, and return the real day.

    Raises the errors of ``complete_item`` for what is missing.
    """
    for proof in tick.proofs:
        give_proof(session, item, proof, tick.stamp)
    day = real_day(session, item, tick.done_on, day_here(session, tick.stamp.now))
    _require_evidence(session, item)
    return day


def correct_real_day(session: Session, item_id: int, done_on: date, stamp: Stamp) -> ChecklistItem:
    """Record that what is done was done on another day. Asking twice changes nothing.

    Raises the errors of ``complete_item``, and ``ConflictError`` for what is not done, or was
    closed by its parts.
    """
    item, stamp = open_for_change(session, item_id, stamp)
    require_closed_by_people(item)
    if not item.is_done:
        raise ConflictError(
            N_("“%(item)s” is not done: there is no day to correct."), item=item.summary
        )
    if item.completed_on == done_on:
        return item
    day = real_day(session, item, done_on, day_here(session, stamp.now))
    return give_day(session, item, stamp, day)


def decline_item(session: Session, item_id: int, reason: str, stamp: Stamp) -> ChecklistItem:
    """Record that an item was not done, and why. Asking twice changes nothing.

    Raises ``InvalidInputError`` without a reason, ``ConflictError`` for an item that is closed
    otherwise.
    """
    closing = by_person(required(passage(reason), GIVE_A_REASON))
    item, stamp = open_for_change(session, item_id, stamp)
    return _cancel(session, item, NotDone.NOT_DONE, closing, stamp)


def excuse_item(session: Session, item_id: int, reason: str, stamp: Stamp) -> ChecklistItem:
    """Record that the unit does not need an item, and why. Raises the errors of ``decline_item``.

    A required item is excused by a unit above it, or what a unit owes could be wished away.
    """
    closing = by_person(required(passage(reason), GIVE_A_REASON))
    return excuse(session, item_id, closing, stamp)


def excuse(session: Session, item_id: int, closing: Closing, stamp: Stamp) -> ChecklistItem:
    """Record that the unit does not need an item, with or without a reason of its own."""
    item, stamp = open_for_choice(session, item_id, stamp)
    require_excuser(session, item, stamp.person, day_here(session, stamp.now))
    return _cancel(session, item, NotDone.NOT_REQUIRED, closing, stamp)


def reopen_item(session: Session, item_id: int, stamp: Stamp) -> ChecklistItem:
    """Open a closed item again, as it was before it was closed, on the date that it would have by
    now.

    What was opened by mistake is closed again by undoing that: a new tick would count as done
    today. Raises the same errors as ``complete_item``, and ``ConflictError`` for what is opened
    elsewhere or what its template has no longer.
    """
    item, stamp = open_for_change(session, item_id, stamp)
    if item.is_open:
        return item
    require_closed_by_people(item)
    require_in_template(item)
    return move(session, item, before_closing(session, item)[1], stamp)


def restore_state(
    session: Session, item: ChecklistItem, change: Change, stamp: Stamp, today: date
) -> None:
    """Bring an item back to how a change found it.

    What may not be reached is not reached by an undo either.
    """
    before, columns = (
        known_state(change.before),
        {name: value for name, value in change.before.items() if name in FOLLOWED},
    )
    # else it was done with what was wanted then
    if before["status"] == TodoStatus.COMPLETED.value and not _PROOF & columns.keys():
        _require_evidence(session, item)
    covered = before["closed_because"] == ClosedBecause.STAND_IN
    if covered and not stands_in(session, item):
        raise ConflictError(
            N_("“%(item)s” was changed since. Please look at it again."), item=item.summary
        )
    if before["not_done"] == NotDone.NOT_REQUIRED.value and not covered:
        require_excuser(session, item, stamp.person, today)
    if before["not_done"] is None:
        require_in_template(item)
    move(session, item, before, stamp, {UNDOES: change.id}, columns=columns or None)


def _cancel(
    session: Session, item: ChecklistItem, how: NotDone, closing: Closing, stamp: Stamp
) -> ChecklistItem:
    if item.not_done is how and closing_of(item) == closing:
        return item
    require_open(item)
    return move(session, item, dropped(how, closing), stamp)


def _require_evidence(session: Session, item: ChecklistItem) -> None:
    if evidence_missing(item):
        query = (
            select(EvidenceType.title_vi)
            .where(EvidenceType.key.in_(kinds_wanted(item)))
            .order_by(EvidenceType.position, EvidenceType.key)
        )
        titles = session.scalars(query)
        raise EvidenceMissingError(
            count=item.evidence_min, kinds=", ".join(map(begun_small, titles)), item=item.summary
        )
