"""What dates, rules and texts of a content line mean.

Raises ``ValueError`` for what means nothing.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrulestr
from icalendar import vDate, vDatetime, vDuration, vRecur

from events.calendars.check.lines import Line

# the library has no types for these
_read_date: Any = vDate.from_ical
_read_moment: Any = vDatetime.from_ical
_read_duration: Any = vDuration.from_ical
_DATE = re.compile(r"[0-9]{8}")
_MOMENT = re.compile(r"[0-9]{8}T[0-9]{6}Z?")
_PLAIN = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "WKST"}
_BY_MONTH = _PLAIN | {"BYDAY", "BYMONTH", "BYMONTHDAY"}
# what clients agree on; a day or week that some months lack would be looked for until the year 9999
PARTS_OF = {
    "DAILY": _PLAIN,
    "WEEKLY": _PLAIN | {"BYDAY"},
    "MONTHLY": _BY_MONTH,
    "YEARLY": _BY_MONTH,
}


@dataclass(frozen=True, slots=True)
class When:
    """A DATE or DATE-TIME with the zone that it names; ``zone`` is "Z" for UTC, empty for none."""

    value: date
    zone: str

    @property
    def is_day(self) -> bool:
        return not isinstance(self.value, datetime)

    @property
    def kind(self) -> tuple[bool, str]:
        """What DTSTART, EXDATE and RECURRENCE-ID of one series have in common."""
        return self.is_day, self.zone

    @property
    def instant(self) -> datetime:
        """The instant, for comparing: a day begins at midnight; an unknown zone is taken as UTC."""
        value = self.value
        if not isinstance(value, datetime):
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        try:
            zone = ZoneInfo(self.zone) if self.zone not in ("", "Z") else UTC
            return value.replace(tzinfo=zone).astimezone(UTC)
        except (ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
            return value.replace(tzinfo=UTC)


def when_of(line: Line) -> When:
    """Return the date or moment of a line such as DTSTART."""
    return _when(line, line.value)


def whens_of(line: Line) -> Iterator[When]:
    """Yield the dates or moments of a line such as EXDATE."""
    for part in line.value.split(","):
        yield _when(line, part)


def duration_of(line: Line) -> timedelta:
    length: timedelta = _read_duration(line.value)
    return length


def rule_of(line: Line) -> dict[str, list[Any]]:
    """Return the parts of an RRULE by their names in capitals."""
    read = vRecur.from_ical(line.value)
    parts: dict[str, list[Any]] = {str(name).upper(): values for name, values in read.items()}
    if len(parts.get("FREQ", ())) != 1 or min(parts.get("INTERVAL", [1])) < 1:
        raise ValueError(line.value)
    return parts


def begins(rule: str, start: When) -> bool:
    """Tell whether ``start`` is the first time of a rule that comes once a day at most."""
    value = start.value
    if not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a date, nowhere
    local = value.replace(tzinfo=None)
    plain = ";".join(part for part in rule.split(";") if not part.upper().startswith("UNTIL="))
    return bool(next(iter(rrulestr(plain, dtstart=local)), None) == local)


def is_escaped(value: str, *, comma_parts: bool = False) -> bool:
    """Tell whether a TEXT (RFC 5545, 3.3.11) is escaped; commas may part the texts of a list."""
    plain = re.sub(r"\\[\\;,nN]", "", value)
    return not re.search(r"[\\;]" if comma_parts else r"[\\;,]", plain)


def texts_of(value: str) -> list[str]:
    """Return the texts of a list such as CATEGORIES, without their escapes."""
    parts = re.split(r"(?<!\\),", value.replace(r"\\", "\0"))
    return [re.sub(r"\\(.)", r"\1", part).replace("\0", "\\") for part in parts]


def _when(line: Line, value: str) -> When:
    if _DATE.fullmatch(value):
        return When(_read_date(value), "")
    if not _MOMENT.fullmatch(value) or line.params.get("VALUE") == "DATE":
        raise ValueError(value)
    moment: datetime = _read_moment(value.rstrip("Z"))
    zone = "Z" if value.endswith("Z") else line.params.get("TZID", "")
    return When(moment.replace(tzinfo=None), zone)
