"""The papers that campaigns and items rest on: entered as drafts, issued, corrected, replaced.

Drafts print what their campaign prints (see `themes`) and are read by the unit and those above it.
Issuing a document freezes what it says, and everybody may read it. What becomes of it is kept by
`paper_trail`.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.checklist.own_plan import follow_own_plan
from events.database.sessions import new_uid
from events.database.stale_forms import digest, require_shown
from events.days.recurrence import check_year
from events.documents.corrections import facts_of, keep, name_of, tell, tell_correction
from events.errors import N_, ConflictError, InvalidInputError
from events.files.quota import require_room
from events.files.store import StoredFile
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import (
    Campaign,
    ChecklistItem,
    Document,
    DocumentKind,
    Person,
)
from events.observances.printed import inherited
from events.people.rights import Capability, require
from events.units.lineage import made_from
from events.words.texts import required, short

_CHANGED = N_(
    "Meanwhile somebody else changed “%(abstract)s”; “What was corrected” shows it. "
    "What you typed is still here: store it once more if it is to replace that."
)
_NUMBER = 100  # characters


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on a document.

    Number ("10/KH-BCĐ"), date, issuer and signer may be unknown and are then empty.
    """

    kind: DocumentKind
    abstract: str
    number: str | None = None
    dated: date | None = None
    issuer: str | None = None
    signer: str | None = None
    file: StoredFile | None = None  # None leaves the file that is there


def add_document(
    session: Session,
    campaign: Campaign,
    paper: Paper,
    *,
    by: Person,
    now: datetime,
    item: ChecklistItem | None = None,
) -> Document:
    """Enter a draft for a campaign, or for one of its items.

    Raises ``NotAllowedError`` without a post in the unit or above it, ``InvalidInputError`` for
    what cannot stand on a document.
    """
    require(session, by, Capability.DO_WORK, campaign.unit, day_here(session, now))
    if paper.file is not None:
        require_room(session, campaign.unit, paper.file.size)
    document = Document(uid=new_uid(), campaign=campaign)
    _write(document, paper, item, by, now)
    session.add(document)
    session.flush()
    tell(session, document, "entered", by, now)
    return document


def correct_document(
    session: Session,
    document: Document,
    paper: Paper,
    *,
    by: Person,
    now: datetime,
    item: ChecklistItem | None = None,
    issued: date | None = None,
    shown: str | None = None,
) -> Document:
    """Correct what was entered, such as a number that the clerk gave later; what it was before is
    kept.

    An issued document keeps its type and what it prints; ``issued`` corrects the day on which it
    was issued. ``shown`` is what ``facts_shown`` gave for the form. Raises ``ConflictError`` for
    another type of an issued document or a day of issue of a draft, and ``ChangedMeanwhileError``
    when the document says something else by now.
    """
    require(session, by, Capability.DO_WORK, document.campaign.unit, day_here(session, now))
    session.refresh(document, with_for_update=FOR_CHANGE)
    before, old_item, known, was_issued = (
        facts_of(document),
        document.item,
        facts_shown(document),
        document.issued,
    )
    if document.issued is not None and paper.kind is not document.kind:
        raise ConflictError(
            N_(
                "The type of an issued document stays. Please enter another document that "
                "replaces it."
            )
        )
    if issued is not None and document.issued is None:
        raise ConflictError(N_("This document is still a draft. Please record its issue first."))
    if issued is not None:
        _require_past(issued, day_here(session, now))
        document.issued = issued
    if paper.file is not None and paper.file.digest != document.file_digest:
        require_room(session, document.campaign.unit, paper.file.size)
    _write(document, paper, item, by, now)
    if facts_of(document) != before:
        require_shown(shown, known, _CHANGED, abstract=before["abstract"])
    session.flush()
    if keep(session, document, before, by, now):
        tell_correction(session, document, before, old_item, by, now)
    if (document.issued, document.item) != (was_issued, old_item):
        _let_dates_follow(session, document, {document.item, old_item}, by, now)
    return document


def facts_shown(document: Document) -> str:
    """Return the digest of what may be corrected on a document, for a form to bring along."""
    return digest(facts_of(document))


def issue_document(
    session: Session, document: Document, on: date, *, by: Person, now: datetime
) -> Document:
    """Record that a document went out on the day ``on`` and freeze what it prints.

    Issuing it again on the same day changes nothing; on another day it is refused with
    ``ConflictError``: the day of issue is corrected by ``correct_document``.
    """
    require(session, by, Capability.DO_WORK, document.campaign.unit, day_here(session, now))
    _require_past(on, day_here(session, now))
    if document.issued == on:
        return document
    if document.issued is not None:
        raise ConflictError(
            N_("This document was already issued on %(day)s."), day=f"{document.issued:%d/%m/%Y}"
        )
    before, printed = facts_of(document), inherited(document.campaign)
    document.theme, document.anniversary = printed.theme, printed.anniversary
    document.slogans, document.bases = list(printed.slogans), list(printed.bases)
    document.issued = on
    document.dated = document.dated or on
    document.at, document.by = now, by
    session.flush()
    keep(session, document, before, by, now)
    tell(session, document, "issued", by, now, day=on.isoformat())
    _let_dates_follow(session, document, {document.item}, by, now)
    return document


