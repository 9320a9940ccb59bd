"""An address asked as clients ask it, without a network."""

import gzip
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from events.calendars.check.over_http import TYPE, check_address
from events.calendars.check.rules import RULES
from events.calendars.fetching import Answer
from events.calendars.refusals import CalendarRefusedError
from tests.events.calendars.check.test_whole import GOOD

NOW = datetime(2026, 11, 23, tzinfo=UTC)
URL = "https://example.org/lich/mau.ics"
MODIFIED = "Fri, 20 Nov 2026 02:00:00 GMT"
HEADERS = {
    "content-type": TYPE,
    "content-disposition": 'inline; filename="mau.ics"',
    "etag": '"abc"',
    "last-modified": MODIFIED,
    "cache-control": "public, max-age=300",
}


@dataclass
class Server:
    """A server that does all right; a test takes one thing away."""

    headers: dict = field(default_factory=lambda: dict(HEADERS))
    head: dict = field(default_factory=dict)
    robots: tuple = (200, b"User-agent: *\nDisallow: /viec\n")
    moved: dict = field(default_factory=dict)
    unknown: int = 404
    refuses: tuple = ("PROPFIND", "PUT", "POST")
    weak_forms: bool = True
    both: bool = False
    bearer: int = 200
    zips_always: bool = False
    zips_outlook: bool = False
    zipped: dict = field(default_factory=lambda: {"vary": "Accept-Encoding", "etag": 'W/"abc"'})
    seconds: float = 0.1
    counts: bool = False
    asked: list = field(default_factory=list)

    def __call__(self, url, method, headers):
        self.asked.append((method, url))
        status, said, body = self._answer(url, method, headers)
        return Answer(url, status, said, body, self.seconds)

    def _answer(self, url, method, headers):
        if url in self.moved:
            status, target = self.moved[url]
            return status, {"location": target}, b""
        if url.endswith("/robots.txt"):
            return *self.robots[:1], {}, self.robots[1]
        if not url.split("?")[0].endswith("/lich/mau.ics"):
            return self.unknown, {}, b""
        if method in ("PROPFIND", "PUT", "POST"):
            return (405 if method in self.refuses else 412), {}, b""
        if "Authorization" in headers and self.bearer != 200:
            return self.bearer, {}, b""
        if self._is_known(headers):
            return 304, {"etag": self.headers.get("etag", "")}, b""
        body = GOOD + bytes(len(self.asked)) if self.counts else GOOD
        outlook = "Outlook" in headers.get("User-Agent", "")
        wanted = headers.get("Accept-Encoding") == "gzip" and (self.zips_outlook or not outlook)
        if wanted or self.zips_always:
            return (
                200,
                self.headers | {"content-encoding": "gzip"} | self.zipped,
                gzip.compress(body),
            )
        if method == "HEAD":
            return 200, self.headers | self.head, b""
        return 200, self.headers, body

    def _is_known(self, headers):
        wanted, since = headers.get("If-None-Match"), headers.get("If-Modified-Since")
        if since and (wanted is None or self.both):
            return since == self.headers.get("last-modified")
        known = ['"abc"', *(['W/"abc"', '"other", "abc"', "*"] if self.weak_forms else [])]
        return wanted in known


def keys(server, url=URL):
    return {one.rule.key for one in check_address(url, now=NOW, ask=server)[1]}


def lacking(name):
    return {key: value for key, value in HEADERS.items() if key != name}


BROKEN = [
    ("redirect", {"moved": {URL: (301, "https://example.org/moi/lich/mau.ics")}}),
    ("redirect", {"moved": {URL: (308, "http://example.org/lich/mau.ics")}}),
    ("content-type", {"headers": HEADERS | {"content-type": "text/plain"}}),
    ("content-type", {"head": {"content-type": "text/calendar"}}),
    ("address-name", {"headers": HEADERS | {"content-disposition": "attachment"}}),
    ("etag", {"headers": HEADERS | {"etag": 'W/"abc"'}}),
    ("not-modified", {"weak_forms": False}),
    ("last-modified", {"headers": HEADERS | {"last-modified": "Mon, 30 Nov 2026 02:00:00 GMT"}}),
    ("last-modified", {"headers": lacking("last-modified")}),
    ("which-condition", {"both": True}),
    ("same-bytes", {"counts": True}),
    ("gzip", {"zips_always": True, "zipped": {"vary": "Accept-Encoding", "etag": '"abc"'}}),
    ("gzip", {"zips_outlook": True}),
    ("gzip", {"zipped": {"etag": 'W/"abc"'}}),
    ("gzip", {"zipped": {"vary": "Accept-Encoding"}}),
    ("vary", {"headers": HEADERS | {"vary": "Cookie"}}),
    ("cookie", {"headers": HEADERS | {"set-cookie": "a=1"}}),
    ("cache-control", {"headers": HEADERS | {"cache-control": "no-store"}}),
    ("referrer", {"headers": HEADERS | {"cache-control": "private, max-age=300"}}),
    ("authorization", {"bearer": 401}),
    ("write", {"refuses": ("PROPFIND", "POST")}),
    ("unknown", {"unknown": 200}),
    ("robots", {"robots": (404, b"")}),
    ("robots", {"robots": (200, b"User-agent: *\nDisallow: /lich/\n")}),
    ("slow", {"seconds": 12.0}),
]


@pytest.mark.parametrize(
    ("key", "what"), BROKEN, ids=[f"{n}-{k}" for n, (k, _) in enumerate(BROKEN)]
)
def test_a_server_that_breaks_one_rule_is_told_that(key, what):
    found = keys(Server(**what))

    # bytes that are never the same differ from those of every other request too
    assert found - ({"authorization", "gzip"} if key == "same-bytes" else set()) == {key}


def test_a_server_that_does_all_right_breaks_no_rule_and_is_asked_to_delete_nothing():
    server = Server()

    assert keys(server) == set()
    assert "DELETE" not in {method for method, _url in server.asked}


def test_a_moved_calendar_is_followed_once_by_308():
    assert (
        keys(Server(moved={"https://example.org/cu.ics": (308, URL)}), "https://example.org/cu.ics")
        == set()
    )


def test_the_address_itself_is_asked():
    assert keys(Server(), "http://example.org/lich/mau.ics") == {"https"}
    assert keys(Server(), "http://127.0.0.1/lich/mau.ics") == set()
    assert "query" in keys(Server(), URL + "?khoa=1")


def test_a_head_that_is_refused_is_told():
    class NoHead(Server):
        def __call__(self, url, method, headers):
            answer = super().__call__(url, method, headers)
            return Answer(url, 405, answer.headers, b"", 0.1) if method == "HEAD" else answer

    assert keys(NoHead()) == {"status"}


def test_an_address_without_a_calendar_is_refused():
    with pytest.raises(CalendarRefusedError):
        check_address("https://example.org/khac.ics", now=NOW, ask=Server())


def test_every_rule_of_an_address_is_broken_by_a_server_here():
    of_http = set(list(RULES)[list(RULES).index("https") :])

    assert of_http - {key for key, _what in BROKEN} == {"https", "query", "status"}
