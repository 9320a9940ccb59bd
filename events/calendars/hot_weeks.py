"""Weeks in which something takes place, begins, ends or is due: clients are asked to look every
hour then, since what changes so late is what people have to know.

A campaign of three months does not make each of its weeks one. Weeks are those of the calendar,
from Monday, so that the head of a calendar changes with a week at most.
"""

from datetime import date, timedelta

from events.calendars.ical import CalendarEvent
from events.calendars.limits import day_of

SOON = timedelta(hours=1)
_A_DAY, _A_WEEK = timedelta(days=1), timedelta(days=7)


def is_in_week_of(today: date, event: CalendarEvent) -> bool:
    """Tell whether an event that is not called off begins or ends, or one of its times is, in the
    week of a day.
    """
    if event.status == "CANCELLED":
        return False
    monday = today - timedelta(days=today.weekday())
    first, last = day_of(event.dtstart), _last_day(event)
    if event.weekly_until is not None:
        return first < monday + _A_WEEK and day_of(event.weekly_until) >= monday
    return any(monday <= day < monday + _A_WEEK for day in (first, last))


def _last_day(event: CalendarEvent) -> date:
    end = day_of(event.dtend)
    return end if event.is_timed else end - _A_DAY
