"""A campaign's checklist: what is to be done, what proves it, and what counts for two campaigns."""

from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, ColumnElement, ForeignKey, Index, UniqueConstraint, or_
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey, Uid
from events.models.campaigns import Campaign
from events.models.columns import Published, ReasonOfDay
from events.models.people import Person, Role
from events.models.templates import EvidenceType, Phase
from events.models.units import Unit


class TodoStatus(StrEnum):
    """The status of a VTODO (RFC 5545, 3.8.1.11)."""

    NEEDS_ACTION = "NEEDS-ACTION"
    IN_PROCESS = "IN-PROCESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"


class NotDone(StrEnum):
    """Why a cancelled item is cancelled: it was not done, the unit does not need it, or it went
    over when the unit ended.
    """

    NOT_DONE = "not-done"
    NOT_REQUIRED = "not-required"
    MOVED = "moved"


class ClosedBecause(StrEnum):
    """What closed an item. Rules ask this, and never what people typed."""

    PERSON = "person"  # somebody said that it is done, not done or not required
    NOT_CHOSEN = "not-chosen"  # its unit left an optional item out and gave no reason
    VERSION = "version"  # the template has it no longer, and another version may bring it back
    STAND_IN = "stand-in"  # an item of another campaign stands for it
    WHOLE = "whole"  # a part, closed together with what it is a part of
    PARTS = "parts"  # a divided item, all of whose parts are closed
    TAKEN_BACK = "taken-back"  # a part that the unit which divided the item took back
    MOVED = "moved"  # its unit ended, and others do it now
    ENDED = "ended"  # its unit ended, and nobody needs it any more


class ItemState(StrEnum):
    """Where an item stands, as people say it: the status with what stands beside it."""

    NOT_STARTED = "not-started"
    IN_PROGRESS = "in-progress"
    BLOCKED = "blocked"
    DONE = "done"
    NOT_DONE = "not-done"
    NOT_REQUIRED = "not-required"


_FROM_OUTSIDE = (ClosedBecause.WHOLE, ClosedBecause.PARTS, ClosedBecause.TAKEN_BACK)
OPEN = (TodoStatus.NEEDS_ACTION, TodoStatus.IN_PROCESS)
_ONE_DATE = frozenset({"due", "nominal_due", "due_reason"})  # a hand on one of them holds all three


def _due_at_first(context: DefaultExecutionContext) -> date:
    due: date = context.get_current_parameters()["due"]  # type: ignore[no-untyped-call]
    return due


def _followed_at_first(context: DefaultExecutionContext) -> date | None:
    given: date | None = context.get_current_parameters().get("followed_from")  # type: ignore[no-untyped-call]
    return given


