"""Read the yearly decision on days off from its Vietnamese text. Pure: text in, proposed days out.

Decisions are written in sentences ("nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027") and dates
in several forms. What cannot be read is given back line by line, because a day that is dropped in
silence becomes a wrong deadline.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision, swap
from events.texts import folded, nfc

TET = DayReason(Cause.TET)
_A_DAY = timedelta(days=1)
_LONGEST = 20  # days; a longer break is a slip of the pen
_SATURDAY = 5  # date.weekday()
_A_LOOK_BACK = 80  # characters
_WEEKDAYS = {
    "hai": 0,
    "2": 0,
    "ba": 1,
    "3": 1,
    "tu": 2,
    "4": 2,
    "nam": 3,
    "5": 3,
    "sau": 4,
    "6": 4,
    "bay": 5,
    "7": 5,
}
_WEEKDAY = re.compile(r"\b(?:thu\s+(hai|ba|tu|nam|sau|bay|[2-7])|(chu nhat))\b")
_SENTENCE_END = re.compile(r"[\n;]+|(?:(?<=\D)|(?<=\d{4})|(?<=[/.-]\d)|(?<=[/.-]\d\d))\.\s+(?=\D)")
_CLAUSE = re.compile(
    r"\b(?:trong do|dong thoi)\b|[,\s](?=hoan doi\b)"
    r"|(?<!ngay)(?<!nghi)\s(?=(?:di lam|lam viec)\b(?!\s+bu))"
)

# What stands beside a date and is none: lunar days, the number of a line, the date of the paper
# that is quoted. Folded, "tức" and "nhằm" look like "liên tục", "thủ tục" and the year "Nhâm Dần":
# they count where a day follows.
_BEFORE_A_DAY = (
    r"(?=(?:\s+(?:la|vao|tu|ngay|dem|thu\s+\w+|chu nhat))*,?\s+(?:\d|mung\b|giao thua\b))"
)
_ALIAS = rf"(?<!lien )(?<!tiep )(?<!thu )\b(?:tuc|nham)\b{_BEFORE_A_DAY}"
_TO_ANOTHER = (
    r"(?:\b(?:den|toi)\b(?:\s+(?:het|ngay))*"
    r"\s+(?:mung\b|\d{1,2}\s+(?:thang\s+)?(?:chap|gieng|tet)\b).*?(?=,|;|$))?"
)
_LUNAR = re.compile(
    rf"\([^()]{{0,99}}(?:{_ALIAS}|\bam lich\b|\d\s+tet\b|\b(?:mung|chap|gieng)\b)[^()]{{0,99}}\)"
    rf"|{_ALIAS}.*?(?=,|;|\bden\b|\btoi\b|$){_TO_ANOTHER}"
)
_NUMBERING = re.compile(r"^\W*(?:\d{1,2}|[a-z])\s*[.)]\s+")
_QUOTED = re.compile(
    r"(?:/[a-z]+(?:-[a-z]+)*"
    r"|\b(?:cong van|quyet dinh|thong bao|nghi quyet|van ban|to trinh)(?:\s+so\s+\S+)?)"
    r",?\s+(?:ngay\s+)?$"
)

# A day without its month ("từ ngày 05 đến hết ngày 11/02", "05-11/02") counts where a connector
# leads to a date.
_LINK = r"\s*(?:-|,|\b(?:va|den|toi)\b)\s*(?:(?:het|ngay|mung|thu\s+\w+|chu nhat)\s+)*"
_SLASHED = r"(?<![\d/.])(\d{1,2})\s*[/.]\s*(\d{1,2})(?:\s*[/.]\s*(\d{4})|(?!\s*[/.]\s*\d))(?!\d)"
_DASHED = (
    r"(?<![\d/.])(\d{1,2})\s*-\s*(\d{1,2})(?:\s*-\s*(\d{4})|(?!\s*[/.]\s*\d|-\d|\s+thang\b))(?!\d)"
)
_SPELLED = r"(?<![\d/.])(\d{1,2})\s+thang\s+(\d{1,2})(?:(?:\s*/\s*|,?\s+(?:nam\s+)?)(\d{4}))?(?!\d)"
_BARE = (
    rf"(?<![\d/.])(?<!thu )(\d{{1,2}})"
    rf"(?=(?:{_LINK}\d{{1,2}}){{0,9}}{_LINK}\d{{1,2}}\s*(?:[/.-]\s*\d|thang\b))(?!\d)()()"
)
_DATE = re.compile("|".join((_SLASHED, _DASHED, _SPELLED, _BARE)))
_RANGE = re.compile(r"-|\b(?:den|toi)\b")
_LOOSE = re.compile(
    r"(?<!dieu )(?<!khoan )(?<!diem )(?<!thu )(?<![\w/.-])"
    r"\d{1,2}(?![\w/]|\s*(?:\([^)]*\)\s*)?ngay\b)"
)
_COUNT = re.compile(r"(?<!ngay )(?<![\d/.-])(\d{1,2})\s*(?:\([^)]*\)\s*)?ngay\b")
_NEGATED = re.compile(r"\b(?:khong|chua|huy|bai bo)\b")
_OPEN_END = re.compile(r"\b(?:truoc|(?<!thu )sau|ke tu|cham nhat|muon nhat)\s+(?:ngay\s+)?$")


@dataclass(frozen=True, slots=True)
class ReadDay:
    """One proposed day with the line it was read from.

    ``doubtful``: the line names another weekday than the date has. ``miscounted``: it speaks of
    another number of days off.
    """

    day: date
    off: bool
    reason: DayReason
    line: str
    doubtful: bool = False
    miscounted: bool = False

    @property
    def decision(self) -> Decision:
        return Decision(self.day, self.off, self.reason)


@dataclass(frozen=True, slots=True)
class ReadText:
    """The proposed days in order, the lines that gave none, and the years that the text writes
    out.
    """

    days: tuple[ReadDay, ...]
    unread: tuple[str, ...]
    years: frozenset[int]


def read_decision(text: str, year: int) -> ReadText:
    """Read a decision for ``year``, which also completes dates without a year."""
    days: dict[date, ReadDay] = {}
    unread = []
    for line in _lines(text):
        found = _read(line, year)
        if not found:
            unread.append(line)
        days |= {day.day: day for day in found}
    years = {
        int(found)
        for found in re.findall(r"(?<![\d/])(?:19|20)\d\d(?![\d/])|(?<=\d/)20\d\d(?![\d/])", text)
    }
    return ReadText(tuple(days[day] for day in sorted(days)), tuple(unread), frozenset(years))


def _lines(text: str) -> Iterator[str]:
    for part in _SENTENCE_END.split(nfc(text)):
        line = " ".join(part.split()).strip(" -–•+*.,")
        if line:
            yield line


@dataclass(frozen=True, slots=True)
class _Stated:
    """A date as a line states it, and the words since the one before."""

    day: date
    at: int
    words: str

    @property
    def ends_range(self) -> bool:
        return _RANGE.search(self.words) is not None

    @property
    def is_doubtful(self) -> bool:
        """Tell whether the weekday before it is not the date's."""
        named = list(_WEEKDAY.finditer(self.words))
        return bool(named) and self.day.weekday() != _WEEKDAYS.get(named[-1][1] or "", 6)


