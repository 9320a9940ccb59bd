"""The kinds of evidence, and what a piece of each consists of.

Checklists ask for every item, so a session reads them once.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import EvidenceType, Needs

_KNOWN = "evidence kinds"  # where ``Session.info`` has them


def needs_of(session: Session, keys: Collection[str]) -> Mapping[str, Needs]:
    """Return by key what the kinds among ``keys`` need, in their order."""
    known = _known(session, keys)
    return {key: known[key][0] if key in known else Needs.WORDS for key in keys}


def title_of(session: Session, key: str) -> str:
    """Return what a kind is called, in Vietnamese. Raises ``KeyError``."""
    return _known(session, [key])[key][1]


def _known(session: Session, keys: Collection[str]) -> Mapping[str, tuple[Needs, str]]:
    known: dict[str, tuple[Needs, str]] = session.info.setdefault(_KNOWN, {})
    if not known.keys() >= set(keys):
        query = select(EvidenceType.key, EvidenceType.needs, EvidenceType.title_vi)
        known.update((key, (needs, title)) for key, needs, title in session.execute(query))
    return known


def forget_kinds(session: Session) -> None:
    """Read the kinds again when they are asked for next: a catalogue was put in."""
    session.info.pop(_KNOWN, None)
