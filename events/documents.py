"""The papers that campaigns and items rest on, and the theme that they print.

A theme is announced for a year. Campaigns print the year's until one of them chooses its own, which then also holds for the
campaigns below it; drafts print their campaign's. Issuing a document freezes what it says: a theme that changes later no longer
reaches it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased, joinedload

from events.database import new_uid, nfc
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.evidence import StoredFile, read_file
from events.localtime import VIETNAM, local_day
from events.models import Campaign, ChecklistItem, Document, DocumentKind, Person
from events.people import require_post
from events.recurrence import check_year

_LONGEST = 500  # characters of an abstract or a theme; longer ones are pasted documents
_NUMBER = 100


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on a document. Number ("10/KH-BCĐ"), date, issuer and signer may be unknown and are then empty."""

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
    zone: ZoneInfo = VIETNAM,
) -> Document:
    """Enter a draft for a campaign, or for one of its items.

    Raises ``NotAllowedError`` without a post in the unit or above it, ``InvalidInputError`` for what cannot stand on a document.
    """
    require_post(session, by, campaign.unit, local_day(now, zone))
    document = Document(uid=new_uid(), campaign=campaign)
    _write(document, paper, item, by, now)
    session.add(document)
    session.flush()
    return document


def correct_document(
    session: Session,
    document: Document,
    paper: Paper,
    *,
    by: Person,
    now: datetime,
    item: ChecklistItem | None = None,
    zone: ZoneInfo = VIETNAM,
) -> Document:
    """Correct what was entered, such as a number that the clerk gave later. The theme of an issued document stays."""
    require_post(session, by, document.campaign.unit, local_day(now, zone))
    _write(document, paper, item, by, now)
    session.flush()
    return document


def issue_document(
    session: Session, document: Document, on: date, *, by: Person, now: datetime, zone: ZoneInfo = VIETNAM
) -> Document:
    """Record that a document went out on the day ``on`` and freeze the theme that it prints.

    Issuing it again on the same day changes nothing; on another day it is refused with ``ConflictError``.
    """
    require_post(session, by, document.campaign.unit, local_day(now, zone))
    check_year(on.year)
    if on > local_day(now, zone):
        raise InvalidInputError(N_("A document cannot have been issued on %(day)s: that day is still to come."), day=_day(on))
    if document.issued == on:
        return document
    if document.issued is not None:
        raise ConflictError(N_("This document was already issued on %(day)s."), day=_day(document.issued))
    document.theme = theme_of(document.campaign)
    document.issued = on
    document.dated = document.dated or on
    document.at, document.by = now, by
    session.flush()
    return document


def supersede(
    session: Session, document: Document, older: Document, *, by: Person, now: datetime, zone: ZoneInfo = VIETNAM
) -> Document:
    """Record that ``document`` replaces ``older``, a document of the same unit. Saying it twice changes nothing.

    Raises ``ConflictError`` when ``older`` would in the end replace itself, or was replaced by another document.
    """
    unit = document.campaign.unit
    require_post(session, by, unit, local_day(now, zone))
    _lock_documents_of(session, unit.id)
    if older.campaign.unit_id != unit.id:
        raise InvalidInputError(N_("A document replaces one of the same unit."))
    if document.supersedes_id == older.id:
        return document
    if document in _chain(older):
        raise ConflictError(N_("A document cannot replace itself, directly or through others."))
    newer = session.scalar(select(Document).where(Document.supersedes_id == older.id, Document.id != document.id))
    if newer is not None:
        raise ConflictError(N_("This document was already replaced by “%(abstract)s”."), abstract=newer.abstract)
    document.supersedes = older
    document.at, document.by = now, by
    session.flush()
    return document


def documents_of(session: Session, campaign: Campaign) -> Sequence[Document]:
    """Return a campaign's documents, the newest first and undated ones before them."""
    load = (joinedload(Document.item), joinedload(Document.supersedes))
    query = select(Document).where(Document.campaign_id == campaign.id).options(*load)
    found = session.scalars(query.order_by(Document.id.desc())).all()
    return sorted(found, key=lambda document: document.dated or date.max, reverse=True)


def get_document(session: Session, campaign: Campaign, uid: str) -> Document:
    """Return the campaign's document with this UID. Raises ``NotFoundError``."""
    document = session.scalar(select(Document).where(Document.uid == uid, Document.campaign_id == campaign.id))
    if document is None:
        raise NotFoundError(kind="document", key=uid)
    return document


