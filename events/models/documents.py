"""Documents that campaigns and items rest on: plans, letters, decisions."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, and_, exists
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, aliased, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey, Uid
from events.errors import N_
from events.models.campaigns import Campaign
from events.models.items import ChecklistItem
from events.models.people import Person


class DocumentKind(StrEnum):
    """The types of Decree 30/2020/NĐ-CP that a campaign leaves behind."""

    PLAN = "plan"
    LETTER = "letter"
    DECISION = "decision"
    NOTICE = "notice"
    REPORT = "report"
    MINUTES = "minutes"
    OTHER = "other"


KINDS = {
    DocumentKind.PLAN: N_("Plan"),
    DocumentKind.LETTER: N_("Official letter"),
    DocumentKind.DECISION: N_("Decision"),
    DocumentKind.NOTICE: N_("Notice"),
    DocumentKind.REPORT: N_("Report"),
    DocumentKind.MINUTES: N_("Minutes"),
    DocumentKind.OTHER: N_("Other document"),
}


def _at_first(context: DefaultExecutionContext) -> datetime:
    at: datetime = context.get_current_parameters()["at"]  # type: ignore[no-untyped-call]
    return at


class Document(Base):
    """A paper with its number and date; both may be unknown.

    ``issued`` freezes what it says: a new theme no longer reaches it.
    """

    __tablename__ = "document"
    __table_args__ = (Index(None, "campaign_id"), Index(None, "item_id"))

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    item_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_item.id"))
    kind: Mapped[DocumentKind]
    number: Mapped[str | None]
    dated: Mapped[date | None]
    issuer: Mapped[str | None]
    signer: Mapped[str | None]
    abstract: Mapped[str]
    # as printed in an issued document, like the next three; a draft prints the campaign's
    theme: Mapped[str | None]
    slogans: Mapped[list[str] | None]
    anniversary: Mapped[str | None]
    bases: Mapped[list[str] | None]
    issued: Mapped[date | None]
    supersedes_id: Mapped[int | None] = mapped_column(ForeignKey("document.id"))
    file_name: Mapped[str | None]
    file_type: Mapped[str | None]
    file_digest: Mapped[str | None]
    file_size: Mapped[int | None]
    file_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # who uploaded it
    at: Mapped[datetime]
    # `at` moves when it is corrected or issued
    entered: Mapped[datetime] = mapped_column(default=_at_first)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    public: Mapped[bool] = mapped_column(default=False)  # whoever is not signed in may read it too

    campaign: Mapped[Campaign] = relationship()
    item: Mapped[ChecklistItem | None] = relationship()
    supersedes: Mapped["Document | None"] = relationship(remote_side="Document.id")
    by: Mapped[Person | None] = relationship(foreign_keys=by_id)
    file_by: Mapped[Person | None] = relationship(foreign_keys=file_by_id)
    changes: Mapped[list["DocumentChange"]] = relationship(
        order_by="DocumentChange.id", viewonly=True
    )


class DocumentChange(Base):
    """What was corrected on a document after it was entered, by column: who, when, before and
    after.
    """

    __tablename__ = "document_change"
    __table_args__ = (Index(None, "document_id"),)

    id: Mapped[PrimaryKey]
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"))
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))  # None: of older versions
    by_name: Mapped[str]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]


_newer = aliased(Document)
ChecklistItem.papers = relationship(
    Document,
    primaryjoin=and_(
        Document.item_id == ChecklistItem.id,
        Document.issued.is_not(None),
        Document.number.is_not(None),
        ~exists().where(_newer.supersedes_id == Document.id, _newer.issued.is_not(None)),
    ),
    order_by=Document.id,
    viewonly=True,
)
