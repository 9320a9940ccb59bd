"""One activity, or one observance in one year, as a calendar of its own to put into another: read
once, and not polled.
"""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session, object_session

from events.calendars.ical import CalendarEvent, CalendarHead, write_calendar
from events.calendars.kept import stamp_in
from events.calendars.observance_feed import occurrence_event
from events.calendars.parts import activity_event
from events.calendars.stamps import stamp_all
from events.calendars.view import View
from events.errors import NotFoundError
from events.installation import zone_of
from events.models import Activity, Observance, ObservanceOccurrence
from events.words.colors import HEX_OF

_COLOR = "crimson"
_VERSION = b"VERSION:2.0\r\n"


def activity_calendar(session: Session, uid: str, view: View) -> bytes:
    """Return an activity that everybody may attend. Raises ``NotFoundError``, also for others."""
    activity = session.scalar(select(Activity).where(Activity.uid == uid, Activity.public))
    if activity is None:
        raise NotFoundError(kind="activity", key=uid)
    return _alone(_as_shown(session, activity, view, zone_of(session)))


def invitation(activities: Sequence[Activity], view: View, zone: ZoneInfo) -> bytes:
    """Return activities as a file that comes with a mail: published, not asked for (RFC 5546, 3.2),
    with the identity that they have in every other calendar, where they move along.
    """
    session = object_session(activities[0])
    assert session is not None
    events = [_as_shown(session, activity, view, zone) for activity in activities]
    head = CalendarHead(events[0].summary, events[0].summary, _COLOR, HEX_OF[_COLOR])
    calendar = write_calendar(head, events)
    return calendar.replace(_VERSION, _VERSION + b"METHOD:PUBLISH\r\n", 1)


def occurrence_calendar(session: Session, slug: str, year: int, view: View) -> bytes:
    """Return an observance in the year that its days are counted in. Raises ``NotFoundError``."""
    row = ObservanceOccurrence
    named = row.observance.has((Observance.slug == slug) & Observance.enabled)
    found = session.scalar(select(row).where(named, row.year == year))
    if found is None:
        raise NotFoundError(kind="calendar", key=slug)
    event = occurrence_event(found, view)
    return _alone(_stamped(session, view.key(found.observance.slug), event))


def _as_shown(session: Session, activity: Activity, view: View, zone: ZoneInfo) -> CalendarEvent:
    event = activity_event(activity, view, zone)
    return _stamped(session, view.key(activity.campaign.unit.slug), event)


def _stamped(session: Session, key: str, event: CalendarEvent) -> CalendarEvent:
    """Return an event with the stamps that it has in the calendar ``key``, or higher ones where it
    reads otherwise by now: a program that has both takes neither for older than it is.
    """
    known = stamp_in(session, key, event.uid)
    [one] = stamp_all([event], {event.uid: known} if known else {}, event.last_modified)
    return one.event


def _alone(event: CalendarEvent) -> bytes:
    head = CalendarHead(event.summary, event.summary, _COLOR, HEX_OF[_COLOR], url=event.url)
    return write_calendar(head, [event])
