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
    known: dict[str, Needs] = session.info.setdefault(_KNOWN, {})
    if not known.keys() >= set(keys):
        rows = session.execute(select(EvidenceType.key, EvidenceType.needs))
        known.update((key, needs) for key, needs in rows)
    return {key: known.get(key, Needs.WORDS) for key in keys}


def forget_kinds(session: Session) -> None:
    """Read the kinds again when they are asked for next: a catalogue was put in."""
    session.info.pop(_KNOWN, None)
