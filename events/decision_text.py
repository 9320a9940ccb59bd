"""Read the yearly decision on days off from its Vietnamese text. Pure: text in, proposed days out.

Decisions are written in sentences ("nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027") and dates in several forms. What cannot
be read is given back line by line, because a day that is dropped in silence becomes a wrong deadline.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from events.database import folded, nfc
from events.workdays import Decision

TET = "trong kỳ nghỉ Tết"
_A_DAY = timedelta(days=1)
_LONGEST = 20  # days; a longer break is a slip of the pen
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2})\s*[/.-]\s*(\d{1,2})(?:\s*[/.-]\s*(\d{4}))?(?!\d)")
_SPELLED = re.compile(r"(?<!\d)(\d{1,2})\s+thang\s+(\d{1,2})(?:\s+(?:nam\s+)?(\d{4}))?(?!\d)")
_BARE = re.compile(r"ngay\s+(?:mung\s+)?(\d{1,2})(?=\s+(?:den|va)\b)")
_WEEKDAYS = {"hai": 0, "2": 0, "ba": 1, "3": 1, "tu": 2, "4": 2, "nam": 3, "5": 3, "sau": 4, "6": 4, "bay": 5, "7": 5}
_WEEKDAY = re.compile(r"\b(?:thu\s+(hai|ba|tu|nam|sau|bay|[2-7])|(chu nhat))\b")
_SENTENCE_END = re.compile(r"[\n;]+|(?<=\D)\.\s+|(?<=\d{4})\.\s+")


@dataclass(frozen=True, slots=True)
class ReadDay:
    """One proposed day with the line it was read from. ``doubtful``: the line names another weekday than the date has."""

    day: date
    off: bool
    reason: str
    line: str
    doubtful: bool = False

    @property
    def decision(self) -> Decision:
        return Decision(self.day, self.off, self.reason)


@dataclass(frozen=True, slots=True)
class ReadText:
    """The proposed days in order, and the lines that gave none."""

    days: tuple[ReadDay, ...]
    unread: tuple[str, ...]


def read_decision(text: str, year: int) -> ReadText:
    """Read a decision for ``year``, which also completes dates without a year."""
    days: dict[date, ReadDay] = {}
    unread = []
    for line in _lines(text):
        found = _read(line, year)
        if not found:
            unread.append(line)
        days |= {day.day: day for day in found}
    return ReadText(tuple(days[day] for day in sorted(days)), tuple(unread))


def _lines(text: str) -> Iterator[str]:
    for part in _SENTENCE_END.split(nfc(text)):
        line = " ".join(part.split()).strip(" -–•+*.,")
        if line:
            yield line


@dataclass(frozen=True, slots=True)
class _Stated:
    """A date as a line states it; what it leaves out is taken from the date behind it."""

    at: int
    day: int
    month: int | None
    year: int | None


def _read(line: str, year: int) -> list[ReadDay]:
    plain = folded(line)
    try:
        dates = _dates(plain, year)
    except ValueError:  # no such day
        return []
    if not dates or any(abs(day.year - year) > 1 for _at, day in dates):
        return []
    doubtful = _names_another_weekday(plain, dates)
    return [ReadDay(d.day, d.off, d.reason, line, doubtful) for d in _decide(plain, [day for _at, day in dates])]


def _decide(plain: str, days: list[date]) -> list[Decision]:
    """Return what a line decides; nothing when its words and its dates do not go together."""
    made_up = "lam bu" in plain or "lam viec bu" in plain
    if "hoan doi" in plain or (made_up and "nghi" in plain):
        return _swap(*days) if len(days) == 2 and days[0] != days[1] else []
    if made_up or "di lam" in plain or ("lam viec" in plain and "nghi" not in plain):
        return [Decision(day, False, "ngày làm việc theo quyết định") for day in days]
    if "nghi" not in plain:
        return []
    reason = _reason(plain)
    if len(days) == 2 and re.search(r"\bden\b", plain):
        first, last = days
        length = (last - first).days + 1
        return [Decision(first + n * _A_DAY, True, reason) for n in range(length)] if 0 < length <= _LONGEST else []
    return [Decision(day, True, reason) for day in days] if len(days) == 1 or not re.search(r"\bden\b", plain) else []


def _swap(off: date, working: date) -> list[Decision]:
    return [
        Decision(off, True, f"vào ngày nghỉ hoán đổi, làm bù {working:%d/%m/%Y}"),
        Decision(working, False, f"làm bù cho {off:%d/%m/%Y}"),
    ]


def _reason(plain: str) -> str:
    if "nghi bu" in plain:
        return "vào ngày nghỉ bù"
    if re.search(r"\btet\b", plain) and "duong lich" not in plain:
        return TET
    if "quoc khanh" in plain:
        return "vào ngày nghỉ Quốc khánh"
    return "vào ngày nghỉ theo quyết định"


def _dates(plain: str, year: int) -> list[tuple[int, date]]:
    """Return the dates of a line with where they stand. Raises ``ValueError`` for a day that does not exist."""
    stated = sorted({found.at: found for found in _stated(plain)}.values(), key=lambda found: found.at)
    month, complete = None, year
    dates = []
    for found in reversed(stated):
        month, complete = found.month or month, found.year or complete
        if month is None:
            raise ValueError(plain)
        dates.append((found.at, date(complete, month, found.day)))
    return dates[::-1]


def _stated(plain: str) -> Iterator[_Stated]:
    for pattern in (_BARE, _NUMERIC, _SPELLED):
        for match in pattern.finditer(plain):
            day, month, year = (int(part) if part else None for part in (*match.groups(), None, None)[:3])
            assert day is not None
            yield _Stated(match.start(1), day, month, year)


def _names_another_weekday(plain: str, dates: list[tuple[int, date]]) -> bool:
    """Tell whether the weekday before a date is not the date's."""
    start = 0
    for at, day in dates:
        named = list(_WEEKDAY.finditer(plain, start, at))
        if named and day.weekday() != _WEEKDAYS.get(named[-1][1] or "", 6):
            return True
        start = at
    return False
