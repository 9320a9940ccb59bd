"""Which papers there are, who may see them, and what a new one may be for."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from events.campaigns.issued_plans import counted_from, plan_keys
from events.checklist.history import origins_of
from events.errors import NotFoundError
from events.files.store import read_file
from events.models import (
    Campaign,
    ChecklistItem,
    Document,
    DocumentKind,
    Person,
    TemplateItem,
    TemplateVersion,
    Unit,
)
from events.models.campaigns import same_round
from events.observances.printed import Printed, inherited
from events.people.rights import Capability, require
from events.units.lineage import made_from


def documents_of(
    session: Session, campaign: Campaign, *, drafts: bool = True
) -> Sequence[Document]:
    """Return a campaign's documents, the newest first and undated ones before them.

    Without ``drafts``, only issued ones.
    """
    query = _with_facts(drafts).where(Document.campaign_id == campaign.id)
    found = session.scalars(query.order_by(Document.id.desc())).all()
    return sorted(found, key=lambda document: document.dated or date.max, reverse=True)


def documents_of_item(session: Session, item: ChecklistItem, *, drafts: bool) -> Sequence[Document]:
    """Return the documents of one item in the order they were entered, also those of the units that
    had it before.

    Without ``drafts``, only issued ones.
    """
    of_item = Document.item_id.in_(origins_of(session, item))
    return session.scalars(_with_facts(drafts).where(of_item).order_by(Document.id)).all()


def campaigns_before(session: Session, campaign: Campaign, *, drafts: bool) -> Sequence[Campaign]:
    """Return the campaigns of the same round, in the units that this one was made from, that have
    documents to show.
    """
    same = (
        same_round(campaign),
        Campaign.id != campaign.id,
    )
    written = (
        select(Document.campaign_id)
        if drafts
        else select(Document.campaign_id).where(Document.issued.is_not(None))
    )
    query = (
        select(Campaign)
        .join(Campaign.unit)
        .options(contains_eager(Campaign.unit))
        .order_by(Unit.position, Unit.id)
    )
    return session.scalars(
        query.where(*same, Unit.id.in_(made_from(campaign.unit_id)), Campaign.id.in_(written))
    ).all()


def replaceable(session: Session, unit: Unit) -> Sequence[Document]:
    """Return the documents of a unit and of those it was made from that no other replaces yet, the
    newest first.
    """
    newer = aliased(Document)
    replaced = select(newer.id).where(newer.supersedes_id == Document.id).exists()
    query = (
        select(Document)
        .join(Document.campaign)
        .where(Campaign.unit_id.in_(made_from(unit.id)), ~replaced)
    )
    return session.scalars(
        query.options(contains_eager(Document.campaign)).order_by(Document.id.desc())
    ).all()


def replacing(session: Session, found: Sequence[Document], *, drafts: bool) -> dict[int, Document]:
    """Return by its id what replaces each of some documents, in whichever campaign it is."""
    query = _with_facts(drafts).where(
        Document.supersedes_id.in_([document.id for document in found])
    )
    return {newer.supersedes_id: newer for newer in session.scalars(query) if newer.supersedes_id}


def get_document(session: Session, campaign: Campaign, uid: str) -> Document:
    """Return the campaign's document with this UID. Raises ``NotFoundError``."""
    return _found(session, uid, Document.campaign_id == campaign.id)


def get_document_of(session: Session, unit: Unit, uid: str) -> Document:
    """Return the document with this UID in a campaign of the unit, or of those it was made from.

    Raises ``NotFoundError``.
    """
    return _found(session, uid, Document.campaign.has(Campaign.unit_id.in_(made_from(unit.id))))


def is_public(document: Document) -> bool:
    """Tell whether everybody may read a document: it was marked so, and issued."""
    return document.public and document.issued is not None


