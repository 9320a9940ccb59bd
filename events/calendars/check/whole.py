"""One version of a calendar, asked all rules that need no other."""

from collections.abc import Iterable, Iterator

from events.calendars.check.head import head_breaches
from events.calendars.check.lines import Component, read
from events.calendars.check.octets import octet_breaches
from events.calendars.check.rules import MOST_EVENTS, Breach, breach
from events.calendars.check.shown import component_breaches, event_breaches, line_breaches
from events.calendars.check.times import time_breaches
from events.calendars.check.values import when_of


def check(body: bytes) -> list[Breach]:
    """Return each breach in one version of a calendar, in the order of the lines."""
    top, found = read(body)
    found += octet_breaches(body)
    calendars = [one for one in top if one.name == "VCALENDAR"]
    if not calendars:
        return _in_order([*found, breach("no-calendar")])
    found += [breach("one-calendar", one.number) for one in top if one is not calendars[0]]
    for calendar in calendars:
        found += _of_calendar(calendar)
    return _in_order(found)


def events_in(body: bytes) -> list[Component]:
    """Return the events of all calendars in a file."""
    return [
        event for calendar in read(body)[0] for event in calendar.inside if event.name == "VEVENT"
    ]


def _of_calendar(calendar: Component) -> Iterator[Breach]:
    yield from head_breaches(calendar)
    yield from line_breaches(calendar)
    yield from component_breaches(calendar)
    events = [one for one in calendar.inside if one.name == "VEVENT"]
    zones = {one.value("TZID") for one in calendar.inside if one.name == "VTIMEZONE"}
    masters = {one.uid: one for one in events if one.one("RECURRENCE-ID") is None}
    for event in events:
        yield from event_breaches(event)
        yield from time_breaches(event, zones, masters)
    if len(events) > MOST_EVENTS:
        yield breach("events", events[MOST_EVENTS].number, count=len(events))
    yield from _twice(events)
    yield from _out_of_order(events)


def _twice(events: Iterable[Component]) -> Iterator[Breach]:
    seen = set()
    for event in events:
        name = event.uid, event.value("RECURRENCE-ID")
        if event.uid and name in seen:
            yield breach("uid-twice", event.number, event.uid)
        seen.add(name)


def _out_of_order(events: Iterable[Component]) -> Iterator[Breach]:
    """Compare each event with the one before of its kind: where a day stands among the hours of
    that day is the writer's choice, and so is the place of a moved one.
    """
    before: dict[bool, tuple[object, ...]] = {}
    for event in events:
        line = event.one("DTSTART")
        if line is None or event.one("RECURRENCE-ID") is not None:
            continue
        try:
            start = when_of(line)
        except (ValueError, OverflowError):
            continue
        key = start.instant, event.uid
        if start.is_day in before and before[start.is_day] > key:
            yield breach("order", event.number, event.uid)
        before[start.is_day] = key


def _in_order(found: Iterable[Breach]) -> list[Breach]:
    return sorted(found, key=lambda one: one.line or 0)
