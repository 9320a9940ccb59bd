"""Which components a calendar feed shows, and the bytes last served for it.

A feed is one calendar in a client: an observance through the years, or a unit with its campaigns
and deadlines. A public activity of the province is in both, with the same UID. Bytes are kept
(``FeedSnapshot``) with a fingerprint of the rows they were written from, so that a poll costs a few
small queries and ETag and Last-Modified stay true.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, contains_eager

from events.activities.times import at_the_top, counts_for
from events.calendars.ical import RENDERER_EPOCH, CalendarEvent, CalendarHead, write_calendar
from events.colors import HEX_OF
from events.database import SessionFactory, reading
from events.days.recurrence import FIRST_YEAR, LAST_YEAR
from events.days.workdays import WorkCalendar
from events.errors import NotFoundError
from events.installation import day_here, zone_of
from events.localtime import VIETNAM, at_local, last_instant
from events.locks import FOR_CHANGE
from events.models import (
    Activity,
    ActivityCredit,
    Campaign,
    ChecklistItem,
    FeedSnapshot,
    Observance,
    ObservanceOccurrence,
    Role,
    TodoStatus,
    Unit,
)
from events.units.endings import closure_of
from events.working_calendar import work_calendar

PATH = "/lich/{slug}.ics"
LARGEST = 1_000  # events; Google loses the rest without a word
_A_DAY = timedelta(days=1)
_PAST = timedelta(days=90)
# one deadline beyond them would take the whole calendar down
_KNOWN_DAYS = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)
_CANCELLED_STAYS = timedelta(days=30)
_UNIT_COLOR = "firebrick"


@dataclass(frozen=True, slots=True)
class Served:
    """A feed as it goes out: ``etag`` is the SHA-256 of the body, ``last_modified`` when the body
    last changed.
    """

    slug: str
    body: bytes
    etag: str
    last_modified: datetime


def serve_feed(
    session_factory: SessionFactory, slug: str, *, now: datetime, public_url: str
) -> Served:
    """Return the public feed ``slug`` of an observance or a unit. Raises ``NotFoundError``.

    Writes only when the feed changed since it was last served.
    """
    with reading(session_factory)() as session:
        feed = find_feed(session, slug, day_here(session, now), public_url)
        state = feed.state(session)
        snapshot = session.get(FeedSnapshot, slug)
        if snapshot is not None and snapshot.state == state:
            return _served(snapshot)
    try:
        with session_factory.begin() as session:
            return _served(_renew(session, slug, state, feed.render(session), now))
    except IntegrityError:  # another process served this feed for the first time just now
        with reading(session_factory)() as session:
            return _served(session.get_one(FeedSnapshot, slug))


def find_feed(
    session: Session, slug: str, today: date, public_url: str
) -> "ObservanceFeed | UnitFeed":
    """Return the feed with this slug.

    Raises ``NotFoundError``; an observance that is switched off has none.
    """
    observance = session.scalar(
        select(Observance).where(Observance.slug == slug, Observance.enabled)
    )
    if observance is not None:
        return ObservanceFeed(observance, today, public_url)
    unit = session.scalar(select(Unit).where(Unit.slug == slug))
    if unit is not None:
        return UnitFeed(unit, today, public_url)
    raise NotFoundError(kind="calendar", key=slug)


def all_slugs(session: Session) -> list[str]:
    """Return the slugs of all public feeds: observances first, then units."""
    observances = session.scalars(
        select(Observance.slug)
        .where(Observance.enabled)
        .order_by(Observance.position, Observance.id)
    )
    return [*observances, *session.scalars(select(Unit.slug).order_by(Unit.position, Unit.id))]


@dataclass(frozen=True, slots=True)
class ObservanceFeed:
    """An observance from last year to the end of the horizon."""

    observance: Observance
    today: date
    public_url: str

    @property
    def head(self) -> CalendarHead:
        color = self.observance.color
        return CalendarHead(
            name=self.observance.title_vi,
            description=f"{self.observance.title_vi}. Ngày kỷ niệm hằng năm, kèm chủ đề từng năm.",
            color=color,
            color_hex=HEX_OF.get(color, "#B22222"),
            url=f"{self.public_url}/ngay/{self.observance.slug}",
            source=self.public_url + PATH.format(slug=self.observance.slug),
        )

    def state(self, session: Session) -> str:
        rows = session.execute(select(*_fingerprint(ObservanceOccurrence)).where(self._shown)).one()
        both = select(*_fingerprint(Activity), *_fingerprint(Campaign)).join(Activity.campaign)
        activities = session.execute(both.where(self._attended)).one()
        return _state(self.head, rows, activities)

    def render(self, session: Session) -> bytes:
        query = (
            select(ObservanceOccurrence)
            .where(self._shown)
            .order_by(ObservanceOccurrence.dtstart)
            .limit(LARGEST)
        )
        days = [self._event(row) for row in session.scalars(query)]
        return write_calendar(
            self.head, [*days, *_activities(session, self._attended, self.public_url)][:LARGEST]
        )

    @property
    def _shown(self) -> ColumnElement[bool]:
        row = ObservanceOccurrence
        return (row.observance_id == self.observance.id) & (row.year >= self.today.year - 1)

    @property
    def _attended(self) -> ColumnElement[bool]:
        """The province's public activities for this observance; those of all units would be
        hundreds on one day.
        """
        recent = Activity.dtstart >= at_local(date(self.today.year - 1, 1, 1), time.min, VIETNAM)
        return recent & at_the_top() & counts_for(self.observance.id) & _to_attend(self.today)

    def _event(self, row: ObservanceOccurrence) -> CalendarEvent:
        return CalendarEvent(
            uid=row.uid,
            summary=row.summary,
            dtstart=row.dtstart,
            dtend=row.dtend,
            created=row.created,
            last_modified=row.last_modified,
            sequence=row.sequence,
            description=row.description,
            url=f"{self.public_url}/ngay/{self.observance.slug}",
            categories=("Ngày kỷ niệm",),
        )


@dataclass(frozen=True, slots=True)
class UnitFeed:
    """A unit's campaigns, public activities and deadlines, from 90 days back."""

    unit: Unit
    today: date
    public_url: str

    @property
    def head(self) -> CalendarHead:
        return CalendarHead(
            name=f"Công tác gia đình – {self.unit.full_name}",
            description=f"Chiến dịch và hạn việc công tác gia đình của {self.unit.full_name}.",
            color=_UNIT_COLOR,
            color_hex=HEX_OF[_UNIT_COLOR],
            url=f"{self.public_url}/don-vi/{self.unit.slug}",
            source=self.public_url + PATH.format(slug=self.unit.slug),
        )

    def state(self, session: Session) -> str:
        campaigns = session.execute(select(*_fingerprint(Campaign)).where(self._shown)).one()
        item = ChecklistItem
        guesses = func.count(
            case((item.due_reason.is_not(None) & (item.nominal_due < self.today), 1))
        )
        items = session.execute(
            select(*_fingerprint(item), guesses).join(item.campaign).where(self._shown)
        ).one()
        ending = [(event.summary, event.description) for event in self._ending(session)]
        activities = session.execute(
            select(*_fingerprint(Activity)).join(Activity.campaign).where(self._attended)
        ).one()
        return _state(self.head, campaigns, items, activities, (self.unit.valid_to,), *ending)

    def render(self, session: Session) -> bytes:
        activities = _activities(session, self._attended, self.public_url, self.unit)
        events = [
            *self._ending(session),
            *self._campaigns(session),
            *activities,
            *self._deadlines(session),
        ]
        return write_calendar(self.head, events[:LARGEST])

    @property
    def _shown(self) -> ColumnElement[bool]:
        """Recent campaigns; cancelled ones stay a while, marked, so that clients see them go."""
        gone = (Campaign.status == "CANCELLED") & (Campaign.dtend < self.today - _CANCELLED_STAYS)
        return (Campaign.unit_id == self.unit.id) & (Campaign.dtend > self.today - _PAST) & ~gone

    def _ending(self, session: Session) -> Iterator[CalendarEvent]:
        """Say on the day after its last where a closed unit went: whoever subscribed to it would
        hear nothing more.
        """
        closure = closure_of(session, self.unit, self.today)
        if closure is None:
            return
        day = closure.last_day + _A_DAY
        addresses = [
            f"Lịch của {one.full_name}: {self.public_url}{PATH.format(slug=one.slug)}"
            for one in closure.goes_on_in
        ]
        yield CalendarEvent(
            uid=f"unit-{self.unit.id}-ended@sumvay",
            summary=closure.words("vi"),
            dtstart=day,
            dtend=day + _A_DAY,
            created=RENDERER_EPOCH,
            last_modified=RENDERER_EPOCH,
            description="\n".join(addresses),
            url=f"{self.public_url}/don-vi/{self.unit.slug}",
        )

    @property
    def _attended(self) -> ColumnElement[bool]:
        """What people may attend of the campaigns shown.

        Those that went over to the units that follow stay too: whoever subscribed here is told of
        them until they are past.
        """
        went_over = (
            select(ActivityCredit.activity_id)
            .join(ActivityCredit.campaign)
            .where(self._shown)
            .correlate(None)
        )
        here = or_(self._shown, Activity.id.in_(went_over)) if self.unit.valid_to else self._shown
        return here & _to_attend(self.today)

    def _campaigns(self, session: Session) -> Iterator[CalendarEvent]:
        for campaign in session.scalars(
            select(Campaign).where(self._shown).order_by(Campaign.dtstart)
        ):
            yield CalendarEvent(
                uid=campaign.uid,
                summary=campaign.summary,
                dtstart=campaign.dtstart,
                dtend=campaign.dtend,
                created=campaign.created,
                last_modified=campaign.last_modified,
                sequence=campaign.sequence,
                description=self.unit.full_name,
                url=f"{self.public_url}/chien-dich/{campaign.uid}",
                categories=("Chiến dịch",),
                status=campaign.status.value,
            )

    def _deadlines(self, session: Session) -> Iterator[CalendarEvent]:
        item = ChecklistItem
        columns = (
            item.id,
            item.uid,
            item.summary,
            item.due,
            item.nominal_due,
            item.due_reason,
            item.status,
        )
        stamps = (item.created, item.last_modified, item.sequence)
        facts = (
            Campaign.summary.label("campaign"),
            Campaign.status.label("campaign_status"),
            Role.title_vi.label("role"),
        )
        shown = (self._shown, item.due.between(*_KNOWN_DAYS))
        query = select(*columns, *stamps, *facts).join(item.campaign).join(item.role).where(*shown)
        words = _Words(work_calendar(session), self.today, zone_of(session))
        for row in session.execute(query.order_by(item.due, item.id)):
            changed = words.changed(row)
            yield CalendarEvent(
                uid=row.uid,
                summary=f"{'✓ ' if row.status is TodoStatus.COMPLETED else ''}Hạn: {row.summary}",
                dtstart=row.due,
                dtend=row.due + _A_DAY,
                created=row.created,
                last_modified=max(filter(None, (row.last_modified, changed))),
                sequence=row.sequence + bool(changed),
                description=words.describe(row),
                url=f"{self.public_url}/viec/{row.id}",
                categories=("Hạn việc",),
                status="CANCELLED"
                if "CANCELLED" in (row.status.value, row.campaign_status.value)
                else "CONFIRMED",
            )


