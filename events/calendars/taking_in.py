"""Read somebody else's calendar: each time that something takes place in it, near today.

Whoever wrote it may have meant harm or only have had an old program, so all of it has a limit:
octets, events, depth, and time. What is refused says why; an event that nobody can read is left
out and counted, so that one of three hundred does not hide the others.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import recurring_ical_events
from icalendar import Calendar

from events.calendars.check.lines import Component, read
from events.calendars.fetching import LARGEST
from events.calendars.refusals import CalendarRefusedError, Refused
from events.words.texts import LONGEST, one_line

MOST_EVENTS = 2_000  # within the window, each time of a rule counted
PAST = timedelta(days=90)
AHEAD = timedelta(days=731)
PATIENCE = 10.0  # seconds for one calendar
_MOST_RULES = 10  # of one event; RFC 5545 (3.8.5.3) wants one
_Event = Any  # what the library makes of a VEVENT, whose values have any type
_PACKED = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
_OFTEN = ("HOURLY", "MINUTELY", "SECONDLY")
_WITHIN_A_DAY = ("BYHOUR", "BYMINUTE", "BYSECOND")
_IN_SOME_MONTHS = ("BYMONTH", "BYMONTHDAY", "BYYEARDAY", "BYWEEKNO", "BYSETPOS", "BYEASTER")
_OLDEST = 1900  # a daily rule is counted from its first day
_RECURS = {"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "EXRULE"}
_A_DAY = timedelta(days=1)
_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Time:
    """One time that something takes place; ``first`` and ``last`` are local days, both included,
    ``starts`` and ``ends`` instants, None for what lasts all day.
    """

    summary: str
    location: str
    first: date
    last: date
    starts: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class TakenIn:
    """A calendar as it was read on ``day``; ``skipped`` events could not be read."""

    body: bytes
    day: date
    name: str = ""
    times: list[Time] = field(default_factory=list)
    skipped: int = 0


def take_in(body: bytes, day: date, zone: ZoneInfo, *, patience: float = PATIENCE) -> TakenIn:
    """Return what takes place from 90 days before ``day`` to two years after it, in order.

    Raises ``CalendarRefusedError``.
    """
    deadline = time.monotonic() + patience
    window = _Window(day, zone, deadline)
    events, written = window.near(_readable(body))
    if events > MOST_EVENTS:
        raise window.too_many()
    try:
        calendar = Calendar.from_ical(written)
    except Exception as error:  # libraries raise whatever they stumble over
        raise CalendarRefusedError(Refused.BROKEN) from error
    times, skipped = window.times_of(calendar)
    if skipped and not times:
        raise CalendarRefusedError(Refused.BROKEN)
    name = one_line(str(calendar.get("X-WR-CALNAME") or calendar.get("NAME") or ""))
    in_order = sorted(times, key=lambda one: (one.first, one.starts is not None, one.summary))
    return TakenIn(body, day, name[:LONGEST], in_order, skipped)


def _readable(body: bytes) -> Component:
    """Return the calendar. Raises ``CalendarRefusedError`` for what no library should be given."""
    if len(body) > LARGEST:
        raise CalendarRefusedError(Refused.TOO_LARGE, size=LARGEST // 1024**2)
    if body.startswith(_PACKED):
        raise CalendarRefusedError(Refused.ZIPPED)
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CalendarRefusedError(Refused.NOT_UTF8) from error
    if "\0" in text:
        raise CalendarRefusedError(Refused.NOT_UTF8)
    top, found = read(body)
    if not any(one.name == "VCALENDAR" for one in top):
        raise CalendarRefusedError(Refused.NO_CALENDAR)
    if len(top) > 1 or any(one.rule.key == "nesting" for one in found):
        raise CalendarRefusedError(Refused.BROKEN)  # cut off, or built to exhaust
    return top[0]


@dataclass(frozen=True, slots=True)
class _Window:
    """What is looked at of a calendar, and until when there is time for it."""

    day: date
    zone: ZoneInfo
    deadline: float

    @property
    def first(self) -> date:
        return self.day - PAST

    @property
    def last(self) -> date:
        return self.day + AHEAD

    def near(self, calendar: Component) -> tuple[int, str]:
        """Return how many events may fall into the window, and the calendar with no others: the
        library takes milliseconds for each, and some calendars go back for many years.
        """
        lines, events = ["BEGIN:VCALENDAR", *(line.written for line in calendar.lines)], 0
        moved = {one.uid for one in calendar.inside if one.one("RECURRENCE-ID")}
        for inner in calendar.inside:
            if inner.name == "VTIMEZONE":
                lines += _written(inner)
            elif inner.name == "VEVENT" and (inner.uid in moved or self._may_be_near(inner)):
                lines += _written(inner)
                events += 1
        return events, "\r\n".join([*lines, "END:VCALENDAR", ""])

    def _may_be_near(self, event: Component) -> bool:
        """Tell whether something that happens once can be seen: by its days as they are written,
        which are text that sorts.
        """
        if event.one("RRULE") or event.one("RDATE") or event.one("DURATION"):
            return True
        begins, ends = event.value("DTSTART")[:8], event.value("DTEND")[:8]
        first, last = f"{self.first - _A_DAY:%Y%m%d}", f"{self.last + _A_DAY:%Y%m%d}"
        if not begins.isdigit():
            return True  # and counted as one that cannot be read
        return begins <= last and max(begins, ends) >= first

    def times_of(self, calendar: Calendar) -> tuple[list[Time], int]:
        """Return each time in the window, and how many events could not be read."""
        times, skipped = list[Time](), 0
        for series in _series(calendar):
            if time.monotonic() > self.deadline:
                raise CalendarRefusedError(Refused.TOO_SLOW)
            try:
                for event in series:
                    _require_seldom(event)
                times += self._times(calendar, series)
            except CalendarRefusedError:
                raise
            except Exception:  # what one event does to a library is no other's fault
                skipped += 1
            if len(times) > MOST_EVENTS:
                raise self.too_many()
        return times, skipped

    def too_many(self) -> CalendarRefusedError:
        first, last = (f"{day:%d/%m/%Y}" for day in (self.first, self.last))
        return CalendarRefusedError(Refused.TOO_MANY, count=MOST_EVENTS, first=first, last=last)

    def _times(self, calendar: Calendar, series: list[_Event]) -> list[Time]:
        """Return the times of one series; whatever is wrong with it is raised as it comes."""
        if len(series) == 1 and not _RECURS & series[0].keys() and "X-WR-TIMEZONE" not in calendar:
            return self._seen(series)
        alone = Calendar()
        if "X-WR-TIMEZONE" in calendar:
            alone["X-WR-TIMEZONE"] = calendar["X-WR-TIMEZONE"]
        for event in series:
            alone.add_component(event)
        found = recurring_ical_events.of(alone).between(self.first, self.last + _A_DAY)
        if len(found) > MOST_EVENTS:
            raise self.too_many()
        return self._seen(found)

    def _seen(self, events: Iterable[_Event]) -> list[Time]:
        times = (self._time(one) for one in events if one.get("STATUS") != "CANCELLED")
        return [one for one in times if one.first <= self.last and one.last >= self.first]

    def _time(self, event: _Event) -> Time:
        summary, location = (
            one_line(str(event.get(name, "")))[:LONGEST] for name in ("SUMMARY", "LOCATION")
        )
        start = event["DTSTART"].dt
        end = event["DTEND"].dt if "DTEND" in event else None
        if end is None and "DURATION" in event:
            end = start + event["DURATION"].dt
        if not isinstance(start, datetime):
            last = end - _A_DAY if type(end) is date else start
            return Time(summary, location, start, self._clipped(start, last))
        starts = self._local(start)
        ends = max(starts, self._local(end) if isinstance(end, datetime) else starts)
        last = (ends - _A_MOMENT).date() if ends > starts else starts.date()
        return Time(
            summary, location, starts.date(), self._clipped(starts.date(), last), starts, ends
        )

    def _local(self, moment: datetime) -> datetime:
        """Return the local time; one without a zone is meant to be local."""
        if moment.tzinfo is None:
            return moment.replace(tzinfo=self.zone)
        return moment.astimezone(self.zone)

    def _clipped(self, first: date, last: date) -> date:
        return max(first, min(last, self.last))


def _written(component: Component) -> Iterator[str]:
    yield f"BEGIN:{component.name}"
    yield from (line.written for line in component.lines)
    for inner in component.inside:
        if inner.name in ("STANDARD", "DAYLIGHT"):  # alarms of others ring nowhere here
            yield from _written(inner)
    yield f"END:{component.name}"


def _series(calendar: Calendar) -> Iterator[list[_Event]]:
    """Yield the events of each UID: one, or a rule with the times that were moved."""
    by_uid: dict[str, list[_Event]] = defaultdict(list)
    for number, event in enumerate(calendar.events):
        by_uid[str(event.get("UID", f"without {number}"))].append(event)
    yield from by_uid.values()


def _require_seldom(event: _Event) -> None:
    """Raise ``CalendarRefusedError`` for a rule that comes more than once a day, ``ValueError`` for
    one that would be computed for too long.
    """
    rules: Any = event.get("RRULE", [])
    rules = rules if isinstance(rules, list) else [rules]
    if len(rules) > _MOST_RULES or (rules and event["DTSTART"].dt.year < _OLDEST):
        raise ValueError(f"{len(rules)} rules")
    for rule in rules:
        frequency = str(rule.get("FREQ", [""])[0]).upper()
        often = frequency in _OFTEN
        within = any(len(rule.get(part, ())) > 1 for part in _WITHIN_A_DAY)
        if often or within or min(rule.get("INTERVAL", [1]), default=1) < 1:
            raise CalendarRefusedError(Refused.ENDLESS)
        if frequency in ("DAILY", "WEEKLY") and any(part in rule for part in _IN_SOME_MONTHS):
            raise ValueError("a day that may never come is looked for until the year 9999")
