"""Who may change an item and decide about it, on whose behalf, and whether it can be changed at
all.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cache

from sqlalchemy import Integer, Select, bindparam, or_, select
from sqlalchemy.orm import Session

from events.checklist.charge import is_in_charge
from events.checklist.history import MOVED_TO, Stamp, history_of
from events.errors import N_, ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import (
    CampaignStatus,
    Change,
    ChecklistItem,
    Person,
    Unit,
)
from events.people.rights import Capability, Held, allowed_by, held_by, held_by_all, may, require
from events.units.tree import ancestors


def may_work_on_item(session: Session, person: Person, item: ChecklistItem, on: date) -> bool:
    """Tell whether ``person`` may change an item: by a post in its unit or above, or as whoever is
    in charge in the unit that it was delegated to.
    """
    return _may_work_on_item(session, person, held_by(session, person, on), item, on)


def _may_work_on_item(
    session: Session, person: Person, held: Held, item: ChecklistItem, on: date
) -> bool:
    does = Capability.DO_WORK
    return allowed_by(session, held, does, item.campaign.unit, on) or (
        item.delegate_unit is not None
        and allowed_by(session, held, does, item.delegate_unit, on)
        and is_in_charge(session, person, item, on)
    )


def may_read_item(session: Session, person: Person | None, item: ChecklistItem, on: date) -> bool:
    """Tell whether ``person`` may read an item with its notes, reasons, evidence and history: by a
    post in its unit or above, or in the unit that it was delegated to.
    """
    if person is None:
        return False
    held = held_by(session, person, on)
    units = [item.campaign.unit, item.delegate_unit]
    return any(
        unit is not None and allowed_by(session, held, Capability.READ_WORK, unit, on)
        for unit in units
    )


def require_reader(session: Session, person: Person | None, item: ChecklistItem, on: date) -> None:
    """Raise ``NotAllowedError`` unless ``person`` may read an item."""
    if not may_read_item(session, person, item, on):
        raise NotAllowedError(unit=item.campaign.unit.full_name)


def may_excuse(session: Session, person: Person, item: ChecklistItem, on: date) -> bool:
    """Tell whether ``person`` may say that an item is not required; what is required, only a unit
    above excuses.
    """
    unit = item.campaign.unit
    if item.required and unit.parent is not None:
        return may(session, person, Capability.STEER_WORK, unit.parent, on)
    return may(session, person, Capability.DO_WORK, unit, on)


def require_doer(session: Session, person: Person, item: ChecklistItem, on: date) -> None:
    """Raise ``NotAllowedError`` unless ``person`` may change an item."""
    if not may_work_on_item(session, person, item, on):
        raise NotAllowedError(unit=item.campaign.unit.full_name)


def require_excuser(session: Session, item: ChecklistItem, by: Person, on: date) -> None:
    """Raise ``ConflictError`` unless ``by`` may say that an item is not required."""
    above = item.campaign.unit.parent
    if above is not None and not may_excuse(session, by, item, on):
        raise ConflictError(
            N_(
                "“%(item)s” is required. Only %(above)s can say that it is not needed; the unit "
                "can say that it was not done."
            ),
            item=item.summary,
            above=above.full_name,
        )


def open_for_change(
    session: Session, item_id: int, stamp: Stamp, chosen: Unit | None = None
) -> tuple[ChecklistItem, Stamp]:
    """Lock an item that the person of a stamp may change, and return it with the stamp completed:
    for whom they act (``chosen`` or, from above, the item's unit), and whose report that is.

    Raises the errors of ``complete_item``, ``ConflictError`` too for one that went over.
    """
    return open_all_for_change(session, {item_id: stamp}, chosen)[0]


def open_all_for_change(
    session: Session, stamps: Mapping[int, Stamp], chosen: Unit | None = None
) -> list[tuple[ChecklistItem, Stamp]]:
    """Do what ``open_for_change`` does for many items, by the stamp of each id, in their order and
    in as many queries.
    """
    items, held = _locked(session, list(stamps)), _held_by(session, stamps.values())
    opened = []
    for item, stamp in zip(items, stamps.values(), strict=True):
        posts, today = held[stamp.person.id], day_here(session, stamp.now)
        if not _may_work_on_item(session, stamp.person, posts, item, today):
            raise NotAllowedError(unit=item.campaign.unit.full_name)
        if item.campaign.status is CampaignStatus.CANCELLED:
            raise ConflictError(
                N_("The campaign “%(campaign)s” was cancelled."), campaign=item.campaign.summary
            )
        _require_here(session, item)
        opened.append((item, stamp_for(item, stamp, posts.units, chosen)))
    return opened


def _held_by(session: Session, stamps: Iterable[Stamp]) -> Mapping[int, Held]:
    """Return by the id of each person what they hold; all stamps are of one moment."""
    people = {stamp.person.id: day_here(session, stamp.now) for stamp in stamps}
    return held_by_all(session, people, max(people.values()))


def _locked(session: Session, ids: Sequence[int]) -> list[ChecklistItem]:
    """Lock items and return them as they are now. Raises ``NotFoundError``."""
    locked = {item.id: item for item in session.scalars(_with_their_wholes(), {"ids": ids})}
    missing = next((item_id for item_id in ids if item_id not in locked), None)
    if missing is not None:
        raise NotFoundError(kind="checklist item", key=missing)
    return [locked[item_id] for item_id in ids]


@cache  # every tick begins with it, and building it takes longer than asking
def _with_their_wholes() -> Select[ChecklistItem]:
    """Return the query that locks items; of a part the whole first, as by those who change the
    whole: else the two would wait for each other.
    """
    ids = bindparam("ids", expanding=True, type_=Integer)
    wholes = select(ChecklistItem.split_from_id).where(ChecklistItem.id.in_(ids))
    query = (
        select(ChecklistItem)
        .where(or_(ChecklistItem.id.in_(ids), ChecklistItem.id.in_(wholes)))
        .order_by(ChecklistItem.id)
    )
    return query.with_for_update(**FOR_CHANGE).execution_options(populate_existing=True)


def open_for_choice(session: Session, item_id: int, stamp: Stamp) -> tuple[ChecklistItem, Stamp]:
    """Lock an item about which the person of a stamp may decide by a post in its unit or above:
    whoever it was delegated to only does it.
    """
    item, stamp = open_for_change(session, item_id, stamp)
    if item.delegate_unit_id is not None:
        today = day_here(session, stamp.now)
        require(session, stamp.person, Capability.DO_WORK, item.campaign.unit, today)
    return item, stamp


def require_open(item: ChecklistItem) -> None:
    """Raise ``ConflictError`` for a closed item: a form that was shown while it was open must not
    undo what was finished since.
    """
    if not item.is_open:
        raise ConflictError(
            N_("“%(item)s” is closed already. Please open it again first."), item=item.summary
        )


def went_over(item: ChecklistItem, history: Iterable[Change]) -> dict[str, str] | None:
    """Return the units that have an item since its own ended, by the id of theirs; none may be
    left. None: it did not go over.
    """
    return (
        None
        if item.is_open
        else next((change.after[MOVED_TO] for change in history if MOVED_TO in change.after), None)
    )


def _require_here(session: Session, item: ChecklistItem) -> None:
    """Refuse what the units that follow would do once more."""
    if item.is_open or item.campaign.unit.valid_to is None:
        return  # nothing to look up in its history
    units = went_over(item, history_of(session, item))
    if units:
        where = ", ".join(dict.fromkeys(units.values()))
        raise ConflictError(
            N_("“%(item)s” went over to %(units)s and is done there."),
            item=item.summary,
            units=where,
        )
    if units is not None:
        raise ConflictError(
            N_("“%(item)s” was closed when %(unit)s ended."),
            item=item.summary,
            unit=item.campaign.unit.full_name,
        )


def stamp_for(
    item: ChecklistItem, stamp: Stamp, held: Collection[int], chosen: Unit | None = None
) -> Stamp:
    """Complete the stamp of somebody with posts in the units ``held``: for whom they act, and whose
    report that is.

    Somebody from above acts on behalf of the item's unit; ``chosen`` names a unit below it instead.
    """
    unit = item.campaign.unit
    if chosen is not None and chosen.id != unit.id:
        if unit not in ancestors(chosen):
            raise InvalidInputError(
                N_("%(unit)s is not below %(above)s."), unit=chosen.full_name, above=unit.full_name
            )
        return replace(stamp, on_behalf_of=chosen, reported=chosen)
    if unit.id in held:
        return replace(stamp, on_behalf_of=None, reported=unit)
    if item.delegate_unit_id in held:
        return replace(stamp, on_behalf_of=None, reported=item.delegate_unit)
    return replace(stamp, on_behalf_of=unit, reported=unit)
