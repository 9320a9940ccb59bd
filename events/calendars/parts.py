"""What calendars are made of: campaigns, activities, deadlines as events of a calendar.

Each function yields what a condition over its rows chooses; which rows a feed shows is the feed's
own matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, contains_eager

from events.activities.evenings import times_of
from events.activities.times import exceptions_of
from events.calendars.ical import CalendarEvent
from events.calendars.view import A_DAY, CANCELLED_STAYS, PAST, View
from events.days.recurrence import FIRST_YEAR, LAST_YEAR
from events.days.workdays import WorkCalendar
from events.errors import N_
from events.installation import zone_of
from events.localtime import VIETNAM, at_local, last_instant
from events.models import Activity, Campaign, ChecklistItem, Role, Round, TodoStatus, Unit
from events.models.campaigns import of_rounds, takes_place
from events.models.items import OPEN, ClosedBecause
from events.working_calendar import work_calendar

EVENT_OF = "event-"  # how the UID of a main event begins; its campaign's follows
# one deadline beyond them would take the whole calendar down
_KNOWN_DAYS = date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)


def recent_campaigns(today: date) -> ColumnElement[bool]:
    """Return the condition that a campaign is shown: a cancelled one stays a while, marked, so that
    clients see it go.
    """
    gone = (Round.status == "CANCELLED") & (Round.dtend < today - CANCELLED_STAYS)
    return of_rounds(Round.dtend > today - PAST, ~gone)


def to_attend(today: date) -> ColumnElement[bool]:
    """Return the condition that people may attend an activity: it is public; a cancelled one stays
    a while, as campaigns do.
    """
    return Activity.public & ~is_long_gone(today)


def still_held(today: date) -> ColumnElement[bool]:
    """Return the condition that an activity takes place in the days that are shown, though its
    campaign be over or called off before: a club may go on.
    """
    since = today - PAST
    once = Activity.weekly_until.is_(None) & (Activity.dtend >= at_local(since, time.min, VIETNAM))
    return or_(once, Activity.weekly_until >= since)


def is_long_gone(today: date) -> ColumnElement[bool]:
    """Return the condition that an activity was called off, alone or with its campaign, so long
    before that everybody has seen it: counted from the last time that it would have taken place.
    """
    since = today - CANCELLED_STAYS
    is_off = or_(Activity.status == "CANCELLED", ~takes_place())
    weekly = Activity.weekly_until.is_not(None)  # said aloud, or what is not weekly is unknown
    once = ~weekly & (Activity.dtend < at_local(since, time.min, VIETNAM))
    return is_off & or_(once, weekly & (Activity.weekly_until < since))


def campaigns(session: Session, shown: ColumnElement[bool], view: View) -> Iterator[CalendarEvent]:
    """Yield the days of campaigns."""
    query = select(Campaign).join(Campaign.unit).join(Campaign.round).where(shown)
    loaded = query.options(contains_eager(Campaign.unit))
    for campaign in session.scalars(loaded.order_by(Round.dtstart, Campaign.id)):
        yield _campaign_event(campaign, view)


def _campaign_event(campaign: Campaign, view: View) -> CalendarEvent:
    return CalendarEvent(
        uid=campaign.uid,
        summary=campaign.summary,
        dtstart=campaign.dtstart,
        dtend=campaign.dtend,
        created=campaign.created,
        last_modified=campaign.changed,
        sequence=campaign.changes,
        description=campaign.unit.full_name,
        url=view.at(f"/chien-dich/{campaign.uid}"),
        categories=(view.word(N_("Campaign")),),
        status=campaign.status.value,
    )


def main_events(
    session: Session, shown: ColumnElement[bool], view: View
) -> Iterator[CalendarEvent]:
    """Yield the days on which main events are held, where these are not the days themselves: people
    move them, and everybody has to know.
    """
    query = select(Campaign).join(Campaign.unit).join(Campaign.round)
    query = query.where(shown, Round.event_date.is_not(None))
    loaded = query.options(contains_eager(Campaign.unit))
    for campaign in session.scalars(loaded.order_by(Round.event_date, Campaign.id)):
        assert campaign.event_date is not None
        yield replace(
            _campaign_event(campaign, view),
            uid=f"{EVENT_OF}{campaign.uid}",
            summary=view.say(N_("Main event: %(campaign)s"), campaign=campaign.summary),
            dtstart=campaign.event_date,
            dtend=campaign.event_date + A_DAY,
        )


def activities(
    session: Session, shown: ColumnElement[bool], view: View, of: Unit | None = None
) -> Iterator[CalendarEvent]:
    """Yield activities, in the calendar ``of`` a unit with the word who took over what another unit
    holds now.
    """
    with_unit = contains_eager(Activity.campaign).joinedload(Campaign.unit)
    query = select(Activity).join(Activity.campaign).where(shown).options(with_unit)
    zone = zone_of(session)
    for activity in session.scalars(query.order_by(Activity.dtstart, Activity.id)):
        yield activity_event(activity, view, zone, of)


def activity_event(
    activity: Activity, view: View, zone: ZoneInfo, of: Unit | None = None
) -> CalendarEvent:
    """Return one activity as it stands in a calendar."""
    said = [activity.campaign.summary]
    if activity.organizer:
        said.append(view.say(N_("Organised by: %(organizer)s"), organizer=activity.organizer))
    unit = activity.campaign.unit
    if of is not None and unit.id != of.id:
        said.append(view.say(N_("Taken over by: %(name)s"), name=unit.full_name))
    until, without, moved = activity.weekly_until, [], []
    if until is not None:
        exceptions = exceptions_of(activity)
        for day, start, _end in times_of(activity, zone):
            if day in exceptions:
                instead = exceptions[day]
                moved.append((start, *instead)) if instead else without.append(start)
    dtstart, dtend = _days(activity, zone)
    return CalendarEvent(
        uid=activity.uid,
        summary=activity.summary,
        dtstart=dtstart,
        dtend=dtend,
        without=tuple(without),
        moved=tuple(moved),
        created=activity.created,
        last_modified=activity.last_modified,
        sequence=activity.sequence,
        description="\n".join(said),
        location=activity.location,
        url=view.at(f"/hoat-dong/{activity.uid}"),
        categories=(view.word(N_("Activity")),),
        status="CANCELLED" if activity.is_cancelled else "CONFIRMED",
        weekly_until=last_instant(until, zone) if until else None,
        is_awaited=not activity.is_cancelled,
    )


def _days(activity: Activity, zone: ZoneInfo) -> tuple[date, date]:
    """Return when an activity begins and ends: as days where it takes whole ones."""
    start, end = activity.dtstart.astimezone(zone), activity.dtend.astimezone(zone)
    if activity.weekly_until is None and start.time() == end.time() == time.min:
        return start.date(), end.date()
    return activity.dtstart, activity.dtend


def deadlines(session: Session, shown: ColumnElement[bool], view: View) -> Iterator[CalendarEvent]:
    """Yield the days by which items are due."""
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
        Round.summary.label("campaign"),
        Round.status.label("campaign_status"),
        Role.title_vi,
        Role.title_en,
    )
    known = item.due.between(*_KNOWN_DAYS)
    # what went over stands in the calendars of those who do it now; it is not called off
    here = or_(item.closed_because.is_(None), item.closed_because != ClosedBecause.MOVED)
    query = select(*columns, *stamps, *facts).join(item.campaign).join(Campaign.round)
    words = _Words(work_calendar(session), view, zone_of(session))
    for row in session.execute(
        query.join(item.role).where(shown, known, here).order_by(item.due, item.id)
    ):
        yield words.event(row)


@dataclass(frozen=True, slots=True)
class _Words:
    """What deadlines say, also of a date that was moved, by the days off as they are decided."""

    calendar: WorkCalendar
    view: View
    zone: ZoneInfo

    def event(self, row: Any) -> CalendarEvent:
        changed = self._changed(row)
        due = self.view.say(N_("Due: %(item)s"), item=row.summary)
        is_off = "CANCELLED" in (row.status.value, row.campaign_status.value)
        return CalendarEvent(
            uid=row.uid,
            summary=f"✓ {due}" if row.status is TodoStatus.COMPLETED else due,
            dtstart=row.due,
            dtend=row.due + A_DAY,
            created=row.created,
            last_modified=max(filter(None, (row.last_modified, changed))),
            sequence=row.sequence + bool(changed),
            description=self._description(row),
            url=self.view.at(f"/viec/{row.id}"),
            categories=(self.view.word(N_("Deadline")),),
            status="CANCELLED" if is_off else "CONFIRMED",
            is_awaited=row.status in OPEN and not is_off,
        )

    def _description(self, row: Any) -> str:
        say = self.view.say
        lines = [row.campaign, say(N_("In charge: %(role)s"), role=self.view.titled(row))]
        reason = self.calendar.told(row.due_reason, row.nominal_due)
        if reason:
            said = reason.as_of(self.view.today, row.nominal_due).words(self.view.language)
            moved = N_("The original date %(day)s falls %(why)s.")
            lines.append(say(moved, day=f"{row.nominal_due:%d/%m/%Y}", why=said))
        return "\n".join(lines)

    def _changed(self, row: Any) -> datetime | None:
        """Return when the words changed though the row did not: a day that nobody decided has
        passed. An event that is shown for the first time begins with this stamp, since versions
        before gave it.
        """
        reason = self.calendar.told(row.due_reason, row.nominal_due)
        if reason is None or not reason.provisional or row.nominal_due >= self.view.today:
            return None
        return at_local(row.nominal_due + A_DAY, time.min, self.zone)
