"""What the web face needs to know, as plain values.

Only ``scheduler/config.py`` reads files and the environment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from events.catalog.reading import SHIPPED
from events.database.sessions import Session
from events.localtime import VIETNAM
from events.models import ChecklistItem, Person
from events.words.language import Said
from notifications.notices import why
from notifications.notices.steps import ReminderRules
from notifications.trial import WayOut

GOOGLE_CALENDAR_URL = "https://calendar.google.com/calendar/r?cid={url}"
OUTLOOK_CALENDAR_URL = "https://outlook.office.com/calendar/0/addfromweb?url={url}&name={name}"


class TwoFactors(StrEnum):
    """Who has to sign in with a second factor."""

    NOBODY = "nobody"
    ADMINISTRATORS = "administrators"
    EVERYBODY = "everybody"


def utc_now() -> datetime:
    """Return the instant it is: the one clock of the pages."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something an administrator has to see to: in a few words for programs, and said to people."""

    short: str
    said: Said


class Why(Protocol):
    """What says why somebody got a mail about an item, or did not."""

    def __call__(
        self, session: Session, person: Person, item: ChecklistItem, *, now: datetime
    ) -> why.Why: ...


@dataclass(frozen=True, slots=True)
class WebConfig:
    """The settings of one web application.

    ``secret_key`` signs cookies and locks the keys of codes; ``password_key`` goes into passwords,
    and is the first secret key where a newer one signs (`sumvay key renew`).
    ``public_url`` is how the outside reaches it, without a slash at the end; https there makes
    cookies secure. The calendar templates have the gaps ``{url}`` (Google: the webcal address,
    Outlook: the https one) and ``{name}``, filled in percent-encoded; they are settings because
    nobody promises their form. ``setup_code_file`` holds the one-time code of the first
    administrator. ``sender`` is where mails come from as long as nobody entered another address,
    ``way_out`` how a test mail leaves, ``catalog`` the folder of the catalogue. ``files`` is the
    folder of uploaded evidence; without it nothing can be uploaded. ``backups`` is the folder of
    the daily backups. ``public_progress`` shows figures to everybody,
    without names.
    ``trusted_proxies`` is how many reverse proxies stand before it and may say who the visitor is.
    Somebody is signed out after ``session_idle`` without a page, and after ``session_lifetime``
    whatever they did. ``require_2fa`` says who signs in with a second factor, ``link_lifetime`` how
    long a mailed link works. ``pages_per_minute`` are shown to a device or an address; ``scan`` is
    the program that looks through what is uploaded, with its arguments; ``stolen_passwords`` a file
    of passwords that nobody may choose (`web.accounts.stolen_passwords`).
    ``why`` tells why somebody was told of an item, or not; ``troubles`` what stands still or has
    piled up. ``metrics_token`` opens the figures for machines from elsewhere.
    ``reminders`` says when mail leaves.
    ``version`` is that of the database which the pages are made for; without it none is asked for.
    """

    secret_key: str
    public_url: str = "http://127.0.0.1:8000"
    language: str = "vi"
    zone: ZoneInfo = VIETNAM
    maildir: Path | None = None
    sender: str = ""
    way_out: WayOut | None = None
    catalog: Path = SHIPPED
    setup_code_file: Path | None = None
    files: Path | None = None
    backups: Path | None = None
    google_calendar_url: str = GOOGLE_CALENDAR_URL
    outlook_calendar_url: str = OUTLOOK_CALENDAR_URL
    trusted_proxies: int = 0
    session_idle: timedelta = timedelta(days=7)
    session_lifetime: timedelta = timedelta(days=30)
    pages_per_minute: int = 600
    scan: tuple[str, ...] = ()
    stolen_passwords: Path | None = None
    require_2fa: TwoFactors = TwoFactors.NOBODY
    link_lifetime: timedelta = timedelta(minutes=15)
    public_progress: bool = False
    password_key: str = ""
    version: str = ""
    troubles: Callable[[Session, datetime], Sequence[Trouble]] | None = None
    metrics_token: str = ""
    why: Why | None = None
    reminders: ReminderRules = field(default_factory=ReminderRules)
    is_demo: bool = False
    testing: bool = False
    rate_limits: bool = True
    clock: Callable[[], datetime] = utc_now

    def __post_init__(self) -> None:
        if len(self.secret_key) < 16:
            raise ValueError("the secret key needs at least 16 characters")
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")
