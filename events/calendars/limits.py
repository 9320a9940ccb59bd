"""As much as clients take, of what matters most: what lies far from today goes first.

Google loses what is above a million octets, or about 1,100 events, without a word.
"""

from collections.abc import Sequence
from datetime import date, datetime

from events.calendars.ical import CalendarEvent
from events.calendars.stamps import Stamped
from events.localtime import VIETNAM

MOST_EVENTS = 1_000
MOST_OCTETS = 900_000


def nearest(events: Sequence[Stamped], today: date, room: int = MOST_OCTETS) -> list[Stamped]:
    """Return the events that fit, in ``room`` octets, the nearest to ``today`` first."""
    if len(events) <= MOST_EVENTS and sum(len(one.text) for one in events) <= room:
        return list(events)
    kept: list[Stamped] = []
    for one in sorted(events, key=lambda one: (_distance(one.event, today), one.event.uid)):
        room -= len(one.text)
        if room < 0 or len(kept) == MOST_EVENTS:
            break
        kept.append(one)
    return kept


def _distance(event: CalendarEvent, today: date) -> int:
    """Return how many days lie between an event and a day; what recurs is never far before its
    end.
    """
    first = day_of(event.dtstart)
    last = max(day_of(event.weekly_until or event.dtend), first)
    if first <= today <= last:
        return 0
    return min(abs((first - today).days), abs((last - today).days))


def day_of(moment: date) -> date:
    """Return the day where the officials sit."""
    return moment.astimezone(VIETNAM).date() if isinstance(moment, datetime) else moment
