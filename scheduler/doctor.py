"""A check-up: configuration, database, migrations, files, catalogue, transport, clock.

Looks, changes nothing.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from events.campaigns.upkeep import what_to_see_to
from events.catalog.reading import SHIPPED, read_catalog
from events.database.sessions import reading, wal_reset_bug
from events.errors import N_, DomainError
from events.files.backups import backups_in
from events.files.disk import LEAST_FREE, try_disk
from events.files.store import files_named, is_stored, is_whole
from events.units.office import MAIL_PAUSED, is_copy, office_of
from notifications.outbox.pausing import pause_of
from notifications.outbox.standing import standing
from notifications.transports.errors import DeliveryError
from scheduler import migrate
from scheduler.in_clear import ways_in_clear
from scheduler.service import Service
from scheduler.watch.heartbeats import beats
from web.calendars.subscriptions import is_reached

_QUIET = timedelta(minutes=10)
_OLD_BACKUP = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. ``what`` and ``detail`` are msgids, ``facts`` fill the gaps."""

    what: str
    ok: bool
    detail: str
    facts: dict[str, Any] = field(default_factory=dict)


def examine(service: Service, *, now: datetime) -> list[Finding]:
    """Return what was found, in the order a mender would go."""
    looks: list[tuple[str, Callable[[Service, datetime], Finding]]] = [
        (N_("Configuration"), _configuration),
        (N_("Database"), _database),
        (N_("Migrations"), _migrations),
        (N_("Disk"), _disk),
        (N_("Files"), _files),
        (N_("Backup"), _backup),
        (N_("Catalogue"), _catalog),
        (N_("Mail"), _transport),
        (N_("Ways out"), _ways),
        (N_("Outbox"), _outbox),
        (N_("Clock"), _clock),
        (N_("Calendars"), _calendars),
    ]
    return [*(_look(what, look, service, now) for what, look in looks), *_year(service, now)]


def look_at_sender(service: Service, selector: str | None = None) -> list[Finding]:
    """Return what the world can read about where mails come from, as far as it is seen from here.
    What cannot be told is no fault.
    """
    from notifications.transports import senders  # what asks the DNS takes its time to load

    mail = service.settings.notifications
    with reading(service.session_factory)() as session:
        sender = office_of(session).sender or mail.sender
    envelope = service.return_paths.address if service.return_paths else sender
    relay = mail.smtp.host if mail.transport == "smtp" else None
    seen = senders.look(
        senders.Names(), sender=sender, envelope=envelope, relay=relay, selector=selector
    )
    return [
        Finding(one.what, one.ok is not False, one.said.sentence, dict(one.said.facts))
        for one in seen
    ]


def _look(
    what: str, look: Callable[[Service, datetime], Finding], service: Service, now: datetime
) -> Finding:
    try:
        return look(service, now)
    except DomainError as error:
        return Finding(what, False, error.sentence, error.facts)
    except DatabaseError as error:
        return Finding(
            what,
            False,
            N_("does not answer: %(reason)s"),
            {"reason": " ".join(str(error.orig).split())},
        )
    except OSError as error:
        return Finding(
            what, False, N_("does not answer: %(reason)s"), {"reason": error.strerror or str(error)}
        )


def _configuration(service: Service, _now: datetime) -> Finding:
    return Finding(
        N_("Configuration"),
        True,
        N_("read; pages at %(address)s"),
        {"address": service.settings.web.address},
    )


def _database(service: Service, _now: datetime) -> Finding:
    name = N_("Database")
    with service.engine.execution_options(read_only=True).connect() as connection:
        connection.execute(text("SELECT 1"))
    if service.engine.dialect.name == "sqlite" and wal_reset_bug():
        detail = N_(
            "SQLite %(version)s has the WAL reset bug (mended in 3.51.3); running in safe mode: "
            "only the clock checkpoints"
        )
        return Finding(name, True, detail, {"version": sqlite3.sqlite_version})
    return Finding(name, True, N_("answers (%(name)s)"), {"name": service.engine.dialect.name})


def _migrations(service: Service, _now: datetime) -> Finding:
    current = migrate.version_of(service.engine) is migrate.Version.CURRENT
    return Finding(
        N_("Migrations"),
        current,
        N_("up to date") if current else N_("out of date; run: sumvay migrate"),
    )


