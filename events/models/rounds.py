"""Rounds: what all units' campaigns of one occurrence have in common, said once."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey
from events.models.columns import Published
from events.models.observances import Observance
from events.models.templates import Template, TemplateVersion


class CampaignStatus(StrEnum):
    """The status of a VEVENT (RFC 5545, 3.8.1.11)."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Round(Published, Base):
    """One occurrence's work in all units: what was opened once of a template.

    ``dtend`` is the day after. Its ``sequence`` counts what was changed here, for all its campaigns
    at once; ``created`` is when its first campaign was opened.
    """

    __tablename__ = "round"
    __table_args__ = (
        UniqueConstraint("template_id", "period"),
        Index(None, "observance_id", "year"),
        Index(None, "year"),
    )

    id: Mapped[PrimaryKey]
    template_id: Mapped[int] = mapped_column(ForeignKey("template.id"))
    period: Mapped[Key]  # what happens once: "2026", "2026-Q1", "2026-10-12"
    observance_id: Mapped[int | None] = mapped_column(ForeignKey("observance.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("template_version.id"))
    year: Mapped[int]
    summary: Mapped[str]
    opens: Mapped[date]
    dtstart: Mapped[date]
    dtend: Mapped[date]
    # the day the main event is held, when that is not the day itself
    event_date: Mapped[date | None]
    # rises when the dates that items count from move
    anchor_version: Mapped[int] = mapped_column(default=0)
    status: Mapped[CampaignStatus] = mapped_column(default=CampaignStatus.CONFIRMED)
    cancelled: Mapped[datetime | None]  # until then it was there, and counts as of days before
    # who cancelled it and why, who opened it again
    cancellations: Mapped[list[dict[str, Any]] | None]
    # opened to be read and completed: nobody owes anything in it
    for_reference: Mapped[bool] = mapped_column(default=False)

    template: Mapped[Template] = relationship()
    observance: Mapped[Observance | None] = relationship()
    version: Mapped[TemplateVersion] = relationship()

    @property
    def over_on(self) -> date:
        """The first day on which it is over: after its own days, and after its main event.

        See ``lifetime.goes_on`` for SQL.
        """
        return (
            max(self.dtend, self.event_date + timedelta(days=1)) if self.event_date else self.dtend
        )

    @property
    def is_cancelled(self) -> bool:
        return self.status is CampaignStatus.CANCELLED

    def __repr__(self) -> str:
        return f"<Round {self.period} {self.summary}>"
