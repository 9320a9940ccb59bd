"""What a unit chooses: leave an optional item out, add its own, split one among the units below, have one of them do it.

Switching an optional item off is excusing it, and switching it on is opening it again: see `checklist`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.campaigns import open_round
from events.checklist import excuse_item, reopen_item
from events.database import new_uid
from events.editing import clean_summary, require_near
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.history import ADDED, DELEGATE, DELEGATE_TO, PARTS, WHOLE, Stamp, record
from events.installation import day_here
from events.locks import FOR_CHANGE, lock_templates
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    EvidenceType,
    ItemState,
    NotDone,
    Person,
    Phase,
    Role,
    Unit,
)
from events.models.history import Door
from events.origins import parts_of
from events.people import RoleBook, require_post, roles_at
from events.reasons import NOT_CHOSEN, TAKEN_BACK, was_taken_back
from events.rights import open_for_choice, require_open, stamp_for
from events.rounds import round_of
from events.transitions import dropped, give_again, move, untouched
from events.units import ancestors
from events.workdays import WorkCalendar

HEAVIEST = 5


@dataclass(frozen=True, slots=True)
class OwnItem:
    """An item as a unit enters it for itself. ``role`` is the key of one of its posts; None is the level's own."""

    summary: str
    due: date
    phase: str
    evidence: tuple[str, ...] = ()
    evidence_min: int = 0
    weight: int = 1
    role: str | None = None


def switch_off(session: Session, item_id: int, reason: str = "", *, by: Person, now: datetime) -> ChecklistItem:
    """Leave an optional item out. Raises ``ConflictError`` for a required one, whose reason must be given on its page."""
    item = open_for_choice(session, item_id, by, now)
    if item.required:
        raise ConflictError(N_("“%(item)s” is required and cannot be switched off."), item=item.summary)
    return excuse_item(session, item_id, reason or NOT_CHOSEN, by=by, now=now)


def switch_on(session: Session, item_id: int, *, by: Person, now: datetime) -> ChecklistItem:
    """Take an item in again that was left out. Asking twice changes nothing; what was done since stays done."""
    item = open_for_choice(session, item_id, by, now)
    if item.state is not ItemState.NOT_REQUIRED:
        require_open(item)
    return reopen_item(session, item_id, by=by, now=now)


def add_own_item(session: Session, campaign: Campaign, own: OwnItem, *, by: Person, now: datetime) -> ChecklistItem:
    """Add an item of the unit's own to its campaign. Adding the same one twice changes nothing.

    Raises ``NotAllowedError``, ``ConflictError`` in a cancelled campaign and ``InvalidInputError``.
    """
    require_post(session, by, campaign.unit, day_here(session, now))
    if campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("The campaign “%(campaign)s” was cancelled."), campaign=campaign.summary)
    summary = _checked(session, own)
    require_near(campaign, own.due)
    require_role_at(session, campaign.unit, own.role, day_here(session, now))
    session.execute(select(Campaign.id).where(Campaign.id == campaign.id).with_for_update(**FOR_CHANGE))
    same = select(ChecklistItem).where(ChecklistItem.campaign_id == campaign.id, ChecklistItem.is_own)
    known = session.scalar(same.where(ChecklistItem.summary == summary, ChecklistItem.due == own.due))
    if known is not None:
        return known
    item = _own_row(session, campaign, own, summary, now)
    session.add(item)
    session.flush()
    record(session, item, {}, {ADDED: summary}, stamp_for(session, item, by, now, Door.PAGE))
    return item


def split_item(
    session: Session,
    item_id: int,
    unit_ids: Collection[int],
    *,
    by: Person,
    now: datetime,
    calendar: WorkCalendar,
) -> Sequence[ChecklistItem]:
    """Give each of the units its part of an item, in its own campaign, which is opened if it has none. Returns all parts.

    A unit that has its part is passed over. The item is done when all its parts are. Raises ``InvalidInputError`` for units that
    are not below the item's, ``ConflictError`` for an item that is closed.
    """
    of_item = select(Campaign.template_id).join(Campaign.items).where(ChecklistItem.id == item_id)
    lock_templates(session, of_item)  # before the item, as by those who move the dates of its round
    item = open_for_choice(session, item_id, by, now)
    require_open(item)
    units = chosen_below(session, item, unit_ids, day_here(session, now))
    have = {part.campaign.unit_id for part in parts_of(session, item)}
    new = [unit for unit in units if unit.id not in have]
    if new:
        campaigns = _campaigns_of(session, item.campaign, new, now, calendar)
        roles = RoleBook.load(session)
        again = _given_again(session, item, [campaigns[unit.id].id for unit in new])
        session.add_all(_part(item, campaigns[unit.id], roles, now) for unit in new if campaigns[unit.id].id not in again)
        item.touch(now)
        session.flush()
        for part in again.values():
            give_again(session, part, Stamp(by, now))
        record(session, item, {}, {PARTS: ", ".join(unit.full_name for unit in new)}, Stamp(by, now))
    return parts_of(session, item)


