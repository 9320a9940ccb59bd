"""The first page: this month, the year's observances, and how to have them in one's own
calendar.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeGuard

from flask import Blueprint, render_template, request, url_for

from events.activities.times import at_the_top, happenings
from events.calendars.imported import events_between
from events.campaigns.lookup import uids_at_the_top
from events.campaigns.upkeep import what_to_see_to
from events.checklist.mine import Work, work_around, work_of
from events.database.sessions import Session
from events.days.months import next_month
from events.models import ImportedEvent
from events.observances.occurrences import enabled_observances
from events.observances.printed import of_year
from web.calendars.months import (
    Marked,
    listing_of,
    marked_in,
    previous_month,
    read_month,
    weeks_of,
)
from web.calendars.subscriptions import Subscription
from web.kit.context import current_person, get_calendar, get_session, now, today
from web.kit.language import current, title
from web.kit.visibility import held, steers_all
from web.units.proposals import number_to_decide

bp = Blueprint("home", __name__)

_MY_ITEMS = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """An observance of the year in the agenda, with the campaign that is open for it."""

    marked: Marked
    campaign_uid: str | None
    subscription: Subscription


@bp.get("/")
def show() -> str:
    """Show the month of ``?thang=YYYY-MM``, else this month, with the province's public
    activities.
    """
    session = get_session()
    wanted = request.args.get("thang", "")
    this_month = today().replace(day=1)
    month = read_month(wanted) if wanted else this_month
    observances = enabled_observances(session)
    shown = marked_in(observances, month, _last_day(month))
    calendar = get_calendar()
    activities = happenings(session, month, _last_day(month), at_the_top())
    imported = _imported(session, month)
    weeks = weeks_of(month, shown, calendar, activities, imported)
    touching = marked_in(observances, date(month.year, 1, 1), date(month.year, 12, 31))
    entries = _entries(session, [row for row in touching if row.dates.dtstart.year == month.year])
    mine = _my_work(session)
    return render_template(
        "home/show.html",
        month=month,
        this_month=this_month,
        previous=previous_month(month),
        next=next_month(month),
        weeks=weeks,
        listing=listing_of(weeks, shown, activities, imported),
        prints=of_year,
        shown=shown,
        ahead=[entry for entry in entries if entry.marked.dates.dtend > today()],
        over=[entry for entry in entries if entry.marked.dates.dtend <= today()],
        mine=mine,
        around=work_around(session, mine.units, limit=_MY_ITEMS) if _is_idle(mine) else (),
        to_decide=number_to_decide(),
        to_see_to=_to_see_to(session),
        is_decided=calendar.is_decided(month.year),
    )


def _my_work(session: Session) -> Work | None:
    """Return what is due first of the work of whoever is signed in; None for a stranger."""
    person = current_person()
    return work_of(session, person, today(), limit=_MY_ITEMS) if person else None


def _imported(session: Session, month: date) -> Sequence[ImportedEvent]:
    """Return what the calendars of others have in this month, of the units where whoever is signed
    in works.
    """
    mine = held()
    return events_between(session, mine.units, month, _last_day(month)) if mine else []


def _is_idle(mine: Work | None) -> TypeGuard[Work]:
    """Tell whether nothing waits for the posts of whoever is signed in."""
    return mine is not None and not mine.items


def _to_see_to(session: Session) -> list[str]:
    """Return what those who decide for the whole installation are told to see to; nothing for
    anybody else.
    """
    if not steers_all():
        return []
    return [one.words(current()) for one in what_to_see_to(session, now=now())]


def _last_day(month: date) -> date:
    return date.fromordinal(next_month(month).toordinal() - 1)


def _entries(session: Session, rows: list[Marked]) -> list[Entry]:
    uids = uids_at_the_top(session, {row.period for row in rows})
    return [
        Entry(row, uids.get((row.observance.id, row.period)), _subscription(row)) for row in rows
    ]


def _subscription(row: Marked) -> Subscription:
    page = url_for("observances.show", slug=row.observance.slug)
    return Subscription(title(row.observance), row.observance.slug, page)
