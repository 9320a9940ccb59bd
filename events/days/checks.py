"""What a swap and a Tết break may be: one check of each, for every door that they come in by (page,
pasted text, command, catalogue). Pure.
"""

from collections.abc import Iterable, Mapping
from datetime import date

from events.days.reasons import Cause
from events.days.workdays import Decision, is_public_holiday, swap, swap_of
from events.errors import N_, InvalidInputError

_SATURDAY = 5  # date.weekday()
_HOLIDAYS = {Cause.TET, Cause.HOLIDAY, Cause.IN_LIEU, Cause.IN_LIEU_OF}


def check_swap(off: date, working: date, decided: Mapping[date, Decision]) -> None:
    """Refuse a swap that is none: it gives up one working day for one day of a weekend, and neither
    is a holiday or traded already.

    ``decided``: the days that are decided beside it. Raises ``InvalidInputError``.
    """
    if off.weekday() >= _SATURDAY:
        raise _refused(
            N_("%(day)s cannot be the day off of a swap: it lies on a weekend."), off, working
        )
    if working.weekday() < _SATURDAY:
        raise _refused(
            N_("%(day)s cannot be worked in a swap: it is no Saturday and no Sunday."),
            working,
            off,
        )
    for day, other in ((off, working), (working, off)):
        if _is_holiday(day, decided):
            raise _refused(N_("%(day)s cannot be traded: it is a public holiday."), day, other)
        known = decided.get(day)
        pair = swap_of(known) if known else None
        if pair and pair != (off, working):
            raise _refused(N_("%(day)s cannot be traded twice: it is traded already."), day, other)


def check_swaps(days: Iterable[Decision], decided: Mapping[date, Decision]) -> None:
    """Refuse the first swap among the days of a decision that cannot be, beside what is decided
    already and the swaps before it.
    """
    days = list(days)
    known, now = dict(decided), {**decided, **{day.day: day for day in days}}
    for pair in dict.fromkeys(pair for day in days if (pair := swap_of(day))):
        check_swap(*pair, known)
        off, working = (now.get(day) for day in pair)
        if not (off and off.off and working and not working.off):
            raise _refused(
                N_("%(day)s is traded for %(other)s. Please take both days, or neither."), *pair
            )
        known |= {day.day: day for day in swap(*pair)}


def check_break(year: int, days: Iterable[date]) -> None:
    """Refuse a Tết break that does not lie in its year: the one guessed for the year would become
    working days.
    """
    elsewhere = next((day for day in days if day.year != year), None)
    if elsewhere is not None:
        words = N_(
            "%(day)s of the Tết break does not lie in %(year)s. Please check the year of the "
            "decision."
        )
        raise InvalidInputError(words, day=f"{elsewhere:%d/%m/%Y}", year=year)


def _is_holiday(day: date, decided: Mapping[date, Decision]) -> bool:
    known = decided.get(day)
    if known is not None:
        return known.off and known.reason.cause in _HOLIDAYS
    return is_public_holiday(day)


def _refused(sentence: str, day: date, other: date) -> InvalidInputError:
    return InvalidInputError(sentence, day=f"{day:%d/%m/%Y}", other=f"{other:%d/%m/%Y}")
