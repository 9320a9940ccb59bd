"""From a row of the outbox to the mail that leaves: RFC 5322 bytes in the reader's language, the
same bytes for the same row.

Headers are made with ``email.header.Header``:
``email.message.EmailMessage`` folds long Vietnamese subjects wrongly in several releases of Python,
and some providers reject what it writes. Line breaks in names and addresses are refused here,
because nothing further down does so reliably.
"""

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.header import Header
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import css_inline
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.localtime import VIETNAM
from events.models import Office, Unit
from events.units.office import office_of
from events.words.language import tell, translations
from notifications.addresses import checked_address, checked_name, is_one_line
from notifications.letters import announced, public
from notifications.letters.acting import MY_ITEMS, picture_part
from notifications.letters.desk import Desk
from notifications.letters.morning import subject_of, title_of, write_letter
from notifications.letters.wording import Entry, date_in_words
from notifications.outbox.return_paths import ReturnPaths
from notifications.outbox.table import Message, MessageKind

_TEMPLATES = Path(__file__).with_name("templates")
_CRLF = "\r\n"
_LONGEST_LINE = 78  # characters (RFC 5322, 2.1.1)
_BASE64_LINE = 76  # characters (RFC 2045, 6.8)
_PART = (
    'Content-Type: text/%s; charset="utf-8"\r\nMIME-Version: 1.0\r\n'
    "Content-Transfer-Encoding: base64\r\n"
)
_ATTACHED = (
    'Content-Type: text/calendar; charset="utf-8"; method=PUBLISH\r\n'
    'Content-Disposition: attachment; filename="moi-du.ics"\r\n'
    "Content-Transfer-Encoding: base64\r\n"
)
_PLAIN_NAME = re.compile(r"[A-Za-z0-9 ]+")


