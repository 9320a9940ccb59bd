"""The service put together: settings become an engine, a session factory and the collaborators that
jobs and pages need.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from events.campaigns.opening import Opened
from events.catalog.reading import SHIPPED
from events.database import sessions as database
from events.database.sessions import SessionFactory
from events.models import ChecklistItem, Person
from notifications.bounces import take_in
from notifications.letters.composer import Composer
from notifications.notices.reminders import Written
from notifications.notices.why import Why, why
from notifications.outbox.return_paths import ReturnPaths
from notifications.pump import ROUND, Pump
from notifications.relay import RelayResult
from notifications.transports.fallback import FallbackTransport, Turn
from notifications.transports.incoming import Box, from_maildir
from notifications.transports.maildir import MaildirTransport
from notifications.transports.null import NullTransport
from notifications.transports.smtp import SmtpTransport
from notifications.transports.transport import Transport
from notifications.trial import WayOut
from scheduler import jobs, migrate
from scheduler.config import ConfigError, Settings, SmtpSettings
from scheduler.watch.troubles import troubles
from web.kit.config import Trouble, WebConfig

SETUP_CODE_FILE = "setup_code"
FILES = "files"
BACKUPS = "backups"


def utc_now() -> datetime:
    """Ask the clock. Only edges do; everything below is told."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Service:
    """One running instance.

    Its parts are made when they are first needed, so that a command starts fast.
    """

    settings: Settings

    @cached_property
    def engine(self) -> Engine:
        engine = database.create_engine(self.settings.database.url)
        if self.settings.scheduler.workers:
            from scheduler.workers.procrastinate import hear  # which does the work of a service

            hear(engine, self.settings.database.url)
        return engine

    @property
    def has_database(self) -> bool:
        """Tell whether there is a database, without making the folder of one."""
        url = make_url(self.settings.database.url)
        return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()

    @cached_property
    def session_factory(self) -> SessionFactory:
        return database.create_session_factory(self.engine, self.settings.installation)

    @cached_property
    def composer(self) -> Composer:
        mail = self.settings.notifications
        return Composer(
            sender=mail.sender,
            sender_name=mail.sender_name,
            reply_to=mail.reply_to or None,
            public_url=self.settings.web.address,
            zone=self.settings.zone,
            secret_key=self.settings.secret_key,
            return_paths=self.return_paths,
        )

    @cached_property
    def pump(self) -> Pump:
        mail = self.settings.notifications
        return Pump(self.session_factory, self.new_transport, self.composer, mail.pump)

    def new_transport(self) -> Transport:
        """Return a way out of its own, for one thread."""
        mail = self.settings.notifications
        if mail.transport == "maildir":
            return MaildirTransport(mail.maildir)
        if mail.transport == "null":
            return NullTransport()
        first = _over(mail.smtp, "notifications.smtp.password_file")
        if mail.smtp.second is None:
            return first
        second = _over(mail.smtp.second, "notifications.smtp.fallback_password_file")
        return FallbackTransport(first, second, self._turn)

    @cached_property
    def _turn(self) -> Turn:
        return Turn()

    @cached_property
    def return_paths(self) -> ReturnPaths | None:
        """Where mails come back to; None if they come back to their sender."""
        address = self.settings.notifications.bounces.address
        return ReturnPaths(address, self.settings.secret_key.encode()) if address else None

    def take_in(self, content: bytes, *, now: datetime) -> int:
        """Record what a mail reports that came back; return how many of ours it ends."""
        if self.return_paths is None:
            return 0
        with self.session_factory.begin() as session:
            return take_in(session, self.return_paths, content, now=now)

    def take_in_bounces(self, now: datetime) -> int:
        """Read what came back since the last time; return how many mails there were."""
        bounces, number = self.settings.notifications.bounces, 0

        def one(content: bytes) -> object:
            return self.take_in(content, now=now)

        if bounces.maildir:
            number += from_maildir(bounces.maildir, one)
        if bounces.imap_host:
            key = "notifications.bounces.imap_password_file"
            box = Box(
                bounces.imap_host,
                bounces.imap_username,
                _secret(bounces.imap_password_file, key),
                bounces.imap_port,
                bounces.imap_folder,
                bounces.imap_security == "tls",
            )
            number += box.read(one)
        return number

    @property
    def web_config(self) -> WebConfig:
        settings = self.settings
        return WebConfig(
            secret_key=settings.secret_key,
            password_key=settings.password_key,
            public_url=settings.web.address,
            language=settings.web.language,
            zone=settings.zone,
            maildir=settings.notifications.maildir
            if settings.notifications.transport == "maildir"
            else None,
            sender=settings.notifications.sender,
            way_out=WayOut(self.composer, self.new_transport),
            catalog=settings.events.catalog or SHIPPED,
            setup_code_file=settings.scheduler.data_dir / SETUP_CODE_FILE,
            files=self.files,
            backups=self.backups,
            google_calendar_url=settings.web.google_calendar_url,
            outlook_calendar_url=settings.web.outlook_calendar_url,
            trusted_proxies=settings.web.trusted_proxies,
            session_idle=timedelta(hours=settings.web.session_idle_hours),
            session_lifetime=timedelta(hours=settings.web.session_hours),
            require_2fa=settings.web.require_2fa,
            link_lifetime=timedelta(minutes=settings.web.link_minutes),
            pages_per_minute=settings.web.pages_per_minute,
            scan=settings.web.scan,
            stolen_passwords=settings.web.stolen_passwords,
            public_progress=settings.web.public_progress,
            version=migrate.newest(),
            troubles=self.troubles,
            why=self.why,
            metrics_token=_secret(settings.watch.metrics_token_file, "watch.metrics_token_file"),
            reminders=settings.notifications.rules,
        )

    def troubles(self, session: Session, now: datetime) -> list[Trouble]:
        return troubles(session, now, self.settings.watch.limits)

    def why(self, session: Session, person: Person, item: ChecklistItem, *, now: datetime) -> Why:
        clockwork = jobs.clockwork_of(session, self.settings.notifications.rules)
        return why(session, person, item, now=now, clockwork=clockwork)

    def open_ahead(self, now: datetime, year: int | None = None, pause: float = 0) -> list[Opened]:
        return jobs.open_ahead(self.session_factory, now=now, year=year, pause=pause)

    def remind(self, now: datetime) -> Written:
        return jobs.remind(self.session_factory, now=now, rules=self.settings.notifications.rules)

    def tell_subscribers(self, now: datetime) -> int:
        rules = self.settings.notifications.rules
        return jobs.tell_subscribers(self.session_factory, now=now, rules=rules)

    def relay(self, now: datetime, longest: float = ROUND) -> RelayResult:
        rules = self.settings.notifications.rules
        factory = self.session_factory
        return jobs.relay(factory, self.pump, now=now, rules=rules, longest=longest)

    def report(self, now: datetime) -> int:
        if not self.settings.watch.daily_mail:
            return 0
        limits, send_at = self.settings.watch.limits, self.settings.notifications.send_at
        return jobs.report(self.session_factory, now=now, limits=limits, send_at=send_at)

    def forget(self, now: datetime) -> None:
        kept = self.settings.privacy
        retention = jobs.Retention(
            audit=timedelta(days=kept.audit_days),
            devices=timedelta(days=kept.devices_days),
            mail=timedelta(days=kept.mail_days),
            departed=timedelta(days=kept.departed_days) if kept.departed_days else None,
        )
        jobs.forget(self.session_factory, now=now, retention=retention)

    def fetch_calendars(self, now: datetime) -> int:
        return jobs.fetch_calendars(self.session_factory, now=now)

    def tidy(self) -> None:
        jobs.tidy(self.engine)

    def sweep_files(self, now: datetime) -> int:
        return jobs.sweep_files(self.session_factory, self.files, now=now)

    @property
    def files(self) -> Path:
        """The folder of uploaded files."""
        return self.settings.scheduler.data_dir / FILES

    @property
    def backups(self) -> Path:
        """The folder of the daily backups."""
        return self.settings.backup.folder or self.settings.scheduler.data_dir / BACKUPS

    def close(self) -> None:
        """Let go of the connections to the database and the mail server."""
        self.pump.close()
        self.engine.dispose()


def _over(smtp: SmtpSettings, key: str) -> SmtpTransport:
    return SmtpTransport(
        host=smtp.host,
        port=smtp.port,
        security=smtp.security,
        username=smtp.username or None,
        password=_secret(smtp.password_file, key) or None,
        timeout=smtp.timeout_seconds,
        longest=max(120, 2 * smtp.timeout_seconds),
    )


def _secret(file: Path | None, key: str) -> str:
    """Return what is in a file; nothing if none is named. Raises ``ConfigError``."""
    if file is None:
        return ""
    try:
        return file.read_text().strip()
    except OSError as error:
        raise ConfigError(key=key, reason=str(error)) from error
