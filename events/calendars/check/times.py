"""What is asked of the times of an event: all day or in a time zone, once or by a rule."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from events.calendars.check.lines import Component, Line
from events.calendars.check.rules import Breach, breach
from events.calendars.check.values import (
    PARTS_OF,
    When,
    begins,
    duration_of,
    rule_of,
    when_of,
    whens_of,
)

_MOMENTS = ("DTSTART", "DTEND", "RECURRENCE-ID")


def time_breaches(
    event: Component, zones: Collection[str], masters: Mapping[str, Component]
) -> Iterator[Breach]:
    """Yield what is wrong; ``zones`` are declared in the file, ``masters`` by UID."""
    times: dict[str, When] = {}
    for name in _MOMENTS:
        if line := event.one(name):
            when = _read(line)
            if when is None:
                yield breach("value", line.number, event.uid, name=name)
                return
            times[name] = when
            yield from _zone_of(event, line, when, zones)
    start = times.get("DTSTART")
    if start is None:
        yield breach("missing", event.number, event.uid, name="DTSTART")
        return
    yield from _end(event, start, times.get("DTEND"))
    yield from _series(event, start)
    moved = event.one("RECURRENCE-ID")
    if moved and not _belongs(times["RECURRENCE-ID"], masters.get(event.uid)):
        yield breach("moved", moved.number, event.uid)


def _read(line: Line) -> When | None:
    try:
        when = when_of(line)
    except (ValueError, OverflowError):
        return None
    if when.is_day and line.params.get("VALUE") != "DATE":
        return None
    return when


def _zone_of(event: Component, line: Line, when: When, zones: Collection[str]) -> Iterator[Breach]:
    if when.is_day:
        return
    if when.zone == "":
        yield breach("floating", line.number, event.uid, name=line.name)
    elif when.zone == "Z":
        yield breach("utc", line.number, event.uid, name=line.name)
    elif when.zone not in zones:
        yield breach("zone", line.number, event.uid, zone=when.zone[:80])


def _end(event: Component, start: When, end: When | None) -> Iterator[Breach]:
    line = event.one("DTEND") or event.one("DTSTART")
    at = line.number if line else event.number
    if start.is_day:
        if end is None or not end.is_day or end.value <= start.value:
            yield breach("all-day-end", at, event.uid)
        return
    if end is not None:
        if end.is_day or end.instant <= start.instant:
            yield breach("end", at, event.uid)
        return
    length = event.one("DURATION")
    try:
        if length is None or duration_of(length).total_seconds() <= 0:
            yield breach("end", at, event.uid)
    except (ValueError, OverflowError):
        yield breach("value", at, event.uid, name="DURATION")


def _series(event: Component, start: When) -> Iterator[Breach]:
    for line in event.all("RDATE"):
        yield breach("rdate", line.number, event.uid)
    for line in event.all("EXDATE"):
        if not _are_of_kind(line, start):
            yield breach("exdate", line.number, event.uid)
    rules = event.all("RRULE")
    for line in rules[1:]:
        yield breach("once", line.number, event.uid, name="RRULE")
    for line in rules[:1]:
        yield from _rule(event, line, start)


def _are_of_kind(line: Line, start: When) -> bool:
    with suppress(ValueError, OverflowError):
        return all(
            when.kind == start.kind and (not when.is_day or line.params.get("VALUE") == "DATE")
            for when in whens_of(line)
        )
    return False


def _rule(event: Component, line: Line, start: When) -> Iterator[Breach]:
    try:
        parts = rule_of(line)
        if odd := _odd_part(parts, start):
            yield breach("rule", line.number, event.uid, part=odd)
            return
        if not _is_until_right(parts, start):
            yield breach("until", line.number, event.uid)
        if not begins(line.value, start):
            yield breach("first-time", line.number, event.uid)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        yield breach("value", line.number, event.uid, name="RRULE")


def _odd_part(parts: Mapping[str, list[Any]], start: When) -> str:
    """Return the part of a rule that clients disagree on; empty when there is none."""
    if (frequency := str(parts["FREQ"][0]).upper()) not in PARTS_OF:
        return f"FREQ={frequency}"
    if odd := sorted(parts.keys() - PARTS_OF[frequency]):
        return odd[0]
    leap = (start.value.month, start.value.day) == (2, 29) and "BYMONTHDAY" not in parts
    by_rule = 29 in parts.get("BYMONTHDAY", ()) and 2 in parts.get("BYMONTH", ())
    return "29/2" if frequency == "YEARLY" and (leap or by_rule) else ""


def _is_until_right(parts: Mapping[str, list[Any]], start: When) -> bool:
    if "UNTIL" not in parts:
        return True
    until = parts["UNTIL"][0]
    if isinstance(until, datetime):
        return not start.is_day and until.tzinfo is not None
    return start.is_day


def _belongs(moved: When, master: Component | None) -> bool:
    line = master.one("DTSTART") if master else None
    start = _read(line) if line else None
    return start is not None and start.kind == moved.kind
