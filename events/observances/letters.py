"""The letter of a ministry, pasted once: which observances it speaks of, and what it says of each.

Nothing is stored here: what was read is shown, corrected, and announced by `yearly_themes`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.models import Observance, Theme
from events.observances.letter_text import ReadLetter, ReadTheme, read_letter
from events.observances.occurrences import enabled_observances
from events.observances.yearly_themes import Letter
from events.words.texts import nfc

_LONGEST = 60_000  # characters; the longest letters with their lists of slogans have 20,000


@dataclass(frozen=True, slots=True)
class Proposed:
    """What a letter would announce of one observance. ``known`` is stored for that year."""

    observance: Observance
    theme: str
    slogans: tuple[str, ...]
    known: Theme | None

    @property
    def replaces(self) -> bool:
        """Tell whether storing it would change what is known."""
        return self.known is not None and (self.known.theme_vi, tuple(self.known.slogans)) != (
            self.theme,
            self.slogans,
        )


@dataclass(frozen=True, slots=True)
class Announcement:
    """A letter with the year that it speaks of, and what it would announce."""

    year: int
    letter: Letter
    proposed: tuple[Proposed, ...]


def understand(
    session: Session, text: str, *, otherwise: Observance | None = None, this_year: int
) -> Announcement:
    """Read a letter for the observances that are kept here.

    ``otherwise`` is the observance that is meant where the letter names none, and ``this_year`` the
    year where it names none. Raises ``InvalidInputError`` for a text that is no letter.
    """
    if not nfc(text):
        raise InvalidInputError(N_("Please paste the text of the letter."))
    if len(text) > _LONGEST:
        raise InvalidInputError(N_("The text is too long; please paste the letter alone."))
    kept = {one.key: one for one in enabled_observances(session)}
    if otherwise is not None:
        kept.setdefault(otherwise.key, otherwise)
    titles = {key: _titles(one) for key, one in kept.items()}
    read = read_letter(text, titles, otherwise=otherwise.key if otherwise else None)
    year = read.year or this_year
    letter = Letter(read.number or "", read.dated, read.issuer or "", is_seen=True)
    return Announcement(year, letter, _propose(read, kept, year))


def _titles(observance: Observance) -> list[str]:
    return [observance.title_vi, *(period.title_vi for period in observance.titles)]


def _propose(read: ReadLetter, kept: Mapping[str, Observance], year: int) -> tuple[Proposed, ...]:
    return tuple(_proposal(kept[one.key], one, kept[one.key].theme_in(year)) for one in read.themes)


def _proposal(observance: Observance, read: ReadTheme, known: Theme | None) -> Proposed:
    """Complete what a letter leaves out with what is known of the year."""
    theme = read.theme or (known.theme_vi if known else "")
    slogans = read.slogans
    if not slogans and known is not None and known.theme_vi == theme:
        slogans = tuple(known.slogans)
    return Proposed(observance, theme, slogans, known)
