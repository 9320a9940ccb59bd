"""An item divided among units below: each gets its part, and the whole is done when they are."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.late import copied_dates
from events.campaigns.opening import open_round
from events.campaigns.rounds import round_of
from events.checklist.closing_words import Closing
from events.checklist.delegating import chosen_below
from events.checklist.history import (
    PARTS,
    Stamp,
    record,
)
from events.checklist.origins import parts_of
from events.checklist.rights import open_for_choice, require_open
from events.checklist.transitions import dropped, move, reopen, untouched
from events.database.sessions import new_uid
from events.days.workdays import WorkCalendar
from events.errors import N_, ConflictError, NotFoundError
from events.installation import day_here, domain_of
from events.locks import FOR_CHANGE, lock_templates
from events.models import (
    Campaign,
    ChecklistItem,
    ClosedBecause,
    NotDone,
    Person,
    Round,
    Unit,
)
from events.models.campaigns import same_round
from events.people.roles import RoleBook
from events.units.start_lines import start_line


def split_item(
    session: Session,
    item_id: int,
    unit_ids: Collection[int],
    *,
    by: Person,
    now: datetime,
    calendar: WorkCalendar,
) -> Sequence[ChecklistItem]:
    """Give each of the units its part of an item, in its own campaign, which is opened if it has
    none. Returns all parts.

    A unit that has its part is passed over. The item is done when all its parts are. Raises
    ``InvalidInputError`` for units that are not below the item's, ``ConflictError`` for an item
    that is closed.
    """
    of_item = (
        select(Round.template_id)
        .join(Campaign, Campaign.round_id == Round.id)
        .join(Campaign.items)
        .where(ChecklistItem.id == item_id)
    )
    lock_templates(session, of_item)  # before the item, as by those who move the dates of its round
    item, _stamp = open_for_choice(session, item_id, Stamp(by, now))
    require_open(item)
    units = chosen_below(session, item, unit_ids, day_here(session, now))
    have = {part.campaign.unit_id for part in parts_of(session, item)}
    new = [unit for unit in units if unit.id not in have]
    if new:
        campaigns = _campaigns_of(session, item.campaign, new, now, calendar)
        roles = RoleBook.load(session)
        again = _given_again(session, item, [campaigns[unit.id].id for unit in new])
        level = item.campaign.unit.level_key  # a part follows its whole
        dates = copied_dates(item, start_line(session), calendar, day_here(session, now), level)
        session.add_all(
            _part(item, campaigns[unit.id], roles, new_uid(domain_of(session)), now, dates)
            for unit in new
            if campaigns[unit.id].id not in again
        )
        item.touch(now)
        session.flush()
        for part in again.values():
            reopen(session, part, Stamp(by, now))
        record(
            session, item, {}, {PARTS: ", ".join(unit.full_name for unit in new)}, Stamp(by, now)
        )
    return parts_of(session, item)


def take_back_part(session: Session, part_id: int, *, by: Person, now: datetime) -> ChecklistItem:
    """Take a part back that nobody has touched; the unit sees it closed as not required.

    Returns the whole item.

    Only a post in the unit that divided the item, or above it, may do this. Raises
    ``ConflictError`` for a part that was begun.
    """
    whole_id = session.scalar(
        select(ChecklistItem.split_from_id).where(ChecklistItem.id == part_id)
    )
    if whole_id is None:
        open_for_choice(session, part_id, Stamp(by, now))
        raise NotFoundError(kind="checklist item", key=part_id)
    whole, _stamp = open_for_choice(session, whole_id, Stamp(by, now))
    part = session.get_one(
        ChecklistItem, part_id, with_for_update=FOR_CHANGE, populate_existing=True
    )
    if part.closed_because is ClosedBecause.TAKEN_BACK:
        return whole
    unit, stamp = part.campaign.unit.full_name, Stamp(by, now)
    if not untouched(part):
        raise ConflictError(
            N_("%(unit)s has begun its part already; it can be closed there, with the reason."),
            unit=unit,
        )
    whole.touch(now)
    record(session, whole, {PARTS: unit}, {}, stamp)
    closing = Closing(ClosedBecause.TAKEN_BACK, {"unit": whole.campaign.unit.full_name})
    move(session, part, dropped(NotDone.NOT_REQUIRED, closing), stamp)
    return whole


def _campaigns_of(
    session: Session,
    campaign: Campaign,
    units: Sequence[Unit],
    now: datetime,
    calendar: WorkCalendar,
) -> dict[int, Campaign]:
    """Return each unit's campaign of the same round by unit id, opened where it is missing."""
    ids = [unit.id for unit in units]
    open_round(session, round_of(campaign), now=now, calendar=calendar, unit_ids=ids)
    same = (
        same_round(campaign),
        Campaign.unit_id.in_(ids),
    )
    found = {each.unit_id: each for each in session.scalars(select(Campaign).where(*same))}
    for unit in units:
        if unit.id not in found:
            raise ConflictError(
                N_("%(unit)s did not exist yet when this campaign began."), unit=unit.full_name
            )
    return found


def _given_again(
    session: Session, item: ChecklistItem, campaign_ids: Collection[int]
) -> dict[int, ChecklistItem]:
    """Return by campaign the parts of an item that were taken back before."""
    query = select(ChecklistItem).where(
        ChecklistItem.campaign_id.in_(campaign_ids), ChecklistItem.key == f"part-{item.id}"
    )
    return {part.campaign_id: part for part in session.scalars(query)}


def _part(
    item: ChecklistItem,
    campaign: Campaign,
    roles: RoleBook,
    uid: str,
    now: datetime,
    dates: Mapping[str, Any],
) -> ChecklistItem:
    own = {"due": item.due, "due_reason": item.due_reason, **dates}
    return ChecklistItem(
        uid=uid,
        campaign=campaign,
        key=f"part-{item.id}",
        position=item.position,
        summary=item.summary,
        phase_key=item.phase_key,
        role_key=roles.of_copy(item.role_key, campaign.unit.level_key, campaign.dtstart),
        support_roles=[],
        dtstart=item.dtstart,
        nominal_due=item.nominal_due,
        weight=item.weight,
        required=item.required,
        evidence=list(item.evidence),
        evidence_min=item.evidence_min,
        without_evidence=item.without_evidence,
        depends_on=[],
        is_own=True,
        split_from_id=item.id,
        followed_from=item.followed_from,
        created=now,
        last_modified=now,
        **own,
    )
