"""When people are told about an item: steps before it and after it is overdue, on working mornings.
Pure: no storage, no clock.

Every item has a few steps in time. Only the newest step that is due is told, so a service that was
off, or is adopted late, does not send a week's worth of mail: older steps are collapsed into it,
and a step that is too old is not told at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from events.days.workdays import Shift, WorkCalendar
from events.localtime import at_local, local_day

_EVENT_PHASE = "event"  # the phase that holds what happens on the campaign's days
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
    """What triggers need to know of an item.

    ``start`` is set if it runs over a period; it then counts for the steps before.
    """

    due: date
    start: date | None = None
    is_event: bool = False

    @classmethod
    def of(cls, due: date, start: date | None, phase_key: str) -> "Dates":
        return cls(due, start, phase_key == _EVENT_PHASE)


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


def steps(dates: Dates, calendar: WorkCalendar, rules: ReminderRules, zone: ZoneInfo) -> list[Step]:
    """Return the steps of an item, the earliest first."""
    before = [
        _before(dates, days, calendar, rules, zone)
        for days in sorted(rules.before_days, reverse=True)
    ]
    return sorted([*before, _overdue(dates, calendar, rules, zone)], key=lambda step: step.at)


def due_step(
    dates: Dates, now: datetime, calendar: WorkCalendar, rules: ReminderRules, zone: ZoneInfo
) -> Told | None:
    """Return what is to be told about an item at ``now``, or None if nothing is due or all of it is
    too old.
    """
    due = [step for step in steps(dates, calendar, rules, zone) if step.at <= now]
    if not due or _is_stale(due[-1], now, calendar, rules, zone):
        return None
    if local_day(now, zone) > dates.due and due[-1].at < at_local(dates.due, time.max, zone):
        return None  # "due tomorrow" is no news any more; that it is overdue will be
    return Told(due[-1], tuple(due[:-1]))


def stale_from(
    step: Step, calendar: WorkCalendar, rules: ReminderRules, zone: ZoneInfo
) -> datetime:
    """Return the instant from which ``step`` is too old to be told."""
    last_day = calendar.add_workdays(local_day(step.at, zone), rules.stale_after_workdays)
    return at_local(last_day + timedelta(days=1), time.min, zone)


def window(
    now: datetime, calendar: WorkCalendar, rules: ReminderRules, zone: ZoneInfo
) -> tuple[date, date]:
    """Return the first and last day that an item may start or be due on if one of its steps is to
    be told at ``now``.
    """
    today = local_day(now, zone)
    first = calendar.add_workdays(today, -rules.stale_after_workdays - 1) - timedelta(
        days=rules.overdue_days
    )
    last = calendar.add_workdays(today, 1) + timedelta(days=max(rules.before_days, default=0))
    return first, last


def next_working_moment(
    now: datetime,
    calendar: WorkCalendar,
    rules: ReminderRules,
    zone: ZoneInfo,
    *,
    any_day: bool = False,
) -> datetime:
    """Return ``now`` if offices are at work, else the instant (UTC) when they next start; with
    ``any_day`` also on a day off.
    """
    today = local_day(now, zone)
    if any_day or calendar.is_working(today):
        for opens, closes in _openings(today, rules, zone):
            if now < closes:
                return max(now, opens)
    tomorrow = today + timedelta(days=1) if any_day else calendar.add_workdays(today, 1)
    return at_local(tomorrow, rules.hours[0][0], zone)


def _before(
    dates: Dates, days: int, calendar: WorkCalendar, rules: ReminderRules, zone: ZoneInfo
) -> Step:
    urgent = dates.is_event and days == _EVE
    shift = Shift.NONE if urgent else Shift.PREVIOUS
    day = calendar.shift((dates.start or dates.due) - timedelta(days=days), shift).effective
    return Step(f"before-{days}", at_local(day, rules.send_at, zone), urgent)


def _overdue(dates: Dates, calendar: WorkCalendar, rules: ReminderRules, zone: ZoneInfo) -> Step:
    day = calendar.shift(dates.due + timedelta(days=rules.overdue_days), Shift.NEXT).effective
    return Step(f"overdue-{rules.overdue_days}", at_local(day, rules.send_at, zone))


def _is_stale(
    step: Step, now: datetime, calendar: WorkCalendar, rules: ReminderRules, zone: ZoneInfo
) -> bool:
    return now >= stale_from(step, calendar, rules, zone)


def _openings(
    day: date, rules: ReminderRules, zone: ZoneInfo
) -> Iterable[tuple[datetime, datetime]]:
    return (
        (at_local(day, opens, zone), at_local(day, closes, zone)) for opens, closes in rules.hours
    )
