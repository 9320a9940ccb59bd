"""How far a unit has come: itself, every unit below it, and campaign by campaign.

What stands here adds up.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session, joinedload

from events.models import Campaign, Round, Unit
from events.models.campaigns import of_year, takes_place
from events.progress.across_reforms import Counted, counted_with
from events.progress.as_of import Day
from events.progress.figures import Progress, own_progress, round_progress, sum_of


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


@dataclass(frozen=True, slots=True)
class Below:
    """The progress of a unit and of the units directly below it: ``total`` is ``own``, all
    ``branches`` and all ``before``.

    ``before`` are the units that are counted with this one since they are gone, each with its own
    work alone.
    """

    own: Progress
    total: Progress
    branches: tuple[Branch, ...]
    before: tuple[Branch, ...]

    @property
    def earlier(self) -> Progress:
        return sum_of(branch.progress for branch in self.before)


@dataclass(frozen=True, slots=True)
class Standings:
    """The progress of a unit in a year."""

    below: Below
    by_campaign: tuple[Standing, ...]


def standings_of(session: Session, unit: Unit, year: int, on: date) -> Standings:
    """Return the standings of ``unit`` in the campaigns of ``year``; lateness counts as of the day
    ``on``.
    """
    counted = counted_with(session, unit, on)
    return Standings(
        below_of(session, counted, on, of_year(year)),
        _by_campaign(session, counted, year, on),
    )


def below_of(
    session: Session, counted: Counted, day: Day, *conditions: ColumnElement[bool]
) -> Below:
    """Return the progress of a unit, over the campaigns that meet ``conditions``, of the units
    below it and of those before it.

    What lies before a unit below has its lines on that one's page.
    """
    own = own_progress(session, day, counted.condition, *conditions)
    totals = counted.totals(own)
    children = [node.id for node in counted.tree.children.get(counted.unit.id, ())]
    before = {unit_id for unit_id in counted.before if own.get(unit_id)}
    query = select(Unit.id, Unit.slug, Unit.full_name, Unit.valid_to).where(
        Unit.id.in_([*children, *before])
    )
    rows = {row.id: row for row in session.execute(query.order_by(Unit.position, Unit.id))}
    return Below(
        own.get(counted.unit.id, Progress()),
        totals[counted.unit.id],
        tuple(_branch(rows[unit_id], totals[unit_id], counted.on) for unit_id in children),
        tuple(
            _branch(row, own[unit_id], counted.on)
            for unit_id, row in rows.items()
            if unit_id in before
        ),
    )


def _branch(unit: Row[int, str, str, date | None], progress: Progress, on: date) -> Branch:
    return Branch(
        unit.id,
        unit.slug,
        unit.full_name,
        unit.valid_to if unit.valid_to and unit.valid_to < on else None,
        progress,
    )


def _by_campaign(session: Session, counted: Counted, year: int, on: date) -> tuple[Standing, ...]:
    """Return the rounds in which the unit, or one before it, takes part, under the unit's own
    campaign if it has one.
    """
    unit_id = counted.unit.id
    own = round_progress(session, on, of_year(year), Campaign.unit_id == unit_id)
    total = round_progress(session, on, of_year(year), counted.condition)
    query = select(Campaign).where(Campaign.unit_id.in_([unit_id, *counted.before]), of_year(year))
    query = query.where(takes_place()).options(
        joinedload(Campaign.round).joinedload(Round.observance)
    )
    found = session.scalars(
        query.join(Campaign.round).order_by(Round.dtstart, Campaign.unit_id != unit_id, Campaign.id)
    ).all()
    rounds = {campaign.round_id: campaign for campaign in reversed(found)}
    return tuple(
        Standing(campaign, own.get(key, Progress()), total.get(key, Progress()))
        for key, campaign in reversed(list(rounds.items()))
    )
