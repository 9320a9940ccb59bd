"""What campaigns and items are called in English, where somebody gave an English title.

Rows keep the Vietnamese words, which people may write anew; what still says what its template or
observance says is known by them.
"""

import re
from collections.abc import Callable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Observance, Template, TemplateItem

# how rounds are called: see `rounds`
_OF_YEAR = re.compile(r"(?P<title>.+?)(?P<year> năm)? (?P<when>\d{4})(?: \(lần (?P<n>\d+)\))?")
_ON_DAY = re.compile(r"(?P<title>.+), (?P<when>\d{2}/\d{2}/\d{4})")


def english_titles(session: Session) -> dict[str, str]:
    """Return the English titles by the Vietnamese ones, in three queries."""
    found: dict[str, str] = {}
    for model in (TemplateItem, Template, Observance):
        query = select(model.title_vi, model.title_en).where(model.title_en != model.title_vi)
        found |= dict(session.execute(query.order_by(model.id)).all())
    return found


def names_in(session: Session, language: str) -> Callable[[str], str]:
    """Return what calls campaigns and items as readers of ``language`` know them."""
    if language != "en":
        return str
    titles = english_titles(session)
    return lambda summary: in_english(summary, titles) or summary


def in_english(summary: str, titles: Mapping[str, str]) -> str | None:
    """Return what a campaign or item is called in English; None where nobody said so."""
    if summary in titles:
        return titles[summary]
    if day := _ON_DAY.fullmatch(summary):
        title = titles.get(day["title"])
        return f"{title}, {day['when']}" if title else None
    if year := _OF_YEAR.fullmatch(summary):
        title = titles.get(year["title"]) or titles.get(f"{year['title']}{year['year'] or ''}")
        again = f" (no. {year['n']})" if year["n"] else ""
        return f"{title} {year['when']}{again}" if title else None
    return None
