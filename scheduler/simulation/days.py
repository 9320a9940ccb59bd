"""The moved clock: play every day from the first opening to the last overdue notice."""

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, time, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.opening import Opened, open_campaigns, self_opening
from events.campaigns.provisional import provisional_items
from events.campaigns.rounds import rounds_of
from events.checklist.history import Stamp
from events.database.sessions import SessionFactory
from events.days.recurrence import check_year
from events.days.workdays import WorkCalendar
from events.errors import N_
from events.installation import zone_of
from events.localtime import at_local
from events.models import ChecklistItem, EvidenceType, Level, Role, Unit
from events.models.campaigns import same_round
from events.models.history import Door
from events.reforms.handover import hand_over_due
from events.units.tree import get_unit, subtree_ids
from events.working_calendar import work_calendar
from notifications.notices.reminders import write_reminders
from notifications.notices.steps import Clockwork, ReminderRules
from scheduler.simulation.acts import Act
from scheduler.simulation.copies import fill_posts
from scheduler.simulation.lines import (
    Simulation,
    StoryLine,
    campaign_lines,
    change_lines,
    item_lines,
    level_titles,
    notice_lines,
    without_units,
)
from scheduler.simulation.stage import Rule, Stage, Told, as_text

_A_DAY = timedelta(days=1)
# until the last overdue notice went out, also across a long break
_AFTER_THE_LAST = timedelta(days=14)

_ASKED_FOR_ALL_THE_TIME = (Unit, Level, Role, EvidenceType)

Progress = Callable[[int, int], None]


def simulate(
    copy: SessionFactory,
    year: int,
    *,
    until: int | None = None,
    acts: Sequence[Act] = (),
    unit: str | None = None,
    rules: ReminderRules | None = None,
    progress: Progress = lambda done, total: None,
) -> Simulation:
    """Play the campaigns of ``year`` (to ``until``) on ``copy`` from the first opening to the last
    overdue notice.

    ``acts`` happen on their mornings. With ``unit`` (key or slug) only what concerns that unit and
    those below it is returned. Raises ``YearOutOfRangeError`` and ``NotFoundError``.
    """
    years = range(year, (until or year) + 1)
    for each in years:
        check_year(each)
    with _patient_collector(), copy() as session:
        only = get_unit(session, unit) if unit else None
        calendar = work_calendar(session)
        played = _Played(session, years, acts, calendar, rules or ReminderRules())
        for day in _days(session, years, acts, progress):
            played.play(day)
            # or SQLite's journal of a whole year grows with every statement, and slows each of them
            session.commit()
        shown = (
            set(session.scalars(subtree_ids(only.id, date(year, 1, 1)))) | {only.id}
            if only
            else None
        )
        return Simulation(
            year,
            years[-1],
            played.story,
            list(campaign_lines(session, shown)),
            list(item_lines(session, shown)),
            list(notice_lines(session, shown)),
            list(change_lines(session, shown)),
            without_units(session, years),
            level_titles(session),
        )


