"""One time of an activity that takes place every week: called off, moved, or as it was.

A time is known by the local day on which its rule would have it, whatever became of it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from events.activities.planned import open_for_change
from events.activities.times import Slot
from events.errors import N_, ConflictError, InvalidInputError
from events.installation import zone_of
from events.localtime import local_day
from events.models import Activity, Person

_NO_TIME = N_("“%(activity)s” does not take place on %(day)s by its rule.")


def call_off_time(session: Session, uid: str, day: date, *, by: Person, now: datetime) -> Activity:
    """Call one time off; the others take place. Asking twice changes nothing.

    Raises ``InvalidInputError`` for a day on which there is none, and the errors of
    ``change_activity``.
    """
    return _except(session, uid, day, None, by, now)


def move_time(
    session: Session,
    uid: str,
    day: date,
    start: datetime,
    end: datetime,
    *,
    by: Person,
    now: datetime,
) -> Activity:
    """Let one time take place at another, both aware; the others stay.

    Raises ``InvalidInputError`` also where it would not end after its start, on that or the next
    local day.
    """
    zone = zone_of(session)
    if not start < end or (local_day(end, zone) - local_day(start, zone)).days > 1:
        raise InvalidInputError(N_("The end must be after the start, and at most a day later."))
    return _except(session, uid, day, (start, end), by, now)


def restore_time(session: Session, uid: str, day: date, *, by: Person, now: datetime) -> Activity:
    """Let one time take place by the rule again. Asking twice changes nothing."""
    activity = open_for_change(session, uid, by, now)
    left = {key: value for key, value in (activity.exceptions or {}).items() if key != f"{day}"}
    return _keep(activity, left, now)


def times_of(activity: Activity, zone: ZoneInfo) -> Iterator[tuple[date, datetime, datetime]]:
    """Yield the times by the rule, each with its local day, also those that were called off or
    moved.
    """
    slot = Slot(0, "", activity.dtstart, activity.dtend, activity.weekly_until)
    for start, end in slot.occurrences(zone):
        yield start.date(), start, end


def _except(
    session: Session,
    uid: str,
    day: date,
    instead: tuple[datetime, datetime] | None,
    by: Person,
    now: datetime,
) -> Activity:
    activity = open_for_change(session, uid, by, now)
    if activity.is_called_off:
        raise ConflictError(N_("“%(activity)s” was cancelled."), activity=activity.summary)
    days = {known for known, _start, _end in times_of(activity, zone_of(session))}
    if activity.weekly_until is None or day not in days:
        raise InvalidInputError(_NO_TIME, activity=activity.summary, day=f"{day:%d/%m/%Y}")
    times = [moment.isoformat() for moment in instead] if instead else None
    return _keep(activity, {**(activity.exceptions or {}), f"{day}": times}, now)


def _keep(activity: Activity, exceptions: Mapping[str, Any], now: datetime) -> Activity:
    if dict(exceptions) != (activity.exceptions or {}):
        activity.exceptions = dict(exceptions)
        activity.touch(now)
    return activity
