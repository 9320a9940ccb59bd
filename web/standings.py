"""How far a unit has come: itself, everything below it, and campaign by campaign."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from events.models import Campaign, CampaignStatus, Unit
from events.progress import Progress, ever_below, lifelong_tree, own_progress, rolled_up, round_progress


@dataclass(frozen=True, slots=True)
class Standing:
    """The progress of a unit in one campaign."""

    campaign: Campaign
    own: Progress
    total: Progress


@dataclass(frozen=True, slots=True)
class Standings:
    """The progress of a unit in a year. ``by_unit`` holds every unit that ever stood below, with everything below it."""

    own: Progress
    total: Progress
    by_campaign: list[Standing]
    by_unit: dict[int, Progress]


def standings_of(session: Session, unit: Unit, year: int, on: date) -> Standings:
    """Return the standings of ``unit`` in the campaigns of ``year``; lateness counts as of the day ``on``.

    Units that are gone still count in the units above them.
    """
    below = (Campaign.year == year, Campaign.unit_id.in_(ever_below(unit.id)))
    own = own_progress(session, on, *below)
    by_unit = rolled_up(lifelong_tree(session, unit), own)
    return Standings(
        own=own.get(unit.id, Progress()),
        total=by_unit.get(unit.id, Progress()),
        by_campaign=_by_campaign(session, unit, year, on, below),
        by_unit=by_unit,
    )


def _by_campaign(session: Session, unit: Unit, year: int, on: date, below: tuple[ColumnElement[bool], ...]) -> list[Standing]:
    own = round_progress(session, on, Campaign.year == year, Campaign.unit_id == unit.id)
    total = round_progress(session, on, *below)
    query = select(Campaign).where(Campaign.unit_id == unit.id, Campaign.year == year)
    query = query.where(Campaign.status != CampaignStatus.CANCELLED).options(joinedload(Campaign.observance))
    return [
        Standing(campaign, own.get(key, Progress()), total.get(key, Progress()))
        for campaign in session.scalars(query.order_by(Campaign.dtstart, Campaign.id))
        for key in [(campaign.template_id, campaign.period)]
    ]
