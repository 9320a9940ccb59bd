"""When people are told about an item: steps before it and after it is overdue, on working mornings.
Pure: no storage, no clock.

Every item has a few steps in time. Only the newest step that is due is told, so a service that was
off, or is adopted late, does not send a week's worth of mail: older steps are collapsed into it,
and a step that is too old is not told at all.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from events.days.workdays import Shift, WorkCalendar
from events.localtime import at_local, local_day

_A_DAY, _A_WEEK = timedelta(days=1), timedelta(weeks=1)
_LONGEST_BREAK = timedelta(days=21)  # between two working days, generously
_MOST_DAYS = 400  # looked through for a morning; further ones are nobody's matter


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """When mail leaves. Clock times are local.

    Steps are told from ``send_at`` on; ``hours`` are the working hours in which mail leaves;
    ``stale_after_workdays`` is the greatest lateness of a step that is still told.
    """

    send_at: time = time(7, 30)
    hours: tuple[tuple[time, time], ...] = (
        (time(7, 30), time(11, 30)),
        (time(13, 30), time(17, 0)),
    )
    stale_after_workdays: int = 3

    def __post_init__(self) -> None:
        clock = [moment for opening in self.hours for moment in opening]
        if not clock or clock != sorted(set(clock)):
            raise ValueError(f"working hours must follow each other: {self.hours}")
        if self.stale_after_workdays < 0:
            raise ValueError("reminder rules count days, which are not negative")

    def is_open(self, clock: time) -> bool:
        """Tell whether offices are at work at this time of a working day."""
        return any(opens <= clock < closes for opens, closes in self.hours)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The steps for items of a kind, in working days from their day; see ``ReminderRule``."""

    steps: tuple[int, ...] = (-7, -1, 0, 1)
    weeks: int = 4
    grace: tuple[int, ...] = (3, 5)

    def __post_init__(self) -> None:
        if self.weeks < 0 or min(self.grace, default=1) < 1:
            raise ValueError(f"weeks and days of grace are counted from one: {self}")

    @property
    def reach(self) -> int:
        """Working days before an item's day at which its first step may lie."""
        return max((-step for step in self.steps), default=0)

    @property
    def lag(self) -> timedelta:
        """How long after an item's day its last step may lie, without long breaks."""
        workdays = max([*self.steps, sum(self.grace), 0])
        return _A_WEEK * (self.weeks + 1) + timedelta(days=2 * workdays) + _LONGEST_BREAK


USUAL = Rhythm()


@dataclass(frozen=True, slots=True)
class Dates:
    """What steps need to know of an item.

    ``start`` is set if it runs over a period; it then counts for the steps before.
    """

    due: date
    start: date | None = None
    is_event: bool = False  # takes place on the campaign's days
    rhythm: Rhythm = USUAL


