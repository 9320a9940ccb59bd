"""Each rule has a calendar that breaks it and nothing else; one calendar breaks none."""

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.calendars.check.rules import RULES, breach
from events.calendars.check.whole import check
from events.words.language import LANGUAGES

DATA = Path(__file__).parents[3] / "data" / "calendars"
GOOD = (DATA / "good.ics").read_bytes()
TEXT = GOOD.decode()
FOLDED = "DESCRIPTION:Chủ đề năm nay: “Gia đình hạnh phúc”\\; \r\n hai dòng"
PLACE = "LOCATION:Nhà văn hóa\\, tầng 1"
TODO = "BEGIN:VTODO\r\nUID:9@example.org\r\nSUMMARY:Việc\r\nEND:VTODO\r\n"
END = "END:VCALENDAR\r\n"
AN_EVENT = """\
BEGIN:VEVENT\r
UID:{uid}@example.org\r
DTSTAMP:20261103T010000Z\r
LAST-MODIFIED:20261103T010000Z\r
SEQUENCE:0\r
DTSTART;VALUE=DATE:20280101\r
DTEND;VALUE=DATE:20280102\r
SUMMARY:{summary}\r
TRANSP:TRANSPARENT\r
X-MICROSOFT-CDO-BUSYSTATUS:FREE\r
END:VEVENT\r
"""


def with_(old: str, new: str) -> bytes:
    """The good calendar with one thing changed, where it stands first."""
    assert old in TEXT
    return TEXT.replace(old, new, 1).encode()


def more(count: int, summary: str = "Ngày") -> bytes:
    events = (AN_EVENT.format(uid=f"{n:05}", summary=summary) for n in range(count))
    return TEXT.replace(END, "".join(events) + END).encode()


