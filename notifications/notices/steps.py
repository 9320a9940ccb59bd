"""When people are told about an item: steps before it and after it is overdue, on working mornings.
Pure: no storage, no clock.

Every item has a few steps in time. Only the newest step that is due is told, so a service that was
off, or is adopted late, does not send a week's worth of mail: older steps are collapsed into it,
and a step that is too old is not told at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from events.days.workdays import Shift, WorkCalendar
from events.localtime import at_local, local_day

_EVE = 1  # days before an event on which people are told even if offices are closed


@dataclass(frozen=True, slots=True)
class ReminderRules:
    """When reminders go out. Days count from the item's date; clock times are local.

    ``hours`` are the working hours in which mail leaves; ``stale_after_workdays`` is the greatest
    lateness of a step that is still told.
    """

    before_days: tuple[int, ...] = (7, 1)
    overdue_days: int = 1
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
        if min(*self.before_days, self.overdue_days, self.stale_after_workdays, 1) < 0:
            raise ValueError("reminder rules count days, which are not negative")


@dataclass(frozen=True, slots=True)
class Dates:
    """What steps need to know of an item.

    ``start`` is set if it runs over a period; it then counts for the steps before.
    """

    due: date
    start: date | None = None
    is_event: bool = False  # takes place on the campaign's days


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

    def steps(self, dates: Dates) -> list[Step]:
        """Return the steps of an item, the earliest first."""
        if dates not in self._known:
            self._known[dates] = self._worked_out(dates)
        return self._known[dates]

    def _worked_out(self, dates: Dates) -> list[Step]:
        days = sorted(self.rules.before_days, reverse=True)
        before = [self._before(dates, each) for each in days]
        return sorted([*before, self._overdue(dates)], key=lambda step: step.at)

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

    def stale_from(self, step: Step) -> datetime:
        """Return the instant from which ``step`` is too old to be told."""
        told = local_day(step.at, self.zone)
        last_day = self.calendar.add_workdays(told, self.rules.stale_after_workdays)
        return at_local(last_day + timedelta(days=1), time.min, self.zone)

    def window(self, now: datetime) -> tuple[date, date]:
        """Return the first and last day that an item may start or be due on if one of its steps is
        to be told at ``now``.
        """
        today, rules = local_day(now, self.zone), self.rules
        first = self.calendar.add_workdays(today, -rules.stale_after_workdays - 1)
        last = self.calendar.add_workdays(today, 1)
        ahead = max(rules.before_days, default=0)
        return first - timedelta(days=rules.overdue_days), last + timedelta(days=ahead)

    def next_working_moment(self, now: datetime, *, any_day: bool = False) -> datetime:
        """Return ``now`` if offices are at work, else the instant (UTC) when they next start; with
        ``any_day`` also on a day off.
        """
        today = local_day(now, self.zone)
        if any_day or self.calendar.is_working(today):
            for opens, closes in self._openings(today):
                if now < closes:
                    return max(now, opens)
        tomorrow = today + timedelta(days=1) if any_day else self.calendar.add_workdays(today, 1)
        return at_local(tomorrow, self.rules.hours[0][0], self.zone)

    def _before(self, dates: Dates, days: int) -> Step:
        urgent = dates.is_event and days == _EVE
        shift = Shift.NONE if urgent else Shift.PREVIOUS
        day = (dates.start or dates.due) - timedelta(days=days)
        return Step(f"before-{days}", self._morning(day, shift), urgent)

    def _overdue(self, dates: Dates) -> Step:
        days = self.rules.overdue_days
        day = dates.due + timedelta(days=days)
        return Step(f"overdue-{days}", self._morning(day, Shift.NEXT))

    def _morning(self, day: date, shift: Shift) -> datetime:
        moved = self.calendar.shift(day, shift).effective
        return at_local(moved, self.rules.send_at, self.zone)

    def _openings(self, day: date) -> Iterable[tuple[datetime, datetime]]:
        return (
            (at_local(day, opens, self.zone), at_local(day, closes, self.zone))
            for opens, closes in self.rules.hours
        )