def supersede(
    session: Session, document: Document, older: Document, *, by: Person, now: datetime
) -> Document:
    """Record that ``document`` replaces ``older``, one of the same unit or of those it was made
    from. Twice changes nothing.

    Raises ``ConflictError`` when ``older`` would in the end replace itself, or was replaced by
    another document.
    """
    unit = document.campaign.unit
    require(session, by, Capability.DO_WORK, unit, day_here(session, now))
    _lock_documents_of(session, unit.id)
    if older.campaign.unit_id not in session.scalars(made_from(unit.id)).all():
        raise InvalidInputError(N_("A document replaces one of the same unit."))
    if document.supersedes_id == older.id:
        return document
    if document in _chain(older):
        raise ConflictError(N_("A document cannot replace itself, directly or through others."))
    newer = session.scalar(
        select(Document).where(Document.supersedes_id == older.id, Document.id != document.id)
    )
    if newer is not None:
        raise ConflictError(
            N_("This document was already replaced by “%(abstract)s”."), abstract=newer.abstract
        )
    before = facts_of(document)
    document.supersedes = older
    document.at, document.by = now, by
    session.flush()
    keep(session, document, before, by, now)
    tell(session, document, "replaces", by, now, older=name_of(older))
    _let_dates_follow(session, document, {document.item}, by, now)
    return document


def mark_public(
    session: Session, document: Document, *, public: bool, by: Person, now: datetime
) -> Document:
    """Let everybody read a document once it is issued, or no longer. Asking twice changes nothing.

    Raises ``NotAllowedError``.
    """
    require(session, by, Capability.DO_WORK, document.campaign.unit, day_here(session, now))
    before = facts_of(document)
    document.public = public
    session.flush()
    keep(session, document, before, by, now)
    return document


def _let_dates_follow(
    session: Session,
    document: Document,
    items: Collection[ChecklistItem | None],
    by: Person,
    now: datetime,
) -> None:
    """Move what counts from the plan that a document issues for ``items``, and from the one that it
    replaces.
    """
    if document.issued is None:
        return
    stamp, older = Stamp(by, now), document.supersedes
    if document.kind is DocumentKind.PLAN:
        follow_own_plan(session, document.campaign, items, stamp)
    if older is not None and older.issued is not None and older.kind is DocumentKind.PLAN:
        follow_own_plan(session, older.campaign, {older.item}, stamp)


def _require_past(day: date, today: date) -> None:
    check_year(day.year)
    if day > today:
        raise InvalidInputError(
            N_("A document cannot have been issued on %(day)s: that day is still to come."),
            day=f"{day:%d/%m/%Y}",
        )


def _write(
    document: Document, paper: Paper, item: ChecklistItem | None, by: Person, now: datetime
) -> None:
    abstract = required(short(paper.abstract), N_("Please enter what the document is about."))
    if paper.dated is not None:
        check_year(paper.dated.year)
    if item is not None and item.campaign_id != document.campaign.id:
        raise InvalidInputError(N_("This item belongs to another campaign."))
    document.kind, document.abstract, document.dated, document.item = (
        paper.kind,
        abstract,
        paper.dated,
        item,
    )
    document.number = short(paper.number, _NUMBER)
    document.issuer, document.signer = short(paper.issuer), short(paper.signer)
    if paper.file is not None:
        document.file_name, document.file_type = paper.file.name, paper.file.type
        document.file_digest, document.file_size = paper.file.digest, paper.file.size
        document.file_by = by
    document.at, document.by = now, by


def _chain(document: Document) -> list[Document]:
    """Return a document and everything that it replaces, one after the other."""
    found = [document]
    while found[-1].supersedes is not None:
        found.append(found[-1].supersedes)
    return found


def _lock_documents_of(session: Session, unit_id: int) -> None:
    """Let one at a time say what replaces what, or two at once could close a circle."""
    mine = (
        select(Document.id)
        .join(Campaign, Campaign.id == Document.campaign_id)
        .where(Campaign.unit_id.in_(made_from(unit_id)))
    )
    session.execute(
        select(Document)
        .where(Document.id.in_(mine))
        .with_for_update(**FOR_CHANGE)
        .execution_options(populate_existing=True)
    )
