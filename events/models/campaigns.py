"""Campaigns: what is done where and by when."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, Key, PrimaryKey, Uid
from events.models.columns import Published
from events.models.observances import Observance
from events.models.people import Role
from events.models.templates import Template, TemplateVersion
from events.models.units import Unit


class CampaignStatus(StrEnum):
    """The status of a VEVENT (RFC 5545, 3.8.1.11)."""

    TENTATIVE = "TENTATIVE"
    CONFIRMED = "CONFIRMED"
    CANCELLED = "CANCELLED"


class Campaign(Published, Base):
    """One occurrence's work in one unit; parent and child campaigns follow the unit tree.

    ``dtend`` is the day after.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        UniqueConstraint("template_id", "period", "unit_id"),
        Index(None, "observance_id", "year", "unit_id"),
        Index(None, "unit_id", "dtstart"),
        Index(None, "parent_id"),
        Index(None, "outer_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    template_id: Mapped[int] = mapped_column(ForeignKey("template.id"))
    period: Mapped[Key]  # what happens once: "2026", "2026-Q1", "2026-10-12"
    observance_id: Mapped[int | None] = mapped_column(ForeignKey("observance.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("template_version.id"))
    year: Mapped[int]
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    # the same unit's campaign that contains this one
    outer_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    owner_role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))
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
    # at the top of a round: who cancelled it and why, who opened it again
    cancellations: Mapped[list[dict[str, Any]] | None]
    # opened to be read and completed: nobody owes anything in it
    for_reference: Mapped[bool] = mapped_column(default=False)
    theme: Mapped[str | None]  # None: the year's
    slogans: Mapped[list[str] | None]

    template: Mapped[Template] = relationship()
    observance: Mapped[Observance | None] = relationship()
    version: Mapped[TemplateVersion] = relationship()
    unit: Mapped[Unit] = relationship()
    owner_role: Mapped[Role] = relationship()
    parent: Mapped["Campaign | None"] = relationship(
        remote_side="Campaign.id", foreign_keys="Campaign.parent_id"
    )
    outer: Mapped["Campaign | None"] = relationship(
        remote_side="Campaign.id", foreign_keys="Campaign.outer_id"
    )
    if TYPE_CHECKING:
        # its checklist items in their order; added in `items`, which knows campaigns
        items: Mapped[list[Any]]

    @property
    def over_on(self) -> date:
        """The first day on which it is over: after its own days, and after its main event.

        See ``running.goes_on`` for SQL.
        """
        return (
            max(self.dtend, self.event_date + timedelta(days=1)) if self.event_date else self.dtend
        )

    @property
    def is_cancelled(self) -> bool:
        return self.status is CampaignStatus.CANCELLED

    def __repr__(self) -> str:
        return f"<Campaign {self.uid} {self.summary}>"


def same_round(one: Any, campaign: Any = Campaign) -> ColumnElement[bool]:
    """Return the condition that ``campaign``, or an alias of it, is of the round of ``one``: of a
    campaign, of a round to come, or of a row's columns.
    """
    return of_round(one.template_id, one.period, campaign)


def of_round(template_id: Any, period: Any, campaign: Any = Campaign) -> ColumnElement[bool]:
    return and_(campaign.template_id == template_id, campaign.period == period)


def of_year(year: int) -> ColumnElement[bool]:
    """Return the condition that a campaign is planned and reported in this year."""
    return Campaign.year == year