BROKEN = [
    ("utf-8", GOOD.replace(b"LOCATION:", b"LOCATION:\xff", 1)),
    ("utf-8", with_(PLACE, "LOCATION:?").replace(b"LOCATION:?", "LOCATION:Nhà".encode("cp1252"))),
    ("bom", b"\xef\xbb\xbf" + GOOD),
    ("line-ends", with_("VERSION:2.0\r\n", "VERSION:2.0\n")),
    ("line-ends", with_("VERSION:2.0\r\n", "VERSION:2.0\r")),
    ("last-line", GOOD.removesuffix(b"\r\n")),
    ("blank-line", with_("VERSION:2.0\r\n", "VERSION:2.0\r\n\r\n")),
    ("control-character", with_("Hội thi", "Hội\x07 thi")),
    ("control-character", with_("Hội thi", "Hội\x85 thi")),
    ("line-length", with_("Hội thi", "Hội thi " + "ế" * 30)),
    ("folded-letter", with_(FOLDED, FOLDED).replace(b"hai d\xc3\xb2ng", b"hai d\xc3\r\n \xb2ng")),
    ("folded-escape", with_("\\nDòng", "\\\r\n nDòng")),
    ("folded-mark", with_("hai dòng", "hai ❤\r\n \ufe0f")),
    ("folded-mark", with_("👨‍👩", "👨\r\n ‍👩")),
    ("nfc", with_("Hội thi", unicodedata.normalize("NFD", "Hội thi"))),
    ("double-encoding", with_(PLACE, "LOCATION:" + "Nhà văn hóa".encode().decode("cp1252"))),
    ("size", more(900, "Ngày\r\n " + "\r\n ".join(["ế" * 24] * 15))),
    ("one-calendar", GOOD + GOOD),
    ("content-line", with_("VERSION:2.0\r\n", "VERSION:2.0\r\nkhông phải dòng nào\r\n")),
    ("nesting", with_("END:VALARM\r\n", "END:VALARM\r\nEND:VALARM\r\n")),
    ("once", with_("VERSION:2.0\r\n", "VERSION:2.0\r\nVERSION:2.0\r\n")),
    ("once", with_("SUMMARY:Họp tổ\r\n", "SUMMARY:Họp tổ\r\nSUMMARY:Họp\r\n")),
    ("missing", with_("PRODID:-//Example//Calendar 1//VI\r\n", "")),
    ("missing", with_("SUMMARY:Họp tổ\r\n", "")),
    ("missing", with_("SEQUENCE:2\r\n", "")),
    ("value", with_("SEQUENCE:2", "SEQUENCE:hai")),
    ("value", with_("DTSTART;VALUE=DATE:20270701", "DTSTART;VALUE=DATE:20271301")),
    ("value", with_("RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;INTERVAL=0")),
    ("empty", with_(PLACE, "LOCATION:")),
    ("escape", with_(PLACE, "LOCATION:Nhà văn hóa, tầng 1")),
    ("escape", with_(PLACE, "LOCATION:Nhà văn hóa; tầng 1")),
    ("escape", with_(PLACE, "LOCATION:Nhà văn hóa\\: tầng 1")),
    ("component", with_(END, TODO + END)),
    ("component", with_("BEGIN:VALARM", TODO + "BEGIN:VALARM")),
    ("new-property", with_(PLACE, "STYLED-DESCRIPTION:Nhà văn hóa")),
    ("events", more(996)),
    ("order", with_("UID:5f0c-3@", "UID:5f0c-3@").replace(b":20270701", b":20270601")),
    ("version", with_("VERSION:2.0", "VERSION:1.0")),
    ("method", with_("VERSION:2.0\r\n", "VERSION:2.0\r\nMETHOD:PUBLISH\r\n")),
    ("calendar-uid", with_("VERSION:2.0\r\n", "VERSION:2.0\r\nUID:lich@example.org\r\n")),
    ("name", with_("X-WR-CALNAME:Lịch mẫu", "X-WR-CALNAME:Lịch khác")),
    ("name", with_("NAME:Lịch mẫu\r\n", "")),
    ("name", TEXT.replace("NAME:Lịch mẫu", "NAME:" + "\r\n ".join(["L" * 60] * 5)).encode()),
    ("description", with_("X-WR-CALDESC:Ngày lễ\\, hội họp\r\n", "")),
    ("refresh", with_("X-PUBLISHED-TTL:PT6H", "X-PUBLISHED-TTL:PT1H")),
    ("refresh", with_(";VALUE=DURATION", "")),
    ("source", with_("SOURCE;VALUE=URI", "SOURCE")),
    ("color", with_("COLOR:crimson", "COLOR:#DC143C")),
    ("color", with_("X-APPLE-CALENDAR-COLOR:#DC143C\r\n", "")),
    ("all-day-end", with_("DTEND;VALUE=DATE:20270629\r\n", "")),
    ("all-day-end", with_("DTEND;VALUE=DATE:20270629", "DTEND;VALUE=DATE:20270628")),
    ("end", with_(":20261125T093000", ":20261125T080000")),
    ("end", with_("DTEND;TZID=Asia/Ho_Chi_Minh:20261125T093000\r\n", "")),
    ("floating", with_("DTEND;TZID=Asia/Ho_Chi_Minh:20261125T", "DTEND:20261125T")),
    ("utc", with_("DTEND;TZID=Asia/Ho_Chi_Minh:20261125T093000", "DTEND:20261125T023000Z")),
    ("zone", with_("DTEND;TZID=Asia/Ho_Chi_Minh", "DTEND;TZID=Asia/Bangkok")),
    ("zone-shape", with_("END:STANDARD\r\n", "COMMENT:+07\r\nEND:STANDARD\r\n")),
    ("zone-shape", with_("TZOFFSETFROM:+0700", "TZOFFSETFROM:+0800")),
    ("rule", with_("RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;BYWEEKNO=26")),
    ("rule", with_("RRULE:FREQ=WEEKLY", "RRULE:RSCALE=CHINESE;FREQ=WEEKLY")),
    ("rule", with_("RRULE:FREQ=YEARLY", "RRULE:FREQ=HOURLY")),
    (
        "rule",
        TEXT.replace(":20270701", ":20280301")
        .replace(":20270702", ":20280302")
        .replace(":20270628", ":20280229")
        .replace(":20270629", ":20280301")
        .encode(),
    ),
    ("until", with_("UNTIL=20261216T165959Z", "UNTIL=20261216")),
    ("until", with_("RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;UNTIL=20300101T000000Z")),
    ("first-time", with_("RRULE:FREQ=YEARLY", "RRULE:FREQ=YEARLY;BYMONTH=7;BYMONTHDAY=1")),
    ("rdate", with_("RRULE:FREQ=YEARLY", "RDATE;VALUE=DATE:20280628")),
    ("exdate", with_("EXDATE;TZID=Asia/Ho_Chi_Minh:20261209T080000", "EXDATE;VALUE=DATE:20261209")),
    ("exdate", with_("EXDATE;TZID=Asia/Ho_Chi_Minh:20261209T080000", "EXDATE:20261209T010000Z")),
    ("moved", with_("UID:5f0c-2@example.org\r\nREC", "UID:5f0c-9@example.org\r\nREC")),
    (
        "moved",
        with_(
            "RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20261202T080000",
            "RECURRENCE-ID;VALUE=DATE:20261202",
        ),
    ),
    ("uid", with_("UID:5f0c-3@example.org", "UID:Ngày Gia đình")),
    ("uid", with_("UID:5f0c-3@example.org", "UID:" + "\r\n ".join(["5" * 64] * 4))),
    ("uid-twice", with_("UID:5f0c-4@example.org", "UID:5f0c-3@example.org")),
    ("uid-change", with_("UID:5f0c-4@example.org", "UID:5f0c-4-20261103T010000Z@example.org")),
    ("stamps", with_("DTSTAMP:20261103T010000Z", "DTSTAMP:20261104T010000Z")),
    ("stamps", TEXT.replace("20261103T010000Z", "20261103T010000").encode()),
    ("transp", with_("TRANSP:OPAQUE\r\n", "")),
    ("busy", with_("TRANSP:TRANSPARENT", "TRANSP:OPAQUE")),
    ("busy", with_("X-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n", "")),
    ("cancelled", with_("[HUỶ] Hội thi", "Hội thi")),
    ("cancelled", with_("STATUS:CANCELLED", "STATUS:CONFIRMED")),
    ("html", with_("Dòng thứ hai", "<b>Dòng</b>")),
    ("categories", with_("CATEGORIES:Ngày kỷ niệm,Gia đình", "CATEGORIES:Gia đình\\, trẻ em")),
    ("categories", with_("CATEGORIES:Ngày kỷ niệm,Gia đình", "CATEGORIES:Gia đình,")),
    ("alarm", with_("ACTION:DISPLAY", "ACTION:EMAIL")),
    ("attendee", with_("ORGANIZER", "ATTENDEE:mailto:hoa@example.org\r\nORGANIZER")),
    ("organizer", with_(":mailto:van-phong@example.org", ":https://example.org")),
]


