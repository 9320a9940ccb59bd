"""Items that a unit adds for itself, beside its template's."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.campaigns.births import NEVER
from events.checklist.editing import clean_summary, require_near
from events.checklist.history import (
    ADDED,
    Stamp,
    record,
)
from events.checklist.rights import stamp_for
from events.database.sessions import new_uid
from events.errors import N_, ConflictError, InvalidInputError
from events.installation import day_here, domain_of
from events.locks import FOR_CHANGE
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    EvidenceType,
    Person,
    Phase,
)
from events.people.rights import Capability, held_by, require
from events.people.roles import RoleBook, require_role_at

HEAVIEST = 5


@dataclass(frozen=True, slots=True)
class OwnItem:
    """An item as a unit enters it for itself.

    ``role`` is the key of one of its posts; None is the level's own.
    """

    summary: str
    due: date
    phase: str
    evidence: tuple[str, ...] = ()
    evidence_min: int = 0
    weight: int = 1
    role: str | None = None


def add_own_item(
    session: Session, campaign: Campaign, own: OwnItem, *, by: Person, now: datetime
) -> ChecklistItem:
    """Add an item of the unit's own to its campaign. Adding the same one twice changes nothing.

    Raises ``NotAllowedError``, ``ConflictError`` in a cancelled campaign and ``InvalidInputError``.
    """
    today = day_here(session, now)
    require(session, by, Capability.DO_WORK, campaign.unit, today)
    if campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(
            N_("The campaign “%(campaign)s” was cancelled."), campaign=campaign.summary
        )
    summary = _checked(session, own)
    require_near(campaign, own.due)
    require_role_at(session, campaign.unit, own.role, today)
    session.execute(
        select(Campaign.id).where(Campaign.id == campaign.id).with_for_update(**FOR_CHANGE)
    )
    same = select(ChecklistItem).where(
        ChecklistItem.campaign_id == campaign.id, ChecklistItem.is_own
    )
    known = session.scalar(
        same.where(ChecklistItem.summary == summary, ChecklistItem.due == own.due)
    )
    if known is not None:
        return known
    item = _own_row(session, campaign, own, summary, now)
    session.add(item)
    session.flush()
    stamp = stamp_for(item, Stamp(by, now), held_by(session, by, today).units)
    record(session, item, {}, {ADDED: summary}, stamp)
    return item


def _own_row(
    session: Session, campaign: Campaign, own: OwnItem, summary: str, now: datetime
) -> ChecklistItem:
    last = session.scalar(
        select(func.max(ChecklistItem.position)).where(ChecklistItem.campaign_id == campaign.id)
    )
    return ChecklistItem(
        uid=new_uid(domain_of(session)),
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
        followed_from=NEVER if campaign.for_reference else None,
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
    if (
        not 1 <= own.weight <= HEAVIEST
        or own.evidence_min < 0
        or (own.evidence_min and not own.evidence)
    ):
        raise InvalidInputError(N_("The weight is 1 to 5, and wanted evidence needs its kind."))
    if session.get(Phase, own.phase) is None or any(
        session.get(EvidenceType, key) is None for key in own.evidence
    ):
        raise InvalidInputError(N_("Please choose the phase and the evidence from the lists."))
    return summary