def _to_attend(today: date) -> ColumnElement[bool]:
    """Return the condition that people may attend an activity: it is public; a cancelled one stays
    a while, as campaigns do.
    """
    gone = (Activity.status == "CANCELLED") & (
        Activity.dtend < at_local(today - _CANCELLED_STAYS, time.min, VIETNAM)
    )
    return Activity.public & ~gone


def _activities(
    session: Session, shown: ColumnElement[bool], public_url: str, of: Unit | None = None
) -> Iterator[CalendarEvent]:
    """Yield the activities shown, in the feed ``of`` a unit with the word who took over what
    another unit holds now.
    """
    with_unit = contains_eager(Activity.campaign).joinedload(Campaign.unit)
    query, zone = (
        select(Activity).join(Activity.campaign).where(shown).options(with_unit),
        zone_of(session),
    )
    for activity in session.scalars(query.order_by(Activity.dtstart, Activity.id)):
        said = [f"Đơn vị tổ chức: {activity.organizer}"] if activity.organizer else []
        if of is not None and activity.campaign.unit_id != of.id:
            said.append(f"Đơn vị tiếp nhận: {activity.campaign.unit.full_name}")
        yield CalendarEvent(
            uid=activity.uid,
            summary=activity.summary,
            dtstart=activity.dtstart,
            dtend=activity.dtend,
            created=activity.created,
            last_modified=activity.last_modified,
            sequence=activity.sequence,
            description="\n".join([activity.campaign.summary, *said]),
            location=activity.location,
            url=f"{public_url}/hoat-dong/{activity.uid}",
            categories=("Hoạt động",),
            status="CANCELLED" if activity.is_cancelled else "CONFIRMED",
            weekly_until=last_instant(activity.weekly_until, zone)
            if activity.weekly_until
            else None,
        )


