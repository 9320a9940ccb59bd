"""Evidence that should never have been there, such as a photo of a victim: erased, not only taken
away.

History keeps that a piece of this kind was there and who erased it, and nothing of what it said or
was called. What was taken away before, or went over from a unit that ended, is forgotten too.
"""

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from events.checklist.evidence import get_evidence, plain_piece, told_piece
from events.checklist.history import (
    ERASED,
    EVIDENCE,
    MOVED_EVIDENCE,
    MOVED_FROM_ITEM,
    PIECE,
    Stamp,
    record,
)
from events.errors import NotAllowedError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import Change, ChecklistItem, Evidence, Person
from events.people.rights import may_work_on


def may_erase(session: Session, person: Person, piece: Evidence, on: date) -> bool:
    """Tell whether ``person`` may erase a piece: whoever gave it, and who holds a post above its
    unit.
    """
    unit = piece.item.campaign.unit
    return piece.by_id == person.id or may_work_on(session, person, unit.parent or unit, on)


def erase_evidence(session: Session, evidence_id: int, stamp: Stamp) -> str | None:
    """Erase a piece of evidence, also of a closed item, and return the digest of its file, which
    is to be deleted once this is committed.

    Raises ``NotFoundError``, and ``NotAllowedError`` for others than those of ``may_erase``.
    """
    piece = get_evidence(session, evidence_id)
    item = session.get_one(ChecklistItem, piece.item_id, with_for_update=FOR_CHANGE)
    if not may_erase(session, stamp.person, piece, day_here(session, stamp.now)):
        raise NotAllowedError(unit=item.campaign.unit.full_name)
    remembered, words, digest = plain_piece(piece), told_piece(session, piece), piece.file_digest
    item.evidence_given.remove(piece)
    session.delete(piece)
    item.touch(stamp.now)
    for change in _changes_with(session, item):
        _forget(change, remembered, words)
    record(session, item, {}, {ERASED: words["title"]}, stamp)
    session.flush()
    return digest


def _changes_with(session: Session, item: ChecklistItem) -> list[Change]:
    """Return the lines of history that may speak of an item's evidence: its own, and that of the
    item which took it over.
    """
    took_over = Change.after[MOVED_FROM_ITEM].as_integer() == item.id
    mine = Change.item_id == item.id
    return list(session.scalars(select(Change).where(mine | took_over)))


def _forget(change: Change, piece: dict[str, Any], words: dict[str, str]) -> None:
    for values in (change.before, change.after):
        if _same_piece(values.get(PIECE), piece):
            del values[PIECE]
            values[EVIDENCE] = _emptied(values[EVIDENCE])
        if MOVED_EVIDENCE in values:
            values[MOVED_EVIDENCE] = [
                _emptied(told)
                if (told["title"], told["text"]) == (words["title"], words["text"])
                else told
                for told in values[MOVED_EVIDENCE]
            ]
    flag_modified(change, "before")
    flag_modified(change, "after")


def _same_piece(remembered: dict[str, Any] | None, piece: dict[str, Any]) -> bool:
    """Tell whether history speaks of this piece or of the same content, given at another time."""
    if remembered is None:
        return False
    return remembered == piece or (
        piece["file_digest"] is not None and remembered.get("file_digest") == piece["file_digest"]
    )


def _emptied(told: dict[str, str]) -> dict[str, str]:
    return told | {"text": ""}
