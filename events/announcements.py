"""What is announced of an observance, here or in the catalogue: the theme and slogans of a year, and how anniversaries are counted.

It reaches the public calendars at once; what a campaign prints of it is for `themes`.
"""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.errors import N_, ConflictError, InvalidInputError
from events.installation import day_here
from events.models import Observance, Theme
from events.observances import extend_horizon
from events.recurrence import check_year
from events.texts import required, short

_NUMBER = re.compile(r"\bN\b")


def announce_theme(
    session: Session, observance: Observance, year: int, theme: str, slogans: Sequence[str] = (), *, source: str = "", now: datetime
) -> Theme:
    """Write the theme and slogans of a year; they replace those known. Raises ``InvalidInputError`` without a theme."""
    check_year(year)
    text = required(short(theme), N_("Please enter the theme."))
    row = session.scalar(select(Theme).where(Theme.observance_id == observance.id, Theme.year == year))
    if row is None:
        row = Theme(observance=observance, year=year)
        session.add(row)
    row.theme_vi = text
    row.slogans = [line for line in map(short, slogans) if line]
    row.source = short(source)
    session.flush()
    extend_horizon(session, now=now)
    return row


def withdraw_theme(session: Session, observance: Observance, year: int, *, now: datetime) -> None:
    """Take the theme of a year away, such as one entered for the wrong year. Taking it away twice changes nothing.

    Raises ``ConflictError`` for a theme of the catalogue: it would come back with the next start.
    """
    check_year(year)
    row = session.scalar(select(Theme).where(Theme.observance_id == observance.id, Theme.year == year))
    if row is None:
        return
    if row.catalog_base is not None:
        raise ConflictError(
            N_("The theme of %(year)s comes with the catalogue. Please enter the right one in its place."), year=year
        )
    session.delete(row)
    session.flush()
    session.expire(observance, ["themes"])
    extend_horizon(session, now=now)


def number_anniversaries(session: Session, observance: Observance, base_year: int | None, wording: str, *, now: datetime) -> None:
    """Choose the year that anniversaries count from and their wording, such as "lần thứ N"; empty is "Kỷ niệm N năm"."""
    observance.base_year = base_year_of(base_year, day_here(session, now).year)
    observance.anniversary = wording_of(wording)
    session.flush()
    extend_horizon(session, now=now)


def base_year_of(year: int | None, this_year: int) -> int | None:
    """Return the year that anniversaries count from. Raises ``InvalidInputError`` for one that is still to come."""
    if year is None:
        return None
    if not 1 <= year <= this_year:
        raise InvalidInputError(N_("“%(year)s” cannot be the year that anniversaries count from."), year=year)
    return year


def wording_of(text: str) -> str | None:
    """Return how an anniversary is put, None for the usual way. Raises ``InvalidInputError`` without a place for its number."""
    wording = short(text)
    if wording is not None and len(_NUMBER.findall(wording)) != 1:
        raise InvalidInputError(N_("The wording needs one N where the number stands, for example “Kỷ niệm N năm”."))
    return wording