@dataclass(frozen=True, slots=True)
class _Words:
    """What deadlines say of a date that was moved, by the days off as they are decided today."""

    calendar: WorkCalendar
    today: date
    zone: ZoneInfo

    def describe(self, row: Any) -> str:
        lines = [row.campaign, f"Phụ trách: {row.role}"]
        reason = self.calendar.told(row.due_reason, row.nominal_due)
        if reason:
            said = reason.as_of(self.today, row.nominal_due).words("vi")
            lines.append(f"Hạn gốc {row.nominal_due:%d/%m/%Y} rơi {said}.")
        return "\n".join(lines)

    def changed(self, row: Any) -> datetime | None:
        """Return when the words changed though the row did not: a day that nobody decided has
        passed, and is no guess any more.
        """
        reason = self.calendar.told(row.due_reason, row.nominal_due)
        if reason is None or not reason.provisional or row.nominal_due >= self.today:
            return None
        return at_local(row.nominal_due + _A_DAY, time.min, self.zone)


def _fingerprint(table: Any) -> tuple[ColumnElement[Any], ...]:
    """Return what tells two states of a set of rows apart: any change raises SEQUENCE and
    LAST-MODIFIED.
    """
    return (
        func.count(table.id),
        func.max(table.last_modified),
        func.sum(table.sequence),
        func.min(table.id),
        func.max(table.id),
    )


def _state(head: CalendarHead, *rows: Any) -> str:
    text = repr((RENDERER_EPOCH, head, [tuple(map(str, row)) for row in rows]))
    return hashlib.sha256(text.encode()).hexdigest()


def _renew(session: Session, slug: str, state: str, body: bytes, now: datetime) -> FeedSnapshot:
    """Store what is served now. Last-Modified moves only when the bytes do."""
    etag = hashlib.sha256(body).hexdigest()
    snapshot = session.get(FeedSnapshot, slug, with_for_update=FOR_CHANGE)
    if snapshot is None:
        snapshot = FeedSnapshot(slug=slug, state=state, etag=etag, last_modified=now, body=body)
        session.add(snapshot)
    elif snapshot.etag != etag:
        snapshot.etag, snapshot.body, snapshot.last_modified = etag, body, now
    snapshot.state = state
    session.flush()
    return snapshot


def _served(snapshot: FeedSnapshot) -> Served:
    return Served(snapshot.slug, snapshot.body, snapshot.etag, snapshot.last_modified)