def take_back_part(session: Session, part_id: int, *, by: Person, now: datetime) -> ChecklistItem:
    """Take a part back that nobody has touched; the unit sees it closed as not required. Returns the whole item.

    Only a post in the unit that divided the item, or above it, may do this. Raises ``ConflictError`` for a part that was begun.
    """
    whole_id = session.scalar(select(ChecklistItem.split_from_id).where(ChecklistItem.id == part_id))
    if whole_id is None:
        raise NotFoundError(kind="checklist item", key=part_id)
    whole = open_for_choice(session, whole_id, by, now)
    part = session.get_one(ChecklistItem, part_id, with_for_update=FOR_CHANGE, populate_existing=True)
    if was_taken_back(part):
        return whole
    unit, stamp = part.campaign.unit.full_name, Stamp(by, now)
    if not untouched(part):
        raise ConflictError(N_("%(unit)s has begun its part already; it can be closed there, with the reason."), unit=unit)
    whole.touch(now)
    record(session, whole, {PARTS: unit}, {}, stamp)
    reason = f"{whole.campaign.unit.full_name} {TAKEN_BACK}"
    move(session, part, dropped(NotDone.NOT_REQUIRED, reason), stamp, {WHOLE: True})
    return whole


def delegate_item(
    session: Session,
    item_id: int,
    unit_id: int | None,
    *,
    role: str | None = None,
    by: Person,
    now: datetime,
) -> ChecklistItem:
    """Have a unit below do an item, or one post in it; None takes it back. Those in charge there may tick it, and are reminded.

    Only a post in the item's unit or above may do this. ``role`` is a role's key. Raises ``InvalidInputError`` for a unit that is
    not below, or a post that it does not have.
    """
    item = open_for_choice(session, item_id, by, now)
    unit = None if unit_id is None else chosen_below(session, item, [unit_id], day_here(session, now))[0]
    role = role if unit is not None else None
    if (item.delegate_unit_id, item.delegate_role_key) == (unit_id, role):
        return item
    require_open(item)
    if unit is not None:
        require_role_at(session, unit, role, day_here(session, now))
    give_to(session, item, unit, role, Stamp(by, now))
    return item


def give_to(session: Session, item: ChecklistItem, unit: Unit | None, role: str | None, stamp: Stamp, **notes: Any) -> None:
    """Write who does an item, with its history."""
    before = _delegation(item)
    item.delegate_unit, item.delegate_role = unit, session.get(Role, role) if role else None
    item.touch(stamp.now)
    session.flush()
    record(session, item, before, _delegation(item) | notes, stamp)


def _delegation(item: ChecklistItem) -> dict[str, Any]:
    """Return who does an item as history keeps it: in words, and as the keys that an undo needs."""
    unit, role = item.delegate_unit, item.delegate_role
    words = " – ".join(each for each in (unit and unit.full_name, role and role.title_vi) if each)
    return {DELEGATE: words or None, DELEGATE_TO: [item.delegate_unit_id, item.delegate_role_key]}


def units_below(session: Session, unit: Unit, on: date) -> Sequence[Unit]:
    """Return the units directly below ``unit`` on the day ``on``, among which work can be divided."""
    return session.scalars(select(Unit).where(Unit.parent_id == unit.id, Unit.on(on)).order_by(Unit.position, Unit.id)).all()


def require_role_at(session: Session, unit: Unit, role: str | None, on: date) -> None:
    """Raise ``InvalidInputError`` for a role that nobody can hold in a unit; None is the usual one."""
    if role is not None and role not in {each.key for each in roles_at(session, unit, on)}:
        raise InvalidInputError(N_("There is no such post in %(unit)s."), unit=unit.full_name)