@dataclass(frozen=True, slots=True)
class Step:
    """One moment (UTC) at which an item is told about. ``urgent`` steps go out on a day off too."""

    rule: str
    at: datetime
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told now: the newest step, and the older ones that it makes needless."""

    step: Step
    collapsed: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Clockwork:
    """What turns dates into moments: the days on which offices work, the rules, the local time."""

    calendar: WorkCalendar
    rules: ReminderRules
    zone: ZoneInfo
    # the steps of dates asked for before: items of many units share theirs, morning after morning
    _known: dict[Dates, list[Step]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _hops: dict[Dates, list[Step]] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _stale: dict[datetime, datetime] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )

    def steps(self, dates: Dates) -> list[Step]:
        """Return the steps of an item, the earliest first."""
        if dates not in self._known:
            found = [*self._of_days(dates), *self._of_weeks(dates)]
            self._known[dates] = sorted(found, key=lambda step: step.at)
        return self._known[dates]

    def due_step(self, dates: Dates, now: datetime) -> Told | None:
        """Return what is to be told about an item at ``now``, or None if nothing is due or all of
        it is too old.
        """
        due = [step for step in self.steps(dates) if step.at <= now]
        if not due or now >= self.stale_from(due[-1]):
            return None
        last_moment = at_local(dates.due, time.max, self.zone)
        if local_day(now, self.zone) > dates.due and due[-1].at < last_moment:
            return None  # "due tomorrow" is no news any more; that it is overdue will be
        return Told(due[-1], tuple(due[:-1]))

    def hops(self, dates: Dates) -> list[Step]:
        """Return when units farther up hear that an item is late, the nearest first."""
        if dates not in self._hops:
            found, day = [], dates.due
            for hop, grace in enumerate(dates.rhythm.grace, 1):
                day = self.calendar.add_workdays(day, grace)
                found.append(Step(f"late-{hop}", self._morning(day)))
            self._hops[dates] = found
        return self._hops[dates]

    def stale_from(self, step: Step) -> datetime:
        """Return the instant from which ``step`` is too old to be told."""
        return self.stale_after(step.at)

    def stale_after(self, at: datetime) -> datetime:
        """Return the instant from which what was planned for ``at`` is too old to be told."""
        if at not in self._stale:
            told = local_day(at, self.zone)
            last_day = self.calendar.add_workdays(told, self.rules.stale_after_workdays)
            self._stale[at] = at_local(last_day + _A_DAY, time.min, self.zone)
        return self._stale[at]

    def fresh_since(self, now: datetime) -> datetime:
        """Return an instant before which everything planned is too old to be told at ``now``."""
        back = -self.rules.stale_after_workdays - 1
        first = self.calendar.add_workdays(local_day(now, self.zone), back)
        return at_local(first, time.min, self.zone)

    def window(self, now: datetime, rhythms: Collection[Rhythm] = (USUAL,)) -> tuple[date, date]:
        """Return the first and last day that an item may start or be due on if one of its steps is
        to be told at ``now``.
        """
        today = local_day(now, self.zone)
        first = self.calendar.add_workdays(today, -self.rules.stale_after_workdays - 1)
        lag = max((rhythm.lag for rhythm in rhythms), default=timedelta())
        ahead = max((rhythm.reach for rhythm in rhythms), default=0)
        return first - lag, self.calendar.add_workdays(today, ahead + 1)

    def morning_after(self, moment: datetime) -> datetime:
        """Return when what happened at ``moment`` is told: on the working morning that follows."""
        day = local_day(moment, self.zone)
        if not self.calendar.is_working(day) or self._morning(day) < moment:
            day = self.calendar.add_workdays(day, 1)
        return self._morning(day)

    def first_morning(self, day: date) -> datetime:
        """Return the morning of ``day``, or of the first working day after it."""
        return self._morning(self.calendar.shift(day, Shift.NEXT).effective)

    def newest_morning(self, now: datetime) -> datetime:
        """Return the newest working morning that has come."""
        day = local_day(now, self.zone)
        if not self.calendar.is_working(day) or self._morning(day) > now:
            day = self.calendar.add_workdays(day, -1)
        return self._morning(day)

    def mornings(self, first: date, last: date) -> Iterator[datetime]:
        """Yield the mornings of all days from ``first`` to ``last``, those of days off too."""
        for number in range(min((last - first).days + 1, _MOST_DAYS)):
            yield self._morning(first + timedelta(days=number))

    def next_working_moment(self, now: datetime, *, any_day: bool = False) -> datetime:
        """Return ``now`` if offices are at work, else the instant (UTC) when they next start; with
        ``any_day`` also on a day off.
        """
        today = local_day(now, self.zone)
        if any_day or self.calendar.is_working(today):
            for opens, closes in self._openings(today):
                if now < closes:
                    return max(now, opens)
        tomorrow = today + _A_DAY if any_day else self.calendar.add_workdays(today, 1)
        return at_local(tomorrow, self.rules.hours[0][0], self.zone)

    def leaves(
        self, now: datetime, hour: time | None, *, any_day: bool = False, after: date | None = None
    ) -> datetime:
        """Return when a mail may leave that is written at ``now``: in working hours, not before the
        ``hour`` its reader asks for, and on a day after ``after``.
        """
        if after is not None and local_day(now, self.zone) <= after:
            now = at_local(after + _A_DAY, time.min, self.zone)
        opens = self.next_working_moment(now, any_day=any_day)
        if hour is None:
            return opens
        wanted = at_local(local_day(opens, self.zone), hour, self.zone)
        return self.next_working_moment(max(opens, wanted), any_day=any_day)

    def _of_days(self, dates: Dates) -> Iterable[Step]:
        for days in sorted(set(dates.rhythm.steps)):
            if days < 0:
                yield self._before(dates, -days)
            elif days > 0:
                yield self._late(dates, days)
            elif self.calendar.is_working(dates.due):
                yield Step("before-0", self._morning(dates.due))

    def _of_weeks(self, dates: Dates) -> Iterable[Step]:
        """Yield the reminders with which weeks begin after the last other step."""
        last = self._late(dates, max([*dates.rhythm.steps, 1]))
        day = local_day(last.at, self.zone)
        for week in range(1, dates.rhythm.weeks + 1):
            monday = day - timedelta(days=day.weekday()) + week * _A_WEEK
            yield Step(f"again-{week}", self.first_morning(monday))

    def _before(self, dates: Dates, days: int) -> Step:
        first = dates.start or dates.due
        if dates.is_event and days == 1:  # on the eve, even if offices are closed
            return Step("before-1", self._morning(first - _A_DAY), urgent=True)
        return Step(f"before-{days}", self._morning(self.calendar.add_workdays(first, -days)))

    def _late(self, dates: Dates, days: int) -> Step:
        return Step(f"overdue-{days}", self._morning(self.calendar.add_workdays(dates.due, days)))

    def _morning(self, day: date) -> datetime:
        return at_local(day, self.rules.send_at, self.zone)

    def _openings(self, day: date) -> Iterable[tuple[datetime, datetime]]:
        return (
            (at_local(day, opens, self.zone), at_local(day, closes, self.zone))
            for opens, closes in self.rules.hours
        )