def _read(line: str, year: int) -> list[ReadDay]:
    """Return the days of a line; none when any part of it was not understood."""
    plain = _plain(line)
    try:
        dates = _dates(plain, year)
    except ValueError:  # no such day
        return []
    if not dates or _NEGATED.search(plain) or any(abs(one.day.year - year) > 1 for one in dates):
        return []
    decided = [_decide(words, found) for words, found in _clauses(plain, dates) if found]
    if not all(decided):
        return []
    found = [day for days in decided for day in days]
    doubts = (
        any(one.is_doubtful for one in dates),
        _is_miscounted(plain, {day.day for day in found if day.off}),
    )
    return [ReadDay(day.day, day.off, day.reason, line, *doubts) for day in found]


def _plain(line: str) -> str:
    """Return a line as it is searched: folded, and without what looks like a date and is none."""
    plain = folded(line).replace("–", "-").replace("—", "-")
    return _LUNAR.sub(" ", _NUMBERING.sub("", plain))


def _clauses(plain: str, dates: list[_Stated]) -> list[tuple[str, list[_Stated]]]:
    """Return the parts of a sentence that each decide something of their own, with their dates."""
    cuts = [0, *(match.end() for match in _CLAUSE.finditer(plain)), len(plain)]
    return [
        (plain[begin:end], [one for one in dates if begin <= one.at < end])
        for begin, end in pairwise(cuts)
    ]


