"""The first run: which province, followed from when, under which name, and what opens then.

The answers can be given again later; the province only as long as nobody has worked.
"""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from events.campaigns.lifetime import rounds_not_closed
from events.campaigns.opening import is_worth_opening, open_campaigns, self_opening
from events.campaigns.rounds import rounds_of
from events.catalog.choosing import choose_province
from events.catalog.country import Province
from events.catalog.whole import Catalog
from events.checklist.history import Stamp
from events.installation import day_here
from events.models import Campaign, ChecklistItem, Person, Role, Round, Template
from events.models.items import OPEN
from events.observances.occurrences import extend_horizon
from events.people.rights import Capability, require_for_all
from events.replanning import start_line
from events.units import start_lines
from events.units.office import office_to_change
from events.units.tree import roots
from events.words.texts import short
from events.working_calendar import work_calendar

_NAME = 120  # characters of the installation's name, which stands beside its mark


@dataclass(frozen=True, slots=True)
class Answers:
    """What the first page asks for; None where it shall be as it is by itself."""

    province: Province
    follow_from: date
    name: str | None = None
    committee: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Begun:
    """A round that is open: in how many units, with how many items due from the first day on, and
    before it.
    """

    summary: str
    units: int
    ahead: int
    before: int
    next_due: date | None


@dataclass(frozen=True, slots=True)
class Coming:
    """A round that opens by itself on a day to come."""

    summary: str
    opens: date


def set_up(
    session: Session, catalog: Catalog, answers: Answers, *, by: Person | None, now: datetime
) -> None:
    """Do what the answers say: serve the province, follow it from the day, open what runs.

    Raises ``ConflictError`` for another province when somebody has worked already, and
    ``InvalidInputError`` for a name that is too long or a day that cannot be.
    """
    require_for_all(session, by, Capability.SET_UP, now)
    choose_province(session, catalog, answers.province, now=now)
    office = office_to_change(session)
    office.name = short(answers.name, _NAME)
    today = day_here(session, now)
    office.committee = short(answers.committee) or committee_proposed(session, today)
    office.sender = short(answers.sender)
    office.is_set_up = True
    _follow_from(session, answers.follow_from, Stamp(by, now))
    extend_horizon(session, now=now)
    open_campaigns(session, now=now, calendar=work_calendar(session))
    session.flush()


def _follow_from(session: Session, day: date, stamp: Stamp) -> None:
    """Follow the installation from ``day``: what is open leaves the debts, or comes back."""
    found = start_line.preview(session, day, today=day_here(session, stamp.now))
    start_line.apply(session, day, expected_fingerprint=found.fingerprint, stamp=stamp)


def committee_proposed(session: Session, today: date) -> str | None:
    """Return the name that the committee has by itself: of the role at the top that issues papers,
    with the name of the unit.
    """
    for unit in roots(session, today):
        query = select(Role.title_vi).where(Role.issues_papers, Role.level_key == unit.level_key)
        title = session.scalar(query.order_by(Role.position).limit(1))
        if title:
            return f"{title} {unit.name}"
    return None


def begun_rounds(session: Session, since: date, today: date) -> list[Begun]:
    """Return the rounds that are open, the next due first."""
    is_open = ChecklistItem.status.in_(OPEN)
    ahead = is_open & (ChecklistItem.due >= since)
    query = (
        select(
            Round.summary,
            func.count(Campaign.id.distinct()),
            func.count(case((ahead, 1))),
            func.count(case((is_open & (ChecklistItem.due < since), 1))),
            func.min(case((ahead, ChecklistItem.due))),
        )
        .select_from(Campaign)
        .join(Campaign.round)
        .outerjoin(ChecklistItem, ChecklistItem.campaign_id == Campaign.id)
        .where(Round.id.in_(rounds_not_closed(today)))
        .group_by(Round.id, Round.summary)
    )
    found = [Begun(*row) for row in session.execute(query)]
    return sorted(found, key=lambda one: (one.next_due or date.max, one.summary))


def coming_rounds(session: Session, today: date) -> list[Coming]:
    """Return the next round of each template that opens by itself and is not open yet, the nearest
    first.
    """
    rows = session.execute(select(Round.template_id, Round.period))
    opened = {(template_id, period) for template_id, period in rows}
    found = [
        next(_rounds_ahead(template, opened, today), None) for template in self_opening(session)
    ]
    return sorted((one for one in found if one), key=lambda one: (one.opens, one.summary))


def closed_rounds(session: Session, today: date) -> list[str]:
    """Return this year's rounds that were over before the start line and do not open by
    themselves, the oldest first.
    """
    rows = session.execute(select(Round.template_id, Round.period))
    opened = {(template_id, period) for template_id, period in rows}
    line = start_lines.start_line(session)
    found = [
        found
        for template in self_opening(session)
        for found in rounds_of(template, today.year)
        if found.opens <= today
        and (template.id, found.period) not in opened
        and not is_worth_opening(found, line, today)
    ]
    return [one.summary for one in sorted(found, key=lambda one: one.dates.dtend)]


def _rounds_ahead(
    template: Template, opened: Container[tuple[int, str]], today: date
) -> Iterator[Coming]:
    for year in range(today.year, today.year + 3):
        for found in rounds_of(template, year):
            if found.opens > today and (template.id, found.period) not in opened:
                yield Coming(found.summary, found.opens)