@pytest.mark.parametrize(
    ("key", "body"), BROKEN, ids=[f"{n}-{k}" for n, (k, _) in enumerate(BROKEN)]
)
def test_a_calendar_that_breaks_one_rule_is_told_that_and_nothing_else(key, body):
    assert {one.rule.key for one in check(body)} == {key}


def test_a_calendar_as_clients_want_it_breaks_no_rule():
    assert check(GOOD) == []


def test_every_rule_about_one_version_is_broken_by_a_calendar_here():
    of_one = set(list(RULES)[: list(RULES).index("gone")])

    assert of_one - {key for key, _body in BROKEN} == {"no-calendar"}


def test_what_is_no_calendar_says_so():
    for body in (
        b"",
        b"<!doctype html><title>404</title>",
        b"PK\x03\x04",
        b"BEGIN:VCARD\r\nEND:VCARD\r\n",
    ):
        assert "no-calendar" in {one.rule.key for one in check(body)}


def test_a_breach_says_the_line_the_event_and_the_clients():
    [one] = check(with_("LOCATION:Nhà văn hóa\\,", "LOCATION:Nhà văn hóa,"))

    assert TEXT.split("\r\n")[one.line - 1].startswith("LOCATION")
    assert one.uid == "5f0c-2@example.org"
    assert one.broken("vi") == ["vobject", "Radicale"]


def test_every_rule_speaks_vietnamese_and_names_who_is_broken():
    gaps = {gap for rule in RULES.values() for gap in re.findall(r"%\((\w+)\)s", rule.sentence)}
    facts = dict.fromkeys(gaps, 1)
    for rule in RULES.values():
        one = breach(rule.key, **facts)
        english, vietnamese = (one.words(language) for language in reversed(LANGUAGES))
        assert english != vietnamese, rule.key
        assert one.broken("vi")


@given(st.binary(max_size=400) | st.text(max_size=300).map(str.encode))
def test_any_octets_are_checked_to_the_end(body):
    check(body)
    check(GOOD.replace(b"Nh\xc3\xa0", body))
    check(GOOD.replace(b"FREQ=YEARLY", body))


@given(
    st.lists(st.sampled_from(TEXT.split("\r\n")), max_size=60),
    st.sampled_from(["\r\n", "\n", "\r\n "]),
)
def test_any_order_of_lines_is_checked_to_the_end(lines, end):
    check(end.join(lines).encode())
