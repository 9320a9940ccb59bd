"""How far a unit has come: itself, every unit below it, and campaign by campaign. What a page shows of these adds up."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from events.models import Campaign, CampaignStatus, Unit
from events.progress import Day, Progress, ever_below, lifelong_tree, own_progress, rolled_up, round_progress
from events.units import alive
from web.language import gettext as _
from web.words import day_text


@dataclass(frozen=True, slots=True)
class Standing:
    """The progress of a unit in one campaign."""

    campaign: Campaign
    own: Progress
    total: Progress


@dataclass(frozen=True, slots=True)
class Branch:
    """A unit below with everything below it. ``until`` is its last day, if that has passed."""

    unit_id: int
    slug: str
    name: str
    until: date | None
    progress: Progress

    @property
    def title(self) -> str:
        """The unit's name, and until when it lived."""
        return _("%(unit)s (until %(day)s)", unit=self.name, day=day_text(self.until)) if self.until else self.name


@dataclass(frozen=True, slots=True)
class Below:
    """The progress of a unit and of the units directly below it: ``total`` is ``own`` and all ``branches``."""

    own: Progress
    total: Progress
    branches: list[Branch]


@dataclass(frozen=True, slots=True)
class Standings:
    """The progress of a unit in a year."""

    below: Below
    by_campaign: list[Standing]


def standings_of(session: Session, unit: Unit, year: int, on: date) -> Standings:
    """Return the standings of ``unit`` in the campaigns of ``year``; lateness counts as of the day ``on``."""
    below = (Campaign.year == year, Campaign.unit_id.in_(ever_below(unit.id)))
    return Standings(below_of(session, unit, on, *below, there=on), _by_campaign(session, unit, year, on, below))


def below_of(session: Session, unit: Unit, day: Day, *conditions: ColumnElement[bool], there: date) -> Below:
    """Return the progress of ``unit``, over the campaigns that meet ``conditions``, and of the units below that live on ``there``.

    One that is gone, or still to come, has its line as long as it has a figure: without it the lines would not add up.
    """
    own = own_progress(session, day, *conditions)
    total = rolled_up(lifelong_tree(session, unit), own)
    columns = (Unit.id, Unit.slug, Unit.full_name, Unit.valid_to, alive(there).label("lives"))
    query = select(*columns).where(Unit.parent_id == unit.id).order_by(Unit.position, Unit.id)
    branches = [
        Branch(row.id, row.slug, row.full_name, row.valid_to if row.valid_to and row.valid_to < there else None, total[row.id])
        for row in session.execute(query)
        if row.lives or total[row.id]
    ]
    return Below(own.get(unit.id, Progress()), total[unit.id], branches)


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
