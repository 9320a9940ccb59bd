"""What is printed about an observance: theme, slogans, anniversary and legal bases, found the same
way by pages, calendars and documents.

A theme is announced for a year, with its slogans. An observance that has none takes that of the one
that contains it: 25/11 prints the action month's. A campaign may choose its own, which also holds
for those below it; whoever chooses only a theme has no slogans, since the year's belong to the
year's theme. The anniversary and the legal bases, those in force in the year, are always the
observance's own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from events.database.stale_forms import digest, require_shown
from events.errors import N_
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import Campaign, Observance, Person
from events.people.rights import Capability, require
from events.words.texts import short

SECOND_HAND_VI = "chưa thấy văn bản của bộ"  # in calendars, which are Vietnamese
_CHANGED = N_(
    "Meanwhile somebody else stored another theme for this campaign; “Printed now” shows it. "
    "What you typed is still here: store it once more if it is to replace that."
)


@dataclass(frozen=True, slots=True)
class Printed:
    """What stands on banners and papers; ``anniversary`` is a sentence such as "Kỷ niệm 25 năm
    (2001–2026)", each of ``bases`` names a paper. ``is_second_hand`` tells that the ministry's
    letter with the theme was not seen.
    """

    theme: str | None = None
    slogans: tuple[str, ...] = ()
    anniversary: str | None = None
    bases: tuple[str, ...] = ()
    is_second_hand: bool = False
    slogans_missing: int = 0


def of_year(observance: Observance, year: int) -> Printed:
    """Return what an observance prints in a year, whether or not a campaign is open."""
    return replace(
        _announced(observance, year),
        anniversary=observance.anniversary_text(year),
        bases=observance.bases_in(year),
    )


def inherited(campaign: Campaign) -> Printed:
    """Return what a campaign prints: its own choice or that of a campaign above it, else the
    year's.
    """
    found, slogans = _of_occasion(campaign), None
    for above in _upwards(campaign):
        slogans = slogans or above.slogans
        if above.theme:
            return replace(
                found,
                theme=above.theme,
                slogans=tuple(slogans or ()),
                is_second_hand=False,
                slogans_missing=0,
            )
    return replace(found, slogans=tuple(slogans), slogans_missing=0) if slogans else found


def choose_theme(
    session: Session,
    campaign: Campaign,
    theme: str,
    slogans: Sequence[str] = (),
    *,
    shown: str | None = None,
    by: Person,
    now: datetime,
) -> None:
    """Give a campaign its own theme and slogans; empty ones go back to the year's.

    ``shown`` is what ``choice_shown`` gave for the form. Raises ``ChangedMeanwhileError`` when the
    choice is another one by now.
    """
    require(session, by, Capability.DO_WORK, campaign.unit, day_here(session, now))
    session.refresh(campaign, ["theme", "slogans"], with_for_update=FOR_CHANGE)
    chosen = short(theme)
    lines = [line for line in map(short, slogans) if line] or None
    if (campaign.theme, campaign.slogans) == (chosen, lines):
        return
    require_shown(shown, choice_shown(campaign), _CHANGED)
    campaign.theme, campaign.slogans = chosen, lines
    campaign.touch(now)
    session.flush()


def choice_shown(campaign: Campaign) -> str:
    """Return the digest of a campaign's own choice, for a form to bring along."""
    return digest(campaign.theme, campaign.slogans)


def _announced(observance: Observance, year: int) -> Printed:
    if theme := observance.theme_in(year):
        return Printed(
            theme.theme_vi,
            tuple(theme.slogans),
            is_second_hand=theme.is_second_hand,
            slogans_missing=theme.slogans_missing,
        )
    return _announced(observance.container, year) if observance.container else Printed()


def _of_occasion(campaign: Campaign) -> Printed:
    """Return what a campaign's day prints; one without a theme of its own follows the campaign
    around it.
    """
    if campaign.observance is None:
        return Printed()
    found = of_year(campaign.observance, campaign.year)
    if campaign.outer is None or campaign.observance.theme_in(campaign.year):
        return found
    return replace(inherited(campaign.outer), anniversary=found.anniversary, bases=found.bases)


def _upwards(campaign: Campaign) -> Iterator[Campaign]:
    above: Campaign | None = campaign
    while above is not None:
        yield above
        above = above.parent
