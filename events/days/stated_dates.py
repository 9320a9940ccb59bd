"""The dates that a Vietnamese sentence states, in every form in which officials write them.

What looks like a date and is none goes first: lunar days, the numbers of lines and of papers, the
years that an anniversary spans. Sentences come here folded (``plain``). Pure.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from events.words.texts import folded

_A_LOOK_BACK = 80  # characters
_CENTURY = 2000  # of a year of two digits
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
_A_WEEKDAY = r"(?:thu\s+(?:hai|ba|tu|nam|sau|bay|[2-7])|chu nhat)"
_WEEKDAY = re.compile(r"\b(?:thu\s+(hai|ba|tu|nam|sau|bay|[2-7])|(chu nhat))\b")
_WEEKDAY_DASH = re.compile(rf"(\b{_A_WEEKDAY})\s*-\s*(?=\d|ngay\b)")

# Words that folding makes one: they are told apart while they still have their marks.
_APART = (
    (re.compile(r"\bnghị\b", re.IGNORECASE), "nghij"),  # nghị quyết, đề nghị; not nghỉ
    (re.compile(r"\bk[ỳì]\b", re.IGNORECASE), "kyf"),  # kỳ nghỉ; not ký
    (re.compile(r"\bhợp\b", re.IGNORECASE), "hojp"),  # phối hợp; not họp
    (re.compile(r"\b(?:[Ôô]ng|ÔNG|[Bb]à|BÀ|[Đđ]ồng chí)\s+(?=[A-ZÀ-ỸĐ])"), "mot nguoi "),
)

# "âm lịch" stands behind a lunar day, "tức" and "nhằm" before one, or, behind a lunar day, before
# the solar one. Folded, those look like "liên tục", "thủ tục" and the year "Nhâm Dần": they count
# where a day follows.
_BEFORE_A_DAY = (
    r"(?=(?:\s+(?:la|vao|tu|ngay|dem|thu\s+\w+|chu nhat))*,?\s+(?:\d|mung\b|giao thua\b))"
)
_ALIAS = rf"(?<!lien )(?<!tiep )(?<!thu )\b(?:tuc|nham)\b{_BEFORE_A_DAY}"
_TO_ANOTHER = (
    r"(?:\b(?:den|toi)\b(?:\s+(?:het|ngay))*"
    r"\s+(?:mung\b|\d{1,2}\s+(?:thang\s+)?(?:chap|gieng|tet)\b).*?(?=,|;|$))?"
)
_A_DAY = r"\d{1,2}(?:\s*[/.-]\s*|\s+thang\s+)\d{1,2}(?:(?:\s*[/.-]\s*|\s+nam\s+)\d{4})?"
_A_LUNAR_DAY = (
    rf"(?:(?:ngay|het)\s+)*(?:(?:mung\s+)?{_A_DAY}\s*,?\s*(?:nam\s+\w+\s+\w+\s*)?"
    r"\(?\s*am lich\b\s*\)?"
    r"|(?:mung\s+)?\d{1,2}\s+(?:thang\s+)?(?:chap|gieng)\b|mung\s+\d{1,2}\b(?:\s+thang\s+\w+)?)"
)
_LUNAR_BEFORE_SOLAR = re.compile(
    rf"{_A_LUNAR_DAY}(?:\s*-?\s*\b(?:den|toi)\b\s+{_A_LUNAR_DAY})?"
    rf"[^,;()\d]{{0,30}}[\s,:(-]*{_ALIAS}(?:\s+(?:la|vao))*"
)
_LUNAR_IN_BRACKETS = re.compile(rf"(?:ngay\s+)?(?:mung\s+)?{_A_DAY}\s*\(\s*am lich\s*\)")
_LUNAR = re.compile(
    rf"\([^()]{{0,99}}(?:{_ALIAS}|\bam lich\b|\d\s+tet\b|\b(?:mung|chap|gieng)\b)[^()]{{0,99}}\)"
    rf"|{_ALIAS}.*?(?=,|;|\bden\b|\btoi\b|$){_TO_ANOTHER}"
)
_LUNAR_BEHIND = re.compile(rf"(?:ngay\s+)?(?:mung\s+)?{_A_DAY}\s*am lich\b")
_NUMBERING = re.compile(r"^\W*(?:\d{1,2}|[a-z])\s*[.)]\s+")
_BRACKETS = re.compile(r"\(([^()]*)\)")
_ANNIVERSARY = re.compile(r"\b\d{1,3}\s+nam\b(?!\s+\d)")  # "kỷ niệm 50 năm"
_WEEKDAY_BEHIND = re.compile(rf"({_A_DAY})\s*\(\s*({_A_WEEKDAY})\s*\)")
_A_YEAR = re.compile(r"(?<=[/.-])((?:19|20)\d\d)(?!\d)")
_QUOTED = re.compile(
    r"(?:/[a-z]+(?:-[a-z]+)*"
    r"|\b(?:cong van|quyet dinh|thong bao|nghij? quyet|van ban|to trinh)(?:\s+so\s+\S+)?)"
    r",?\s+(?:ngay\s+)?$"
)

# A day without its month ("từ ngày 05 đến hết ngày 11/02", "05-11/02") counts where a connector
# leads to a date.
_LINK = r"\s*(?:-|,|\b(?:va|den|toi)\b)\s*(?:(?:het|ngay|mung|thu\s+\w+|chu nhat)\s+)*"
_SLASHED = (
    r"(?<![\d/.])(\d{1,2})\s*[/.]\s*(\d{1,2})"
    r"(?:\s*[/.]\s*(\d{4}|\d\d(?!\s*[/.]?\d))|(?!\s*[/.]\s*\d))(?!\d)"
)
_DASHED = (
    r"(?<![\d/.])(\d{1,2})\s*-\s*(\d{1,2})(?:\s*-\s*(\d{4})|(?!\s*[/.]\s*\d|-\d|\s+thang\b))(?!\d)"
)
_SPELLED = r"(?<![\d/.])(\d{1,2})\s+thang\s+(\d{1,2})(?:(?:\s*/\s*|,?\s+(?:nam\s+)?)(\d{4}))?(?!\d)"
_BARE = (
    rf"(?<![\d/.])(?<!thu )(\d{{1,2}})"
    rf"(?=(?:{_LINK}\d{{1,2}}){{0,9}}{_LINK}\d{{1,2}}\s*(?:[/.-]\s*\d|thang\b))(?!\d)()()"
)
_DATE = re.compile("|".join((_SLASHED, _DASHED, _SPELLED, _BARE)))
_RANGE = re.compile(r"-|\b(?:den|toi|ket thuc)\b")
_SHORT_YEAR = re.compile(r"(?<!\d)\d{1,2}[/.]\d{1,2}[/.](\d\d)(?![\d/.])")


@dataclass(frozen=True, slots=True)
class Stated:
    """A date as a sentence states it, from ``at`` to ``end``, with the words since the one
    before.
    """

    day: date
    at: int
    end: int
    words: str

    @property
    def ends_range(self) -> bool:
        return _RANGE.search(self.words) is not None

    @property
    def is_on_another_weekday(self) -> bool:
        """Tell whether the weekday before it is not the date's."""
        named = list(_WEEKDAY.finditer(self.words))
        return bool(named) and self.day.weekday() != _WEEKDAYS.get(named[-1][1], 6)


