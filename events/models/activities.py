"""Activities: things with a time and a place that people may attend. Exported as VEVENTs."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.database.sessions import Base, PrimaryKey, Uid
from events.models.campaigns import Campaign
from events.models.columns import Published
from events.models.rounds import CampaignStatus


class Activity(Published, Base):
    """A launch ceremony, contest, talk or class.

    ``dtend`` is the instant it ends; ``weekly_until`` repeats it every week.
    """

    __tablename__ = "activity"
    __table_args__ = (Index(None, "campaign_id"), Index(None, "dtstart"))

    id: Mapped[PrimaryKey]
    uid: Mapped[Uid]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    summary: Mapped[str]
    dtstart: Mapped[datetime]
    dtend: Mapped[datetime]
    weekly_until: Mapped[date | None]  # the last local day on which it may take place again
    # by the local day (ISO) of a time by the rule: None where that one was called off, else the two
    # instants (ISO) between which it takes place instead
    exceptions: Mapped[dict[str, Any] | None]
    location: Mapped[str]
    organizer: Mapped[str]
    expected: Mapped[int | None]  # head count
    attended: Mapped[int | None]
    public: Mapped[bool] = mapped_column(default=True)
    status: Mapped[CampaignStatus] = mapped_column(default=CampaignStatus.CONFIRMED)

    campaign: Mapped[Campaign] = relationship()

    @property
    def is_called_off(self) -> bool:
        return self.status is CampaignStatus.CANCELLED

    @property
    def is_cancelled(self) -> bool:
        """Called off by itself, or with its campaign, whatever else it counted for."""
        return CampaignStatus.CANCELLED in (self.status, self.campaign.status)


class ActivityCredit(Base):
    """An activity that counts for another campaign too, such as a shared launch."""

    __tablename__ = "activity_credit"
    __table_args__ = (UniqueConstraint("activity_id", "campaign_id"), Index(None, "campaign_id"))

    id: Mapped[PrimaryKey]
    activity_id: Mapped[int] = mapped_column(ForeignKey("activity.id"))
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))

    activity: Mapped[Activity] = relationship()
    campaign: Mapped[Campaign] = relationship()
