"""What is announced of an observance, here or in the catalogue: the theme and slogans of a year,
and how anniversaries are counted.

It reaches the public calendars at once; what a campaign prints of it is for `themes`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database.stale_forms import digest, require_shown
from events.days.recurrence import check_year
from events.errors import N_, ConflictError, InvalidInputError
from events.installation import day_here
from events.locks import FOR_CHANGE, lock_observance
from events.models import Observance, Person, Theme
from events.models.observances import ANNIVERSARY
from events.observances.occurrences import extend_horizon
from events.people.rights import Capability, require_for_all
from events.words.texts import required, short

_NUMBER = re.compile(r"\bN\b")
_THEME_CHANGED = N_(
    "For %(year)s another theme is stored by now than this page showed; see “Themes through the "
    "years” below. "
    "What you typed is still here: store it once more if it is to replace that."
)
_NUMBERING_CHANGED = N_(
    "Meanwhile somebody else stored how anniversaries are put: from %(year)s, “%(wording)s”. "
    "What you typed is still here: store it once more if it is to replace that."
)


@dataclass(frozen=True, slots=True)
class Letter:
    """The paper that announced a theme, as far as it is known.

    ``is_seen`` is false where the theme is known from papers of others.
    """

    number: str = ""
    dated: date | None = None
    issuer: str = ""
    is_seen: bool = True


NO_LETTER = Letter()


def announce_theme(
    session: Session,
    observance: Observance,
    year: int,
    theme: str,
    slogans: Sequence[str] = (),
    *,
    source: str = "",
    letter: Letter = NO_LETTER,
    shown: str | None = None,
    now: datetime,
    by: Person | None,
) -> Theme:
    """Write the theme and slogans of a year with what announced them; they replace those known.

    Raises ``InvalidInputError`` without a theme.

    ``shown`` is what ``theme_shown`` gave for the form. Raises ``ChangedMeanwhileError`` when
    another theme is there by now, or one of a year that the form did not show.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    check_year(year)
    text, lines = (
        required(short(theme), N_("Please enter the theme.")),
        [line for line in map(short, slogans) if line],
    )
    columns = {
        "theme_vi": text,
        "slogans": lines,
        "source": short(source),
        "letter_number": short(letter.number),
        "letter_date": letter.dated,
        "letter_issuer": short(letter.issuer),
        "is_second_hand": not letter.is_seen,
    }
    lock_observance(session, observance)
    of_year = select(Theme).where(Theme.observance_id == observance.id, Theme.year == year)
    row = session.scalar(of_year.execution_options(populate_existing=True))
    if row is not None and all(getattr(row, name) == value for name, value in columns.items()):
        return row
    if shown is not None and not shown.startswith(f"{year}-"):
        shown = _theme_digest(None, year)
    require_shown(shown, _theme_digest(row, year), _THEME_CHANGED, year=year)
    if row is None:
        row = Theme(observance=observance, year=year)
        session.add(row)
    if row.slogans != lines:
        row.slogans_missing = 0  # whoever entered other ones had the letter
    for name, value in columns.items():
        setattr(row, name, value)
    session.flush()
    extend_horizon(session, now=now)
    return row


def theme_shown(observance: Observance, year: int) -> str:
    """Return the digest of a year's theme, for a form to bring along.

    It names the year: people may type another one.
    """
    return _theme_digest(observance.theme_in(year), year)


def withdraw_theme(
    session: Session, observance: Observance, year: int, *, now: datetime, by: Person | None
) -> None:
    """Take the theme of a year away, such as one entered for the wrong year.

    Taking it away twice changes nothing.

    Raises ``ConflictError`` for a theme of the catalogue: it would come back with the next start.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    check_year(year)
    row = session.scalar(
        select(Theme).where(Theme.observance_id == observance.id, Theme.year == year)
    )
    if row is None:
        return
    if row.catalog_base is not None:
        raise ConflictError(
            N_(
                "The theme of %(year)s comes with the catalogue. Please enter the right one in "
                "its place."
            ),
            year=year,
        )
    session.delete(row)
    session.flush()
    session.expire(observance, ["themes"])
    extend_horizon(session, now=now)


def number_anniversaries(
    session: Session,
    observance: Observance,
    base_year: int | None,
    wording: str,
    *,
    shown: str | None = None,
    now: datetime,
    by: Person | None,
) -> None:
    """Choose the year that anniversaries count from and their wording, such as "lần thứ N"; empty
    is "Kỷ niệm N năm".

    ``shown`` is what ``numbering_shown`` gave for the form. Raises ``ChangedMeanwhileError`` when
    it is put otherwise by now.
    """
    require_for_all(session, by, Capability.KEEP_OBSERVANCES, now)
    chosen = base_year_of(base_year, day_here(session, now).year), wording_of(wording)
    session.refresh(observance, ["base_year", "anniversary"], with_for_update=FOR_CHANGE)
    if (observance.base_year, observance.anniversary) == chosen:
        return
    stored = {"year": observance.base_year or "–", "wording": observance.anniversary or ANNIVERSARY}
    require_shown(shown, numbering_shown(observance), _NUMBERING_CHANGED, **stored)
    observance.base_year, observance.anniversary = chosen
    session.flush()
    extend_horizon(session, now=now)


def numbering_shown(observance: Observance) -> str:
    """Return the digest of how anniversaries are counted and put, for a form to bring along."""
    return digest(observance.base_year, observance.anniversary)


def base_year_of(year: int | None, this_year: int) -> int | None:
    """Return the year that anniversaries count from.

    Raises ``InvalidInputError`` for one that is still to come.
    """
    if year is None:
        return None
    if not 1 <= year <= this_year:
        raise InvalidInputError(
            N_("“%(year)s” cannot be the year that anniversaries count from."), year=year
        )
    return year


def wording_of(text: str) -> str | None:
    """Return how an anniversary is put, None for the usual way.

    Raises ``InvalidInputError`` without a place for its number.
    """
    wording = short(text)
    if wording is not None and len(_NUMBER.findall(wording)) != 1:
        raise InvalidInputError(
            N_("The wording needs one N where the number stands, for example “Kỷ niệm N năm”.")
        )
    return wording


def _theme_digest(theme: Theme | None, year: int) -> str:
    if theme is None:
        return f"{year}-"
    letter = (theme.letter_number, str(theme.letter_date), theme.letter_issuer)
    known = digest(theme.theme_vi, theme.slogans, theme.source, *letter, theme.is_second_hand)
    return f"{year}-{known}"
