"""The Vietnamese working calendar: which days offices are open, and where a deadline moves when
they are not.

Public holidays with their weekend compensation come from the ``holidays`` package; what the
Government decides year by year (the Tết break, swap days, days announced but not yet law) is data
laid over it, because decisions come late and the package misses some: 02/01/2026 was traded for
Saturday 10/01/2026. Pure: no storage, no clock.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

import holidays

from events.days.reasons import Cause, DayReason
from events.days.recurrence import check_year

_A_DAY = timedelta(days=1)
_LONGEST_BREAK = 60  # days; no break is near as long, so a longer search means broken data
_SATURDAY = 5  # date.weekday()
# Names as the holidays package gives them in Vietnamese.
_COMPENSATION = " (nghỉ bù)"
_TET = ("29 Tết", "Giao thừa Tết", "Tết Nguyên Đán", "Mùng ")
_DECIDED_YEARLY = (*_TET, "Quốc khánh")
_SUBSTITUTE = re.compile(r"Ngày nghỉ \(thay cho ngày (\d\d/\d\d/\d{4})\)")


class Shift(StrEnum):
    """Where a date moves that is not a working day."""

    PREVIOUS = "prev"
    NEXT = "next"
    NONE = "none"


class DecisionStatus(StrEnum):
    """How firm a day off is: made law, only announced by the authorities, or announced and then
    given up.
    """

    ENACTED = "enacted"
    ANNOUNCED = "announced"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Decision:
    """One decided day: closed (``off``) or a Saturday on which offices work."""

    day: date
    off: bool
    reason: DayReason


def swap(off: date, working: date) -> tuple[Decision, Decision]:
    """Return a day off and the day worked instead; the reason of each names the other."""
    traded = Decision(off, True, DayReason(Cause.SWAP, day=working))
    return traded, Decision(working, False, DayReason(Cause.WORKED_FOR, day=off))


def swap_of(day: Decision) -> tuple[date, date] | None:
    """Return the day off and the day worked instead that a day of a swap belongs to."""
    other = day.reason.day
    if other is None:
        return None
    return (day.day, other) if day.off else (other, day.day)


@dataclass(frozen=True, slots=True)
class Shifted:
    """A date before and after the working calendar had its say."""

    nominal: date
    effective: date
    reason: DayReason | None


@dataclass(frozen=True)
class WorkCalendar:
    """The working days of Vietnamese state offices.

    ``decisions`` win over the package of public holidays. ``decided_years`` are the years whose Tết
    break and swap days the Government has fixed; later years show those days as provisional ("dự
    kiến"). ``announced`` names public holidays that are announced but not yet law;
    ``count_announced`` says whether they already close offices.
    """

    decisions: Mapping[date, Decision] = field(default_factory=dict)
    decided_years: frozenset[int] = frozenset()
    announced: frozenset[str] = frozenset()
    count_announced: bool = True
    # named by the package of public holidays, but given up by the authorities
    dropped: frozenset[str] = frozenset()
    # holidays of which nobody has decided yet whether one on a weekend is compensated, and those
    # that are not: whether a day is law and whether it is compensated are two facts
    lieu_announced: frozenset[str] = frozenset()
    lieu_dropped: frozenset[str] = frozenset()
    settled_before: date | None = None  # nothing is a guess any more before this day

    @classmethod
    def of(
        cls,
        decisions: Iterable[Decision] = (),
        *,
        decided_years: Iterable[int] = (),
        announced: Iterable[str] = (),
        count_announced: bool = True,
        dropped: Iterable[str] = (),
        lieu_announced: Iterable[str] = (),
        lieu_dropped: Iterable[str] = (),
    ) -> "WorkCalendar":
        by_day = {decision.day: decision for decision in decisions}
        return cls(
            by_day,
            frozenset(decided_years),
            frozenset(announced),
            count_announced,
            frozenset(dropped),
            frozenset(lieu_announced),
            frozenset(lieu_dropped),
        )

    def as_of(self, today: date) -> "WorkCalendar":
        """Return the calendar as it is read on ``today``: a day that has passed is no guess."""
        return replace(self, settled_before=today)

    def day_off(self, day: date) -> DayReason | None:
        """Return why offices are closed on ``day``, or None on a working day."""
        decision = self.decisions.get(day)
        if decision:
            return decision.reason if decision.off else None
        return self._holiday(day) or _weekend(day)

    def told(self, reason: DayReason | None, day: date) -> DayReason | None:
        """Return why a date was moved off ``day``, as it is said today.

        Whether ``day`` is decided ("dự kiến") is what this calendar says of it, and never what was
        so when the reason was written down.
        """
        if reason is None:
            return None
        off = self.day_off(day)
        is_guess = off is not None and off.provisional and off.cause is reason.cause
        return reason if reason.provisional == is_guess else replace(reason, provisional=is_guess)

    def is_guess(self, day: date) -> bool:
        """Tell whether offices are closed on ``day`` only as long as nobody decides otherwise."""
        off = self.day_off(day)
        return off is not None and off.provisional

    def is_working(self, day: date) -> bool:
        return self.day_off(day) is None

    def is_decided(self, year: int) -> bool:
        """Tell whether the Tết break and the swap days of ``year`` are fixed and no longer a
        guess.
        """
        return (
            not self.decided_years or year <= min(self.decided_years) or year in self.decided_years
        )

    def shift(self, nominal: date, shift: Shift) -> Shifted:
        """Move ``nominal`` off a day on which offices are closed.

        The result keeps both dates and the reason, so that people can see why their deadline is not
        the day they counted.
        """
        off = self.day_off(nominal)
        if off is None or shift is Shift.NONE:
            return Shifted(nominal, nominal, None)
        step = -_A_DAY if shift is Shift.PREVIOUS else _A_DAY
        return Shifted(nominal, self._search(nominal, step), off)

    def add_workdays(self, start: date, count: int) -> date:
        """Return the ``count``-th working day after ``start`` (before it, if negative)."""
        step = _A_DAY if count >= 0 else -_A_DAY
        day = start
        for _ in range(abs(count)):
            day = self._search(day, step)
        return day

    def workdays_between(self, day: date, later: date) -> int:
        """Return how many working days come after ``day``, up to and with ``later``."""
        days = range(1, (later - day).days + 1)
        return sum(self.is_working(day + number * _A_DAY) for number in days)

    def _search(self, day: date, step: timedelta) -> date:
        for other in (day + n * step for n in range(1, _LONGEST_BREAK + 1)):
            if self.is_working(other):
                return other
        raise ValueError(f"no working day within {_LONGEST_BREAK} days of {day}")

    def _holiday(self, day: date) -> DayReason | None:
        name = _public_holidays(day.year).get(day)
        if name is None:
            return None
        holiday = name.removesuffix(_COMPENSATION)
        in_lieu = name != holiday
        announced = holiday in self.announced or (in_lieu and holiday in self.lieu_announced)
        dropped = holiday in self.dropped or (in_lieu and holiday in self.lieu_dropped)
        if dropped or (announced and not self.count_announced):
            return None
        guessed = name.startswith(_DECIDED_YEARLY) and not self.is_decided(day.year)
        is_over = self.settled_before is not None and day < self.settled_before
        return replace(_reason(name), provisional=(announced or guessed) and not is_over)


def is_public_holiday(day: date) -> bool:
    """Tell whether a day is a public holiday by law, or the day off in lieu of one.

    Days that were traded are none; those of Tết and National Day are as guessed.
    """
    name = _public_holidays(day.year).get(day)
    return name is not None and not _SUBSTITUTE.fullmatch(name)


def tet_days(year: int) -> set[date]:
    """Return the days around the lunar New Year that are off by law, as guessed."""
    return {day for day, name in _public_holidays(year).items() if name.startswith(_TET)}


def _reason(name: str) -> DayReason:
    """Return the reason that the name of a public holiday stands for."""
    if name.startswith(_TET):
        return DayReason(Cause.TET)
    if found := _SUBSTITUTE.fullmatch(name):
        worked = datetime.strptime(found[1], "%d/%m/%Y").date()  # noqa: DTZ007 a day has no zone
        return DayReason(Cause.SUBSTITUTE, day=worked)
    if name.endswith(_COMPENSATION):
        return DayReason(Cause.IN_LIEU_OF, name.removesuffix(_COMPENSATION))
    return DayReason(Cause.HOLIDAY, name)


def _weekend(day: date) -> DayReason | None:
    return DayReason(Cause.WEEKEND) if day.weekday() >= _SATURDAY else None


@lru_cache(maxsize=256)
def _public_holidays(year: int) -> dict[date, str]:
    """Return the public holidays of ``year`` with the weekend compensation, by their Vietnamese
    names.
    """
    check_year(year)
    return dict(holidays.country_holidays("VN", years=year, language="vi").items())
