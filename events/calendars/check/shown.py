"""What is asked of an event beyond its times: who it is, its stamps, and what people see of it."""

import re
from collections.abc import Iterator

from events.calendars.check.lines import Component, Line
from events.calendars.check.rules import Breach, breach
from events.calendars.check.values import is_escaped, texts_of, when_of


def _named(names: str) -> frozenset[str]:
    return frozenset(names.split())


_ONCE = _named(
    "UID DTSTAMP DTSTART DTEND DURATION SUMMARY DESCRIPTION LOCATION STATUS SEQUENCE TRANSP URL"
    " CREATED LAST-MODIFIED RECURRENCE-ID ORGANIZER GEO CLASS PRIORITY"
)
_NEEDED = ("UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "SUMMARY")
_TEXTS = _named("SUMMARY DESCRIPTION LOCATION COMMENT CONTACT NAME X-WR-CALNAME X-WR-CALDESC")
_LISTS = ("CATEGORIES", "RESOURCES")
_NEW = _named(
    "STYLED-DESCRIPTION LINK CONCEPT REFID LOCATION-TYPE PARTICIPANT-TYPE RESOURCE-TYPE"
    " CALENDAR-ADDRESS STRUCTURED-DATA PARTICIPANT VLOCATION VRESOURCE"
)
_UID = re.compile(r"[\x21-\x7e]{1,255}")
_DIGITS = re.compile(r"[0-9]+")
_TAG = re.compile(
    r"</?(?:a|b|body|br|div|em|font|html|i|img|li|ol|p|span|strong|table|td|tr|u|ul)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_MARK = re.compile(r"\[[^\]\s][^\]]*\]\s")
_CALLED_OFF = re.compile(r"\[(?:HUỶ|HỦY|CANCELLED|CANCELED)\]\s", re.IGNORECASE)


def event_breaches(event: Component) -> Iterator[Breach]:
    """Yield what is wrong with one event, its times apart."""
    uid = event.uid
    for name in sorted(_ONCE):
        yield from (breach("once", line.number, uid, name=name) for line in event.all(name)[1:])
    for name in _NEEDED:
        if event.one(name) is None:
            yield breach("missing", event.number, uid, name=name)
    yield from _identity(event)
    yield from _busy(event)
    yield from _cancelled(event)
    for line in event.all("ATTENDEE"):
        yield breach("attendee", line.number, uid)
    for line in event.all("ORGANIZER"):
        if not line.value.lower().startswith("mailto:"):
            yield breach("organizer", line.number, uid)
    for inner in event.inside:
        if inner.name != "VALARM":
            yield from _component(inner, uid)
        elif inner.value("ACTION").upper() != "DISPLAY":
            yield breach("alarm", inner.number, uid)


def line_breaches(component: Component) -> Iterator[Breach]:
    """Yield what is wrong with each line by itself, also of what stands inside."""
    uid = component.uid if component.name == "VEVENT" else ""
    for line in component.lines:
        yield from _of_line(line, uid)
    for inner in component.inside:
        yield from line_breaches(inner)


def component_breaches(calendar: Component) -> Iterator[Breach]:
    for inner in calendar.inside:
        if inner.name not in ("VEVENT", "VTIMEZONE"):
            yield from _component(inner, inner.uid)


def _component(component: Component, uid: str) -> Iterator[Breach]:
    key = "new-property" if component.name in _NEW else "component"
    yield breach(key, component.number, uid, name=component.name[:40])


def _identity(event: Component) -> Iterator[Breach]:
    uid, line = event.uid, event.one("UID")
    if line and not _UID.fullmatch(uid):
        yield breach("uid", line.number, uid[:80])
    stamps = [event.value(name) for name in ("DTSTAMP", "LAST-MODIFIED")]
    if line and any(len(stamp) > 8 and stamp in uid for stamp in stamps):
        yield breach("uid-change", line.number, uid)
    if all(stamps) and (stamps[0] != stamps[1] or not _is_utc(event.one("DTSTAMP"))):
        yield breach("stamps", event.number, uid)
    sequence = event.one("SEQUENCE")
    if sequence and sequence.value and not _DIGITS.fullmatch(sequence.value):
        yield breach("value", sequence.number, uid, name="SEQUENCE")


def _is_utc(line: Line | None) -> bool:
    try:
        return line is not None and when_of(line).zone == "Z"
    except (ValueError, OverflowError):
        return False


def _busy(event: Component) -> Iterator[Breach]:
    start, line = event.one("DTSTART"), event.one("TRANSP")
    if line is None:
        yield breach("transp", event.number, event.uid)
    values = event.value("TRANSP"), event.value("X-MICROSOFT-CDO-BUSYSTATUS")
    free = values == ("TRANSPARENT", "FREE")
    if line is not None and event.value("TRANSP") not in ("TRANSPARENT", "OPAQUE"):
        yield breach("value", line.number, event.uid, name="TRANSP")
    elif _is_all_day(start) and not free:
        yield breach("busy", line.number if line else event.number, event.uid)


def _is_all_day(start: Line | None) -> bool:
    return start is not None and start.params.get("VALUE") == "DATE"


def _cancelled(event: Component) -> Iterator[Breach]:
    summary = event.value("SUMMARY")
    off = event.value("STATUS") == "CANCELLED"
    if off != bool((_MARK if off else _CALLED_OFF).match(summary)):
        line = event.one("STATUS") or event.one("SUMMARY")
        yield breach("cancelled", line.number if line else event.number, event.uid)


def _of_line(line: Line, uid: str) -> Iterator[Breach]:
    if not line.value.strip():
        yield breach("empty", line.number, uid, name=line.name)
        return
    if line.name in _NEW:
        yield breach("new-property", line.number, uid, name=line.name)
    if line.name in _LISTS:
        if not is_escaped(line.value, comma_parts=True):
            yield breach("escape", line.number, uid, name=line.name)
        if any(not text.strip() or "," in text for text in texts_of(line.value)):
            yield breach("categories", line.number, uid)
    if line.name in _TEXTS:
        if not is_escaped(line.value):
            yield breach("escape", line.number, uid, name=line.name)
        if _TAG.search(line.value):
            yield breach("html", line.number, uid, name=line.name)
