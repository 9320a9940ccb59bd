"""The configuration, read once: config.toml, environment variables over it, secrets from files.

Everything below the scheduler receives plain values. A wrong key or value is one line that names
it.
"""

import os
import secrets
import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from events.errors import N_, CannotRunError, InvalidInputError
from events.installation import Installation
from events.secrets.files import secret_in
from events.words.language import Said
from events.words.texts import decoded
from notifications.addresses import checked_address
from notifications.notices.steps import ReminderRules
from notifications.pump import FEWEST, MOST, PumpRules
from scheduler.backups.instance import name_here
from scheduler.watch.troubles import Limits
from web.kit.config import GOOGLE_CALENDAR_URL, OUTLOOK_CALENDAR_URL, TwoFactors

DEFAULT_FILE = Path("config.toml")
_PREFIX = "SUMVAY_"
_SHORTEST_KEY = 32  # characters; one that is made has 64
_LONGEST_NAME = 24  # characters; a number and its proof come behind it (RFC 5321: 64 in all)
_SCHEMES = {"smtp": ("none", 25), "smtp+starttls": ("starttls", 587), "smtps": ("tls", 465)}
_NOT_KEYS = {"SUMVAY_CONFIG"}

SECRET_KEY, PASSWORD_KEY = "secret_key", "password_key"  # names of files

OptionalPath = Annotated[Path | None, BeforeValidator(lambda value: value or None)]


class ConfigError(CannotRunError):
    """Raised when the configuration cannot be used; the command line ends with exit code 2."""

    msgid = N_("Configuration: %(key)s: %(reason)s")


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DatabaseSettings(_Table):
    """Where the data is."""

    url: str = "sqlite:///var/sumvay.db"

    @field_validator("url")
    @classmethod
    def _is_supported(cls, url: str) -> str:
        try:
            backend = make_url(url).get_backend_name()
        except ArgumentError as error:
            raise ValueError("is no database address") from error
        if backend not in ("sqlite", "postgresql"):
            raise ValueError("must begin with sqlite:/// or postgresql://")
        return url


class EventsSettings(_Table):
    """What the rules of time and the catalogue are."""

    time_zone: str = "Asia/Ho_Chi_Minh"
    catalog: OptionalPath = None
    count_announced: bool = True
    files_per_unit_mb: int = Field(default=2000, ge=0)

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError("is no time zone of the IANA database") from error
        return name


class SmtpSettings(_Table):
    """The way out when mail is sent."""

    host: str = "127.0.0.1"
    port: int = Field(default=25, ge=1, le=65535)
    security: Literal["none", "starttls", "tls"] = "none"
    username: str = ""
    password_file: OptionalPath = None
    timeout_seconds: float = Field(default=30, gt=0)
    fallback: str = ""
    fallback_password_file: OptionalPath = None
    connections: int = Field(default=4, ge=FEWEST, le=MOST)
    per_second: float = Field(default=0, ge=0)
    per_second_and_domain: float = Field(default=0, ge=0)

    @field_validator("fallback")
    @classmethod
    def _is_relay(cls, text: str) -> str:
        if text:
            _relay_of(text)
        return text

    @property
    def second(self) -> "SmtpSettings | None":
        """The relay that takes over while this one cannot send."""
        if not self.fallback:
            return None
        given = _relay_of(self.fallback) | {"password_file": self.fallback_password_file}
        return SmtpSettings.model_validate(given | {"timeout_seconds": self.timeout_seconds})


class BounceSettings(_Table):
    """Where mails that cannot be delivered come back to, and how they are read."""

    address: str = ""
    maildir: OptionalPath = None
    imap_host: str = ""
    imap_port: int = Field(default=993, ge=1, le=65535)
    imap_security: Literal["tls", "none"] = "tls"
    imap_username: str = ""
    imap_password_file: OptionalPath = None
    imap_folder: str = "INBOX"

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str) -> str:
        if address and len(checked_address(address).partition("@")[0]) > _LONGEST_NAME:
            raise ValueError(f"may have {_LONGEST_NAME} letters before the @")
        return address


