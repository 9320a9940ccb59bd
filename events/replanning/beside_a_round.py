"""What stands beside a round whose days move: plans whose issue its deadlines follow, activities
that keep their time, and the campaigns that contain it or lie inside it.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from events.campaigns.issued_plans import plan_keys
from events.days.recurrence import Occurrence
from events.installation import day_here
from events.models import (
    Activity,
    Campaign,
    CampaignStatus,
    ChecklistItem,
    Needs,
    Round,
)
from events.models.campaigns import same_round, takes_place
from events.templates.evidence_kinds import needs_of


def plans_of(session: Session, root: Campaign) -> list[ChecklistItem]:
    """Return the root's items whose issue date may be entered here: plans that units below wait
    for, or have one of their own.
    """
    items = {item.key: item for item in root.version.items}
    waited_for = plan_keys(items.values())
    shared = {
        item.key
        for item in items.values()
        if {*item.levels} > {root.unit.level_key}
        and Needs.REFERENCE in needs_of(session, item.evidence).values()
    }
    own = session.scalars(
        select(ChecklistItem)
        .where(ChecklistItem.campaign_id == root.id)
        .order_by(ChecklistItem.position, ChecklistItem.id)
    )
    return [item for item in own if item.key in waited_for | shared]


def activities_to_come(session: Session, root: Campaign, *, now: datetime) -> Sequence[Activity]:
    """Return the activities of the round that are still to come, perhaps once more; they keep their
    time when days move.
    """
    to_come = or_(Activity.dtend > now, Activity.weekly_until >= day_here(session, now))
    query = select(Activity).join(Activity.campaign).where(same_round(root), to_come)
    alive = (
        Activity.status != CampaignStatus.CANCELLED,
        takes_place(),
    )
    load = joinedload(Activity.campaign).joinedload(Campaign.unit)
    return session.scalars(
        query.where(*alive).options(load).order_by(Activity.dtstart, Activity.id)
    ).all()


def no_longer_inside(
    session: Session, root: Campaign, dates: Occurrence
) -> Sequence[tuple[Campaign, Campaign]]:
    """Return the inner and outer campaigns of which one does not contain the other once ``root``
    has moved to ``dates``.
    """
    if (dates.dtstart, dates.dtend) == (root.dtstart, root.dtend):
        return []
    lies_out = or_(Round.dtstart < dates.dtstart, Round.dtend > dates.dtend)
    inner = select(Campaign).join(Campaign.round)
    inner = inner.where(Campaign.outer_id == root.id, lies_out, takes_place())
    found = [
        (campaign, root) for campaign in session.scalars(inner.order_by(Round.dtstart, Campaign.id))
    ]
    outer = root.outer
    if outer is not None and not outer.dtstart <= dates.dtstart < dates.dtend <= outer.dtend:
        found.append((root, outer))
    return found
