"""Days of a decision that may well be misread: a person looks at them twice. Pure."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from events.days.reasons import Cause
from events.days.workdays import Decision, is_public_holiday, tet_days
from events.errors import N_
from events.words.language import InWords, tell

_A_DAY = timedelta(days=1)
_SATURDAY = 5  # date.weekday()


class Doubt(InWords, StrEnum):
    """Why a day that was read is doubtful."""

    WEEKDAY = "weekday"  # the line names another weekday than the date has
    COUNT = "count"  # the line speaks of another number of days off
    ALONE = "alone"  # a weekday off that is no holiday, no swap and not beside a break
    APART = "apart"  # a day of Tết apart from its block

    def words(self, language: str) -> str:
        """Return the sentence that points it out."""
        return tell(_SENTENCES[self], {}, language)


_SENTENCES = {
    Doubt.WEEKDAY: N_("The weekday written there is not the date's."),
    Doubt.COUNT: N_("The number of days written there is not that of the days read."),
    Doubt.ALONE: N_(
        "A weekday off by itself: it is no public holiday, is not traded, and no break is beside "
        "it."
    ),
    Doubt.APART: N_("This day lies apart from the days of the Tết break."),
}


def doubts_about(days: Iterable[Decision]) -> Mapping[date, frozenset[Doubt]]:
    """Return what is odd about the days of one decision when they are seen together."""
    known = {day.day: day for day in days}
    off = {day.day for day in known.values() if day.off}
    found: dict[date, frozenset[Doubt]] = {}
    for day in off:
        decision, block = known[day], _block(day, off, known)
        if decision.reason.cause is Cause.TET and not block & tet_days(day.year):
            found[day] = frozenset([Doubt.APART])
        elif decision.reason.cause is not Cause.SWAP and _is_alone(day, block, off):
            found[day] = frozenset([Doubt.ALONE])
    return found


def _block(day: date, off: set[date], known: Mapping[date, Decision]) -> set[date]:
    """Return the days off without a working day between them that ``day`` belongs to."""
    found = {day}
    for step in (_A_DAY, -_A_DAY):
        one = day + step
        while _is_closed(one, off, known):
            found.add(one)
            one += step
    return found


def _is_closed(day: date, off: set[date], known: Mapping[date, Decision]) -> bool:
    if day in known:
        return day in off
    return day.weekday() >= _SATURDAY or is_public_holiday(day)


def _is_alone(day: date, block: set[date], off: set[date]) -> bool:
    """Tell whether a day off is a weekday that nothing but a weekend stands beside."""
    others = block - {day}
    return day.weekday() < _SATURDAY and not (
        is_public_holiday(day)
        or any(is_public_holiday(other) for other in others)
        or any(other in off and other.weekday() < _SATURDAY for other in others)
    )
