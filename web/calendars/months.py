"""A month as weeks, with what falls on its days. Pure: no storage, no clock.

A single day's observance stands in its cell, and so does an activity; an observance of several days
becomes a bar under the week, as wide as the days it covers, so that its full title is read once and
not thirty times.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from events.activities.times import Happening
from events.days.months import MonthDay, weeks_in
from events.days.reasons import DayReason
from events.days.recurrence import FIRST_YEAR, LAST_YEAR, Occurrence
from events.days.workdays import WorkCalendar
from events.errors import N_, InvalidInputError
from events.models import ImportedEvent, Observance

_A_DAY = timedelta(days=1)
_A_WEEK = 7
_NARROW = 2  # days; too few for a title


@dataclass(frozen=True, slots=True)
class Marked:
    """An observance on its dates; ``period`` is that of its campaigns."""

    observance: Observance
    period: str
    dates: Occurrence

    @property
    def year(self) -> int:
        return self.dates.dtstart.year

    @property
    def is_one_day(self) -> bool:
        return self.dates.dtend - self.dates.dtstart == _A_DAY

    def covers(self, day: date) -> bool:
        return self.dates.dtstart <= day < self.dates.dtend


@dataclass(frozen=True, slots=True)
class Day(MonthDay):
    """One cell of the month, with what falls on it."""

    marked: list[Marked]
    happenings: list[Happening]
    imported: list[ImportedEvent]


@dataclass(frozen=True, slots=True)
class Break:
    """Days in a row that are off, or worked by decision, for one reason.

    ``dtend`` is the day after.
    """

    first: date
    dtend: date
    reason: DayReason
    off: bool

    @property
    def is_one_day(self) -> bool:
        return self.dtend - self.first == _A_DAY


@dataclass(frozen=True, slots=True)
class Bar:
    """The part of a longer observance that lies in one week: ``before + length + after`` are seven
    days.
    """

    marked: Marked
    before: int
    length: int
    starts: bool  # the first day lies in this week

    @property
    def after(self) -> int:
        return _A_WEEK - self.before - self.length

    @property
    def is_narrow(self) -> bool:
        """Tell whether the title stands better in another week."""
        return (
            self.length <= _NARROW
            and self.marked.dates.dtend - self.marked.dates.dtstart > self.length * _A_DAY
        )


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days from Monday, and the bars below them."""

    days: list[Day]
    bars: list[Bar]


def read_month(text: str) -> date:
    """Return the first day of the month written ``YYYY-MM``. Raises ``InvalidInputError``."""
    year, dash, month = text.partition("-")
    if not (
        dash
        and len(year) == 4
        and len(month) == 2
        and (year + month).isascii()
        and (year + month).isdigit()
    ):
        raise _no_month(text)
    if not (FIRST_YEAR <= int(year) <= LAST_YEAR and 1 <= int(month) <= 12):
        raise _no_month(text)
    return date(int(year), int(month), 1)


def previous_month(month: date) -> date:
    return (month - _A_DAY).replace(day=1)


def marked_in(observances: Iterable[Observance], first: date, last: date) -> list[Marked]:
    """Return what touches the days ``first`` to ``last``, in the order of the days."""
    years = [
        year for year in range(first.year - 1, last.year + 1) if FIRST_YEAR <= year <= LAST_YEAR
    ]
    rows = [
        Marked(o, str(year), o.recurrence.occurrence(year)) for o in observances for year in years
    ]
    found = [
        row
        for row in rows
        if row.dates.dtstart <= last and row.dates.dtend > first and _exists(row)
    ]
    return sorted(
        found, key=lambda row: (row.dates.dtstart, row.dates.dtend, row.observance.position)
    )


def weeks_of(
    month: date,
    marked: Iterable[Marked],
    calendar: WorkCalendar,
    happenings: Collection[Happening] = (),
    imported: Collection[ImportedEvent] = (),
) -> list[Week]:
    """Return the weeks that ``month`` (its first day) touches; ``imported`` is what the calendars
    of others have.
    """
    rows = list(marked)
    return [_week(days, rows, happenings, imported) for days in weeks_in(month, calendar)]


def listing_of(
    weeks: Iterable[Week],
    marked: Iterable[Marked],
    happenings: Iterable[Happening] = (),
    imported: Iterable[ImportedEvent] = (),
) -> list[tuple[date, Marked | Happening | Break | ImportedEvent]]:
    """Return what a narrow screen lists instead of the table: observances, activities and days off,
    in the order of the days.
    """
    rows: list[tuple[date, Marked | Happening | Break | ImportedEvent]] = [
        (row.dates.dtstart, row) for row in marked
    ]
    rows += [(each.first, each) for each in imported]
    rows += [(each.dtstart.date(), each) for each in happenings]
    rows += [
        (each.first, each)
        for each in _breaks(day for week in weeks for day in week.days if day.in_month)
    ]
    return sorted(rows, key=lambda row: row[0])


def _breaks(days: Iterable[Day]) -> list[Break]:
    """Return the days that have a name; days in a row for one reason are one break: Tết is one line
    and not seven.
    """
    found: list[Break] = []
    for day in days:
        if day.named is None:
            continue
        one = Break(day.day, day.day + _A_DAY, day.named, day.off is not None)
        if (
            found
            and replace(found[-1], first=one.first, dtend=one.dtend) == one
            and found[-1].dtend == one.first
        ):
            one = replace(one, first=found.pop().first)
        found.append(one)
    return found


def _no_month(text: str) -> InvalidInputError:
    sentence = N_(
        "“%(month)s” is not a month. Please write it like 2026-11, from %(first)s to %(last)s."
    )
    return InvalidInputError(sentence, month=text, first=FIRST_YEAR, last=LAST_YEAR)


def _exists(row: Marked) -> bool:
    return row.observance.first_year is None or row.year >= row.observance.first_year


def _week(
    cells: Sequence[MonthDay],
    rows: list[Marked],
    happenings: Collection[Happening],
    imported: Collection[ImportedEvent],
) -> Week:
    start = cells[0].day
    bars = [
        _bar(row, start)
        for row in rows
        if not row.is_one_day and row.dates.dtstart < start + timedelta(days=_A_WEEK)
    ]
    days = [_day(cell, rows, happenings, imported) for cell in cells]
    return Week(days, [bar for bar in bars if bar.length > 0])


def _day(
    cell: MonthDay,
    rows: list[Marked],
    happenings: Collection[Happening],
    imported: Collection[ImportedEvent],
) -> Day:
    marked = [row for row in rows if row.is_one_day and row.covers(cell.day)]
    held = [each for each in happenings if each.covers(cell.day)]
    begins = cell.in_month and cell.day.day == 1  # what lasts for weeks is told once a month
    others = [
        each for each in imported if each.first == cell.day or (begins and each.covers(cell.day))
    ]
    return Day(cell.day, cell.in_month, cell.off, cell.note, marked, held, others)


def _bar(row: Marked, start: date) -> Bar:
    before = max((row.dates.dtstart - start).days, 0)
    end = min((row.dates.dtend - start).days, _A_WEEK)
    return Bar(row, before, end - before, row.dates.dtstart >= start)
