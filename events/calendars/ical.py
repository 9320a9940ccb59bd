"""Write iCalendar (RFC 5545). The only place that does; docs/feeds.md says which client needs what.

Property values are built with their types instead of through ``Event.add()``, which guesses them:
that halves the time of a feed. The same events give the same bytes, so that an ETag means
something.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from icalendar import (
    Alarm,
    Calendar,
    Event,
    Timezone,
    TimezoneStandard,
    vCategory,
    vDate,
    vDatetime,
    vDuration,
    vInt,
    vRecur,
    vText,
    vUri,
)

from events.calendars.folding import fold_between_letters
from events.localtime import VIETNAM

# No event is stamped as older: what versions before wrote was not, and a stamp never falls.
RENDERER_EPOCH = datetime(2026, 11, 30, tzinfo=UTC)
PRODID = "-//Sum Vay//Feed 1//VI"
_A_DAY = timedelta(days=1)
_LONGEST_NAME = 255  # letters; Outlook takes no more for a folder
_END = b"END:VCALENDAR\r\n"
# never folded, and a folded line begins with a space
_STAMP_LINES = re.compile(rb"^(?:DTSTAMP|LAST-MODIFIED|CREATED|SEQUENCE):[^\r]*\r\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One VEVENT.

    Dates make it all-day and ``dtend`` is the day after the last (RFC 5545, 3.6.1); instants are
    aware.
    """

    uid: str
    summary: str
    dtstart: date
    dtend: date
    created: datetime
    last_modified: datetime
    sequence: int = 0
    description: str = ""
    location: str = ""
    url: str = ""
    categories: tuple[str, ...] = ()
    status: str = "CONFIRMED"
    # the instant until which a timed event comes again every week
    weekly_until: datetime | None = None
    # local beginnings of times by the rule that were called off, and of those that were moved, with
    # when they take place instead (RFC 5545, 3.8.5.1 and 3.8.4.4)
    without: tuple[datetime, ...] = ()
    moved: tuple[tuple[datetime, datetime, datetime], ...] = ()
    recurs_as: datetime | None = None  # which time by the rule this one is
    is_busy: bool = False  # it takes up the time of whoever has it in a calendar
    # people have to be there or to be ready: an alarm makes sense
    is_awaited: bool = False
    alarm: timedelta | None = None  # from its beginning, before it below zero

    @property
    def is_timed(self) -> bool:
        """Tell whether it has an hour, and does not take whole days."""
        return isinstance(self.dtstart, datetime)


@dataclass(frozen=True, slots=True)
class CalendarHead:
    """What a client shows of a calendar before its events.

    ``color`` is a CSS3 name (RFC 7986, 5.9).
    """

    name: str
    description: str
    color: str
    color_hex: str
    url: str = ""
    source: str = ""
    refresh: timedelta = timedelta(hours=6)


def write_calendar(
    head: CalendarHead, events: Iterable[CalendarEvent], changed: datetime | None = None
) -> bytes:
    """Return the calendar as UTF-8 bytes with CRLF line ends, folded at 75 octets.

    ``changed`` is when it last did; without it, when the newest of its events did.
    """
    written = [(event, write_event(event)) for event in events]
    if changed is None:
        changed = max((stamp_of(event) for event, _text in written), default=RENDERER_EPOCH)
    return join_calendar(head, written, changed)


def join_calendar(
    head: CalendarHead, written: Iterable[tuple[CalendarEvent, bytes]], changed: datetime
) -> bytes:
    """Return the calendar of events that are written already, in the order of their days."""
    ordered = sorted(written, key=lambda one: (_sortable(one[0].dtstart), one[0].uid))
    calendar = _calendar(head, changed)
    # a calendar without any component is none (RFC 5545, 3.6)
    if not ordered or any(event.is_timed for event, _text in ordered):
        calendar.add_component(_timezone())
    frame = fold_between_letters(bytes(calendar.to_ical()))
    return b"".join([frame.removesuffix(_END), *(text for _event, text in ordered), _END])


def write_event(event: CalendarEvent) -> bytes:
    """Return one event as the lines that stand in a calendar, with those of its times that were
    moved: they have its identity and its stamps.
    """
    times = [
        replace(event, dtstart=start, dtend=end, recurs_as=by_rule, weekly_until=None, without=())
        for by_rule, start, end in event.moved
    ]
    lines = b"".join(bytes(vevent(one).to_ical()) for one in (event, *times))
    return fold_between_letters(lines)


def shown(text: bytes) -> str:
    """Return the digest of what people see of an event or a calendar: of its lines without stamps
    (SHA-256, hexadecimal).
    """
    return hashlib.sha256(_STAMP_LINES.sub(b"", text)).hexdigest()


