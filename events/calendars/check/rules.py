"""The rules: one sentence for each breach, and who is broken by it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from events.errors import N_
from events.words.language import tell

MOST_OCTETS = 1_000_000
MOST_EVENTS = 1_000
LONGEST_NAME = 255

_ALL = N_("every client")
_PEOPLE = N_("everybody who subscribes")


@dataclass(frozen=True, slots=True)
class Rule:
    """``sentence`` says what is wrong, with gaps for facts; ``breaks`` names the clients."""

    key: str
    sentence: str
    breaks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that does not hold; ``line`` counts from 1, as an editor shows the file."""

    rule: Rule
    line: int | None = None
    uid: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def words(self, language: str) -> str:
        return tell(self.rule.sentence, self.facts, language)

    def broken(self, language: str) -> list[str]:
        return [tell(name, {}, language) for name in self.rule.breaks]


def breach(key: str, line: int | None = None, uid: str = "", **facts: Any) -> Breach:
    return Breach(RULES[key], line, uid, facts)


def _rules(*lines: tuple[str, str, tuple[str, ...]]) -> Mapping[str, Rule]:
    return MappingProxyType({key: Rule(key, sentence, breaks) for key, sentence, breaks in lines})


_OCTETS = (
    ("utf-8", N_("This is not UTF-8."), ("Google", "Nextcloud")),
    ("bom", N_("The file begins with a byte order mark."), ("Google", "Nextcloud")),
    ("line-ends", N_("The line does not end with CRLF."), ("Nextcloud", "Google", "Outlook")),
    ("last-line", N_("The file does not end with END:VCALENDAR and CRLF."), ("Google", "ICSx5")),
    ("blank-line", N_("The line is empty."), ("Google", "Nextcloud")),
    (
        "control-character",
        N_("There is a control character (U+%(code)s)."),
        ("Google", "Nextcloud"),
    ),
    ("line-length", N_("The line has %(octets)s octets; 75 fit."), ("Outlook", "libical")),
    (
        "folded-letter",
        N_("The line is folded inside a letter."),
        ("Google", "Android", "GNOME", "Ruby icalendar"),
    ),
    (
        "folded-escape",
        N_("The line is folded between a backslash and the letter that it escapes."),
        ("ical4j", "ICSx5"),
    ),
    ("folded-mark", N_("The line is folded before a combining mark."), ("Google", "Android")),
    ("nfc", N_("The text is not in Unicode NFC."), (_ALL,)),
    ("double-encoding", N_("The text was encoded in UTF-8 twice."), (_ALL,)),
    (
        "size",
        N_("The calendar has %(octets)s octets; Google takes 1,000,000."),
        ("Google",),
    ),
)
_STRUCTURE = (
    ("no-calendar", N_("This is no calendar: there is no BEGIN:VCALENDAR."), (_ALL,)),
    (
        "one-calendar",
        N_("There is more than one VCALENDAR, or something beside it."),
        ("Outlook", "Exchange"),
    ),
    ("content-line", N_("This is no line of a calendar."), ("Google", "Nextcloud")),
    ("nesting", N_("BEGIN and END do not match: %(name)s."), (_ALL,)),
    ("once", N_("%(name)s may stand here only once."), ("libical", "Nextcloud")),
    ("missing", N_("%(name)s is missing."), ("libical", "Nextcloud", "Outlook")),
    ("value", N_("%(name)s has a value that cannot be read."), (_ALL,)),
    ("empty", N_("%(name)s has no value."), ("libical", "GNOME")),
    (
        "escape",
        N_("%(name)s has a comma, semicolon or backslash that is not escaped rightly."),
        ("vobject", "Radicale"),
    ),
    ("component", N_("%(name)s has no place in a feed."), ("Nextcloud", "ICSx5", "Google")),
    (
        "new-property",
        N_("%(name)s (RFC 9073, RFC 9253) is not known widely enough."),
        ("libical", "GNOME"),
    ),
    ("events", N_("There are %(count)s events; Google takes about 1,000."), ("Google",)),
    (
        "order",
        N_("The event is out of order (by DTSTART, then UID): the same data gives other bytes."),
        (_ALL,),
    ),
)
_HEAD = (
    ("version", N_("VERSION is not 2.0."), ("libical", "Outlook")),
    (
        "method",
        N_("METHOD is only PUBLISH, and then each event has an ORGANIZER."),
        ("libical", "Outlook", "Apple"),
    ),
    ("calendar-uid", N_("The calendar itself has a UID."), ("vdirsyncer",)),
    (
        "name",
        N_("NAME and X-WR-CALNAME are not the same, or have more than 255 letters."),
        ("Outlook", "Google", "Thunderbird"),
    ),
    ("description", N_("DESCRIPTION and X-WR-CALDESC are not the same."), ("Apple", "Outlook")),
    (
        "refresh",
        N_("REFRESH-INTERVAL;VALUE=DURATION and X-PUBLISHED-TTL are not the same duration."),
        ("Nextcloud", "Apple", "Outlook"),
    ),
    ("source", N_("SOURCE has no VALUE=URI."), ("libical",)),
    (
        "color",
        N_("COLOR is a CSS3 name, and X-APPLE-CALENDAR-COLOR beside it as #RRGGBB."),
        ("ICSx5", "Apple"),
    ),
)
_TIMES = (
    ("all-day-end", N_("An all-day event needs DTEND;VALUE=DATE after DTSTART."), ("Outlook",)),
    ("end", N_("DTEND is not after DTSTART, or of another kind."), ("Outlook", "libical")),
    ("floating", N_("%(name)s has neither a time zone nor a Z."), ("Outlook",)),
    ("utc", N_("%(name)s is in UTC instead of a time zone."), ("Outlook",)),
    (
        "zone",
        N_("The time zone %(zone)s is not declared in the file."),
        ("Outlook", "Outlook.com"),
    ),
    (
        "zone-shape",
        N_("The VTIMEZONE has a COMMENT, or for Vietnam more than one STANDARD of +0700."),
        ("Outlook", "libical"),
    ),
    (
        "rule",
        N_("RRULE has %(part)s, which clients expand differently or not at all."),
        ("ical.js", "Thunderbird", "khal"),
    ),
    ("until", N_("UNTIL is not a date for all-day events, or not UTC for others."), ("libical",)),
    ("first-time", N_("DTSTART is not one of the times of its RRULE."), ("Google", "ical.js")),
    ("rdate", N_("RDATE is not read by all clients."), ("Outlook",)),
    ("exdate", N_("EXDATE is of another kind or zone than DTSTART."), ("node-ical",)),
    (
        "moved",
        N_("RECURRENCE-ID has no master in the file, or is of another kind or zone."),
        ("node-ical", "Thunderbird"),
    ),
)
_EVENTS = (
    (
        "uid",
        N_("The UID is not printable ASCII of at most 255 characters."),
        ("ICSx5", "Outlook"),
    ),
    ("uid-twice", N_("Another event has the same UID."), (_ALL,)),
    ("uid-change", N_("The UID is made from the time of a change."), (_ALL,)),
    (
        "stamps",
        N_("DTSTAMP and LAST-MODIFIED are not the same instant in UTC."),
        ("ICSx5", "Nextcloud"),
    ),
    ("transp", N_("TRANSP is missing."), (_PEOPLE,)),
    (
        "busy",
        N_("The event blocks people's time: it needs TRANSP:TRANSPARENT and Microsoft's FREE."),
        ("Outlook", "Apple"),
    ),
    (
        "cancelled",
        N_("STATUS:CANCELLED and a mark such as “[HUỶ]” before SUMMARY go together."),
        ("Outlook", "Google"),
    ),
    ("html", N_("%(name)s has HTML."), ("Apple", "GNOME", "Thunderbird")),
    ("categories", N_("A category is empty or has a comma."), ("node-ical", "libical")),
    ("alarm", N_("An alarm does something else than to show a text."), ("Apple", "ICSx5")),
    ("attendee", N_("ATTENDEE tells addresses to all subscribers."), (_PEOPLE,)),
    ("organizer", N_("ORGANIZER is not a mailto: address."), ("libical", "Outlook")),
)
_BETWEEN = (
    ("gone", N_("The event went without having been cancelled or having passed."), ("ICSx5",)),
    ("uid-kept", N_("The event was there with another UID: %(before)s."), (_ALL,)),
    ("sequence-fell", N_("SEQUENCE fell from %(before)s to %(after)s."), ("Google",)),
    ("modified-fell", N_("LAST-MODIFIED fell from %(before)s to %(after)s."), ("ICSx5",)),
    (
        "sequence-stayed",
        N_("Something visible changed (%(what)s) and SEQUENCE stayed."),
        ("Google",),
    ),
    (
        "modified-stayed",
        N_("Something visible changed (%(what)s) and LAST-MODIFIED stayed."),
        ("ICSx5",),
    ),
    ("stamps-moved", N_("Nothing visible changed and %(what)s did."), (_ALL,)),
    ("calendar-fell", N_("The LAST-MODIFIED of the calendar fell."), ("ICSx5",)),
    ("bytes-moved", N_("Nothing visible changed and the bytes did."), (_ALL,)),
)
_HTTP = (
    ("https", N_("The address is not https."), ("iOS", "Apple")),
    (
        "redirect",
        N_("The address is redirected %(count)s times, with status %(status)s or to http."),
        ("ICSx5", "Sailfish", "iOS"),
    ),
    ("status", N_("%(request)s is answered with %(status)s instead of %(wanted)s."), (_ALL,)),
    (
        "content-type",
        N_("%(request)s has Content-Type %(value)s."),
        ("Thunderbird", "Nextcloud", "ICSx5"),
    ),
    (
        "address-name",
        N_("The address does not end with .ics, or Content-Disposition says another name."),
        ("Thunderbird",),
    ),
    ("etag", N_("There is no strong ETag."), ("Thunderbird", "ICSx5")),
    (
        "not-modified",
        N_("%(request)s is answered with %(status)s instead of 304 with an ETag."),
        ("Thunderbird", "ICSx5"),
    ),
    ("last-modified", N_("Last-Modified is missing or in the future."), ("ICSx5",)),
    (
        "which-condition",
        N_("If-Modified-Since wins over If-None-Match: changes stay hidden."),
        ("ICSx5",),
    ),
    ("same-bytes", N_("Two requests in a row gave different bytes."), (_ALL,)),
    (
        "gzip",
        N_("Compression: %(problem)s."),
        ("Outlook", "Exchange"),
    ),
    ("vary", N_("Vary has Cookie, so that no cache can keep the calendar."), (_ALL,)),
    ("cache-control", N_("Cache-Control has no max-age, or has no-store."), (_ALL,)),
    ("authorization", N_("An Authorization header changes the answer."), ("Outlook",)),
    ("cookie", N_("The answer sets a cookie."), (_ALL,)),
    (
        "write",
        N_("%(method)s is answered with %(status)s instead of 405."),
        ("Thunderbird",),
    ),
    ("unknown", N_("An unknown address is answered with %(status)s, not 404."), ("Thunderbird",)),
    ("robots", N_("robots.txt is missing or forbids the address."), ("Google",)),
    ("slow", N_("The first byte came after %(seconds)s seconds."), ("ICSx5", "Google")),
    ("query", N_("The address has a query."), ("Thunderbird",)),
    ("referrer", N_("A private calendar has no Referrer-Policy: no-referrer."), (_PEOPLE,)),
)
RULES = _rules(*_OCTETS, *_STRUCTURE, *_HEAD, *_TIMES, *_EVENTS, *_BETWEEN, *_HTTP)

COMPRESSION = (
    N_("it is compressed though nobody asked"),
    N_("Vary lacks Accept-Encoding"),
    N_("the compressed form has the same strong ETag"),
    N_("the compressed form says something else"),
    N_("Outlook does not get it plain"),
)