@contextmanager
def _patient_collector() -> Iterator[None]:
    """Let the collector look less often for rows that nobody holds: a year makes and forgets them
    by the hundred thousand, and every one of them at its time.
    """
    usual = gc.get_threshold()
    gc.set_threshold(50_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _days(
    session: Session, years: range, acts: Sequence[Act], progress: Progress
) -> Iterator[date]:
    """Yield the days to play. The last one is known only when everything is open."""
    rounds = [
        found
        for template in self_opening(session)
        for year in years
        for found in rounds_of(template, year)
    ]
    day = first = min(
        [*(found.opens for found in rounds), *(act.on for act in acts), date(years[0], 1, 1)]
    )
    last = max([date(years[-1], 12, 31), *(act.on for act in acts)])
    while day <= last:
        yield day
        if day.day == 1 or day == last:
            due = session.scalars(
                select(ChecklistItem.due).order_by(ChecklistItem.due.desc()).limit(1)
            ).first()
            last = max(last, due + _AFTER_THE_LAST) if due else last
        progress((day - first).days + 1, (last - first).days + 1)
        day += _A_DAY


class _Played:
    """The years as they are played: what waits to happen, and the story so far."""

    def __init__(
        self,
        session: Session,
        years: range,
        acts: Sequence[Act],
        calendar: WorkCalendar,
        rules: ReminderRules,
    ) -> None:
        self._session, self._years = session, years
        self._waiting = list(acts)
        self._clockwork = Clockwork(calendar, rules, zone_of(session))
        # days on which something can open, or units have ended; None when that may have changed
        self._may_open: set[date] | None = None
        self._ended: set[date] | None = None
        self.story: list[StoryLine] = []
        # a session forgets the rows that nobody holds, and would ask for these with every tick
        self._at_hand = [session.scalars(select(table)).all() for table in _ASKED_FOR_ALL_THE_TIME]

    def play(self, day: date) -> None:
        """Play one morning: what closed units hand over, what opens, what people do, whom the
        reminders reach.
        """
        session = self._session
        morning = at_local(day, max(self._clockwork.rules.send_at, time(7, 30)), zone_of(session))
        stage = Stage(session, morning, day, self._clockwork.calendar)
        begun = [
            *(self._hand_over(stage) if self._is_first_day_without(stage) else ()),
            *(self._open(stage) if self._is_opening_day(stage) else ()),
        ]
        if begun:
            fill_posts(session, day)
        done = list(self._act(stage))
        if done:
            fill_posts(session, day)
            self._may_open = self._ended = None
        self.story += [StoryLine(day, told) for told in begun + done]
        if stage.calendar is not self._clockwork.calendar:
            self._clockwork = replace(self._clockwork, calendar=stage.calendar)
        write_reminders(session, now=morning, clockwork=self._clockwork)

    def _is_opening_day(self, stage: Stage) -> bool:
        """Tell whether the opener could find anything: it is asked on these days only, which are
        few.
        """
        if self._may_open is not None:
            return stage.day in self._may_open
        rounds = (
            found
            for template in self_opening(stage.session)
            for year in self._years
            for found in rounds_of(template, year)
        )
        born = stage.session.scalars(select(Unit.valid_from).distinct())
        self._may_open = {found.opens for found in rounds} | {day for day in born if day}
        return True

    def _is_first_day_without(self, stage: Stage) -> bool:
        """Tell whether some unit was there for the last time the day before."""
        if self._ended is None:
            last_days = stage.session.scalars(select(Unit.valid_to).distinct())
            self._ended = {day + _A_DAY for day in last_days if day}
        return stage.day in self._ended

    def _open(self, stage: Stage) -> Iterator[Told]:
        for year in self._years:
            opened = open_campaigns(
                stage.session, now=stage.now, calendar=stage.calendar, year=year
            )
            for one in opened:
                facts = {"campaign": one.summary, "units": one.campaigns, "items": one.items}
                yield Told(
                    Rule.OPENING,
                    N_("“%(campaign)s” opens in %(units)s units with %(items)s items."),
                    facts,
                )
                yield from self._provisional(stage, one)
            for one in opened:
                yield from self._inside(stage, one)

    def _provisional(self, stage: Stage, opened: Opened) -> Iterator[Told]:
        """Tell how many dates of a fresh round rest on days off that nobody has decided yet."""
        root = stage.campaign(f"{opened.observance}/{opened.period}")
        open_ones = provisional_items(stage.session, stage.calendar, stage.day, same_round(root))
        count = len(open_ones)
        if count:
            sentence = N_(
                "… %(count)s of its dates are provisional: days off around them are not decided yet"
            )
            yield Told(Rule.DAYS_OFF, sentence, {"count": count})

    def _inside(self, stage: Stage, opened: Opened) -> Iterator[Told]:
        outer = stage.campaign(f"{opened.observance}/{opened.period}").outer
        if outer is not None:
            sentence = N_(
                "“%(inner)s” lives inside “%(outer)s”: each unit sees both in one checklist."
            )
            yield Told(Rule.NESTING, sentence, {"inner": opened.summary, "outer": outer.summary})

    def _hand_over(self, stage: Stage) -> Iterator[Told]:
        over = hand_over_due(stage.session, stamp=Stamp(None, stage.now, Door.CLOCK))
        facts = {
            "day": as_text(stage.day),
            "closed": over.closed,
            "begun": over.begun,
            "campaigns": over.campaigns,
            "posts": over.posts,
        }
        sentence = N_(
            "Units ended before %(day)s: %(closed)s open items go to the successors, which begin "
            "%(begun)s in %(campaigns)s new "
            "campaigns; %(posts)s posts are proposed"
        )
        yield Told(Rule.UNITS, sentence, facts)

    def _act(self, stage: Stage) -> Iterator[Told]:
        now = [act for act in self._waiting if act.is_time(stage)]
        self._waiting = [act for act in self._waiting if act not in now]
        for act in now:
            yield from act.play(stage)