class ChecklistItem(Published, Base):
    """One thing to do before or after a campaign's day.

    Calendars show it as an event on its days (docs/feeds.md).

    ``due`` is what counts; ``nominal_due`` is the day before the working calendar moved it, and
    ``due_reason`` says why it moved. An item that runs over a period has a ``dtstart``: reminders
    come before that day, lateness counts from ``due``.
    """

    __tablename__ = "checklist_item"
    __table_args__ = (
        UniqueConstraint("campaign_id", "key"),
        Index(None, "status", "due"),
        Index(None, "role_key"),
        Index(None, "split_from_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    key: Mapped[Key]
    position: Mapped[int]
    summary: Mapped[str]
    phase_key: Mapped[str] = mapped_column(ForeignKey("phase.key"))
    role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))
    support_roles: Mapped[list[str]]
    dtstart: Mapped[date | None]
    nominal_due: Mapped[date]
    due: Mapped[date]
    # until its first change an item was due on this day
    first_due: Mapped[date] = mapped_column(default=_due_at_first)
    due_reason: Mapped[ReasonOfDay | None]
    # the day on which it came into being, before which it cannot be due; None: that never mattered
    born: Mapped[date | None]
    # what is due before this day is for reference: nobody owes it; None: everything is owed
    followed_from: Mapped[date | None]
    # until its first change it was followed from this day
    first_followed_from: Mapped[date | None] = mapped_column(default=_followed_at_first)
    # rises when the campaign's dates move, and re-arms reminders
    anchor_version: Mapped[int] = mapped_column(default=0)
    weight: Mapped[int]
    required: Mapped[bool]
    evidence: Mapped[list[str]]
    evidence_min: Mapped[int]
    without_evidence: Mapped[bool] = mapped_column(default=False)
    depends_on: Mapped[list[str]]
    is_own: Mapped[bool] = mapped_column(default=False)  # added by the unit, not by a template
    # columns changed by hand, which re-anchoring and new versions keep
    edited: Mapped[list[str]] = mapped_column(default=list)
    split_from_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_item.id"))
    # a unit below that does it instead
    delegate_unit_id: Mapped[int | None] = mapped_column(ForeignKey("unit.id"))
    # the post there; None: whoever is in charge
    delegate_role_key: Mapped[str | None] = mapped_column(ForeignKey("role.key"))
    status: Mapped[TodoStatus] = mapped_column(default=TodoStatus.NEEDS_ACTION)
    completed: Mapped[datetime | None]
    # the real day: on it the thing was done, `completed` is when that was recorded
    completed_on: Mapped[date | None]
    # working days from the real day to the recording, where these are more than the template
    # lets pass; kept as counted then, whatever is decided about days off since
    recorded_after: Mapped[int | None]
    completed_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    blocked: Mapped[str | None]  # what stands in the way
    not_done: Mapped[NotDone | None]
    closed_because: Mapped[ClosedBecause | None]  # None while it is open
    # what that sentence names, see `closing_words`
    closing_facts: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    reason: Mapped[str | None]  # typed by whoever said that it was not done or is not required

    campaign: Mapped[Campaign] = relationship(back_populates="items")
    phase: Mapped[Phase] = relationship()
    role: Mapped[Role] = relationship(foreign_keys="ChecklistItem.role_key")
    completed_by: Mapped[Person | None] = relationship()
    delegate_unit: Mapped[Unit | None] = relationship(foreign_keys="ChecklistItem.delegate_unit_id")
    split_from: Mapped["ChecklistItem | None"] = relationship(remote_side="ChecklistItem.id")
    delegate_role: Mapped[Role | None] = relationship(
        foreign_keys="ChecklistItem.delegate_role_key"
    )
    evidence_given: Mapped[list["Evidence"]] = relationship(
        back_populates="item", order_by="Evidence.id"
    )
    if TYPE_CHECKING:
        # documents issued for it with a number, and not replaced; added in `documents`
        papers: Mapped[list[Any]]

    @property
    def is_open(self) -> bool:
        return self.status in OPEN

    @property
    def is_done(self) -> bool:
        return self.status is TodoStatus.COMPLETED

    @property
    def state(self) -> ItemState:
        if self.is_done:
            return ItemState.DONE
        if not self.is_open:
            return (
                ItemState.NOT_DONE
                if self.not_done in (None, NotDone.NOT_DONE)
                else ItemState.NOT_REQUIRED
            )
        if self.blocked is not None:
            return ItemState.BLOCKED
        return (
            ItemState.IN_PROGRESS if self.status is TodoStatus.IN_PROCESS else ItemState.NOT_STARTED
        )

    @property
    def is_closed_from_outside(self) -> bool:
        """Tell whether it is closed because its parts are or its whole is, and so opened there."""
        return self.closed_because in _FROM_OUTSIDE

    @property
    def held(self) -> set[str]:
        """The columns that people edited, which re-anchoring and new versions keep."""
        edited = set(self.edited)
        return edited | _ONE_DATE if _ONE_DATE & edited else edited

    @property
    def for_reference(self) -> bool:
        """Tell whether it was due before its unit was followed: it may be ticked, and nobody owes
        it.
        """
        return self.followed_from is not None and self.due < self.followed_from

    @classmethod
    def is_owed(cls) -> ColumnElement[bool]:
        """Return the condition that an item is not for reference."""
        return or_(cls.followed_from.is_(None), cls.due >= cls.followed_from)

    def is_overdue(self, today: date) -> bool:
        return self.is_open and self.due < today and not self.for_reference

    @classmethod
    def is_given(cls) -> ColumnElement[bool]:
        """Return the condition that a part was not taken back: it stays tied to its whole, or
        figures of past days would change.
        """
        return or_(cls.closed_because.is_(None), cls.closed_because != ClosedBecause.TAKEN_BACK)


class Evidence(Base):
    """One proof that an item was done: a document's number, a file, a photo, a link, a head count,
    a number, minutes.
    """

    __tablename__ = "evidence"
    __table_args__ = (Index(None, "item_id"),)

    id: Mapped[PrimaryKey]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"))
    kind_key: Mapped[str] = mapped_column(ForeignKey("evidence_type.key"))
    text: Mapped[str | None]  # the document's number, the note
    url: Mapped[str | None]
    number: Mapped[int | None]
    dated: Mapped[date | None]
    file_name: Mapped[str | None]
    file_type: Mapped[str | None]
    file_digest: Mapped[str | None]  # SHA-256 of the stored file, hexadecimal
    file_size: Mapped[int | None]  # bytes
    at: Mapped[datetime]
    by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))

    item: Mapped[ChecklistItem] = relationship(back_populates="evidence_given")
    kind: Mapped[EvidenceType] = relationship()
    by: Mapped[Person | None] = relationship()


class ItemCredit(Base):
    """An item that counts for another campaign of its unit too ("lồng ghép"): done once, shown in
    both.

    ``covers`` is the item of that campaign that it stands for, closed as not required while the
    credit lasts.
    """

    __tablename__ = "item_credit"
    __table_args__ = (
        UniqueConstraint("item_id", "campaign_id"),
        Index(None, "campaign_id"),
        Index(None, "covers_id"),
    )

    id: Mapped[PrimaryKey]
    item_id: Mapped[int] = mapped_column(ForeignKey("checklist_item.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    covers_id: Mapped[int | None] = mapped_column(ForeignKey("checklist_item.id"))

    item: Mapped[ChecklistItem] = relationship(foreign_keys=[item_id])
    campaign: Mapped[Campaign] = relationship()
    covers: Mapped[ChecklistItem | None] = relationship(foreign_keys=[covers_id])


Campaign.items = relationship(
    ChecklistItem, back_populates="campaign", order_by=ChecklistItem.position
)
