"""One observance: what it is, when it comes, its calendar and its campaigns through the years."""

from datetime import date

from flask import Blueprint, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from events.activities.times import at_the_top, coming, counts_for
from events.days.recurrence import LAST_YEAR, occurrences_in
from events.errors import N_, NotFoundError
from events.models import Campaign, Observance
from events.observances.printed import of_year
from web.calendars.months import Marked
from web.calendars.subscriptions import Subscription
from web.kit.context import get_session, today
from web.kit.language import title

bp = Blueprint("observances", __name__, url_prefix="/ngay")

_YEARS_BACK = 5
_YEARS_AHEAD = 3


@bp.get("/<slug>")
def show(slug: str) -> str:
    """Show one observance."""
    session = get_session()
    observance = _get(session, slug)
    this_year = today().year
    first = max(this_year - _YEARS_BACK, observance.first_year or 0)
    years = range(first, min(this_year + _YEARS_AHEAD, LAST_YEAR) + 1)
    return render_template(
        "observances/show.html",
        observance=observance,
        years=[
            Marked(observance, str(own), dates)
            for year in reversed(years)
            for own, dates in reversed(occurrences_in(observance.recurrence, year))
        ],
        prints=of_year,
        this_year=this_year,
        coming=_coming(observance, today()),
        activities=coming(session, today(), at_the_top(), counts_for(observance.id)),
        campaigns=_campaigns_by_period(session, observance),
        subscription=Subscription(title(observance), slug, url_for(".show", slug=slug)),
    )


def _coming(observance: Observance, day: date) -> Marked | None:
    """Return the next time, or the one under way."""
    for year in range(day.year - 1, day.year + 2):
        marked = Marked(observance, str(year), observance.recurrence.occurrence(year))
        if marked.dates.dtend > day:
            return marked
    return None


def _get(session: Session, slug: str) -> Observance:
    """Return the observance with this slug; one that is switched off has no page."""
    query = select(Observance).where(Observance.slug == slug, Observance.enabled)
    found = session.scalar(
        query.options(selectinload(Observance.titles), selectinload(Observance.themes))
    )
    if found is None:
        raise NotFoundError(N_("There is no observance at this address."))
    return found


def _campaigns_by_period(session: Session, observance: Observance) -> dict[str, list[Campaign]]:
    """Return the topmost campaigns of each time it was kept, usually the province's."""
    query = select(Campaign).where(
        Campaign.observance_id == observance.id, Campaign.parent_id.is_(None)
    )
    found: dict[str, list[Campaign]] = {}
    for campaign in session.scalars(
        query.options(joinedload(Campaign.unit)).order_by(Campaign.dtstart)
    ):
        found.setdefault(campaign.period, []).append(campaign)
    return found