def _disk(service: Service, _now: datetime) -> Finding:
    """Look whether the folder of the service can be written, and for how long still."""
    free = try_disk(service.settings.scheduler.data_dir)
    enough, facts = free >= LEAST_FREE, {"free": free // 1024**2}
    detail = N_("can be written, %(free)s MB free") if enough else N_("only %(free)s MB free")
    return Finding(N_("Disk"), enough, detail, facts)


def _files(service: Service, _now: datetime) -> Finding:
    """Look whether the uploaded files are there, with the content that was uploaded: a database
    that was brought back without them names what is gone, and disks forget.
    """
    folder = service.files
    with reading(service.session_factory)() as session:
        named = files_named(session)
    missing = [digest for digest in named if not is_stored(folder, digest)]
    if missing:
        facts = {"missing": len(missing), "all": len(named), "folder": folder}
        detail = N_(
            "%(missing)s of %(all)s files are not in %(folder)s; please bring the folder back "
            "from the backup"
        )
        return Finding(N_("Files"), False, detail, facts)
    broken = [digest for digest in named if not is_whole(folder, digest)]
    if broken:
        facts = {"broken": len(broken), "all": len(named), "first": broken[0], "folder": folder}
        detail = N_(
            "%(broken)s of %(all)s files in %(folder)s are damaged, such as %(first)s; please "
            "bring them back from the backup"
        )
        return Finding(N_("Files"), False, detail, facts)
    return Finding(
        N_("Files"), True, N_("%(count)s uploaded files, all whole"), {"count": len(named)}
    )


def _catalog(service: Service, _now: datetime) -> Finding:
    catalog = read_catalog(service.settings.events.catalog or SHIPPED)
    facts = {"observances": len(catalog.observances.observance), "units": len(catalog.units.unit)}
    return Finding(N_("Catalogue"), True, N_("%(observances)s observances, %(units)s units"), facts)


def _year(service: Service, now: datetime) -> list[Finding]:
    """Look what of the year somebody has to see to. It stops nothing, so that it is no fault."""
    try:
        with reading(service.session_factory)() as session:
            found = what_to_see_to(session, now=now)
    except DatabaseError:  # the database is looked at by itself
        return []
    what = N_("This year")
    return [Finding(what, True, one.sentence, dict(one.facts)) for one in found] or [
        Finding(what, True, N_("nothing to see to"))
    ]


def _backup(service: Service, now: datetime) -> Finding:
    name = N_("Backup")
    if not service.settings.backup.keep:
        return Finding(name, True, N_("not made by this service"))
    newest = next(iter(backups_in(service.backups)), None)
    if newest is None:
        return Finding(name, True, N_("not made yet"))
    made = newest[1].made
    facts = {"at": f"{made:%d/%m/%Y %H:%M}", "folder": service.backups}
    sentence = N_("the newest is of %(at)s (UTC), in %(folder)s")
    return Finding(name, now - made < _OLD_BACKUP, sentence, facts)


def _transport(service: Service, _now: datetime) -> Finding:
    with reading(service.session_factory)() as session:
        if is_copy(session):
            return Finding(N_("Mail"), False, MAIL_PAUSED)
        pause = pause_of(session)
    if pause is not None:
        facts = {"at": f"{pause.since:%d/%m/%Y %H:%M}", "words": pause.words}
        sentence = N_("no mail leaves since %(at)s (UTC): the server says: %(words)s")
        return Finding(N_("Mail"), False, sentence, facts)
    try:
        service.new_transport().check()
    except DeliveryError as error:
        return Finding(N_("Mail"), False, N_("does not answer: %(reason)s"), {"reason": str(error)})
    return Finding(
        N_("Mail"), True, N_("ready (%(name)s)"), {"name": service.settings.notifications.transport}
    )


def _ways(service: Service, _now: datetime) -> Finding:
    """Look whether others could read along on the way to another machine (ASVS 12.3.1)."""
    name, hosts = N_("Ways out"), ways_in_clear(service.settings)
    if not hosts:
        return Finding(name, True, N_("nothing leaves this machine in the clear"))
    detail = N_(
        "others can read along on the way to %(hosts)s: set notifications.smtp.security, and "
        "sslmode=verify-full in database.url"
    )
    return Finding(name, False, detail, {"hosts": ", ".join(hosts)})


def _outbox(service: Service, now: datetime) -> Finding:
    with reading(service.session_factory)() as session:
        found = [one for one in service.troubles(session, now) if "mail" in one.short]
        waits = standing(session, now)
    if found:
        return Finding(N_("Outbox"), False, found[0].said.sentence, dict(found[0].said.facts))
    facts = {"waiting": waits.waiting, "failed": waits.failed, "suppressed": waits.suppressed}
    sentence = N_("%(waiting)s wait, %(failed)s refused within a day, %(suppressed)s addresses off")
    return Finding(N_("Outbox"), True, sentence, facts)


def _calendars(service: Service, _now: datetime) -> Finding:
    """Say where Google and Outlook on the web cannot fetch; on an intranet nobody minds."""
    address = service.settings.web.address
    if is_reached(address):
        return Finding(N_("Calendars"), True, N_("can be fetched from the internet"))
    return Finding(
        N_("Calendars"),
        True,
        N_("Google and Outlook on the web do not reach %(address)s: web.public_url wants https"),
        {"address": address},
    )


def _clock(service: Service, now: datetime) -> Finding:
    name = N_("Clock")
    with reading(service.session_factory)() as session:
        seen = beats(session)
        found = [one for one in service.troubles(session, now) if one.short.startswith("clock")]
    if found:
        return Finding(name, False, found[0].said.sentence, dict(found[0].said.facts))
    last_of_job = {beat.job: beat for beat in seen}  # whichever clock ran it
    failed = next((beat for beat in last_of_job.values() if beat.error), None)
    if failed:
        return Finding(
            name,
            False,
            N_("job %(job)s failed: %(error)s"),
            {"job": failed.job, "error": failed.error},
        )
    last = max((beat.at for beat in seen), default=None)
    if last is None:
        return Finding(name, True, N_("has not run yet"))
    if last > now + _QUIET:
        return Finding(
            name,
            False,
            N_("last ran at %(at)s, which is in the future: was the time set back?"),
            {"at": f"{last:%d/%m/%Y %H:%M}"},
        )
    last_of_clock = {beat.clock: beat.at for beat in seen}
    clock, silent = min(last_of_clock.items(), key=lambda one: one[1])
    if len(last_of_clock) > 1 and now - silent >= _QUIET:
        return Finding(
            name,
            False,
            N_("the clock %(clock)s, one of %(count)s, last ran at %(at)s (UTC)"),
            {"clock": clock, "count": len(last_of_clock), "at": f"{silent:%d/%m/%Y %H:%M}"},
        )
    return Finding(
        name, now - last < _QUIET, N_("last ran at %(at)s (UTC)"), {"at": f"{last:%d/%m/%Y %H:%M}"}
    )
