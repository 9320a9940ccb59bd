"""One unit's campaign: its days, its main event, what people may attend."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from events.calendars.going_on import followers_of, identities, under
from events.calendars.ical import CalendarEvent, CalendarHead
from events.calendars.parts import activities, campaigns, main_events, to_attend
from events.calendars.unit_feed import COLOR
from events.calendars.view import View
from events.errors import N_
from events.models import Activity, ActivityCredit, Campaign
from events.models.campaigns import same_round
from events.words.colors import HEX_OF

PREFIX = "chien-dich/"


@dataclass(frozen=True, slots=True)
class CampaignFeed:
    """What everybody may know of a campaign, also when it is over."""

    campaign: Campaign
    view: View

    @property
    def head(self) -> CalendarHead:
        color = self.campaign.observance.color if self.campaign.observance else COLOR
        name = f"{self.campaign.summary} – {self.campaign.unit.full_name}"
        about = N_("Days and activities of the campaign in %(name)s.")
        return CalendarHead(
            name=name,
            description=self.view.say(about, name=self.campaign.unit.full_name),
            color=color,
            color_hex=HEX_OF.get(color, HEX_OF[COLOR]),
            url=self.view.at(f"/chien-dich/{self.campaign.uid}"),
            source=self.view.feed_at(f"{PREFIX}{self.campaign.uid}"),
        )

    def events(self, session: Session) -> Sequence[CalendarEvent]:
        ids = self._campaigns(session)
        shown = Campaign.id.in_(ids)
        followers = followers_of(session, self.campaign.unit, self.view.today)
        known = identities(session, self.campaign.unit, followers) if followers else {}
        return [
            *under(campaigns(session, shown, self.view), known),
            *under(main_events(session, shown, self.view), known),
            *activities(session, self._attended(ids), self.view, self.campaign.unit),
        ]

    def _campaigns(self, session: Session) -> Sequence[int]:
        """Return the campaign, or those that follow it where its unit has ended."""
        followers = followers_of(session, self.campaign.unit, self.view.today)
        theirs = select(Campaign.id).where(
            same_round(self.campaign), Campaign.unit_id.in_([unit.id for unit in followers])
        )
        return session.scalars(theirs).all() or [self.campaign.id]

    def _attended(self, ids: Sequence[int]) -> ColumnElement[bool]:
        """Return the condition that an activity is of this campaign, or counts for it."""
        ids = [*ids, self.campaign.id]
        counted = select(ActivityCredit.activity_id).where(ActivityCredit.campaign_id.in_(ids))
        here = or_(Activity.campaign_id.in_(ids), Activity.id.in_(counted))
        return here & to_attend(self.view.today)
