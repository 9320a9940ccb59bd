"""What becomes of a document: kept with it, before and after, and told in the history of its item
(`story` has the words).
"""

from datetime import date, datetime

from sqlalchemy.orm import Session

from events.checklist.history import DOCUMENT, Stamp, record
from events.errors import N_
from events.models import ChecklistItem, Document, DocumentChange, Person

ERASED = "erased"  # in place of the name of a file that was erased, which has a digest behind it
COLUMNS = {
    "kind": N_("Type"),
    "abstract": N_("Abstract"),
    "number": N_("Document number"),
    "dated": N_("Date on the document"),
    "issued": N_("Issued on"),
    "issuer": N_("Issued by"),
    "signer": N_("Signed by"),
    "item": N_("For the item"),
    "replaces": N_("Replaces"),
    "file": N_("File"),
    "public": N_("Shown to everybody"),
}


def facts_of(document: Document) -> dict[str, str | None]:
    """Return what may be corrected on a document as text, by the names of ``COLUMNS``."""
    file = (
        f"{document.file_name} ({(document.file_digest or '')[:8]})" if document.file_name else None
    )
    return {
        "kind": document.kind.value,
        **{name: getattr(document, name) for name in ("abstract", "number", "issuer", "signer")},
        "dated": _day(document.dated) if document.dated else None,
        "issued": _day(document.issued) if document.issued else None,
        "item": document.item.summary if document.item else None,
        "replaces": name_of(document.supersedes) if document.supersedes else None,
        "file": file,
        "public": "✓" if document.public else None,
    }


def keep(
    session: Session, document: Document, before: dict[str, str | None], by: Person, now: datetime
) -> bool:
    """Write what changed on a document since ``before`` and tell whether anything did."""
    after = facts_of(document)
    differing = [name for name in COLUMNS if before[name] != after[name]]
    if document.supersedes is not None and document.supersedes.item is not None:
        session.expire(document.supersedes.item, ["papers"])
    if differing:
        old, new = ({name: facts[name] for name in differing} for facts in (before, after))
        session.add(
            DocumentChange(
                document_id=document.id,
                at=now,
                by_id=by.id,
                by_name=by.full_name,
                before=old,
                after=new,
            )
        )
        session.flush()
    return bool(differing)


def tell(
    session: Session, document: Document, act: str, by: Person, now: datetime, **facts: str | None
) -> None:
    """Write a line into the history of the document's item; see `story` for the words."""
    if document.item is not None:
        _tell_item(session, document.item, document, act, by, now, **facts)


def tell_correction(
    session: Session,
    document: Document,
    before: dict[str, str | None],
    old_item: ChecklistItem | None,
    by: Person,
    now: datetime,
) -> None:
    """Tell the items concerned of a correction: those that a document came to or left, or what
    became of its issue.
    """
    issued = _day(document.issued) if document.issued else None
    if old_item is not None and old_item is not document.item:
        _tell_item(session, old_item, document, "taken-off", by, now)
    if old_item is not document.item:
        tell(session, document, "entered", by, now)
    elif before["issued"] != issued:
        tell(session, document, "issued-otherwise", by, now, old=before["issued"], new=issued)
    else:
        tell(session, document, "corrected", by, now)


def name_of(document: Document) -> str:
    """Return what people call a document by: its number and abstract."""
    return " ".join(part for part in (document.number, f"“{document.abstract}”") if part)


def _tell_item(
    session: Session,
    item: ChecklistItem,
    document: Document,
    act: str,
    by: Person,
    now: datetime,
    **facts: str | None,
) -> None:
    told = {"act": act, "kind": document.kind.value, "paper": name_of(document), **facts}
    session.expire(item, ["papers"])
    record(session, item, {}, {DOCUMENT: told}, Stamp(by, now))


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
