"""Work that counts for several campaigns of a unit without being done twice ("lồng ghép").

An item belongs to one campaign, where progress counts it. In the others it is shown with its state and counted nowhere.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.checklist import Stamp, open_for_choice, record
from events.errors import N_, ConflictError, InvalidInputError
from events.localtime import VIETNAM
from events.models import Campaign, CampaignStatus, ChecklistItem, ItemCredit, Person


def credit_item(
    session: Session, item_id: int, campaign: Campaign, *, by: Person, now: datetime, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Let an item count for another campaign of its unit too. Asking twice changes nothing.

    Raises the errors of ``checklist.complete_item``, and ``InvalidInputError`` for another unit's campaign or the item's own.
    """
    item = open_for_choice(session, item_id, by, now, zone)
    if campaign.unit_id != item.campaign.unit_id or campaign.id == item.campaign_id:
        raise InvalidInputError(N_("An item can count for another campaign of the same unit."))
    if campaign.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("The campaign “%(campaign)s” was cancelled."), campaign=campaign.summary)
    if _credit(session, item, campaign) is None:
        session.add(ItemCredit(item=item, campaign=campaign))
        record(session, item, {}, {"credit": campaign.summary}, Stamp(by, now))
    return item


def remove_credit(
    session: Session, item_id: int, campaign: Campaign, *, by: Person, now: datetime, zone: ZoneInfo = VIETNAM
) -> ChecklistItem:
    """Let an item no longer count for another campaign. Asking twice changes nothing."""
    item = open_for_choice(session, item_id, by, now, zone)
    credit = _credit(session, item, campaign)
    if credit is not None:
        session.delete(credit)
        record(session, item, {"credit": campaign.summary}, {}, Stamp(by, now))
    return item


def credited_to(session: Session, item: ChecklistItem) -> Sequence[Campaign]:
    """Return the other campaigns that an item counts for."""
    query = select(Campaign).join(ItemCredit, ItemCredit.campaign_id == Campaign.id).where(ItemCredit.item_id == item.id)
    return session.scalars(query.order_by(Campaign.dtstart, Campaign.id)).all()


def integrated_in(session: Session, campaign_ids: Collection[int]) -> dict[int, list[ChecklistItem]]:
    """Return by campaign the items of other campaigns that count there too, in one query."""
    query = select(ItemCredit).where(ItemCredit.campaign_id.in_(campaign_ids)).options(joinedload(ItemCredit.item))
    found: dict[int, list[ChecklistItem]] = defaultdict(list)
    for credit in session.scalars(query.order_by(ItemCredit.id)):
        found[credit.campaign_id].append(credit.item)
    return found


def candidates(session: Session, item: ChecklistItem) -> Sequence[Campaign]:
    """Return the campaigns of the item's unit and year that it does not count for yet, inner and outer ones first."""
    taken = select(ItemCredit.campaign_id).where(ItemCredit.item_id == item.id)
    own = item.campaign
    query = select(Campaign).where(Campaign.unit_id == own.unit_id, Campaign.year == own.year, Campaign.id != own.id)
    query = query.where(Campaign.status != CampaignStatus.CANCELLED, Campaign.id.not_in(taken))
    return session.scalars(query.order_by(Campaign.dtstart, Campaign.id)).all()


def _credit(session: Session, item: ChecklistItem, campaign: Campaign) -> ItemCredit | None:
    return session.scalar(select(ItemCredit).where(ItemCredit.item_id == item.id, ItemCredit.campaign_id == campaign.id))
