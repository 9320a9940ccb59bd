"""The calendar of one person: the work of their posts, or of the units that they answer for.

What they may read is asked each time it is written. When their posts have ended the calendar says
so, and shows nothing else. Where a unit ended and its post in the next waits to be confirmed, the
calendar goes on with what everybody may know of that, and says so.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import time, timedelta
from itertools import chain

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from events.calendars.going_on import followers_of, identities, under
from events.calendars.ical import RENDERER_EPOCH, CalendarEvent, CalendarHead
from events.calendars.parts import (
    EVENT_OF,
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
    PostProposal,
    Role,
    Round,
    TodoStatus,
    Unit,
)
from events.models.campaigns import of_rounds
from events.models.items import OPEN
from events.people.proposed_posts import waiting_posts
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
        waiting = waiting_posts(session, self.token.person, self.view.today)
        if not here and not waiting:
            return list(self._farewell(session))
        proposed = sorted({post.unit_id for post in waiting}.difference(here))
        shown = self._all(session, here)
        if proposed:
            shown = chain(shown, self._announced(session, proposed), self._waits(waiting))
        shown = _going_on(shown, self._identities(session, {*here, *proposed}))
        if not self.token.has_alarms:
            return list(shown)
        on_the_eve = _on_the_eve(self.token.alarm_at or installation_of(session).remind_at)
        return [_with_alarm(event, on_the_eve) for event in shown]

    def _all(self, session: Session, here: Sequence[int]) -> Iterator[CalendarEvent]:
        token = self.token
        yield from self._days(session, here)
        if token.has_activities:
            yield from self._busy(session, Campaign.unit_id.in_(here) & self._held())
        if token.has_items and token.scope is not FeedScope.LEADER:
            yield from deadlines(session, self._due(here), self.view)

    def _announced(self, session: Session, units: Sequence[int]) -> Iterator[CalendarEvent]:
        """Yield what everybody may know of units: the owner has no post there yet."""
        yield from self._days(session, units)
        if self.token.has_activities:
            held = Campaign.unit_id.in_(units) & self._held() & Activity.public
            yield from self._busy(session, held)

    def _days(self, session: Session, units: Sequence[int]) -> Iterator[CalendarEvent]:
        shown = Campaign.unit_id.in_(units) & self._recent()
        if self.token.has_campaigns:
            yield from campaigns(session, shown, self.view)
        if self.token.has_main_events:
            yield from main_events(session, shown, self.view)

    def _busy(self, session: Session, held: ColumnElement[bool]) -> Iterator[CalendarEvent]:
        for event in activities(session, held, self.view):
            yield replace(event, is_busy=event.is_timed)

    def _identities(self, session: Session, here: Collection[int]) -> Mapping[str, str]:
        """Return under which UIDs the campaigns of units ``here`` go on that follow one in which
        the owner held a post to its end; of one that was renamed twice it is the first.
        """
        today = self.view.today
        to_the_end = or_(Post.valid_to.is_(None), Post.valid_to >= Unit.valid_to)
        held = select(Post.unit_id).where(
            Post.unit_id == Unit.id, Post.person_id == self.token.person_id, to_the_end
        )
        left = select(Unit).where(Unit.valid_to < today, held.exists())
        found: dict[str, str] = {}
        for unit in session.scalars(left.order_by(Unit.valid_to, Unit.id)):
            after = [one for one in followers_of(session, unit, today) if one.id in here]
            for uid, known in identities(session, unit, after).items():
                found.setdefault(uid, known)
        return found

    def _waits(self, waiting: Sequence[PostProposal]) -> Iterator[CalendarEvent]:
        """Say on the day from which posts are proposed that the work comes back with them."""
        names = ", ".join(dict.fromkeys(post.unit.full_name for post in waiting))
        day = min(post.valid_from for post in waiting)
        wait = N_("The post in %(units)s waits to be confirmed")
        until = N_("Until then this calendar shows what everybody may know of %(units)s.")
        back = N_("Items and their deadlines come back when the post is confirmed.")
        yield CalendarEvent(
            uid=f"waiting-{self.token.uid}",
            summary=self.view.say(wait, units=names),
            dtstart=day,
            dtend=day + A_DAY,
            created=self.token.created,
            last_modified=max(self.token.created, RENDERER_EPOCH),
            description=f"{self.view.say(until, units=names)}\n{self.view.say(back)}",
            url=self.view.at("/dang-ky-lich"),
        )

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


def _going_on(events: Iterable[CalendarEvent], known: Mapping[str, str]) -> Iterator[CalendarEvent]:
    """Yield events under the identities of those that they follow, which go for it."""
    followed = set(known.values())
    here = (event for event in events if event.uid.removeprefix(EVENT_OF) not in followed)
    return under(here, known)


def _with_alarm(event: CalendarEvent, on_the_eve: timedelta) -> CalendarEvent:
    if not event.is_awaited:
        return event
    return replace(event, alarm=_HALF_AN_HOUR if event.is_timed else on_the_eve)


def _on_the_eve(at: time) -> timedelta:
    """Return the hour ``at`` of the day before, from the midnight with which a day begins."""
    return timedelta(hours=at.hour, minutes=at.minute) - A_DAY
