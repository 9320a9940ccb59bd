"""The calendar of one person: the work of their posts, or of the units that they answer for.

What they may read is asked each time it is written. When their posts have ended the calendar says
so, and shows nothing else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from events.calendars.ical import RENDERER_EPOCH, CalendarEvent, CalendarHead
from events.calendars.parts import (
    activities,
    campaigns,
    deadlines,
    is_long_gone,
    main_events,
)
from events.calendars.view import A_DAY, CANCELLED_STAYS, View
from events.checklist.charge import doing_unit_id
from events.checklist.mine import is_mine
from events.errors import N_
from events.installation import installation_of
from events.localtime import VIETNAM, at_local
from events.models import (
    Activity,
    Campaign,
    ChecklistItem,
    FeedScope,
    FeedToken,
    Post,
    Role,
    Round,
    TodoStatus,
)
from events.models.campaigns import of_rounds
from events.models.items import OPEN
from events.people.rights import Capability, Relation, grants
from events.units.lineage import ever_below
from events.words.colors import HEX_OF

_COLOR = "steelblue"
_HALF_AN_HOUR = timedelta(minutes=-30)


@dataclass(frozen=True, slots=True)
class PersonFeed:
    """What one token shows."""

    token: FeedToken
    view: View

    @property
    def head(self) -> CalendarHead:
        about = {
            FeedScope.MINE: N_("Items and deadlines of %(person)s."),
            FeedScope.UNIT: N_("Items and deadlines of the units of %(person)s."),
            FeedScope.SUBTREE: N_("Items and deadlines of the units of %(person)s and below."),
            FeedScope.LEADER: N_("Open activities of the units of %(person)s and below."),
        }
        return CalendarHead(
            name=self.token.name,
            description=self.view.say(about[self.token.scope], person=self.token.person.full_name),
            color=_COLOR,
            color_hex=HEX_OF[_COLOR],
            url=self.view.at("/dang-ky-lich"),  # no source: it would give the secret away
        )

    def events(self, session: Session) -> Sequence[CalendarEvent]:
        here = self._units(session)
        if not here:
            return list(self._farewell(session))
        shown = self._all(session, here)
        if not self.token.has_alarms:
            return list(shown)
        on_the_eve = _on_the_eve(self.token.alarm_at or installation_of(session).remind_at)
        return [_with_alarm(event, on_the_eve) for event in shown]

    def _all(self, session: Session, here: Sequence[int]) -> Iterator[CalendarEvent]:
        token, in_units = self.token, Campaign.unit_id.in_(here)
        if token.has_campaigns:
            yield from campaigns(session, in_units & self._recent(), self.view)
        if token.has_main_events:
            yield from main_events(session, in_units & self._recent(), self.view)
        if token.has_activities:
            held = activities(session, in_units & self._held(), self.view)
            yield from (replace(event, is_busy=event.is_timed) for event in held)
        if token.has_items and token.scope is not FeedScope.LEADER:
            yield from deadlines(session, self._due(here), self.view)

    def _units(self, session: Session) -> list[int]:
        """Return the units whose work the owner may read today, as far as the scope reaches."""
        held = (
            select(Post.unit_id, Role.duty)
            .join(Post.role)
            .where(Post.person_id == self.token.person_id, Post.on(self.view.today))
        )
        posts = [(unit, duty) for unit, duty in session.execute(held)]
        reads = Capability.READ_WORK
        here = {unit for unit, duty in posts if grants(duty, reads, Relation.OWN)}
        if self.token.scope in (FeedScope.SUBTREE, FeedScope.LEADER):
            for unit in {unit for unit, duty in posts if grants(duty, reads, Relation.BELOW)}:
                here |= set(session.scalars(ever_below(unit)))
        return sorted(here)

    def _due(self, here: Sequence[int]) -> ColumnElement[bool]:
        """Return the condition that an item stands in this calendar."""
        item, today = ChecklistItem, self.view.today
        if self.token.scope is FeedScope.MINE:
            whose = is_mine(self.token.person, today)
        else:
            whose = doing_unit_id().in_(here)
        states = [*OPEN, TodoStatus.COMPLETED] if self.token.keeps_done else list(OPEN)
        since = item.due >= today - timedelta(days=self.token.past_days)
        # what is open and owed stays, however late it is
        late = item.status.in_(OPEN) & item.is_owed()
        lately = item.due >= today - CANCELLED_STAYS
        off = (item.status == TodoStatus.CANCELLED) & lately
        # called off with its campaign: until both would be over
        is_told = self._runs() | lately
        return and_(whose, is_told, or_(item.status.in_(states) & since, late, off))

    def _runs(self) -> ColumnElement[bool]:
        long_over = Round.dtend < self.view.today - CANCELLED_STAYS
        return of_rounds(~((Round.status == "CANCELLED") & long_over))

    def _recent(self) -> ColumnElement[bool]:
        since = self.view.today - timedelta(days=self.token.past_days)
        return self._runs() & of_rounds(Round.dtend > since)

    def _held(self) -> ColumnElement[bool]:
        """Return the condition that an activity is shown: internal ones too, but to leaders what
        everybody may attend.
        """
        since = self.view.today - timedelta(days=self.token.past_days)
        once = Activity.weekly_until.is_(None) & (
            Activity.dtend >= at_local(since, time.min, VIETNAM)
        )
        shown = or_(once, Activity.weekly_until >= since) & ~is_long_gone(self.view.today)
        return shown & Activity.public if self.token.scope is FeedScope.LEADER else shown

    def _farewell(self, session: Session) -> Iterator[CalendarEvent]:
        """Say why nothing is shown any more."""
        last = session.scalar(
            select(func.max(Post.valid_to)).where(Post.person_id == self.token.person_id)
        )
        day = last + A_DAY if last and last < self.view.today else self.token.created.date()
        yield CalendarEvent(
            uid=f"ended-{self.token.uid}",
            summary=self.view.say(N_("No post is held any more; this calendar shows no work")),
            dtstart=day,
            dtend=day + A_DAY,
            created=self.token.created,
            last_modified=max(self.token.created, RENDERER_EPOCH),
            description=self.view.say(
                N_("Whoever steers the unit enters posts. With a new post the work comes back.")
            ),
            url=self.view.at("/dang-ky-lich"),
        )


def _with_alarm(event: CalendarEvent, on_the_eve: timedelta) -> CalendarEvent:
    if not event.is_awaited:
        return event
    return replace(event, alarm=_HALF_AN_HOUR if event.is_timed else on_the_eve)


def _on_the_eve(at: time) -> timedelta:
    """Return the hour ``at`` of the day before, from the midnight with which a day begins."""
    return timedelta(hours=at.hour, minutes=at.minute) - A_DAY
