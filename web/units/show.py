"""The units of the administration: where they stand, how far they have come, who works there, who
took over.
"""

from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, render_template, request, url_for

from events.activities.times import coming, of_unit
from events.calendars.imported import events_between
from events.campaigns.lookup import years_of
from events.checklist.listing import open_in
from events.database.sessions import Session
from events.models import ImportedEvent, Unit
from events.people.posts import posts_of_unit
from events.people.proposed_posts import for_units_below
from events.people.rights import Capability
from events.people.visibility import Fact
from events.progress.across_reforms import compare_years
from events.progress.figures import Progress
from events.progress.standings import standings_of
from events.units.tree import (
    ancestors,
    children,
    get_unit,
    number_by_level,
    predecessors,
    roots,
    search_units,
)
from events.words.texts import nfc
from web.calendars.imported import may_add
from web.calendars.subscriptions import unit_subscription
from web.kit.closed_units import closed_notice, coming_notice
from web.kit.context import get_session, today
from web.kit.entries import year_of
from web.kit.visibility import allowed, sees
from web.kit.words import unit_until
from web.units.proposals import number_to_decide

bp = Blueprint("units", __name__, url_prefix="/don-vi")

_SHOWN_ITEMS = 20
_SHOWN_ACTIVITIES = 10
_SHOWN_IMPORTED = 10
_IMPORTED_AHEAD = timedelta(days=60)
_SHOWN_UNITS = 50
_YEARS_COMPARED = 3
_ALL = 1_000  # units a search looks at before it puts the exact ones first


@bp.get("/")
def index() -> str:
    """Show the roots and what is below them, or the units that ``?q=`` finds."""
    session = get_session()
    wanted = nfc(request.args.get("q", ""))[:100]
    tops = roots(session, today())
    return render_template(
        "units/index.html",
        wanted=wanted,
        found=_search(session, wanted) if wanted else [],
        roots=[(root, children(session, root, today())) for root in tops] if not wanted else [],
        levels=number_by_level(session, today()) if not wanted else [],
    )


@bp.get("/<slug>")
def show(slug: str) -> str:
    """Show one unit in the year ``?nam=``, else this year; a closed unit as of its last day."""
    session = get_session()
    unit = get_unit(session, slug)
    on = min(today(), unit.valid_to or today())
    counts, names = sees(Fact.FIGURES, unit), sees(Fact.LATE_UNITS, unit)
    works, people = sees(Fact.CHECKLIST, unit), sees(Fact.PEOPLE, unit)
    year = year_of(request.args.get("nam", "")) or on.year
    still_open = open_in(session, unit, limit=_SHOWN_ITEMS) if works else None
    standings = standings_of(session, unit, year, on)
    return render_template(
        "units/show.html",
        unit=unit,
        is_closed=not unit.is_valid(today()),
        closed=closed_notice(unit, _page_of),
        coming=coming_notice(unit, _page_of),
        predecessors=predecessors(session, unit),
        unit_path=ancestors(unit)[::-1],
        below=[
            (url_for(".show", slug=each.slug), unit_until(each.name, each.until), each.progress)
            for each in standings.below.branches
        ],
        year=year,
        counts=counts,
        names=names,
        people=people,
        years=years_of(session, unit),
        standings=standings,
        compared=_compared(session, unit, year) if counts and unit.is_valid(today()) else {},
        activities=coming(session, today(), of_unit(unit))[:_SHOWN_ACTIVITIES],
        imported=_imported(session, unit),
        may_import=may_add(unit),
        open_items=still_open.items if still_open else None,
        still_open=still_open.total if still_open else 0,
        posts=posts_of_unit(session, unit.id, on) if people else [],
        may_appoint=allowed(Capability.CHANGE_PEOPLE, unit),
        to_decide=number_to_decide(for_units_below(unit)),
        subscription=unit_subscription(unit),
    )


def _imported(session: Session, unit: Unit) -> Sequence[ImportedEvent]:
    """Return what the calendars of others have in the coming weeks."""
    if not sees(Fact.IMPORTED_CALENDAR, unit):
        return []
    until = today() + _IMPORTED_AHEAD
    return events_between(session, [unit.id], today(), until, limit=_SHOWN_IMPORTED)


def _page_of(unit: Unit) -> str:
    return url_for(".show", slug=unit.slug)


def _compared(session: Session, unit: Unit, year: int) -> dict[int, Progress]:
    """Return the progress of ``year`` and the two before it, units that are gone counted with their
    successors.
    """
    found = compare_years(session, unit, range(year, year - _YEARS_COMPARED, -1), today())
    return found if any(found[other].expected for other in found if other != year) else {}


def _search(session: Session, wanted: str) -> list[Unit]:
    """Return the units found: names with these very letters first, then those that only agree
    without diacritics.
    """
    found = search_units(session, wanted, today(), limit=_ALL)
    exact = wanted.lower()
    return sorted(found, key=lambda unit: exact not in unit.full_name.lower())[:_SHOWN_UNITS]