def plain(sentence: str, year: int) -> str:
    """Return a sentence as it is searched: folded, and without what looks like a date and is
    none.
    """
    for word, told_apart in _APART:
        sentence = word.sub(told_apart, sentence)
    said = _NUMBERING.sub("", folded(sentence).replace("–", "-").replace("—", "-"))
    said = _BRACKETS.sub(lambda found: _without_anniversary(found, year), said)
    for lunar in (_LUNAR_BEFORE_SOLAR, _LUNAR_IN_BRACKETS, _LUNAR, _LUNAR_BEHIND):
        said = lunar.sub(" ", said)
    said = _WEEKDAY_BEHIND.sub(r"\2 \1", _ANNIVERSARY.sub(" ", said))
    return _WEEKDAY_DASH.sub(r"\1 ", said)


def dates_in(said: str, year: int) -> list[Stated]:
    """Return the dates of a plain sentence; what one leaves out is taken from the one behind it,
    else from ``year``.

    Raises ``ValueError`` for a day that does not exist.
    """
    matches = [match for match in _DATE.finditer(said) if not _is_quoted(said, match)]
    ends = [0, *(match.end() for match in matches)]
    month, found = 0, []
    for match, end in zip(reversed(matches), reversed(ends[:-1]), strict=True):
        day, *rest = (int(part or 0) for part in match.groups() if part is not None)
        month, year = rest[0] or month, _full(rest[1]) if len(rest) > 1 and rest[1] else year
        words = said[end : match.start()]
        found.append(Stated(date(year, month, day), match.start(), match.end(), words))
    return found[::-1]


def without_dates(said: str) -> str:
    return _DATE.sub(" ", said)


def years_in(text: str) -> frozenset[int]:
    """Return the years that a text writes out."""
    written = re.findall(r"(?<![\d/])(?:19|20)\d\d(?![\d/])|(?<=\d/)20\d\d(?![\d/])", text)
    return frozenset(map(int, written)) | frozenset(map(_full, map(int, _SHORT_YEAR.findall(text))))


def _full(year: int) -> int:
    return year if year >= 100 else _CENTURY + year


def _is_quoted(said: str, match: re.Match[str]) -> bool:
    """Tell whether a date is that of a paper which the sentence quotes."""
    return _QUOTED.search(said[max(0, match.start() - _A_LOOK_BACK) : match.start()]) is not None


def _without_anniversary(found: re.Match[str], year: int) -> str:
    """Return brackets as they are, unless they name years long gone ("30/4/1975 - 30/4/2025")."""
    years: Iterable[int] = map(int, _A_YEAR.findall(found[1]))
    return " " if any(one < year - 1 for one in years) else found[0]
