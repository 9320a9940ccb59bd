"""What a client that polls a calendar is answered, as values: docs/feeds.md says who needs which
header.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import NamedTuple

from events.calendars.kept import Kept
from events.calendars.tokens import NAME
from web.calendars.guessing import WAIT

AGE = 300  # seconds for which a client may keep an answer
_TYPE = "text/calendar; charset=utf-8"
_PLAIN = "text/plain; charset=utf-8"
_FOUND_NOTHING = "Không có lịch này.\n".encode()
_REVOKED = "Địa chỉ lịch này đã bị thu hồi.\n".encode()
_NOT_NOW = "Hệ thống đang bận, vui lòng thử lại sau.\n".encode()
_READS_ONLY = "Chỉ có thể đọc lịch này.\n".encode()
_BROKEN_BY_GZIP = ("outlook", "exchange", "microsoft office")  # docs/feeds.md


# How many hours lie between two looks of a kind of program, at the least and at the most, as its
# makers or its users say (docs/feeds.md); None: as its owner set it.
CLIENTS: Mapping[str, tuple[int, int] | None] = {
    "google": (4, 24),
    "outlook": (3, 24),
    "apple": None,
    "thunderbird": None,
    "icsx5": (24, 24),
    "nextcloud": (6, 6),
    "other": None,
}
_NAMES = (
    ("google-calendar", "google"),
    ("outlook", "outlook"),
    ("exchange", "outlook"),
    ("microsoft", "outlook"),
    ("icsx5", "icsx5"),
    ("thunderbird", "thunderbird"),
    ("nextcloud", "nextcloud"),
    ("dataaccessd", "apple"),
    ("ios/", "apple"),
    ("macos/", "apple"),
    ("calendaragent", "apple"),
)


class Asked(NamedTuple):
    """The headers of a poll that matter, each empty where it was not sent."""

    none_match: str = ""
    modified_since: str = ""
    encodings: str = ""
    agent: str = ""

    @property
    def takes_gzip(self) -> bool:
        """Tell whether the client asked for it and is none that fails on it."""
        return bool(self.encodings) and _takes_gzip(self.encodings, self.agent)

    def has(self, etag: str, last_modified: datetime) -> bool:
        """Tell whether the client has these bytes already; an ETag goes before a time (RFC 9110,
        13.2.2).
        """
        if self.none_match:
            if self.none_match == f'"{etag}"':
                return True
            tags = (tag.strip().removeprefix("W/") for tag in self.none_match.split(","))
            return any(tag in ("*", f'"{etag}"') for tag in tags)
        if not self.modified_since:
            return False
        since = _moment(self.modified_since)
        return since is not None and last_modified.replace(microsecond=0) <= since


@dataclass(frozen=True, slots=True)
class Answer:
    """A status line and its number, headers and a body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes
    code: int


class Ready:
    """A feed with what it was answered with, each form made once and sent often."""

    __slots__ = ("_has_it", "_packed", "_whole", "feed", "public")

    def __init__(self, feed: Kept, *, public: bool) -> None:
        self.feed, self.public = feed, public
        self._whole: Answer | None = None
        self._packed: Answer | None = None
        self._has_it: Answer | None = None

    def answer(self, asked: Asked) -> Answer:
        """Return the feed, packed where that was asked for, or 304 where the client has it."""
        packed = asked.takes_gzip
        if asked.has(self.feed.etag, self.feed.last_modified):
            if packed:
                return self._unchanged(packed=True)
            self._has_it = found = self._has_it or self._unchanged(packed=False)
        elif packed:
            self._packed = found = self._packed or _whole(self.feed, self.public, packed=True)
        else:
            self._whole = found = self._whole or _whole(self.feed, self.public, packed=False)
        return found

    def _unchanged(self, *, packed: bool) -> Answer:
        feed = self.feed
        return unchanged(feed.etag, feed.last_modified, public=self.public, packed=packed)


def unchanged(etag: str, last_modified: datetime, *, public: bool, packed: bool) -> Answer:
    """Return 304 with what belongs to it (RFC 9110, 15.4.5): the rest the client has."""
    headers = _validators(etag, last_modified, public=public, packed=packed)
    return Answer("304 Not Modified", headers, b"", 304)


def _whole(feed: Kept, public: bool, *, packed: bool) -> Answer:
    name = feed.key.rpartition("/")[2] if public else NAME
    body = feed.packed if packed else feed.body
    headers = [
        *_validators(feed.etag, feed.last_modified, public=public, packed=packed),
        ("X-Robots-Tag", "noindex"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Type", _TYPE),
        ("Content-Disposition", f'inline; filename="{name}.ics"'),
        ("Content-Length", str(len(body))),
    ]
    if packed:
        headers.append(("Content-Encoding", "gzip"))
    return Answer("200 OK", headers, body, 200)


def _validators(
    etag: str, last_modified: datetime, *, public: bool, packed: bool
) -> list[tuple[str, str]]:
    return [
        ("ETag", f'W/"{etag}"' if packed else f'"{etag}"'),
        ("Last-Modified", _http_date(last_modified)),
        ("Cache-Control", _PUBLIC if public else _PRIVATE),
        ("Vary", "Accept-Encoding"),
    ]


_PUBLIC, _PRIVATE = f"public, max-age={AGE}", f"private, max-age={AGE}"


@lru_cache  # what is renewed together has one moment
def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)


NOT_FOUND = ("404 Not Found", _FOUND_NOTHING)
GONE = ("410 Gone", _REVOKED)
READS_ONLY = ("405 Method Not Allowed", _READS_ONLY, ("Allow", "GET, HEAD"))
TOO_MANY = (
    "429 Too Many Requests",
    _NOT_NOW,
    ("Retry-After", str(WAIT)),
)
NOT_NOW = ("503 Service Unavailable", _NOT_NOW, ("Retry-After", "30"))


def refusal(kind: tuple[object, ...]) -> Answer:
    """Return one of the refusals above, which are the same for whoever asks for whatever."""
    status, body, *more = kind
    assert isinstance(status, str)
    assert isinstance(body, bytes)
    headers = [
        ("Content-Type", _PLAIN),
        ("Cache-Control", "no-store"),
        ("X-Robots-Tag", "noindex"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Content-Length", str(len(body))),
    ]
    return Answer(
        status,
        headers + [one for one in more if isinstance(one, tuple)],
        body,
        int(status.partition(" ")[0]),
    )


def client_of(agent: str) -> str:
    """Return the kind of program that a client says it is: a key of ``CLIENTS``."""
    said = agent.lower()
    return next((kind for name, kind in _NAMES if name in said), "other")


def asked_by(environ: Mapping[str, str]) -> Asked:
    """Return what a request of WSGI asks for."""
    sent = environ.get
    return Asked(
        sent("HTTP_IF_NONE_MATCH", ""),
        sent("HTTP_IF_MODIFIED_SINCE", ""),
        sent("HTTP_ACCEPT_ENCODING", ""),
        sent("HTTP_USER_AGENT", ""),
    )


@lru_cache  # few programs ask very often
def _takes_gzip(encodings: str, agent: str) -> bool:
    said = agent.lower()
    if any(name in said for name in _BROKEN_BY_GZIP):
        return False
    return any(_wants_gzip(part) for part in encodings.lower().split(","))


def _wants_gzip(part: str) -> bool:
    name, _semicolon, weight = part.strip().partition(";")
    return name.strip() in ("gzip", "x-gzip") and weight.replace(" ", "") not in (
        "q=0",
        "q=0.0",
        "q=0.00",
        "q=0.000",
    )


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
