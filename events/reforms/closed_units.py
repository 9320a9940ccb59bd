"""What units that ended still hold: open items, planned activities, and what was given to them by
others.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import and_, extract, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import (
    Activity,
    Campaign,
    CampaignStatus,
    ChecklistItem,
    Round,
    Unit,
)
from events.models.campaigns import takes_place
from events.models.items import OPEN

_EARLY = 3  # up to this month last year's work is still going on


def open_in_closed_units(
    session: Session, on: date, *, lock: bool = False
) -> Sequence[ChecklistItem]:
    """Return the items that ``hand_over`` would move: open ones that are owed, of the unit's last
    year and the one before, and of campaigns that outlive it.
    """
    late = aliased(ChecklistItem)
    outlives = select(late.id).where(
        late.campaign_id == Campaign.id, late.status.in_(OPEN), late.due > Unit.valid_to
    )
    since_last_year = and_(
        Round.year >= extract("year", Unit.valid_to) - 1,
        extract("month", Unit.valid_to) <= _EARLY,
    )
    this_year = Round.year >= extract("year", Unit.valid_to)
    runs = or_(this_year, since_last_year, outlives.exists())
    query = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .join(Campaign.round)
        .join(Campaign.unit)
        .where(
            Unit.valid_to < on,
            takes_place(),
            ChecklistItem.status.in_(OPEN),
            ChecklistItem.is_owed(),
            runs,
        )
        # of several the last counts, or it came before what it waits for
        .order_by(ChecklistItem.due.desc(), ChecklistItem.id)
        .options(joinedload(ChecklistItem.campaign).joinedload(Campaign.unit))
        .execution_options(populate_existing=True)
    )
    return session.scalars(
        query.with_for_update(of=ChecklistItem, **FOR_CHANGE) if lock else query
    ).all()


def planned_in_closed_units(session: Session, on: date) -> list[Activity]:
    """Return the activities of units that ended before ``on`` which take place, perhaps once more,
    after their last day.
    """
    # the last day itself among them
    to_come = or_(Activity.dtstart > Unit.valid_to, Activity.weekly_until > Unit.valid_to)
    stands = (
        Activity.status != CampaignStatus.CANCELLED,
        takes_place(),
    )
    query = (
        select(Activity)
        .join(Activity.campaign)
        .join(Campaign.unit)
        .where(Unit.valid_to < on, to_come, *stands)
    )
    load = joinedload(Activity.campaign).joinedload(Campaign.unit)
    found = session.scalars(
        query.order_by(Activity.id).options(load).with_for_update(of=Activity, **FOR_CHANGE)
    ).all()
    last = {
        activity: max(day_here(session, activity.dtstart), activity.weekly_until or date.min)
        for activity in found
    }
    return [
        activity for activity, day in last.items() if day > (activity.campaign.unit.valid_to or on)
    ]


def delegated_to_closed_units(session: Session, on: date) -> Sequence[ChecklistItem]:
    """Return the open items of living units that were given to a unit below which ended before
    ``on``.
    """
    doer = aliased(Unit)
    query = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .join(Campaign.unit)
        .join(doer, ChecklistItem.delegate_unit)
    )
    gone = (
        Unit.on(on),
        doer.valid_to < on,
        ChecklistItem.status.in_(OPEN),
        takes_place(),
    )
    load = (joinedload(ChecklistItem.campaign), joinedload(ChecklistItem.delegate_unit))
    query = query.where(*gone).order_by(ChecklistItem.id).options(*load)
    return session.scalars(query.with_for_update(of=ChecklistItem, **FOR_CHANGE)).all()
