"""The work the clock does: plain functions of a session factory, collaborators and ``now``, each
safe to run at any time.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as clock_time
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from events.calendars.imported import fetch_due
from events.calendars.kept import forget_absent
from events.campaigns.opening import Opened, due_rounds, open_due_round
from events.checklist.history import Stamp
from events.checklist.stray_files import sweep
from events.database.sessions import SessionFactory, checkpoint, reading
from events.installation import day_here, zone_of
from events.models.history import Door
from events.observances.occurrences import extend_horizon
from events.people import audit
from events.reforms.handover import hand_over_due
from events.replanning.announced_days import follow_the_setting
from events.units.office import is_copy
from events.working_calendar import work_calendar
from notifications.notices.operator import tell_administrators
from notifications.notices.reminders import Written, write_reminders
from notifications.notices.steps import Clockwork, ReminderRules
from notifications.notices.table import forget_messages_before
from notifications.outbox import suppression
from notifications.pump import ROUND, Pump
from notifications.relay import RelayResult
from notifications.subscribers import choosing
from notifications.subscribers.news import write_news
from scheduler.watch.jumps import jump_of
from scheduler.watch.troubles import Limits, troubles
from web.accounts import devices, links, tries
from web.accounts.personal_data import erase_departed

_A_DAY = timedelta(days=1)
_ABSENT = timedelta(days=400)  # after an event left a calendar; one that comes yearly would be back


def open_ahead(
    session_factory: SessionFactory, *, now: datetime, year: int | None = None, pause: float = 0
) -> list[Opened]:
    """Keep the calendar filled for the months to come, hand over what closed units left, open the
    campaigns whose time has come.

    Each round is opened in a transaction of its own, and ``pause`` seconds after it are left to
    whoever waits to write.
    """
    with session_factory.begin() as session:
        extend_horizon(session, now=now)
        # first, so that campaigns open in the tree of today
        hand_over_due(session, stamp=Stamp(None, now, Door.CLOCK))
        follow_the_setting(session, stamp=Stamp(None, now, Door.CLOCK))
    with reading(session_factory)() as session:
        due = due_rounds(session, now=now, year=year)
        names = [(found.template_id, found.year, found.period) for found in due]
    opened = []
    for name in names:
        with session_factory.begin() as session:
            calendar = work_calendar(session)
            found = open_due_round(session, name, now=now, calendar=calendar)
        if found:
            opened.append(found)
            time.sleep(pause)
    if opened:  # late, perhaps, in units that have ended since their day
        with session_factory.begin() as session:
            hand_over_due(session, stamp=Stamp(None, now, Door.CLOCK))
    return opened


def remind(session_factory: SessionFactory, *, now: datetime, rules: ReminderRules) -> Written:
    """Write the notices that are due, and the messages that carry them."""
    with session_factory.begin() as session:
        return write_reminders(session, now=now, clockwork=clockwork_of(session, rules))


def tell_subscribers(
    session_factory: SessionFactory, *, now: datetime, rules: ReminderRules
) -> int:
    """Answer what was typed into the public form, and write the letters of what is new; return how
    many mails. None from a copy, or people would get them twice.
    """
    with reading(session_factory)() as session:
        if is_copy(session):
            return 0
    with session_factory.begin() as session:
        written = choosing.answer_requests(session, now=now)
    with session_factory.begin() as session:
        return written + write_news(session, now=now, send_at=rules.send_at)


def relay(
    session_factory: SessionFactory,
    pump: Pump,
    *,
    now: datetime,
    rules: ReminderRules,
    longest: float = ROUND,
) -> RelayResult:
    """Send the messages that are ready, and begin none after ``longest`` seconds; none at all from
    a copy, or people would get them twice.
    """
    with reading(session_factory)() as session:
        if is_copy(session):
            return RelayResult()
        clockwork = clockwork_of(session, rules)
        may_end = jump_of(session, now) is None
    return pump.drain(now=now, clockwork=clockwork, longest=longest, may_end=may_end)


def report(
    session_factory: SessionFactory, *, now: datetime, limits: Limits, send_at: clock_time
) -> int:
    """Tell administrators once a day, from ``send_at`` local time on, what is wrong; return how
    many people there are to tell.
    """
    with reading(session_factory)() as session:
        if now.astimezone(zone_of(session)).time() < send_at:
            return 0
        found = [one.said for one in troubles(session, now, limits)]
    if not found:
        return 0
    with session_factory.begin() as session:
        return tell_administrators(session, found, now=now)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long things about people are kept; ``departed`` None: until somebody erases them."""

    audit: timedelta
    devices: timedelta
    mail: timedelta
    departed: timedelta | None


def forget(session_factory: SessionFactory, *, now: datetime, retention: Retention) -> None:
    """Remove what was kept of people for long enough (docs/privacy.md), and of calendars what no
    client can have any more (docs/feeds.md).
    """
    with session_factory.begin() as session:
        audit.forget_before(session, now - retention.audit)
        devices.forget_before(session, now - retention.devices)
        links.forget_before(session, now - retention.devices)
        tries.forget_before(session, now - _A_DAY)
        forget_messages_before(session, now - retention.mail)
        suppression.forget_before(session, now - retention.mail)
        forget_absent(session, day_here(session, now) - _ABSENT)
        choosing.forget_unconfirmed(session, now=now)
        if retention.departed is not None:
            erase_departed(session, since=day_here(session, now) - retention.departed, now=now)


def fetch_calendars(session_factory: SessionFactory, *, now: datetime) -> int:
    """Fetch the calendars of others whose time has come; return how many."""
    return fetch_due(session_factory, now=now)


def tidy(engine: Engine) -> None:
    """Fold SQLite's log into its file."""
    checkpoint(engine)


def sweep_files(session_factory: SessionFactory, folder: Path, *, now: datetime) -> int:
    """Delete uploaded files that nobody needs any more; return how many."""
    return sweep(session_factory, folder, now=now)


def clockwork_of(session: Session, rules: ReminderRules) -> Clockwork:
    return Clockwork(work_calendar(session), rules, zone_of(session))