class NotificationsSettings(_Table):
    """Who writes, by which way, and when."""

    transport: Literal["maildir", "smtp", "null"] = "maildir"
    maildir: Path = Path("var/mail")
    sender: str = "sumvay@example.org"
    sender_name: str = "Sum Vầy"
    reply_to: str = ""
    send_at: time = time(7, 30)
    hours: tuple[str, ...] = ("07:30-11:30", "13:30-17:00")
    stale_after_workdays: int = Field(default=3, ge=1)
    smtp: SmtpSettings = SmtpSettings()
    bounces: BounceSettings = BounceSettings()

    @model_validator(mode="before")
    @classmethod
    def _without_days(cls, values: Any) -> Any:
        """Pass over the days that configurations of before name: the catalogue has them now."""
        gone = {"before_days", "overdue_days"}
        return {k: v for k, v in values.items() if k not in gone} if values else values

    @field_validator("hours")
    @classmethod
    def _are_spans(cls, hours: tuple[str, ...]) -> tuple[str, ...]:
        for span in hours:
            _span(span)
        return hours

    @property
    def pump(self) -> PumpRules:
        if self.transport != "smtp":
            return PumpRules(connections=1)
        smtp = self.smtp
        return PumpRules(smtp.connections, smtp.per_second, smtp.per_second_and_domain)

    @property
    def rules(self) -> ReminderRules:
        return ReminderRules(
            send_at=self.send_at,
            hours=tuple(_span(span) for span in self.hours),
            stale_after_workdays=self.stale_after_workdays,
        )


class WebSettings(_Table):
    """Where pages and calendars are served."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    public_url: str = ""
    language: Literal["vi", "en"] = "vi"
    google_calendar_url: str = GOOGLE_CALENDAR_URL
    outlook_calendar_url: str = OUTLOOK_CALENDAR_URL
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    session_idle_hours: int = Field(default=7 * 24, ge=1)
    session_hours: int = Field(default=30 * 24, ge=1)
    require_2fa: TwoFactors = TwoFactors.NOBODY
    link_minutes: int = Field(default=15, ge=5, le=60)
    pages_per_minute: int = Field(default=600, ge=0)
    scan: tuple[str, ...] = ()
    stolen_passwords: OptionalPath = None
    public_progress: bool = False
    publish_feeds: OptionalPath = None

    @field_validator("require_2fa", mode="before")
    @classmethod
    def _may_be_yes_or_no(cls, value: Any) -> Any:
        """Take what this setting was before it could be everybody."""
        before = {"true": TwoFactors.ADMINISTRATORS, "false": TwoFactors.NOBODY}
        return before.get(str(value).lower(), value)

    @field_validator("google_calendar_url", "outlook_calendar_url")
    @classmethod
    def _has_known_gaps(cls, template: str) -> str:
        try:
            template.format(url="", name="")
        except (KeyError, IndexError, ValueError) as error:
            raise ValueError(f"may only have the gaps {{url}} and {{name}}, not {error}") from error
        return template

    @property
    def address(self) -> str:
        """The address people reach, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


class PrivacySettings(_Table):
    """For how many days things about people are kept (docs/privacy.md)."""

    audit_days: int = Field(default=730, ge=30)
    devices_days: int = Field(default=90, ge=1)
    mail_days: int = Field(default=365, ge=7)
    departed_days: int = Field(default=0, ge=0)  # 0: until somebody erases them


class SchedulerSettings(_Table):
    """How the service itself runs."""

    data_dir: Path = Path("var")
    workers: bool = False
    tick_seconds: int = Field(default=30, ge=1, le=3600)


class WatchSettings(_Table):
    """When somebody is told that something is wrong; 0: no limit."""

    waiting: int = Field(default=20_000, ge=0)
    oldest_minutes: int = Field(default=60, ge=0)
    failed: int = Field(default=50, ge=0)
    suppressed: int = Field(default=100, ge=0)
    daily_mail: bool = True
    metrics_token_file: OptionalPath = None

    @property
    def limits(self) -> Limits:
        oldest = timedelta(minutes=self.oldest_minutes)
        return Limits(self.waiting, oldest, self.failed, self.suppressed)


class BackupSettings(_Table):
    """What is kept for the day on which something is lost."""

    folder: OptionalPath = None
    at: time = time(2, 30)
    keep: int = Field(default=14, ge=0, le=366)