def file_of(session: Session, document: Document, folder: Path | None, *, by: Person, on: date) -> bytes:
    """Return a document's file, to people with a post in its unit or above. Raises ``NotAllowedError`` and ``NotFoundError``."""
    require_post(session, by, document.campaign.unit, on)
    return read_file(folder, document.file_digest)


def issue_date_of(session: Session, item: ChecklistItem) -> date | None:
    """Return the day on which the plan attached to an item was issued, the latest one in force; None while there is none."""
    newer = aliased(Document)
    replaced = select(newer.id).where(newer.supersedes_id == Document.id, newer.issued.is_not(None)).exists()
    plans = select(Document.issued).where(Document.item_id == item.id, Document.kind == DocumentKind.PLAN)
    return session.scalar(plans.where(Document.issued.is_not(None), ~replaced).order_by(Document.issued.desc()).limit(1))


def theme_of(campaign: Campaign) -> str | None:
    """Return the theme that a campaign prints: its own or that of a campaign above it, else the year's.

    A day without a theme of its own takes that of the campaign that contains it: 25/11 prints the action month's.
    """
    if own := next((above.theme for above in _upwards(campaign) if above.theme), None):
        return own
    of_year = campaign.observance.theme_in(campaign.year) if campaign.observance else None
    if of_year:
        return of_year.theme_vi
    return theme_of(campaign.outer) if campaign.outer else None


def slogans_of(campaign: Campaign) -> list[str]:
    """Return the slogans of a campaign, found as its theme is."""
    own = next((above.slogans for above in _upwards(campaign) if above.slogans), None)
    if own is not None:
        return own
    of_year = campaign.observance.theme_in(campaign.year) if campaign.observance else None
    if of_year:
        return of_year.slogans
    return slogans_of(campaign.outer) if campaign.outer else []


def theme_printed(document: Document) -> str | None:
    """Return the theme that a document prints: as it was issued, or a draft's campaign's of today."""
    return document.theme if document.issued else theme_of(document.campaign)


def choose_theme(
    session: Session,
    campaign: Campaign,
    theme: str,
    slogans: Sequence[str] = (),
    *,
    by: Person,
    now: datetime,
    zone: ZoneInfo = VIETNAM,
) -> None:
    """Give a campaign its own theme and slogans; empty ones go back to the year's."""
    require_post(session, by, campaign.unit, local_day(now, zone))
    chosen = _short(theme, _LONGEST)
    lines = [line for line in (_short(slogan, _LONGEST) for slogan in slogans) if line] or None
    if (campaign.theme, campaign.slogans) == (chosen, lines):
        return
    campaign.theme, campaign.slogans = chosen, lines
    campaign.touch(now)
    session.flush()


def _write(document: Document, paper: Paper, item: ChecklistItem | None, by: Person, now: datetime) -> None:
    abstract = _short(paper.abstract, _LONGEST)
    if abstract is None:
        raise InvalidInputError(N_("Please enter what the document is about."))
    if paper.dated is not None:
        check_year(paper.dated.year)
    if item is not None and item.campaign_id != document.campaign.id:
        raise InvalidInputError(N_("This item belongs to another campaign."))
    document.kind, document.abstract, document.dated, document.item = paper.kind, abstract, paper.dated, item
    document.number = _short(paper.number, _NUMBER)
    document.issuer, document.signer = _short(paper.issuer, _LONGEST), _short(paper.signer, _LONGEST)
    if paper.file is not None:
        document.file_name, document.file_type = paper.file.name, paper.file.type
        document.file_digest, document.file_size = paper.file.digest, paper.file.size
    document.at, document.by = now, by


def _short(text: str | None, longest: int) -> str | None:
    """Return text on one line; None when there is none."""
    line = " ".join(nfc(text or "").split())
    if len(line) > longest:
        raise InvalidInputError(N_("At most %(longest)s characters fit here."), longest=longest)
    return line or None


def _upwards(campaign: Campaign) -> list[Campaign]:
    found = [campaign]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


def _chain(document: Document) -> list[Document]:
    """Return a document and everything that it replaces, one after the other."""
    found = [document]
    while found[-1].supersedes is not None:
        found.append(found[-1].supersedes)
    return found


def _lock_documents_of(session: Session, unit_id: int) -> None:
    """Let one at a time say what replaces what, or two at once could close a circle."""
    mine = select(Document.id).join(Campaign, Campaign.id == Document.campaign_id).where(Campaign.unit_id == unit_id)
    session.execute(select(Document).where(Document.id.in_(mine)).with_for_update().execution_options(populate_existing=True))


def _day(day: date) -> str:
    return f"{day:%d/%m/%Y}"
