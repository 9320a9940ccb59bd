"""Evidence of what was done: a document's number, a file, a photo, a link, a head count.

Files lie in a folder under the SHA-256 of their content, so that writing one twice does no harm;
one that no row names is harmless too. What a file is, its first bytes say, never its name.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session, selectinload

from events.checklist.history import EVIDENCE, PIECE, Stamp, line_of, record
from events.checklist.rights import open_for_change, require_open, require_reader
from events.errors import N_, InvalidInputError, NotFoundError
from events.files.quota import require_room
from events.files.store import PICTURES, StoredFile, read_file
from events.models import ChecklistItem, Document, Evidence, Needs, Person
from events.templates.evidence_kinds import needs_of, title_of
from events.words.texts import nfc, passage

_LARGEST_NUMBER = 1_000_000_000
_LONGEST_ADDRESS = 2000  # characters, as browsers and servers agree on


@dataclass(frozen=True, slots=True)
class Proof:
    """One piece of evidence as it was entered. Which parts it needs depends on its kind.

    A photo brings its day along.
    """

    kind: str
    text: str = ""
    url: str = ""
    number: int | None = None
    dated: date | None = None
    file: StoredFile | None = None

    @property
    def columns(self) -> dict[str, Any]:
        file = self.file
        return {
            "kind_key": self.kind,
            "text": passage(self.text),
            "url": self.url.strip() or None,
            "number": self.number,
            "dated": self.day,
            "file_name": file.name if file else None,
            "file_type": file.type if file else None,
            "file_digest": file.digest if file else None,
            "file_size": file.size if file else None,
        }

    @property
    def day(self) -> date | None:
        return self.dated or (self.file.taken if self.file else None)

    @property
    def in_words(self) -> str:
        """What history says of it."""
        parts = [
            self.text,
            f"{self.day:%d/%m/%Y}" if self.day else "",
            self.url,
            self.file.name if self.file else "",
        ]
        number = "" if self.number is None else str(self.number)
        return ", ".join(part for part in (number, *(nfc(part) for part in parts)) if part)


def add_evidence(session: Session, item_id: int, proof: Proof, stamp: Stamp) -> Evidence:
    """Add one piece of evidence to an item. Adding the same piece twice changes nothing.

    Raises ``InvalidInputError`` when its kind lacks what it needs, and the errors of
    ``checklist.complete_item``.
    """
    return add_pieces(session, item_id, [proof], stamp)[0]


def add_pieces(
    session: Session, item_id: int, proofs: Sequence[Proof], stamp: Stamp
) -> list[Evidence]:
    """Add several pieces of evidence to an item at once. Raises the errors of ``add_evidence``."""
    item, stamp = open_for_change(session, item_id, stamp)
    pieces = [give_proof(session, item, proof, stamp) for proof in proofs]
    session.flush()
    return pieces


def give_proof(session: Session, item: ChecklistItem, proof: Proof, stamp: Stamp) -> Evidence:
    """Add one piece of evidence to an item that is open for change; ``add_evidence`` for those who
    opened it already.
    """
    kinds, columns = kinds_wanted(item), proof.columns
    if proof.kind not in kinds:
        raise InvalidInputError(N_("This item does not take evidence of that kind."))
    _check(proof, kinds[proof.kind])
    for known in item.evidence_given:
        if all(getattr(known, name) == value for name, value in columns.items()):
            return known
    if proof.file is not None:
        require_room(session, item.campaign.unit, proof.file.size)
    return _give(session, item, Evidence(at=stamp.now, by=stamp.by, **columns), stamp)


def remove_evidence(session: Session, evidence_id: int, stamp: Stamp) -> ChecklistItem:
    """Take one piece of evidence away; history keeps what it was.

    Raises ``ConflictError`` for an item that is closed.
    """
    piece = get_evidence(session, evidence_id)
    item, stamp = open_for_change(session, piece.item_id, stamp)
    require_open(item)
    take_out(session, item, piece, stamp)
    return item


def take_out(
    session: Session, item: ChecklistItem, piece: Evidence, stamp: Stamp, **notes: Any
) -> None:
    """Delete a piece of evidence, with its history, from which it can be put back."""
    before = _remembered(session, piece)
    item.evidence_given.remove(piece)
    session.delete(piece)
    item.touch(stamp.now)
    record(session, item, before, notes, stamp)


def put_back(
    session: Session, item: ChecklistItem, piece: dict[str, Any], stamp: Stamp, **notes: Any
) -> None:
    """Give an item a piece of evidence again, as history remembers it: also when it came, and from
    whom.
    """
    known = {name: value for name, value in piece.items() if name not in ("at", "by")}
    known["dated"] = date.fromisoformat(piece["dated"]) if piece["dated"] else None
    by = session.get(Person, piece["by"]) if piece["by"] else None
    _give(
        session,
        item,
        Evidence(at=datetime.fromisoformat(piece["at"]), by=by, **known),
        stamp,
        **notes,
    )


def find_piece(item: ChecklistItem, piece: dict[str, Any]) -> Evidence | None:
    """Return the piece of an item that history remembers, if it is there still."""
    return next((given for given in item.evidence_given if plain_piece(given) == piece), None)


def get_evidence(session: Session, evidence_id: int) -> Evidence:
    """Return one piece of evidence. Raises ``NotFoundError``."""
    piece = session.get(Evidence, evidence_id)
    if piece is None:
        raise NotFoundError(kind="evidence", key=evidence_id)
    return piece


def proof_of(piece: Evidence) -> Proof:
    """Return a piece that was given as it was entered."""
    file = None
    if piece.file_digest:
        file = StoredFile(
            piece.file_name or "", piece.file_type or "", piece.file_digest, piece.file_size or 0
        )
    return Proof(piece.kind_key, piece.text or "", piece.url or "", piece.number, piece.dated, file)


def kinds_wanted(item: ChecklistItem) -> dict[str, Needs]:
    """Return the kinds that count as evidence of an item, with what a piece of each needs."""
    return {key: needs for key, needs in _kinds_of(item).items() if needs is not Needs.NOTHING}


def evidence_missing(item: ChecklistItem) -> int:
    """Return how many pieces of evidence it still takes before an item may be done."""
    return 0 if item.without_evidence else evidence_not_given(item)


def evidence_not_given(item: ChecklistItem) -> int:
    """Return how many wanted pieces are not there, also where it may be done without them; 0 where
    a tick is enough.
    """
    if not item.evidence or Needs.NOTHING in _kinds_of(item).values():
        return 0
    given = sum(piece.kind_key in item.evidence for piece in item.evidence_given)
    return max(0, item.evidence_min - given - len(proving_papers(item)))


def load_evidence(session: Session, items: Collection[ChecklistItem]) -> None:
    """Read in two queries what was given of many items, and their papers."""
    given = selectinload(ChecklistItem.evidence_given), selectinload(ChecklistItem.papers)
    ids = [item.id for item in items]
    session.scalars(select(ChecklistItem).where(ChecklistItem.id.in_(ids)).options(*given)).all()


def proving_papers(item: ChecklistItem) -> list[Document]:
    """Return the documents that stand for the number and date wanted of them, without those whose
    number was typed too.
    """
    references = {key for key, needs in _kinds_of(item).items() if needs is Needs.REFERENCE}
    if not references:
        return []
    typed = {piece.text for piece in item.evidence_given if piece.kind_key in references}
    return [paper for paper in item.papers if paper.number not in typed]


def file_of(
    session: Session, evidence_id: int, folder: Path | None, *, by: Person, on: date
) -> tuple[Evidence, bytes]:
    """Return a piece of evidence with its file.

    Raises ``NotAllowedError`` without a post in the unit or above it.

    The unit that an item was delegated to sees its files too.
    """
    piece = get_evidence(session, evidence_id)
    require_reader(session, by, piece.item, on)
    return piece, read_file(folder, piece.file_digest)


def _kinds_of(item: ChecklistItem) -> Mapping[str, Needs]:
    session = object_session(item)
    assert session is not None, "items are asked within a session"
    return needs_of(session, item.evidence)


def _check(proof: Proof, needs: Needs) -> None:
    """Raise ``InvalidInputError`` unless a piece has what its kind needs."""
    if proof.url and not _is_web_address(proof.url.strip()):
        raise InvalidInputError(
            N_("“%(url)s” is not a web address; it should begin with https://."),
            url=proof.url[:100],
        )
    if proof.number is not None and not 0 <= proof.number <= _LARGEST_NUMBER:
        raise InvalidInputError(
            N_("%(number)s is not a number that can be stored here."), number=proof.number
        )
    sentence = _lacking(proof, needs)
    if sentence:
        raise InvalidInputError(sentence)


def _lacking(proof: Proof, needs: Needs) -> str | None:
    """Return the sentence for what a piece lacks."""
    has_text, has_file = bool(nfc(proof.text)), proof.file is not None
    match needs:
        case Needs.REFERENCE:
            return (
                None
                if has_text and proof.dated
                else N_("Please enter the number and the date of the document.")
            )
        case Needs.FILE:
            return None if has_file else N_("Please choose the file.")
        case Needs.PICTURE:
            is_picture = proof.file is not None and proof.file.type in PICTURES
            return None if is_picture else N_("Please choose a photo (JPEG, PNG or WebP).")
        case Needs.ADDRESS:
            return None if proof.url.strip() else N_("Please enter the address of the news item.")
        case Needs.HEAD_COUNT:
            return (
                None
                if proof.number is not None or has_file
                else N_("Please enter how many people took part, or add the list.")
            )
        case Needs.NUMBER:
            return None if proof.number is not None else N_("Please enter the number.")
        case _:
            return (
                None
                if has_text or has_file or proof.url.strip()
                else N_("Please describe it in a few words or add the file.")
            )


def _is_web_address(url: str) -> bool:
    if not url.isprintable() or " " in url or len(url) > _LONGEST_ADDRESS:
        return False
    try:
        parts = urlsplit(url)
    except ValueError:  # brackets that are no IPv6 address
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _give(
    session: Session, item: ChecklistItem, piece: Evidence, stamp: Stamp, **notes: Any
) -> Evidence:
    item.evidence_given.append(piece)
    item.touch(stamp.now)
    session.add(line_of(item, {}, _remembered(session, piece) | notes, stamp))
    return piece


def _remembered(session: Session, piece: Evidence) -> dict[str, Any]:
    """Return a piece as history keeps it: in words, and as the columns that an undo needs."""
    return {EVIDENCE: told_piece(session, piece), PIECE: plain_piece(piece)}


def plain_piece(piece: Evidence) -> dict[str, Any]:
    """Return a piece as an undo needs it."""
    columns = proof_of(piece).columns | {"by": piece.by.id if piece.by else None}
    return columns | {
        "dated": piece.dated.isoformat() if piece.dated else None,
        "at": piece.at.astimezone(UTC).isoformat(),
    }


def told_piece(session: Session, piece: Evidence) -> dict[str, str]:
    """Return a piece in words."""
    proof = proof_of(piece)
    return {
        "kind": proof.kind,
        "title": title_of(session, proof.kind),
        "text": proof.in_words,
    }
