"""The moved clock: play every day from the first opening to the last overdue notice."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from events.campaigns import open_campaigns, self_opening
from events.database import SessionFactory
from events.handover import hand_over_due
from events.localtime import VIETNAM, at_local
from events.models import ChecklistItem, Unit
from events.observances import work_calendar
from events.recurrence import check_year
from events.rounds import rounds_of
from events.units import get_unit, subtree_ids
from events.workdays import WorkCalendar
from notifications.notices import ReminderRules
from notifications.reminders import write_reminders
from scheduler.simulation.copies import fill_posts
from scheduler.simulation.lines import Simulation, campaign_lines, change_lines, item_lines, notice_lines, without_units
from scheduler.surprises import Surprise, strike

_A_DAY = timedelta(days=1)
_AFTER_THE_LAST = timedelta(days=14)  # until the last overdue notice went out, also across a long break

Progress = Callable[[int, int], None]


def simulate(
    copy: SessionFactory,
    year: int,
    *,
    until: int | None = None,
    surprises: Sequence[Surprise] = (),
    unit: str | None = None,
    rules: ReminderRules | None = None,
    zone: ZoneInfo = VIETNAM,
    count_announced: bool = True,
    progress: Progress = lambda done, total: None,
) -> Simulation:
    """Play the campaigns of ``year`` (to ``until``) on ``copy`` from the first opening to the last overdue notice.

    ``surprises`` strike on their day. With ``unit`` (key or slug) only what concerns that unit and those below it is returned.
    Raises ``YearOutOfRangeError`` and ``NotFoundError``.
    """
    years = range(year, (until or year) + 1)
    for each in years:
        check_year(each)
    rules = rules or ReminderRules()
    with copy.begin() as session:
        only = get_unit(session, unit) if unit else None
        calendar = work_calendar(session, count_announced=count_announced)
        for day in _days(session, years, progress):
            _play_day(session, day, years, surprises, calendar=calendar, rules=rules, zone=zone)
        shown = set(session.scalars(subtree_ids(only.id, date(year, 1, 1)))) | {only.id} if only else None
        return Simulation(
            year,
            years[-1],
            list(campaign_lines(session, shown)),
            list(item_lines(session, shown)),
            list(notice_lines(session, shown, zone)),
            list(change_lines(session, shown, zone)),
            without_units(session, years),
        )


def _days(session: Session, years: range, progress: Progress) -> Iterator[date]:
    """Yield the days to play. The last one is known only when everything is open."""
    rounds = [found for template in self_opening(session) for year in years for found in rounds_of(template, year)]
    day = first = min((found.opens for found in rounds), default=date(years[0], 1, 1))
    last = date(years[-1], 12, 31)
    while day <= last:
        yield day
        if day.day == 1 or day == last:
            due = session.scalars(select(ChecklistItem.due).order_by(ChecklistItem.due.desc()).limit(1)).first()
            last = max(last, due + _AFTER_THE_LAST) if due else last
        progress((day - first).days + 1, (last - first).days + 1)
        day += _A_DAY


def _play_day(
    session: Session,
    day: date,
    years: range,
    surprises: Sequence[Surprise],
    *,
    calendar: WorkCalendar,
    rules: ReminderRules,
    zone: ZoneInfo,
) -> None:
    morning = at_local(day, max(rules.send_at, time(7, 30)), zone)
    opened = [open_campaigns(session, now=morning, calendar=calendar, zone=zone, year=year) for year in years]
    reformed = session.scalar(select(exists().where(Unit.valid_to == day - _A_DAY)))
    if reformed:
        hand_over_due(session, by=None, now=morning)
    if any(opened) or reformed:
        fill_posts(session, day)
    for surprise in surprises:
        strike(session, surprise, today=day, now=morning, calendar=calendar)
    write_reminders(session, now=morning, calendar=calendar, rules=rules, zone=zone)
