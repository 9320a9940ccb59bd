"""What everybody may know of a unit: its campaigns, their main events, and activities to attend,
from 90 days back. Deadlines are for those who answer for them (`person_feed`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from events.calendars.going_on import followers_of, identities, is_followed, under
from events.calendars.ical import RENDERER_EPOCH, CalendarEvent, CalendarHead
from events.calendars.parts import (
    activities,
    campaigns,
    main_events,
    recent_campaigns,
    still_held,
    to_attend,
)
from events.calendars.view import A_DAY, View
from events.errors import N_
from events.installation import domain_of
from events.models import Activity, ActivityCredit, Campaign, FeedStamp, Unit
from events.units.endings import closure_of
from events.words.colors import HEX_OF

COLOR = "firebrick"


@dataclass(frozen=True, slots=True)
class UnitFeed:
    """One unit, whatever became of it."""

    unit: Unit
    view: View

    @property
    def head(self) -> CalendarHead:
        name = self.unit.full_name
        about = N_("Campaigns and activities of the work for families in %(name)s.")
        return CalendarHead(
            name=self.view.say(N_("Work for families – %(name)s"), name=name),
            description=self.view.say(about, name=name),
            color=COLOR,
            color_hex=HEX_OF[COLOR],
            url=self.view.at(f"/don-vi/{self.unit.slug}"),
            source=self.view.feed_at(self.unit.slug),
        )

    def events(self, session: Session) -> Sequence[CalendarEvent]:
        followers = followers_of(session, self.unit, self.view.today)
        known = identities(session, self.unit, followers) if followers else {}
        here = self._here(followers)
        return [
            *self._ending(session),
            *under(campaigns(session, here, self.view), known),
            *under(main_events(session, here, self.view), known),
            *activities(session, self._attended(followers), self.view, self.unit),
        ]

    def _here(self, followers: Sequence[Unit]) -> ColumnElement[bool]:
        """Return the condition that a campaign is shown: those of the units that follow too, and
        none twice.
        """
        if not followers:
            return self._shown
        theirs = Campaign.unit_id.in_([unit.id for unit in followers])
        own = self._shown & ~is_followed(followers)
        return or_(own, theirs & recent_campaigns(self.view.today))

    @property
    def _shown(self) -> ColumnElement[bool]:
        return (Campaign.unit_id == self.unit.id) & recent_campaigns(self.view.today)

    def _ending(self, session: Session) -> Iterator[CalendarEvent]:
        """Say on the day after its last where a closed unit went: whoever subscribed to it would
        hear nothing more.
        """
        closure = closure_of(session, self.unit, self.view.today)
        if closure is None:
            return
        day = closure.last_day + A_DAY
        leads_on = N_("Calendar of %(name)s: %(address)s")
        addresses = [
            self.view.say(leads_on, name=one.full_name, address=self.view.feed_at(one.slug))
            for one in closure.goes_on_in
        ]
        yield CalendarEvent(
            uid=self._uid_of_the_end(session),
            summary=closure.words(self.view.language),
            dtstart=day,
            dtend=day + A_DAY,
            created=RENDERER_EPOCH,
            last_modified=RENDERER_EPOCH,
            description="\n".join(addresses),
            url=self.view.at(f"/don-vi/{self.unit.slug}"),
        )

    def _uid_of_the_end(self, session: Session) -> str:
        """Return the identifier under which the end is told: where it was told before, that one."""
        before = f"unit-{self.unit.id}-ended@sumvay"  # as older versions wrote it
        name = f"unit-{self.unit.key}-ended@"
        told = or_(FeedStamp.uid == before, FeedStamp.uid.startswith(name, autoescape=True))
        known = select(FeedStamp.uid).where(
            FeedStamp.feed_key == self.view.key(self.unit.slug), told
        )
        return session.scalar(known.limit(1)) or f"{name}{domain_of(session)}"

    def _attended(self, followers: Sequence[Unit]) -> ColumnElement[bool]:
        """Return the condition that people may attend an activity of the campaigns shown.

        Those that went over stay too: whoever subscribed here is told of them until they are past.
        """
        went_over = (
            select(ActivityCredit.activity_id)
            .join(ActivityCredit.campaign)
            .where(self._shown)
            .correlate(None)
        )
        recent = recent_campaigns(self.view.today) | still_held(self.view.today)
        theirs = Campaign.unit_id.in_([unit.id for unit in followers]) & recent
        here: ColumnElement[bool] = (Campaign.unit_id == self.unit.id) & recent
        if self.unit.valid_to is not None:
            here = or_(here, theirs, Activity.id.in_(went_over))
        return here & to_attend(self.view.today)
