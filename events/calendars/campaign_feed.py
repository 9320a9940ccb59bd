"""One unit's campaign: its days, its main event, what people may attend."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from events.calendars.ical import CalendarEvent, CalendarHead
from events.calendars.parts import activities, campaigns, main_events, to_attend
from events.calendars.unit_feed import COLOR
from events.calendars.view import View
from events.colors import HEX_OF
from events.errors import N_
from events.models import Activity, ActivityCredit, Campaign

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
        it = Campaign.id == self.campaign.id
        return [
            *campaigns(session, it, self.view),
            *main_events(session, it, self.view),
            *activities(session, self._attended, self.view, self.campaign.unit),
        ]

    @property
    def _attended(self) -> ColumnElement[bool]:
        counted = select(ActivityCredit.activity_id).where(
            ActivityCredit.campaign_id == self.campaign.id
        )
        here = or_(Activity.campaign_id == self.campaign.id, Activity.id.in_(counted))
        return here & to_attend(self.view.today)