class Settings(BaseSettings):
    """The whole configuration, one table a package."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    database: DatabaseSettings = DatabaseSettings()
    events: EventsSettings = EventsSettings()
    notifications: NotificationsSettings = NotificationsSettings()
    web: WebSettings = WebSettings()
    privacy: PrivacySettings = PrivacySettings()
    scheduler: SchedulerSettings = SchedulerSettings()
    backup: BackupSettings = BackupSettings()
    watch: WatchSettings = WatchSettings()

    @model_validator(mode="after")
    def _workers_share_a_database(self) -> "Settings":
        if self.scheduler.workers and self.database.url.startswith("sqlite"):
            raise ConfigError(key="scheduler.workers", reason="wants a database of PostgreSQL")
        return self

    @property
    def installation(self) -> Installation:
        events = self.events
        quota = events.files_per_unit_mb * 1024**2 or None
        here = name_here(self.scheduler.data_dir)
        domain = urlsplit(self.web.address).hostname or "sumvay"
        mail_domain = self.notifications.sender.rpartition("@")[2]
        remind_at = self.notifications.send_at
        return Installation(
            self.zone, events.count_announced, quota, here, domain, mail_domain, remind_at
        )

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.events.time_zone)

    @property
    def secret_key(self) -> str:
        """The key that signs cookies and links; made at the first start, readable by the service
        alone.
        """
        return secret_in(
            self.scheduler.data_dir / SECRET_KEY, new_secret_key, shortest=_SHORTEST_KEY
        )

    @property
    def password_key(self) -> str:
        """The key that went into the passwords: the first secret key, kept when it was renewed."""
        file = self.scheduler.data_dir / PASSWORD_KEY
        return secret_in(file, str, shortest=_SHORTEST_KEY) if file.exists() else self.secret_key


def new_secret_key() -> str:
    return secrets.token_urlsafe(48)


def load_settings(file: Path | None = None) -> Settings:
    """Return the configuration.

    Raises ``ConfigError`` for a missing file, an unknown key or a wrong value.
    """
    path = file or Path(os.environ.get("SUMVAY_CONFIG", DEFAULT_FILE))
    _refuse_unknown_variables()
    try:
        return _settings_class(path)()
    except FileNotFoundError as error:
        raise ConfigError(key=str(path), reason="there is no such file") from error
    except OSError as error:
        raise ConfigError(key=str(path), reason=error.strerror or str(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(key=str(path), reason=str(error)) from error
    except InvalidInputError as error:
        raise ConfigError(key=str(path), reason=Said.of(error)) from error
    except ValidationError as error:
        raise _explain(error) from error


def _settings_class(path: Path) -> type[Settings]:
    if not path.is_file():
        raise FileNotFoundError(path)

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, _FromToml(settings_cls, path)

    return FromFile


class _FromToml(TomlConfigSettingsSource):
    """The file as people's editors write it: UTF-8, with or without a byte order mark."""

    def _read_file(self, file_path: Any) -> dict[str, Any]:
        return tomllib.loads(decoded(file_path.read_bytes()))


def _refuse_unknown_variables() -> None:
    """Refuse a variable whose table does not exist; a wrong key inside a table is found by the
    tables themselves.
    """
    tables = {f"{_PREFIX}{name.upper()}" for name in Settings.model_fields}
    for name in os.environ:
        if name.startswith(_PREFIX) and name not in _NOT_KEYS and name.split("__")[0] not in tables:
            raise ConfigError(
                key=name, reason=f"no such key; tables are {', '.join(sorted(tables))}"
            )


def _explain(error: ValidationError) -> ConfigError:
    first: dict[str, Any] = dict(error.errors(include_url=False)[0])
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return ConfigError(key=key, reason="no such key")
    return ConfigError(key=key, reason=f"{first['msg']} (got {first['input']!r})")


def _relay_of(text: str) -> dict[str, Any]:
    """Return the settings in an address such as smtp+starttls://user@mail.example.org:587."""
    parts = urlsplit(text)
    if parts.scheme not in _SCHEMES or not parts.hostname or parts.password or parts.path:
        raise ValueError(
            f"{text!r} is no relay such as smtp://host:25, smtp+starttls://user@host:587 or "
            "smtps://user@host; its password is in a file"
        )
    security, port = _SCHEMES[parts.scheme]
    return {
        "host": parts.hostname,
        "port": parts.port or port,
        "security": security,
        "username": unquote(parts.username or ""),
    }


def _span(text: str) -> tuple[time, time]:
    try:
        start, end = (time.fromisoformat(part.strip()) for part in text.split("-"))
    except ValueError as error:
        raise ValueError(f"{text!r} is no span of hours such as 07:30-11:30") from error
    return start, end
