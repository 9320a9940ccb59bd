"""What somebody has to see to so that the next year comes right: decisions that are not entered, a
catalogue that is behind, rounds that were missed.
"""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.missed import missed_rounds
from events.errors import N_
from events.installation import day_here
from events.models import DecidedYear
from events.words.language import Said

_OCTOBER = 10  # the month by which the next year's days off are announced
_NAMED = 5  # rounds; more are counted


def what_to_see_to(session: Session, *, now: datetime) -> list[Said]:
    """Return the sentences to tell administrators, the most pressing first; none when all is
    well.
    """
    today = day_here(session, now)
    rows = session.scalars(select(DecidedYear)).all()
    if not rows:
        return []
    years = _years_that_matter(today)
    undecided = [year for year in years if year not in {row.year for row in rows}]
    by_hand = [row.year for row in rows if row.year in years and row.catalog_base is None]
    found = []
    if undecided:
        sentence = N_(
            "No decision on days off for %(years)s is entered; their Tết break is only guessed. "
            "Please enter it on the page “Working calendar”."
        )
        found.append(Said(sentence, {"years": _listed(undecided)}))
    if by_hand:
        sentence = N_(
            "The catalogue is older than the decision for %(years)s, which was entered by hand "
            "here. Please take a newer catalogue."
        )
        found.append(Said(sentence, {"years": _listed(by_hand)}))
    if missed := missed_rounds(session, now=now):
        sentence = N_("While the clock stood still these rounds were missed: %(rounds)s.")
        names = [one.summary for one in missed[:_NAMED]]
        more = ["…"] if len(missed) > _NAMED else []
        found.append(Said(sentence, {"rounds": "; ".join([*names, *more])}))
    return found


def _years_that_matter(today: date) -> list[int]:
    """Return this year, and from 1 October the next one."""
    return [today.year, *([today.year + 1] if today.month >= _OCTOBER else [])]


def _listed(years: list[int]) -> str:
    return ", ".join(map(str, sorted(years)))