def _is_miscounted(plain: str, off: set[date]) -> bool:
    """Tell whether a line says "07 ngày" and other days were read: neither all of them nor those
    that are no weekend.
    """
    stated = [int(number) for number in _COUNT.findall(plain)]
    read = {len(off), sum(day.weekday() < _SATURDAY for day in off)}
    return bool(off and stated) and max(stated) not in read and sum(stated) not in read


def _decide(plain: str, dates: list[_Stated]) -> list[Decision]:
    """Return what a clause decides; nothing when its words and its dates do not go together."""
    made_up = "lam bu" in plain or "lam viec bu" in plain
    if "hoan doi" in plain or (made_up and "nghi" in plain):
        return _swap(plain, [one.day for one in dates])
    works = made_up or re.search(r"\bdi lam\b|(?<!ngay )(?<!nghi )\blam viec\b", plain) is not None
    if "nghi" not in plain:
        works = works or "lam viec" in plain
        return (
            [Decision(day, False, DayReason(Cause.WORKED)) for day in _days(dates)] if works else []
        )
    reason = _reason(plain, is_range=any(one.ends_range for one in dates[1:]))
    return [] if works else [Decision(day, True, reason) for day in _days(dates)]


def _swap(plain: str, days: list[date]) -> list[Decision]:
    """Return the day off and the day worked instead: the one on a weekend, else as the words have
    them.
    """
    if len(days) != 2 or days[0] == days[1]:
        return []
    on_weekend = [day.weekday() >= _SATURDAY for day in days]
    worked_first = (
        on_weekend[0]
        if on_weekend[0] != on_weekend[1]
        else re.search(r"\bbu\b.*\b(?:cho|thay)\b", plain) is not None
    )
    working, off = days if worked_first else days[::-1]
    return list(swap(off, working))


def _days(dates: list[_Stated]) -> list[date]:
    """Return every day of a list of days and ranges; nothing for a range that runs backwards, or on
    and on.
    """
    found: list[date] = []
    for before, one in zip([None, *dates], dates, strict=False):
        length = (one.day - before.day).days if before and one.ends_range else 0
        if before and one.ends_range and not 0 <= length < _LONGEST:
            return []
        found += [one.day - n * _A_DAY for n in range(max(1, length))][::-1]
    return found


def _reason(plain: str, *, is_range: bool) -> DayReason:
    if "nghi bu" in plain and not is_range:
        return DayReason(Cause.IN_LIEU)
    if re.search(r"\btet\b(?! duong lich)", plain):
        return TET
    if "tet duong lich" in plain:
        return DayReason(Cause.HOLIDAY, "Tết Dương lịch")
    if "nghi bu" in plain:
        return DayReason(Cause.IN_LIEU)
    if "quoc khanh" in plain:
        return DayReason(Cause.HOLIDAY, "Quốc khánh")
    return DayReason(Cause.DECIDED)


def _dates(plain: str, year: int) -> list[_Stated]:
    """Return the dates of a line; what one leaves out is taken from the one behind it.

    Raises ``ValueError`` for a day that does not exist, and for numbers and dates whose meaning is
    not clear.
    """
    matches = [
        match for match in _DATE.finditer(plain) if not _QUOTED.search(_before(plain, match))
    ]
    if _LOOSE.search(_DATE.sub(" ", plain)) or any(
        _OPEN_END.search(_before(plain, match)) for match in matches
    ):
        raise ValueError(plain)
    ends = [0, *(match.end() for match in matches)]
    month, found = 0, []
    for match, end in zip(reversed(matches), reversed(ends[:-1]), strict=True):
        day, *rest = (int(part or 0) for part in match.groups() if part is not None)
        month, year = rest[0] or month, rest[1] if len(rest) > 1 and rest[1] else year
        found.append(_Stated(date(year, month, day), match.start(), plain[end : match.start()]))
    if found and _is_left_open(found[::-1]):
        raise ValueError(plain)
    return found[::-1]


def _before(plain: str, match: re.Match[str]) -> str:
    """Return the words before a date, as many as say what it is."""
    return plain[max(0, match.start() - _A_LOOK_BACK) : match.start()]


def _is_left_open(dates: list[_Stated]) -> bool:
    """Tell whether a range begins ("từ ngày …") and nothing says where it ends."""
    return (
        len(dates) == 1
        and re.search(r"\btu\s+(?:thu\s+\w+\s+|chu nhat\s+)?(?:ngay\s+)?$", dates[0].words)
        is not None
    )