def chosen_below(session: Session, item: ChecklistItem, unit_ids: Collection[int], on: date) -> Sequence[Unit]:
    """Return the units in their order. Raises ``InvalidInputError`` for none, or one that ended or is not below the item's unit."""
    units = session.scalars(select(Unit).where(Unit.id.in_(unit_ids)).order_by(Unit.position, Unit.id)).all()
    if not units or len(units) < len(set(unit_ids)):
        raise InvalidInputError(N_("Please choose at least one unit."))
    above = item.campaign.unit
    for unit in units:
        if above not in ancestors(unit):
            raise InvalidInputError(N_("%(unit)s is not below %(above)s."), unit=unit.full_name, above=above.full_name)
        if not unit.is_valid(on):
            raise InvalidInputError(N_("%(unit)s does not exist on %(day)s."), unit=unit.full_name, day=f"{on:%d/%m/%Y}")
    return units


def _campaigns_of(
    session: Session, campaign: Campaign, units: Sequence[Unit], now: datetime, calendar: WorkCalendar
) -> dict[int, Campaign]:
    """Return each unit's campaign of the same round by unit id, opened where it is missing."""
    ids = [unit.id for unit in units]
    open_round(session, round_of(campaign), now=now, calendar=calendar, unit_ids=ids)
    same = (Campaign.template_id == campaign.template_id, Campaign.period == campaign.period, Campaign.unit_id.in_(ids))
    found = {each.unit_id: each for each in session.scalars(select(Campaign).where(*same))}
    for unit in units:
        if unit.id not in found:
            raise ConflictError(N_("%(unit)s did not exist yet when this campaign began."), unit=unit.full_name)
    return found


def _given_again(session: Session, item: ChecklistItem, campaign_ids: Collection[int]) -> dict[int, ChecklistItem]:
    """Return by campaign the parts of an item that were taken back before."""
    query = select(ChecklistItem).where(ChecklistItem.campaign_id.in_(campaign_ids), ChecklistItem.key == f"part-{item.id}")
    return {part.campaign_id: part for part in session.scalars(query)}


def _part(item: ChecklistItem, campaign: Campaign, roles: RoleBook, now: datetime) -> ChecklistItem:
    return ChecklistItem(
        uid=new_uid(),
        campaign=campaign,
        key=f"part-{item.id}",
        position=item.position,
        summary=item.summary,
        phase_key=item.phase_key,
        role_key=roles.of_copy(item.role_key, campaign.unit.level_key, campaign.dtstart),
        support_roles=[],
        dtstart=item.dtstart,
        nominal_due=item.nominal_due,
        due=item.due,
        due_reason=item.due_reason,
        weight=item.weight,
        required=item.required,
        evidence=list(item.evidence),
        evidence_min=item.evidence_min,
        without_evidence=item.without_evidence,
        depends_on=[],
        is_own=True,
        split_from_id=item.id,
        created=now,
        last_modified=now,
    )


def _own_row(session: Session, campaign: Campaign, own: OwnItem, summary: str, now: datetime) -> ChecklistItem:
    last = session.scalar(select(func.max(ChecklistItem.position)).where(ChecklistItem.campaign_id == campaign.id))
    return ChecklistItem(
        uid=new_uid(),
        campaign=campaign,
        key=f"own-{new_uid().partition('@')[0]}",
        position=(last or 0) + 1,
        summary=summary,
        phase_key=own.phase,
        role_key=own.role or _usual_role(session, campaign),
        support_roles=[],
        nominal_due=own.due,
        due=own.due,
        weight=own.weight,
        required=False,
        evidence=list(own.evidence),
        evidence_min=own.evidence_min,
        depends_on=[],
        is_own=True,
        created=now,
        last_modified=now,
    )


def _usual_role(session: Session, campaign: Campaign) -> str:
    roles = RoleBook.load(session)
    default = roles.default_of_level.get(campaign.unit.level_key)
    return roles.in_force(default, campaign.dtstart) if default else campaign.owner_role_key


def _checked(session: Session, own: OwnItem) -> str:
    """Return the item's clean summary. Raises ``InvalidInputError`` for what cannot be stored."""
    summary = clean_summary(own.summary)
    if not 1 <= own.weight <= HEAVIEST or own.evidence_min < 0 or (own.evidence_min and not own.evidence):
        raise InvalidInputError(N_("The weight is 1 to 5, and wanted evidence needs its kind."))
    if session.get(Phase, own.phase) is None or any(session.get(EvidenceType, key) is None for key in own.evidence):
        raise InvalidInputError(N_("Please choose the phase and the evidence from the lists."))
    return summary