@dataclass(frozen=True, slots=True)
class Composer:
    """Writes mails in the name of ``sender``.

    ``public_url`` (no slash at its end) is where links lead; ``zone`` is the local time that days
    are counted in; with ``secret_key`` reminders bring links by which one acts without signing in.
    Raises ``InvalidInputError`` for a sender that no mail can have.
    """

    sender: str
    sender_name: str
    public_url: str
    zone: ZoneInfo = VIETNAM
    reply_to: str | None = None
    secret_key: str | None = None
    return_paths: ReturnPaths | None = None  # else mail comes back to its sender

    def __post_init__(self) -> None:
        object.__setattr__(self, "public_url", self.public_url.rstrip("/"))
        for address in filter(None, (self.sender, self.reply_to)):
            checked_address(address)
        checked_name(self.sender_name)

    def compose(self, session: Session, message: Message) -> bytes:
        """Return the mail for a row of the outbox.

        Raises ``InvalidInputError`` if its name, address or parameters cannot be.
        """
        facts = self._facts(session, message)
        pages = _environment(message.language)
        subject = " ".join(_render(pages, message.kind, "subject.txt", facts).split())
        facts["subject"] = subject
        text = _render(pages, message.kind, "body.txt", facts)
        html = _inliner().inline(_render(pages, message.kind, "body.html", facts))
        headers = self._headers(message, facts["name"], subject, office_of(session))
        if facts.get("one_click"):
            headers += one_click(facts["one_click"])
        texts = {"plain": text, "html": html}
        picture = picture_part(self.public_url + MY_ITEMS) if facts.get("acts") else None
        return _mail(headers, texts, _boundary(message), facts.get("attached"), picture)

    def _headers(self, message: Message, name: str, subject: str, office: Office) -> list[str]:
        back = self.return_paths
        return [
            *([_header("Return-Path", f"<{back.of(message.id)}>")] if back and message.id else ()),
            _mailbox("From", office.name or self.sender_name, office.sender or self.sender),
            _mailbox("To", name, message.rcpt_to),
            _subject(subject),
            _header("Date", format_datetime(message.date.astimezone(self.zone))),
            _header("Message-ID", message.message_id),
            _header("List-Id", f"<{message.kind.value.replace('_', '-')}.{self._host}>"),
            _header("Auto-Submitted", "auto-generated"),
            _header("X-Auto-Response-Suppress", "All"),
            *([_header("Reply-To", self.reply_to)] if self.reply_to else ()),
        ]

    @property
    def _host(self) -> str:
        return self.sender.rpartition("@")[2]

    def _facts(self, session: Session, message: Message) -> dict[str, Any]:
        name = message.person.full_name if message.person else message.rcpt_to
        facts = {
            "name": checked_name(name),
            "language": message.language,
            "home": self.public_url,
            "committee": office_of(session).committee,
        }
        about = {
            MessageKind.REMINDER: self._reminder,
            MessageKind.SIGN_IN: self._sign_in,
            MessageKind.PASSWORD: self._sign_in,
            MessageKind.POST_OFFER: self._post_offer,
            MessageKind.TRIAL: self._trial,
            MessageKind.SUBSCRIBE: self._subscribe,
            MessageKind.PUBLIC_NEWS: self._public_news,
            MessageKind.OPERATOR: self._operator,
            MessageKind.ANNOUNCEMENT: self._announcement,
        }[message.kind]
        return facts | about(session, message)

    def _subscribe(self, session: Session, message: Message) -> dict[str, Any]:
        subscriber = public.subscriber_of(session, message)
        ways = public.ways(subscriber, self.public_url, self._key)
        return ways | {"is_known": subscriber.confirmed is not None}

    def _public_news(self, session: Session, message: Message) -> dict[str, Any]:
        ways = public.ways(public.subscriber_of(session, message), self.public_url, self._key)
        lines = public.lines_of(session, message, self.public_url, self.zone)
        return ways | {"lines": lines, "one_click": ways["leave"]}

    def _announcement(self, session: Session, message: Message) -> dict[str, Any]:
        facts = announced.facts_of(session, message)
        if "subscriber" in message.params:
            ways = public.ways(public.subscriber_of(session, message), self.public_url, self._key)
            return facts | ways | {"one_click": ways["leave"]}
        return facts | {"one_click": None}

    @property
    def _key(self) -> str:
        if self.secret_key is None:
            raise InvalidInputError(N_("Letters to subscribers need the secret key."))
        return self.secret_key

    def _trial(self, _session: Session, _message: Message) -> dict[str, Any]:
        return {}

    def _operator(self, _session: Session, message: Message) -> dict[str, Any]:
        said = message.params["troubles"]
        told = [tell(sentence, facts, message.language) for sentence, facts in said]
        return {"troubles": told, "url": f"{self.public_url}/quan-tri"}

    def _reminder(self, session: Session, message: Message) -> dict[str, Any]:
        words = translations(message.language)
        desk = Desk(session, message, self.public_url, self.zone, words, self.secret_key)
        letter = write_letter(desk)
        return {
            "letter": letter,
            "first": subject_of(letter, words),
            "title": title_of(letter, words),
            "wishes": f"{self.public_url}/tai-khoan/thu",
            "attached": letter.invitation,
            "acts": _until(letter.entries, message.language),
        }

    def _sign_in(self, _session: Session, message: Message) -> dict[str, Any]:
        url = message.params.get("url")
        if (
            not isinstance(url, str)
            or urlsplit(url).scheme not in ("http", "https")
            or not is_one_line(url)
        ):
            raise InvalidInputError(N_("A message for signing in needs a link."))
        expires = message.expires.astimezone(self.zone)
        return {
            "url": url,
            "expires_at": f"{expires:%H:%M}",
            "expires_on": date_in_words(expires.date(), message.language),
        }

    def _post_offer(self, session: Session, message: Message) -> dict[str, Any]:
        unit = session.get(Unit, message.params.get("unit"))
        if unit is None:
            raise InvalidInputError(N_("A message about a post needs its unit."))
        return {"unit": unit.full_name, "url": f"{self.public_url}/tai-khoan/chuc-danh"}


