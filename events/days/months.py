"""A month as weeks from Monday, with the days on which offices are closed or, by decision, open.
Pure: no storage, no clock.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from events.days.reasons import Cause, DayReason
from events.days.workdays import WorkCalendar

_A_DAY = timedelta(days=1)
_A_WEEK = 7


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One cell of the month."""

    day: date
    in_month: bool
    off: DayReason | None
    note: DayReason | None  # why offices work on it

    @property
    def named(self) -> DayReason | None:
        """Why offices are closed or open; None on working days and plain weekends."""
        reason = self.note or self.off
        return None if reason is None or reason.cause is Cause.WEEKEND else reason


def next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def weeks_in(month: date, calendar: WorkCalendar) -> Iterator[list[MonthDay]]:
    """Yield the weeks that ``month`` (its first day) touches, each of seven days."""
    start = month - timedelta(days=month.weekday())
    while start < next_month(month):
        days = (start + n * _A_DAY for n in range(_A_WEEK))
        yield [_day(day, month, calendar) for day in days]
        start += _A_WEEK * _A_DAY


def _day(day: date, month: date, calendar: WorkCalendar) -> MonthDay:
    decision = calendar.decisions.get(day)
    note = decision.reason if decision and not decision.off else None
    in_month = day.month == month.month
    return MonthDay(day, in_month, calendar.day_off(day) if in_month else None, note)
