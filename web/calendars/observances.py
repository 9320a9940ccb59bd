"""One observance: what it is, when it comes, its calendar and its campaigns through the years."""

from datetime import date

from flask import Blueprint, render_template, url_for

from events.activities.times import at_the_top, coming, counts_for
from events.campaigns.lookup import tops_of_observance
from events.days.recurrence import LAST_YEAR, occurrences_in
from events.models import Observance
from events.observances.occurrences import get_enabled
from events.observances.printed import of_year
from events.templates.editing import template_of
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
    observance = get_enabled(session, slug)
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
        campaigns=tops_of_observance(session, observance),
        opens=template_of(session, observance) is not None,
        subscription=Subscription(title(observance), slug, url_for(".show", slug=slug)),
    )


def _coming(observance: Observance, day: date) -> Marked | None:
    """Return the next time, or the one under way."""
    for year in range(day.year - 1, day.year + 2):
        marked = Marked(observance, str(year), observance.recurrence.occurrence(year))
        if marked.dates.dtend > day:
            return marked
    return None
