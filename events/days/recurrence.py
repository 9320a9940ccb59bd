"""When an observance comes round: yearly rules, without storage or clocks.

Lunar days are reckoned at UTC+7 as Vietnam does. Calendars made for UTC+8 differ in some years: Tết
2030 is 2 February in Vietnam and 3 February in China.
"""

import calendar
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Protocol

import lunar_vn

from events.errors import YearOutOfRangeError

FIRST_YEAR = 1900
LAST_YEAR = 2100
_A_LEAP_YEAR = 2000
_VIETNAM_UTC_OFFSET = 7.0


@dataclass(frozen=True, slots=True)
class Occurrence:
    """The dates of an observance in one year; ``dtend`` is the day after the last (RFC 5545,
    3.8.2.2).
    """

    dtstart: date
    dtend: date

    def __post_init__(self) -> None:
        if self.dtend <= self.dtstart:
            raise ValueError(f"an occurrence ends after it starts: {self.dtstart} .. {self.dtend}")

    @classmethod
    def of_day(cls, day: date) -> "Occurrence":
        return cls(day, day + timedelta(days=1))

    @property
    def last_day(self) -> date:
        return self.dtend - timedelta(days=1)


class Rule(Protocol):
    """How an observance finds its dates in a year."""

    def occurrence(self, year: int) -> Occurrence: ...


@dataclass(frozen=True, slots=True)
class FixedDay:
    """A day that comes round once a year (RFC 5545, ``FREQ=YEARLY``)."""

    month: int
    day: int

    def __post_init__(self) -> None:
        date(_A_LEAP_YEAR, self.month, self.day)  # ValueError if there is no such day

    def occurrence(self, year: int) -> Occurrence:
        """Return the day of this rule in ``year``.

        29 February becomes the 28th in a common year: RFC 5545 would skip
        the year, but a campaign that silently disappears helps nobody.
        """
        check_year(year)
        return Occurrence.of_day(_day_in(year, self.month, self.day))


@dataclass(frozen=True, slots=True)
class FixedRange:
    """Several days in a row, the last one included.

    A range that ends before it starts runs into the next year.
    """

    first: FixedDay
    last: FixedDay

    def occurrence(self, year: int) -> Occurrence:
        """Return the days of the range that starts in ``year``."""
        check_year(year)
        dtstart = _day_in(year, self.first.month, self.first.day)
        last_day = _day_in(year, self.last.month, self.last.day)
        if last_day < dtstart:
            last_day = _day_in(year + 1, self.last.month, self.last.day)
        return Occurrence(dtstart, last_day + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class LunarDay:
    """A day of the Vietnamese lunar year, in its regular month and never in the leap copy."""

    month: int
    day: int

    def __post_init__(self) -> None:
        if not (1 <= self.month <= 12 and 1 <= self.day <= 30):
            raise ValueError(f"no such lunar day: {self.day}/{self.month}")

    def occurrence(self, year: int) -> Occurrence:
        """Return the solar day of this rule in the lunar year that begins in ``year``.

        Day 30 of a month with 29 days becomes the 29th.
        """
        check_year(year)
        return Occurrence.of_day(_lunar_day(year, self.month, self.day))


@dataclass(frozen=True, slots=True)
class Period:
    """A reporting period, named by the year it ends in; one that ends before it starts began the
    year before.
    """

    first: FixedDay
    last: FixedDay

    def occurrence(self, year: int) -> Occurrence:
        """Return the days of the period that ends in ``year``."""
        check_year(year)
        last_day = _day_in(year, self.last.month, self.last.day)
        dtstart = _day_in(year, self.first.month, self.first.day)
        if dtstart > last_day:
            dtstart = _day_in(year - 1, self.first.month, self.first.day)
        return Occurrence(dtstart, last_day + timedelta(days=1))


def occurrences_in(rule: Rule, year: int) -> list[tuple[int, Occurrence]]:
    """Return what begins in the solar ``year``, each with the year that ``rule`` counts it in.

    The two differ only for days late in the lunar year: 30/12 of the lunar year 2025 is 16 February
    2026, and belongs into the plans and reports of 2026. Around the solar new year a day may come
    twice in one year, and not at all in the one before.
    """
    check_year(year)
    counted = [(own, rule.occurrence(own)) for own in (year - 1, year) if own >= FIRST_YEAR]
    return [(own, dates) for own, dates in counted if dates.dtstart.year == year]


def period_from(first: str, last: str) -> Period:
    """Build a period from two days written MM-DD. Raises ``ValueError``."""
    return Period(_month_day(first), _month_day(last))


def check_year(year: int) -> None:
    """Raise ``YearOutOfRangeError`` outside 1900-2100, the years of the lunar and the holiday
    tables.
    """
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise YearOutOfRangeError(year=year, first=FIRST_YEAR, last=LAST_YEAR)


def rule_from(fields: Mapping[str, Any]) -> Rule:
    """Build a rule from its catalogue form, for example ``{kind = "fixed_day", month = 3, day =
    20}``.

    Raises ``ValueError`` that says which part is wrong.
    """
    match fields:
        case {"kind": "fixed_day", "month": int(month), "day": int(day)}:
            return FixedDay(month, day)
        case {"kind": "fixed_range", "from": str(first), "to": str(last)}:
            return FixedRange(_month_day(first), _month_day(last))
        case {"kind": "lunar_day", "lunar_month": int(month), "lunar_day": int(day)}:
            return LunarDay(month, day)
    raise ValueError(f"unknown rule {dict(fields)!r}; use fixed_day, fixed_range or lunar_day")


def _month_day(text: str) -> FixedDay:
    month, _, day = text.partition("-")
    return FixedDay(int(month), int(day))


def _day_in(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


@lru_cache(maxsize=4096)
def _lunar_day(year: int, month: int, day: int) -> date:
    solar = lunar_vn.convert_lunar_to_solar(day, month, year, 0, _VIETNAM_UTC_OFFSET)
    back = lunar_vn.convert_solar_to_lunar(solar.day, solar.month, solar.year, _VIETNAM_UTC_OFFSET)
    # a short month has no 30th: the converter answered with the 1st of the next one
    if back.day != day:
        return solar - timedelta(days=1)
    return solar
