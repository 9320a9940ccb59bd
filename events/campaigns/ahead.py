"""Rounds of an observance that somebody opens: before their time, since plans for 20 March are
written in December, or after it, for reference.

What is over is opened to be read and completed: nobody owes anything in it.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from events.campaigns.births import was_over_before
from events.campaigns.opening import Opened, open_round
from events.campaigns.rounds import ComingRound, rounds_of
from events.days.recurrence import check_year
from events.days.workdays import WorkCalendar
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.models import Observance, Person
from events.people.rights import Capability, require_for_all
from events.templates.editing import template_of
from events.units.start_lines import start_line

_YEARS_AHEAD = 2


def open_year_of(
    session: Session,
    observance: Observance,
    year: int,
    *,
    now: datetime,
    calendar: WorkCalendar,
    by: Person | None,
) -> Sequence[Opened]:
    """Open the rounds of an observance in ``year``, whether or not their time has come; what is
    over by now for reference. Opens nothing twice.

    Raises ``ConflictError`` for an observance that is not kept or has no checklist,
    ``NotFoundError`` for a year without it, ``YearOutOfRangeError``, and ``InvalidInputError`` for
    one that is too far ahead.
    """
    require_for_all(session, by, Capability.OPEN_ROUNDS, now)
    today = day_here(session, now)
    found = rounds_to_open(session, observance, year, today)
    if not found:
        raise NotFoundError(kind="observance", key=f"{observance.key} {year}")
    opened = [
        open_round(
            session,
            one,
            now=now,
            calendar=calendar,
            for_reference=is_for_reference(session, one, today),
        )
        for one in found
    ]
    return [one for one in opened if one.campaigns]


def rounds_to_open(
    session: Session, observance: Observance, year: int, today: date
) -> Collection[ComingRound]:
    """Return the rounds of an observance in ``year``, if they may be opened. Raises as
    ``open_year_of``.
    """
    check_year(year)
    if year > today.year + _YEARS_AHEAD:
        raise InvalidInputError(
            N_("%(year)s is too far ahead: campaigns are opened up to %(last)s."),
            year=year,
            last=today.year + _YEARS_AHEAD,
        )
    template = template_of(session, observance)
    if not observance.enabled:
        raise ConflictError(
            N_("“%(title)s” is not kept here. Please switch it on first."),
            title=observance.title_vi,
        )
    if template is None:
        raise ConflictError(
            N_("“%(title)s” has no checklist to open. Please give it one first."),
            title=observance.title_vi,
        )
    first = observance.first_year or year
    return list(rounds_of(template, year)) if year >= first else []


def is_for_reference(session: Session, found: ComingRound, today: date) -> bool:
    """Tell whether a round is over, today or already on the start line."""
    return was_over_before(found, max(today, start_line(session) or today))
