"""What a client that polls a calendar is answered, as values: docs/feeds.md says who needs which
header.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

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


@dataclass(frozen=True, slots=True)
class Asked:
    """The headers of a poll that matter, each empty where it was not sent."""

    none_match: str = ""
    modified_since: str = ""
    encodings: str = ""
    agent: str = ""

    @property
    def takes_gzip(self) -> bool:
        """Tell whether the client asked for it and is none that fails on it."""
        if not self.encodings:
            return False
        agent = self.agent.lower()
        if any(name in agent for name in _BROKEN_BY_GZIP):
            return False
        return any(_wants_gzip(part) for part in self.encodings.lower().split(","))

    def has(self, feed: Kept) -> bool:
        """Tell whether the client has these bytes already; an ETag goes before a time (RFC 9110,
        13.2.2).
        """
        if self.none_match:
            if self.none_match == f'"{feed.etag}"':
                return True
            tags = (tag.strip().removeprefix("W/") for tag in self.none_match.split(","))
            return any(tag in ("*", f'"{feed.etag}"') for tag in tags)
        if not self.modified_since:
            return False
        since = _moment(self.modified_since)
        return since is not None and feed.last_modified.replace(microsecond=0) <= since


@dataclass(frozen=True, slots=True)
class Answer:
    """A status line, headers and a body."""

    status: str
    headers: list[tuple[str, str]]
    body: bytes


class Ready:
    """A feed with all that it can be answered with, made once and sent often."""

    __slots__ = ("_answers", "feed")

    def __init__(self, feed: Kept, *, public: bool) -> None:
        self.feed = feed
        self._answers = {
            (packed, has_it): _answer(feed, public=public, packed=packed, has_it=has_it)
            for packed in (False, True)
            for has_it in (False, True)
        }

    def answer(self, asked: Asked) -> Answer:
        """Return the feed, packed where that was asked for, or 304 where the client has it."""
        return self._answers[asked.takes_gzip, asked.has(self.feed)]


def _answer(feed: Kept, *, public: bool, packed: bool, has_it: bool) -> Answer:
    headers = [
        ("ETag", f'W/"{feed.etag}"' if packed else f'"{feed.etag}"'),
        ("Last-Modified", format_datetime(feed.last_modified.astimezone(UTC), usegmt=True)),
        ("Cache-Control", f"{'public' if public else 'private'}, max-age={AGE}"),
        ("Vary", "Accept-Encoding"),
        ("X-Robots-Tag", "noindex"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
    ]
    if has_it:
        return Answer("304 Not Modified", headers, b"")
    name = feed.key.rpartition("/")[2] if public else NAME
    headers += [("Content-Type", _TYPE), ("Content-Disposition", f'inline; filename="{name}.ics"')]
    if packed:
        headers.append(("Content-Encoding", "gzip"))
    body = feed.packed if packed else feed.body
    return Answer("200 OK", [*headers, ("Content-Length", str(len(body)))], body)


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
    return Answer(status, headers + [one for one in more if isinstance(one, tuple)], body)


def client_of(agent: str) -> str:
    """Return the kind of program that a client says it is: a key of ``CLIENTS``."""
    said = agent.lower()
    return next((kind for name, kind in _NAMES if name in said), "other")


def asked_by(environ: Mapping[str, object]) -> Asked:
    """Return what a request of WSGI asks for."""
    names = "IF_NONE_MATCH", "IF_MODIFIED_SINCE", "ACCEPT_ENCODING", "USER_AGENT"
    return Asked(*(str(environ.get(f"HTTP_{name}", "")) for name in names))


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
