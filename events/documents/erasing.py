"""A document's file that should never have been uploaded: erased, with its name, while the document
stays.

What was corrected keeps that a file was there and who erased it.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from events.documents.corrections import ERASED, facts_of, keep
from events.errors import NotAllowedError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import Document, Person, Unit
from events.people.rights import Capability, may


def erasable(
    session: Session, person: Person, unit: Unit, documents: Iterable[Document], on: date
) -> set[int]:
    """Return the ids of a unit's documents whose file ``person`` may erase: whoever uploaded it,
    and who steers the unit above.
    """
    steers = may(session, person, Capability.STEER_WORK, unit.parent or unit, on)
    return {
        document.id
        for document in documents
        if document.file_digest and (steers or document.file_by_id == person.id)
    }


def erase_file(session: Session, document: Document, *, by: Person, now: datetime) -> str:
    """Erase a document's file and the names of all files it ever had, and return the file's digest:
    it is to be deleted once this is committed.

    Raises ``NotFoundError`` where there is no file, and ``NotAllowedError`` for others than those
    of ``erasable``.
    """
    session.refresh(document, with_for_update=FOR_CHANGE)
    digest = document.file_digest
    if digest is None:
        raise NotFoundError(kind="file", key=document.uid)
    unit = document.campaign.unit
    if not erasable(session, by, unit, [document], day_here(session, now)):
        raise NotAllowedError(unit=unit.full_name)
    before = facts_of(document) | {"file": ERASED}
    document.file_name = document.file_type = document.file_digest = document.file_size = None
    document.file_by = None
    _forget_names(document)
    session.flush()
    keep(session, document, before, by, now)
    session.expire(document, ["changes"])
    return digest


def _forget_names(document: Document) -> None:
    for change in document.changes:
        for facts in (change.before, change.after):
            if facts.get("file"):
                facts["file"] = ERASED
        flag_modified(change, "before")
        flag_modified(change, "after")
