"""The service put together: settings become an engine, a session factory and the collaborators that
jobs and pages need.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from events import database
from events.campaigns.opening import Opened
from events.catalog.reading import SHIPPED
from events.database import SessionFactory
from notifications.letters.composer import Composer
from notifications.notices.reminders import Written
from notifications.pump import ROUND, Pump
from notifications.relay import RelayResult
from notifications.transports.maildir import MaildirTransport
from notifications.transports.smtp import SmtpTransport
from notifications.transports.transport import Transport
from notifications.trial import WayOut
from scheduler import jobs, migrate
from scheduler.config import ConfigError, Settings
from web.config import WebConfig

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
        smtp = mail.smtp
        return SmtpTransport(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            username=smtp.username or None,
            password=self._smtp_password,
            timeout=smtp.timeout_seconds,
            longest=max(120, 2 * smtp.timeout_seconds),
        )

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
        )

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

    @property
    def _smtp_password(self) -> str | None:
        file = self.settings.notifications.smtp.password_file
        if file is None:
            return None
        try:
            return file.read_text().strip()
        except OSError as error:
            raise ConfigError(key="notifications.smtp.password_file", reason=str(error)) from error
