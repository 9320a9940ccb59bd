"""The service at one look, for its operator and for what watches it: work, people, mail, clock.

Looks, changes nothing. `sumvay doctor` says whether something is broken; this says how it stands.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from events.database.sessions import reading
from events.files.backups import backups_in
from events.installation import day_here
from events.people.posts import number_in_posts
from events.progress.overview import Overview, overview
from events.units.office import is_copy
from notifications.outbox.listing import number_by_state
from notifications.outbox.table import UNDERWAY, MessageState
from scheduler import migrate
from scheduler.service import Service
from scheduler.timetable import ticks
from scheduler.watch.heartbeats import Beat, beats


@dataclass(frozen=True, slots=True)
class MailStatus:
    """Messages that still go out, that were refused for good, and that were held back because the
    address is known to be wrong.
    """

    waiting: int
    failed: int
    suppressed: int
    paused: bool


@dataclass(frozen=True, slots=True)
class Status:
    """How a service stands at ``at`` (UTC), which is ``day`` where its officials sit.

    ``backup`` is when the newest daily backup was made, None if there is none. ``jobs`` has every
    job of the clock; None for one that has never run.
    """

    at: datetime
    day: date
    work: Overview
    people: int
    mail: MailStatus
    backup: datetime | None
    jobs: dict[str, Beat | None]


def status_of(service: Service, *, now: datetime) -> Status:
    """Return how ``service`` stands. Raises ``DomainError`` while its database is not ready."""
    migrate.require_current(service.engine)
    with reading(service.session_factory)() as session:
        today = day_here(session, now)
        last = {beat.job: beat for beat in beats(session)}
        return Status(
            at=now,
            day=today,
            work=overview(session, today),
            people=number_in_posts(session, today),
            mail=_mail(number_by_state(session), paused=is_copy(session)),
            backup=next((one.made for _folder, one in backups_in(service.backups)), None),
            jobs={tick.name: last.get(tick.name) for tick in ticks(service)},
        )


def as_json(status: Status) -> dict[str, Any]:
    """Return the figures under the keys that docs/operating.md promises; days and instants are ISO
    8601.
    """
    done, ahead = status.work.progress, status.work.next_deadline
    return {
        "at": status.at.isoformat(timespec="seconds"),
        "day": status.day.isoformat(),
        "open_rounds": status.work.open_rounds,
        "items": {
            "expected": done.expected,
            "done": done.done,
            "late": done.late,
            "overdue": done.overdue,
            "before_start_line": done.for_reference,
        },
        "silent_units": status.work.silent_units,
        "people": status.people,
        "mail": {
            "waiting": status.mail.waiting,
            "failed": status.mail.failed,
            "suppressed": status.mail.suppressed,
            "paused": status.mail.paused,
        },
        "backup": status.backup.isoformat(timespec="seconds") if status.backup else None,
        "next_deadline": {"day": ahead.day.isoformat(), "items": ahead.items} if ahead else None,
        "jobs": {name: _beat(beat) for name, beat in status.jobs.items()},
    }


def _mail(number: dict[MessageState, int], *, paused: bool) -> MailStatus:
    return MailStatus(
        paused=paused,
        waiting=sum(number.get(state, 0) for state in UNDERWAY),
        failed=number.get(MessageState.FAILED, 0) + number.get(MessageState.BOUNCED, 0),
        suppressed=number.get(MessageState.SUPPRESSED, 0),
    )


def _beat(beat: Beat | None) -> dict[str, str] | None:
    if beat is None:
        return None
    return {"last": beat.at.isoformat(timespec="seconds"), "error": beat.error}
