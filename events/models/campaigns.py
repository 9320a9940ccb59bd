"""Campaigns: what is done where and by when."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, ForeignKey, Index, UniqueConstraint, and_, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey, Uid
from events.models.columns import Published
from events.models.observances import Observance
from events.models.people import Role
from events.models.rounds import CampaignStatus, Round
from events.models.templates import Template, TemplateVersion
from events.models.units import Unit


class Campaign(Published, Base):
    """One unit's part of a round; parent and child campaigns follow the unit tree.

    What is the same in all units stands in the round, and is read here.
    """

    __tablename__ = "campaign"
    __table_args__ = (
        UniqueConstraint("round_id", "unit_id"),
        Index(None, "unit_id"),
        Index(None, "parent_id"),
        Index(None, "outer_id"),
    )

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    round_id: Mapped[int] = mapped_column(ForeignKey("round.id"))
    unit_id: Mapped[int] = mapped_column(ForeignKey("unit.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    # the same unit's campaign that contains this one
    outer_id: Mapped[int | None] = mapped_column(ForeignKey("campaign.id"))
    owner_role_key: Mapped[str] = mapped_column(ForeignKey("role.key"))
    theme: Mapped[str | None]  # None: the year's
    slogans: Mapped[list[str] | None]

    # with it at once: hardly anything is said of a campaign without its name or its days; not by an
    # inner join, which would lose the rows of questions in which there may be no campaign
    round: Mapped[Round] = relationship(lazy="joined")
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
    def template_id(self) -> int:
        return self.round.template_id

    @property
    def template(self) -> Template:
        return self.round.template

    @property
    def period(self) -> str:
        return self.round.period

    @property
    def observance_id(self) -> int | None:
        return self.round.observance_id

    @property
    def observance(self) -> Observance | None:
        return self.round.observance

    @property
    def version_id(self) -> int:
        return self.round.version_id

    @property
    def version(self) -> TemplateVersion:
        return self.round.version

    @property
    def year(self) -> int:
        return self.round.year

    @property
    def summary(self) -> str:
        return self.round.summary

    @property
    def opens(self) -> date:
        return self.round.opens

    @property
    def dtstart(self) -> date:
        return self.round.dtstart

    @property
    def dtend(self) -> date:
        return self.round.dtend

    @property
    def event_date(self) -> date | None:
        return self.round.event_date

    @property
    def over_on(self) -> date:
        return self.round.over_on

    @property
    def status(self) -> CampaignStatus:
        return self.round.status

    @property
    def is_cancelled(self) -> bool:
        return self.round.is_cancelled

    @property
    def for_reference(self) -> bool:
        return self.round.for_reference

    @property
    def changes(self) -> int:
        """How often it changed, here or in its round: what calendars call its SEQUENCE."""
        return self.sequence + self.round.sequence

    @property
    def changed(self) -> datetime:
        """When it changed last, here or in its round."""
        return max(self.last_modified, self.round.last_modified)

    def __repr__(self) -> str:
        return f"<Campaign {self.uid} {self.summary}>"


def same_round(one: Any, campaign: Any = Campaign) -> ColumnElement[bool]:
    """Return the condition that ``campaign``, or an alias of it, is of the round of ``one``, which
    is a campaign or another alias.
    """
    condition: ColumnElement[bool] = campaign.round_id == one.round_id
    return condition


def of_rounds(*conditions: ColumnElement[bool], campaign: Any = Campaign) -> ColumnElement[bool]:
    """Return the condition that a campaign's round meets ``conditions``, for whoever needs nothing
    else of the round: there are few, and they are looked up once.
    """
    found: ColumnElement[bool] = campaign.round_id.in_(select(Round.id).where(and_(*conditions)))
    return found


def takes_place(campaign: Any = Campaign) -> ColumnElement[bool]:
    """Return the condition that a campaign is not called off.

    Told by the rounds that are: PostgreSQL looks those up once, where it would weave the others
    into the order of its joins, and take minutes for what takes a moment while it knows of no
    numbers.
    """
    off = select(Round.id).where(Round.status == CampaignStatus.CANCELLED)
    condition: ColumnElement[bool] = campaign.round_id.not_in(off)
    return condition


def of_year(year: int) -> ColumnElement[bool]:
    """Return the condition that a campaign is planned and reported in this year."""
    return of_rounds(Round.year == year)
