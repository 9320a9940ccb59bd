"""What is asked of the calendar before its events: its properties and time zones."""

import re
from collections.abc import Iterator

from events.calendars.check.css3 import CSS3
from events.calendars.check.lines import Component, Line
from events.calendars.check.rules import LONGEST_NAME, Breach, breach
from events.calendars.check.values import duration_of, texts_of

_ONCE = ("VERSION", "PRODID", "CALSCALE", "METHOD", "NAME", "X-WR-CALNAME", "X-WR-CALDESC")
_NEEDED = ("VERSION", "PRODID", "X-WR-TIMEZONE")
_APPLE = re.compile(r"#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")
_VIETNAM = ("Asia/Ho_Chi_Minh", "Asia/Saigon", "Asia/Bangkok")
_STANDARD = {"DTSTART": "19700101T000000", "TZOFFSETFROM": "+0700", "TZOFFSETTO": "+0700"}


def head_breaches(calendar: Component) -> Iterator[Breach]:
    for name in _ONCE:
        yield from (breach("once", line.number, name=name) for line in calendar.all(name)[1:])
    for name in _NEEDED:
        if calendar.one(name) is None:
            yield breach("missing", calendar.number, name=name)
    if (line := calendar.one("VERSION")) and line.value != "2.0":
        yield breach("version", line.number)
    if line := calendar.one("UID"):
        yield breach("calendar-uid", line.number)
    yield from _method(calendar)
    yield from _names(calendar)
    yield from _refresh(calendar)
    if (line := calendar.one("SOURCE")) and line.params.get("VALUE") != "URI":
        yield breach("source", line.number)
    yield from _color(calendar)
    for zone in calendar.inside:
        if zone.name == "VTIMEZONE":
            yield from _zone(zone)


def _method(calendar: Component) -> Iterator[Breach]:
    line = calendar.one("METHOD")
    if line is None:
        return
    events = [one for one in calendar.inside if one.name == "VEVENT"]
    if line.value.upper() != "PUBLISH" or any(one.one("ORGANIZER") is None for one in events):
        yield breach("method", line.number)


def _names(calendar: Component) -> Iterator[Breach]:
    names = calendar.value("NAME"), calendar.value("X-WR-CALNAME")
    at = calendar.one("X-WR-CALNAME") or calendar.one("NAME")
    if not names[0] or names[0] != names[1] or len("".join(texts_of(names[1]))) > LONGEST_NAME:
        yield breach("name", at.number if at else calendar.number)
    about = calendar.one("X-WR-CALDESC") or calendar.one("DESCRIPTION")
    if about and calendar.value("DESCRIPTION") != calendar.value("X-WR-CALDESC"):
        yield breach("description", about.number)


def _refresh(calendar: Component) -> Iterator[Breach]:
    line, ttl = calendar.one("REFRESH-INTERVAL"), calendar.one("X-PUBLISHED-TTL")
    at = line or ttl
    if not (line and ttl and line.params.get("VALUE") == "DURATION" and _are_equal(line, ttl)):
        yield breach("refresh", at.number if at else calendar.number)


def _are_equal(one: Line, other: Line) -> bool:
    try:
        return duration_of(one) == duration_of(other)
    except (ValueError, OverflowError):
        return False


def _color(calendar: Component) -> Iterator[Breach]:
    css, apple = calendar.one("COLOR"), calendar.one("X-APPLE-CALENDAR-COLOR")
    at = css or apple
    known = css is not None and css.value.lower() in CSS3
    if not (known and apple and _APPLE.fullmatch(apple.value)):
        yield breach("color", at.number if at else calendar.number)


def _zone(zone: Component) -> Iterator[Breach]:
    inner = zone.inside
    comment = any(one.one("COMMENT") for one in [zone, *inner])
    plain = (
        len(inner) == 1
        and inner[0].name == "STANDARD"
        and all(inner[0].value(name) == value for name, value in _STANDARD.items())
    )
    if comment or (zone.value("TZID") in _VIETNAM and not plain):
        yield breach("zone-shape", zone.number)
