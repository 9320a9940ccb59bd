"""Read the yearly decision on days off from its Vietnamese text. Pure: text in, proposed days out.

Decisions are written in sentences ("nghỉ Tết từ ngày 04/02/2027 đến hết ngày 10/02/2027") and dates
in several forms. What cannot be read is given back line by line, because a day that is dropped in
silence becomes a wrong deadline; what can be read and still looks odd is marked (``doubts``).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from events.days.doubts import Doubt, doubts_about
from events.days.governing import Clause, Says, clauses
from events.days.reasons import Cause, DayReason
from events.days.sentences import Sentence, sentences
from events.days.stated_dates import Stated, dates_in, plain, without_dates, years_in
from events.days.workdays import Decision, swap

TET = DayReason(Cause.TET)
_A_DAY = timedelta(days=1)
_LONGEST = 20  # days; a longer break is a slip of the pen
_SATURDAY = 5  # date.weekday()
_LOOSE = re.compile(
    r"(?<!dieu )(?<!khoan )(?<!diem )(?<!thu )(?<![\w/.-])"
    r"\d{1,2}(?![\w/]|\s*(?:\([^)]*\)\s*)?ngay\b)"
)
_COUNT = re.compile(r"(?<!ngay )(?<!thu )(?<![\d/.-])(\d{1,2})\s*(?:\([^)]*\)\s*)?ngay\b")
_NEGATED = re.compile(r"\b(?:khong|chua|huy|bai bo)\b")
_BEFORE_DAY = r"(?:thu\s+\w+\s+|chu nhat\s+)?(?:ngay\s+)?$"
_OPEN_END = re.compile(r"\b(?:truoc|(?<!thu )sau|ke tu|cham nhat|muon nhat)\s+(?:ngay\s+)?$")
_BEGINS = re.compile(rf"\btu\s+{_BEFORE_DAY}")
_ENDS = re.compile(rf"\b(?:den|toi|ket thuc)\s+(?:het\s+)?{_BEFORE_DAY}")


@dataclass(frozen=True, slots=True)
class ReadDay:
    """One proposed day with the line it was read from, and why a person should look at it twice."""

    day: date
    off: bool
    reason: DayReason
    line: str
    doubts: frozenset[Doubt] = frozenset()

    @property
    def decision(self) -> Decision:
        return Decision(self.day, self.off, self.reason)

    @property
    def doubtful(self) -> bool:
        return bool(self.doubts)

    @property
    def miscounted(self) -> bool:
        return Doubt.COUNT in self.doubts


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
    for sentence in sentences(text):
        found = _read(sentence, year)
        if found is None:
            unread.append(sentence.text)
            continue
        days |= {day.day: day for day in found if not _is_traded_off(days.get(day.day), day)}
    doubts = doubts_about([day.decision for day in days.values()])
    marked = (
        replace(days[day], doubts=days[day].doubts | doubts.get(day, frozenset()))
        for day in sorted(days)
    )
    return ReadText(tuple(marked), tuple(unread), years_in(text))


def _is_traded_off(known: ReadDay | None, again: ReadDay) -> bool:
    """Tell whether a day is off in a swap already, and closed once more by the break around it."""
    return known is not None and known.reason.cause is Cause.SWAP and again.off


def _read(sentence: Sentence, year: int) -> list[ReadDay] | None:
    """Return the days of a sentence; None when any part of it was not understood, or it says
    nothing of days off.
    """
    said = plain(sentence.text, year)
    try:
        dates = dates_in(said, year)
    except ValueError:  # no such day
        return None
    parts = clauses(said, dates, plain(sentence.under, year))
    ours = [part for part in parts if part.dates and not part.is_other]
    if not ours or _NEGATED.search(said) or any(map(_is_unclear, parts)):
        return None
    if any(abs(one.day.year - year) > 1 for part in ours for one in part.dates):
        return None
    decided = _decide_all(ours)
    return None if decided is None else _marked(sentence.text, ours, decided)


def _marked(line: str, parts: Iterable[Clause], decided: Iterable[Decision]) -> list[ReadDay]:
    """Return the days of a line with what its own words make doubtful."""
    days = list({day.day: day for day in decided}.values())
    stated = [one for part in parts for one in part.dates]
    off = {day.day for day in days if day.off}
    looks = {
        Doubt.WEEKDAY: any(one.is_on_another_weekday for one in stated),
        Doubt.COUNT: _is_miscounted(" ".join(part.words for part in parts), off),
    }
    doubts = frozenset(doubt for doubt, is_so in looks.items() if is_so)
    return [ReadDay(day.day, day.off, day.reason, line, doubts) for day in days]


def _is_miscounted(words: str, off: set[date]) -> bool:
    """Tell whether a line says "07 ngày" and other days were read: neither all of them nor those
    that are no weekend.
    """
    stated = [int(number) for number in _COUNT.findall(words)]
    read = {len(off), sum(day.weekday() < _SATURDAY for day in off)}
    return bool(off and stated) and max(stated) not in read and sum(stated) not in read


def _is_unclear(part: Clause) -> bool:
    """Tell whether a part names numbers or ends of ranges whose meaning is not clear."""
    if part.is_other:
        return False
    return (
        _LOOSE.search(without_dates(part.words)) is not None
        or any(_OPEN_END.search(one.words) for one in part.dates)
        or _is_half_open(part.dates)
    )


def _is_half_open(dates: tuple[Stated, ...]) -> bool:
    """Tell whether a range has no end ("từ ngày …"), or no beginning ("đến hết ngày …")."""
    if not dates:
        return False
    only_begins = len(dates) == 1 and _BEGINS.search(dates[0].words) is not None
    return only_begins or _ENDS.search(dates[0].words) is not None


def _decide_all(parts: list[Clause]) -> list[Decision] | None:
    """Return what the parts of a sentence decide; None when one was not understood."""
    found: list[Decision] = []
    for part in parts:
        before = _only_day_off(found)
        if part.says == {Says.MADE_UP} and before and len(part.dates) == 1:
            found = [*found[:-1], *swap(before, part.dates[0].day)]
            continue
        decided = _decide(part)
        if decided is None:
            return None
        found += decided
    return found


def _only_day_off(found: list[Decision]) -> date | None:
    """Return the one day off that a sentence has given so far: the day that is made up for."""
    return found[0].day if len(found) == 1 and found[0].off else None


def _decide(part: Clause) -> list[Decision] | None:
    """Return what a part decides; None when its words and its dates do not go together."""
    says, dates = part.says, list(part.dates)
    if Says.FIRST_WORKED in says:
        return []
    if Says.SWAP in says or {Says.MADE_UP, Says.OFF} <= says:
        return _swap(part.words, dates)
    if says & {Says.MADE_UP, Says.WORKED}:
        if Says.OFF in says and not part.is_noun:
            return None
        return [Decision(day, False, DayReason(Cause.WORKED)) for day in _days(dates)] or None
    if Says.OFF not in says or not part.is_governed:
        return None
    reason = _reason(part.words, is_range=any(one.ends_range for one in dates[1:]))
    return [Decision(day, True, reason) for day in _days(dates)] or None


def _swap(words: str, dates: list[Stated]) -> list[Decision] | None:
    """Return the day off and the day worked instead: the one on a weekend, else as the words have
    them.
    """
    days = [one.day for one in dates]
    if len(days) > 2:  # a break, and a day that is worked for it
        return _made_up_for(words, dates)
    if len(days) != 2 or days[0] == days[1]:
        return None
    on_weekend = [day.weekday() >= _SATURDAY for day in days]
    worked_first = (
        on_weekend[0]
        if on_weekend[0] != on_weekend[1]
        else re.search(r"\bbu\b.*\b(?:cho|thay)\b", words) is not None
    )
    working, off = days if worked_first else days[::-1]
    return list(swap(off, working))


def _made_up_for(words: str, dates: list[Stated]) -> list[Decision] | None:
    """Return a break and the day that is worked for it, named last ("nghỉ từ … đến …, làm bù
    …").
    """
    *closed, worked = dates
    if not re.search(r"\blam(?:\s+viec)?\s+bu\b", worked.words):
        return None
    reason = _reason(words, is_range=any(one.ends_range for one in closed[1:]))
    off = [Decision(day, True, reason) for day in _days(closed)]
    return [*off, Decision(worked.day, False, DayReason(Cause.WORKED))] if off else None


def _days(dates: list[Stated]) -> list[date]:
    """Return every day of a list of days and ranges; nothing for a range that runs backwards, or on
    and on.
    """
    found: list[date] = []
    for before, one in zip([None, *dates], dates, strict=False):
        length = (one.day - before.day).days if before and one.ends_range else 0
        if not 0 <= length < _LONGEST:
            return []
        found += [one.day - n * _A_DAY for n in range(max(1, length))][::-1]
    return found


def _reason(words: str, *, is_range: bool) -> DayReason:
    if "nghi bu" in words and not is_range:
        return DayReason(Cause.IN_LIEU)
    if re.search(r"\btet\b(?! duong lich)", words):
        return TET
    if "tet duong lich" in words:
        return DayReason(Cause.HOLIDAY, "Tết Dương lịch")
    if "nghi bu" in words:
        return DayReason(Cause.IN_LIEU)
    if "quoc khanh" in words:
        return DayReason(Cause.HOLIDAY, "Quốc khánh")
    return DayReason(Cause.DECIDED)