def file_of(
    session: Session, document: Document, folder: Path | None, *, by: Person | None, on: date
) -> bytes:
    """Return a document's file: of one that is public to everybody, else to people with a post in
    its unit or above.

    Raises ``NotAllowedError`` and ``NotFoundError``.
    """
    if not is_public(document):
        require(session, by, Capability.READ_WORK, document.campaign.unit, on)
    return read_file(folder, document.file_digest)


def printed_by(document: Document) -> Printed:
    """Return what a document prints: as it was issued, or what a draft's campaign prints today."""
    if document.issued is None:
        return inherited(document.campaign)
    return Printed(
        document.theme,
        tuple(document.slogans or ()),
        document.anniversary,
        tuple(document.bases or ()),
    )


def awaited_items(session: Session, campaign: Campaign) -> list[ChecklistItem]:
    """Return the campaign's items that units below wait for: a plan that is issued for one of them
    leaves those units time.
    """
    if (
        session.scalar(select(Campaign.id).where(Campaign.parent_id == campaign.id).limit(1))
        is None
    ):
        return []
    awaited = plan_keys(campaign.version.items)
    return [item for item in campaign.items if item.key in awaited]


def plan_item(session: Session, campaign: Campaign) -> ChecklistItem | None:
    """Return the open item that a plan of the campaign is most likely for: one that units below
    wait for, else the unit's own.
    """
    awaited = {item.id for item in awaited_items(session, campaign)}
    own = counted_from(campaign.version.items) | _own_plans(session, campaign)
    items = [
        item for item in campaign.items if item.is_open and (item.id in awaited or item.key in own)
    ]
    return min(items, key=lambda item: item.id not in awaited, default=None)


def likely_issuer(campaign: Campaign) -> str | None:
    """Return who issues documents for a unit: its People's Committee, never the unit itself; None
    where its level has none.

    A role with papers of its own issues those of the campaigns that it owns at its level.
    """
    unit, owner = campaign.unit, campaign.owner_role
    if owner.issues_papers and owner.level_key == unit.level_key:
        return f"{owner.title_vi} {unit.name}"
    if unit.level.issuer is None:
        return None
    return f"{unit.level.issuer} {unit.full_name[:1].lower()}{unit.full_name[1:]}"


def leaves_time_below(document: Document, awaited: Sequence[ChecklistItem]) -> bool:
    """Tell whether deadlines below follow the day a document is issued: a plan for an awaited item
    or the whole campaign.
    """
    return (
        document.kind is DocumentKind.PLAN
        and bool(awaited)
        and (document.item is None or document.item in awaited)
    )


def topmost(campaign: Campaign) -> Campaign:
    """Return the campaign at the top of a round, in which its dates are moved."""
    while campaign.parent is not None:
        campaign = campaign.parent
    return campaign


def _own_plans(session: Session, campaign: Campaign) -> set[str]:
    """Return the keys of the items in which a unit issues its plan, also of those that stayed when
    a newer version went without them.
    """
    until = (
        TemplateVersion.template_id == campaign.template_id,
        TemplateVersion.number <= campaign.version.number,
    )
    query = select(TemplateItem.key, TemplateItem.is_plan).join(TemplateItem.version).where(*until)
    newest = dict(session.execute(query.order_by(TemplateVersion.number)).all())
    return {key for key, is_plan in newest.items() if is_plan}


def _with_facts(drafts: bool) -> Select[Document]:
    """Return the query of documents with what is shown of them."""
    load = (
        joinedload(Document.item),
        joinedload(Document.supersedes).joinedload(Document.campaign),
        joinedload(Document.campaign),
    )
    query = select(Document).options(*load, selectinload(Document.changes))
    return query if drafts else query.where(Document.issued.is_not(None))


def _found(session: Session, uid: str, where: ColumnElement[bool]) -> Document:
    document = session.scalar(select(Document).where(Document.uid == uid, where))
    if document is None:
        raise NotFoundError(kind="document", key=uid)
    return document
