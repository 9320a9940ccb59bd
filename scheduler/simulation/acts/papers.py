"""Documents: drafts that print the theme of the day, and issued ones that keep what they say."""

from collections.abc import Iterator
from datetime import date
from typing import Literal

from sqlalchemy import select

from events.documents.lookup import printed_by
from events.documents.register import Paper, add_document, issue_document, supersede
from events.errors import N_, NotFoundError
from events.models import Document, DocumentKind
from scheduler.simulation.acts.act import Act
from scheduler.simulation.stage import NOT_ENTERED, Rule, Stage, Told, as_text


class _OfDocuments(Act):
    @property
    def rule(self) -> Rule:
        return Rule.DOCUMENTS

    def printed(self, document: Document) -> Told:
        return self.told(
            N_("… “%(abstract)s” prints: %(theme)s"),
            abstract=document.abstract,
            theme=printed_by(document).theme or NOT_ENTERED,
        )


class Draft(_OfDocuments):
    """A document is entered, for a campaign or one of its items; ``replaces`` is the abstract of an
    older one.
    """

    tries = N_("%(actor)s drafts “%(abstract)s”")
    do: Literal["draft"] = "draft"
    campaign: str
    unit: str
    kind: DocumentKind
    abstract: str
    number: str | None = None
    dated: date | None = None
    signer: str | None = None
    item: str | None = None
    replaces: str | None = None

    def happen(self, stage: Stage) -> Iterator[Told]:
        campaign = stage.campaign(self.campaign, self.unit)
        who = stage.who(campaign.unit)
        item = stage.item(campaign, self.item) if self.item else None
        paper = Paper(
            self.kind, self.abstract, self.number, self.dated, campaign.unit.full_name, self.signer
        )
        document = add_document(stage.session, campaign, paper, item=item, **who)
        facts = {
            "unit": campaign.unit.full_name,
            "abstract": document.abstract,
            "item": item.summary if item else campaign.summary,
        }
        yield self.told(N_("%(unit)s drafts “%(abstract)s” for “%(item)s”"), **facts)
        if self.replaces:
            older = find(stage, self.replaces)
            supersede(stage.session, document, older, **who)
            yield self.told(N_("… it replaces “%(older)s”"), older=older.abstract)
        yield self.printed(document)


class Issue(_OfDocuments):
    """A draft goes out and keeps its theme from then on."""

    tries = N_("“%(abstract)s” is issued")
    do: Literal["issue"] = "issue"
    abstract: str

    def happen(self, stage: Stage) -> Iterator[Told]:
        document = find(stage, self.abstract)
        issue_document(stage.session, document, stage.day, **stage.who(document.campaign.unit))
        facts = {
            "abstract": document.abstract,
            "number": document.number or "–",
            "day": as_text(document.issued),
        }
        yield self.told(N_("“%(abstract)s” (%(number)s) was issued on %(day)s"), **facts)
        yield self.printed(document)


class LookAtDocuments(_OfDocuments):
    """Somebody looks at what documents print today."""

    tries = N_("documents are looked at")
    do: Literal["look-at-documents"] = "look-at-documents"
    abstracts: tuple[str, ...]

    def happen(self, stage: Stage) -> Iterator[Told]:
        for abstract in self.abstracts:
            yield self.printed(find(stage, abstract))


def find(stage: Stage, abstract: str) -> Document:
    """Return the document with this abstract. Raises ``NotFoundError``."""
    document = stage.session.scalars(select(Document).where(Document.abstract == abstract)).first()
    if document is None:
        raise NotFoundError(kind="document", key=abstract)
    return document