def vevent(event: CalendarEvent) -> Event:
    """Return the component of one event."""
    stamp = vDatetime(stamp_of(event))
    component = Event()
    component["UID"] = vText(event.uid)
    component["DTSTAMP"] = component["LAST-MODIFIED"] = stamp
    component["CREATED"] = vDatetime(event.created)
    component["SEQUENCE"] = vInt(event.sequence)
    component["DTSTART"] = _when(event.dtstart)
    component["DTEND"] = _when(event.dtend)
    component["SUMMARY"] = _text(
        f"[HUỶ] {event.summary}" if event.status == "CANCELLED" else event.summary
    )
    component["STATUS"] = vText(event.status)
    _add_if_any(component, event)
    is_busy = event.is_busy and event.status != "CANCELLED"
    component["TRANSP"] = _OPAQUE if is_busy else _TRANSPARENT
    if not is_busy:
        component["X-MICROSOFT-CDO-BUSYSTATUS"] = _FREE
    return component


_TRANSPARENT, _OPAQUE = vText("TRANSPARENT"), vText("OPAQUE")
_FREE = vText("FREE")


def _add_if_any(component: Event, event: CalendarEvent) -> None:
    """Add the properties that may be empty: a property without a value is an error to some
    parsers.
    """
    for name, text in (("DESCRIPTION", event.description), ("LOCATION", event.location)):
        if (cleaned := _clean(text)).strip():  # blanks alone are nothing either
            component[name] = vText(cleaned)
    if event.url:
        component["URL"] = vUri(event.url)
    if event.weekly_until is not None:
        component["RRULE"] = vRecur(FREQ="WEEKLY", UNTIL=event.weekly_until.astimezone(UTC))
    if event.without:
        component["EXDATE"] = [_when(moment) for moment in event.without]
    if event.recurs_as is not None:
        component["RECURRENCE-ID"] = _when(event.recurs_as)
    if event.alarm is not None:
        component.add_component(_alarm(event))
    if event.categories:
        component["CATEGORIES"] = vCategory(
            [_clean(name).replace(",", " ") for name in event.categories]
        )


def _alarm(event: CalendarEvent) -> Alarm:
    """Return what shows a sentence on the screen, the only kind that all clients take."""
    assert event.alarm is not None
    alarm = Alarm()
    alarm["ACTION"] = vText("DISPLAY")
    alarm["DESCRIPTION"] = _text(event.summary)
    alarm["TRIGGER"] = vDuration(event.alarm)
    return alarm


def _calendar(head: CalendarHead, changed: datetime) -> Calendar:
    # not Calendar.new(): a UID on the calendar makes vdirsyncer take all events for one
    calendar = Calendar()
    refresh, name = vDuration(head.refresh), head.name[:_LONGEST_NAME]
    refresh.params["VALUE"] = "DURATION"
    values: dict[str, Any] = {
        "VERSION": vText("2.0"),
        "PRODID": vText(PRODID),
        "CALSCALE": vText("GREGORIAN"),
        "NAME": _text(name),
        "X-WR-CALNAME": _text(name),
        "DESCRIPTION": _text(head.description),
        "X-WR-CALDESC": _text(head.description),
        "X-WR-TIMEZONE": vText(VIETNAM.key),
        "REFRESH-INTERVAL": refresh,
        "X-PUBLISHED-TTL": vDuration(head.refresh),
        "COLOR": vText(head.color),
        "X-APPLE-CALENDAR-COLOR": vText(head.color_hex),
        "LAST-MODIFIED": vDatetime(changed),
    }
    for name, value in values.items():
        calendar[name] = value
    if head.url:
        calendar["URL"] = vUri(head.url)
    if head.source:
        calendar["SOURCE"] = vUri(head.source)
        calendar["SOURCE"].params["VALUE"] = "URI"
    return calendar


def _timezone() -> Timezone:
    """Return Vietnam's time zone as one observance: the library would add the offsets of before
    1975, which Outlook misreads.
    """
    zone, standard = Timezone(), TimezoneStandard()
    zone["TZID"] = vText(VIETNAM.key)
    standard.add("dtstart", datetime(1970, 1, 1))  # noqa: DTZ001 - local by definition (RFC 5545, 3.6.5)
    standard.add("tzoffsetfrom", timedelta(hours=7))
    standard.add("tzoffsetto", timedelta(hours=7))
    standard.add("tzname", "+07")
    zone.add_component(standard)
    return zone


def _when(moment: date) -> vDate | vDatetime:
    if isinstance(moment, datetime):
        value = vDatetime(moment.astimezone(VIETNAM))
        value.params["TZID"] = VIETNAM.key
        return value
    day = vDate(moment)
    day.params["VALUE"] = "DATE"
    return day


def stamp_of(event: CalendarEvent) -> datetime:
    """Return what DTSTAMP and LAST-MODIFIED of an event say, in UTC and whole seconds."""
    return max(event.last_modified, RENDERER_EPOCH).astimezone(UTC).replace(microsecond=0)


def _sortable(moment: date) -> str:
    return (
        moment.astimezone(UTC).isoformat() if isinstance(moment, datetime) else moment.isoformat()
    )


def _text(text: str) -> vText:
    return vText(_clean(text))


def _clean(text: str) -> str:
    """Return text in NFC without control characters: one of them makes a client drop the whole
    feed.
    """
    composed = text if text.isascii() else unicodedata.normalize("NFC", text)
    if composed.isprintable():
        return composed
    return "".join(
        c
        for c in composed.replace("\r\n", "\n").replace("\t", " ")
        if c == "\n" or unicodedata.category(c) != "Cc"
    )