@lru_cache
def _environment(language: str) -> Environment:
    """Return the templates with the sentences of ``language``."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        auto_reload=False,  # it would look at every file for every mail
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # as the catalogue is extracted (pyproject.toml)
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment


@lru_cache
def _inliner() -> css_inline.CSSInliner:
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


def _render(pages: Environment, kind: MessageKind, part: str, facts: Mapping[str, Any]) -> str:
    return pages.get_template(f"{kind.value}/{part}").render(facts)


@lru_cache(4096)
def _subject(subject: str) -> str:
    return _line("Subject", Header(subject, "utf-8", header_name="Subject"))


@lru_cache(4096)
def _mailbox(header: str, name: str, address: str) -> str:
    """Return the line of "name <address>" (RFC 5322, 3.4), with the name as encoded words unless it
    is plain letters.
    """
    charset = "us-ascii" if _PLAIN_NAME.fullmatch(name) else "utf-8"
    mailbox = Header(name, charset, header_name=header)
    mailbox.append(f"<{checked_address(address)}>", "us-ascii")
    return _line(header, mailbox)


def one_click(address: str) -> list[str]:
    """Return the headers by which a mail program unsubscribes its reader (RFC 8058, 3.1)."""
    return [
        _header("List-Unsubscribe", f"<{address}>"),
        _header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _until(entries: Sequence[Entry], language: str) -> str | None:
    """Return the last day in words on which all buttons work; None without any."""
    days = [entry.acting.last_day for entry in entries if entry.acting]
    return date_in_words(min(days), language) if days else None


def _boundary(message: Message) -> str:
    return f"=_{message.message_id.strip('<>').partition('@')[0]}"


def _mail(
    headers: Sequence[str],
    texts: Mapping[str, str],
    boundary: str,
    calendar: bytes | None = None,
    picture: str | None = None,
) -> bytes:
    """Return the bytes of a mail with its texts as alternatives (RFC 2046, 5.1.4), and a calendar
    attached if there is one, as the standard library writes them, but faster: there are many.
    ``picture`` is a part that the HTML shows.
    """
    kind = "mixed" if calendar else "alternative"
    parts = [
        _header("Content-Type", f'multipart/{kind}; boundary="{boundary}"'),
        _header("MIME-Version", "1.0"),
        *headers,
    ]
    if calendar is None:
        parts += _alternatives(texts, boundary, picture)
        return "".join(parts).encode("ascii")
    inner = f"{boundary}a"
    parts += (
        f'\r\n--{boundary}\r\nContent-Type: multipart/alternative; boundary="{inner}"\r\n',
        *_alternatives(texts, inner, picture),
        f"\r\n--{boundary}\r\n{_ATTACHED}\r\n{_base64(calendar)}".rstrip(),
        f"\r\n--{boundary}--\r\n",
    )
    return "".join(parts).encode("ascii")


def _alternatives(texts: Mapping[str, str], boundary: str, picture: str | None) -> Iterator[str]:
    for subtype, content in texts.items():
        part = f"{_PART % subtype}\r\n{_text(content)}".rstrip()
        if picture is not None and subtype == "html":
            part = _related(part, picture, f"{boundary}=r")
        yield f"\r\n--{boundary}\r\n{part}"
    yield f"\r\n--{boundary}--\r\n"


def _related(html: str, picture: str, boundary: str) -> str:
    """Return HTML with the picture that it shows as one part (RFC 2387)."""
    head = f'Content-Type: multipart/related; boundary="{boundary}"; type="text/html"'
    inner = f"\r\n--{boundary}\r\n".join(("", html, picture))
    return f"{head}\r\nMIME-Version: 1.0\r\n{inner}\r\n--{boundary}--"


def _header(name: str, value: str) -> str:
    """Return the line of a header, folded if it is long (RFC 5322, 2.2.3) and may be: no address
    is.
    """
    if len(name) + len(value) + 2 <= _LONGEST_LINE or " " not in value:
        return f"{name}: {value}\r\n"
    return _line(name, Header(value, header_name=name))


def _line(name: str, header: Header) -> str:
    return f"{name}: {header.encode(linesep=_CRLF, maxlinelen=_LONGEST_LINE)}\r\n"


def _text(content: str) -> str:
    """Return a text in base64 with the line ends that RFC 2045, 6.8 asks for before encoding."""
    return _base64("\r\n".join(content.strip().splitlines()).encode() + b"\r\n")


def _base64(raw: bytes) -> str:
    encoded = base64.b64encode(raw).decode()
    starts = range(0, len(encoded), _BASE64_LINE)
    return _CRLF.join(encoded[start : start + _BASE64_LINE] for start in starts)
