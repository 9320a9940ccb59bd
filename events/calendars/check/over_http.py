"""An address asked as clients ask it: plain and compressed, again and again, and for what it must
refuse.

DELETE is never sent, and PUT only as Thunderbird tries it, so that asking somebody else's server
changes nothing there.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit
from urllib.robotparser import RobotFileParser

from events.calendars.check.rules import COMPRESSION, Breach, breach
from events.calendars.fetching import LARGEST, MOST_REDIRECTS, Answer, ask, inflated
from events.calendars.refusals import CalendarRefusedError, Refused
from events.words.language import Said

MOST_READ = 4 * LARGEST  # bytes: too large for Google is a breach, too large for anybody is none
TYPE = "text/calendar; charset=utf-8"
_OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.17126; Pro)"
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")
_KEEP_THE_METHOD = (307, 308)
_SLOW = 10.0  # seconds
_WRITES = {"PROPFIND": {}, "PUT": {"If-Match": '"nothing"'}, "POST": {}}

Ask = Callable[[str, str, Mapping[str, str]], Answer]


def ask_anywhere(url: str, method: str, headers: Mapping[str, str]) -> Answer:
    """Ask an address, also one of this machine: who checks a calendar runs it, as a rule."""
    return ask(url, method, headers=headers, may=lambda _address: True, largest=MOST_READ)


def check_address(
    url: str, *, now: datetime, ask: Ask = ask_anywhere
) -> tuple[bytes, list[Breach]]:
    """Return the calendar behind an address, and what is wrong with how it is given away.

    Raises ``CalendarRefusedError`` if there is none.
    """
    found = list(_of_the_address(url))
    first, hops = _follow(url, ask, found)
    if first.status != 200:
        raise CalendarRefusedError(Refused.STATUS, host=_host(url), status=first.status)
    body = first.body
    if first.headers.get("content-encoding"):
        found.append(breach("gzip", problem=Said(COMPRESSION[0])))
        body = inflated(body, MOST_READ)
    asker = _Asker(hops[-1], first, body, ask)
    for look in _LOOKS:
        found += look(asker)
    found += _last_modified(first, now)
    return body, found


@dataclass(frozen=True, slots=True)
class _Asker:
    """The address at the end of all redirects, and what it said first."""

    url: str
    first: Answer
    body: bytes
    ask: Ask

    def again(self, method: str = "GET", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.ask(self.url, method, named)


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _of_the_address(url: str) -> Iterator[Breach]:
    parts = urlsplit(url)
    if parts.scheme == "http" and _host(url) not in _THIS_MACHINE:
        yield breach("https")
    if parts.query:
        yield breach("query")


def _follow(url: str, ask: Ask, found: list[Breach]) -> tuple[Answer, list[str]]:
    """Return the answer at the end, and the addresses on the way; a wrong way is a breach."""
    hops, statuses, downgraded = [url], list[int](), False
    answer = ask(url, "GET", {})
    while answer.location is not None and len(statuses) <= MOST_REDIRECTS:
        statuses.append(answer.status)
        downgraded |= hops[-1].startswith("https:") and answer.location.startswith("http:")
        hops.append(answer.location)
        answer = ask(answer.location, "GET", {})
    odd = any(status not in _KEEP_THE_METHOD for status in statuses)
    if len(statuses) > 1 or downgraded or odd:
        shown = ", ".join(map(str, statuses))
        found.append(breach("redirect", count=len(statuses), status=shown))
    return answer, hops


def _type_and_name(asked: _Asker) -> Iterator[Breach]:
    head = asked.again("HEAD")
    if head.status != 200:
        yield breach("status", request="HEAD", status=head.status, wanted=200)
    for request, answer in (("GET", asked.first), ("HEAD", head)):
        value = answer.headers.get("content-type", "")
        if value.lower().replace(" ", "") != TYPE.replace(" ", ""):
            yield breach("content-type", request=request, value=value[:80] or "–")
    name = urlsplit(asked.url).path.rpartition("/")[2]
    said = asked.first.headers.get("content-disposition", "")
    if not name.endswith(".ics") or "inline" not in said or f'filename="{name}"' not in said:
        yield breach("address-name")


def _conditions(asked: _Asker) -> Iterator[Breach]:
    etag, modified = (asked.first.headers.get(name, "") for name in ("etag", "last-modified"))
    if not (etag.startswith('"') and etag.endswith('"') and len(etag) > 2):
        yield breach("etag")
        return
    for value in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        answer = asked.again(If_None_Match=value)
        if answer.status != 304 or "etag" not in answer.headers:
            request = f"If-None-Match: {value if len(value) < 20 else value[:20] + '…'}"
            yield breach("not-modified", request=request, status=answer.status)
    if not modified:
        return
    answer = asked.again(If_Modified_Since=modified)
    if answer.status != 304:
        yield breach("not-modified", request="If-Modified-Since", status=answer.status)
    if asked.again(If_None_Match='"other"', If_Modified_Since=modified).status == 304:
        yield breach("which-condition")


def _last_modified(first: Answer, now: datetime) -> Iterator[Breach]:
    try:
        if parsedate_to_datetime(first.headers.get("last-modified", "")) <= now:
            return
    except (ValueError, TypeError):
        pass
    yield breach("last-modified")


def _same_again(asked: _Asker) -> Iterator[Breach]:
    again = asked.again()
    same = again.headers.get("etag") == asked.first.headers.get("etag")
    if again.body != asked.first.body or not same:
        yield breach("same-bytes")
    bearer = asked.again(Authorization="Bearer none")
    if (bearer.status, bearer.body) != (again.status, again.body):
        yield breach("authorization")


def _compression(asked: _Asker) -> Iterator[Breach]:
    zipped = asked.again(Accept_Encoding="gzip")
    if "gzip" in zipped.headers.get("content-encoding", ""):
        etag, plain = zipped.headers.get("etag", ""), asked.first.headers.get("etag", "")
        if "accept-encoding" not in zipped.headers.get("vary", "").lower():
            yield breach("gzip", problem=Said(COMPRESSION[1]))
        if etag == plain and etag.startswith('"'):
            yield breach("gzip", problem=Said(COMPRESSION[2]))
        if inflated(zipped.body, MOST_READ) != asked.body:
            yield breach("gzip", problem=Said(COMPRESSION[3]))
    outlook = asked.again(Accept_Encoding="gzip", User_Agent=_OUTLOOK)
    if outlook.headers.get("content-encoding"):
        yield breach("gzip", problem=Said(COMPRESSION[4]))


def _caching(asked: _Asker) -> Iterator[Breach]:
    headers = asked.first.headers
    control = headers.get("cache-control", "").lower()
    if "max-age=" not in control or "no-store" in control:
        yield breach("cache-control")
    if "cookie" in headers.get("vary", "").lower():
        yield breach("vary")
    if "set-cookie" in headers:
        yield breach("cookie")
    if "private" in control and headers.get("referrer-policy", "").lower() != "no-referrer":
        yield breach("referrer")
    if asked.first.seconds > _SLOW:
        yield breach("slow", seconds=round(asked.first.seconds))


def _refusals(asked: _Asker) -> Iterator[Breach]:
    for method, headers in _WRITES.items():
        answer = asked.ask(asked.url, method, headers)
        if answer.status != 405:
            yield breach("write", method=method, status=answer.status)
    elsewhere = urljoin(asked.url, f"khong-co-{secrets.token_hex(8)}.ics")
    if (status := asked.ask(elsewhere, "GET", {}).status) != 404:
        yield breach("unknown", status=status)


def _robots(asked: _Asker) -> Iterator[Breach]:
    answer = asked.ask(urljoin(asked.url, "/robots.txt"), "GET", {})
    rules = RobotFileParser()
    rules.parse(answer.body.decode("utf-8", "replace").splitlines())
    if answer.status != 200 or not rules.can_fetch("Google-Calendar-Importer", asked.url):
        yield breach("robots")


_LOOKS = (
    _type_and_name,
    _conditions,
    _same_again,
    _compression,
    _caching,
    _refusals,
    _robots,
)
