"""What holds between two versions of a calendar."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.calendars.check.versions import between
from events.calendars.check.whole import check
from events.calendars.ical import CalendarEvent, CalendarHead, write_calendar
from events.words.texts import nfc
from tests.events.calendars.check.test_whole import GOOD, TEXT

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEAD = CalendarHead("Lịch thử", "Để thử", "crimson", "#DC143C")
LAST = "UID:5f0c-4@example.org\r\nDTSTAMP:20261103T010000Z\r\nLAST-MODIFIED:20261103T010000Z\r\nSEQUENCE:3"
CHANGED = "UID:5f0c-4@example.org\r\nDTSTAMP:20261122T010000Z\r\nLAST-MODIFIED:20261122T010000Z\r\nSEQUENCE:4"


def changed(stamps=CHANGED, old="Hội thi", new="Hội diễn"):
    return TEXT.replace(LAST, stamps).replace(old, new).encode()


def without(uid):
    """The good calendar without all that has this UID."""
    events = TEXT.split("BEGIN:VEVENT")
    end = "" if f"UID:{uid}" not in events[-1] else "END:VCALENDAR\r\n"
    return ("BEGIN:VEVENT".join(one for one in events if f"UID:{uid}" not in one) + end).encode()


def keys(before, after, now=NOW):
    return [one.rule.key for one in between(before, after, now=now)]


BROKEN = [
    ("gone", without("5f0c-3@example.org")),
    ("gone", without("5f0c-2@example.org")),
    ("uid-kept", TEXT.replace("5f0c-3@", "5f0c-7@").encode()),
    ("sequence-fell", changed(CHANGED.replace("SEQUENCE:4", "SEQUENCE:2"))),
    ("modified-fell", changed(CHANGED.replace("20261122", "20261101"))),
    ("sequence-stayed", changed(CHANGED.replace("SEQUENCE:4", "SEQUENCE:3"))),
    (
        "modified-stayed",
        changed(CHANGED.replace("LAST-MODIFIED:20261122", "LAST-MODIFIED:20261103")),
    ),
    ("stamps-moved", changed(new="Hội thi")),
    ("stamps-moved", GOOD.replace(b"DTSTAMP:20261103", b"DTSTAMP:20261104")),
    (
        "calendar-fell",
        TEXT.replace(
            "LAST-MODIFIED:20261120T020000Z\r\nBEGIN:VTIMEZONE",
            "LAST-MODIFIED:20261119T020000Z\r\nBEGIN:VTIMEZONE",
        ).encode(),
    ),
    (
        "bytes-moved",
        TEXT.replace("VERSION:2.0\r\n", "")
        .replace("PRODID", "VERSION:2.0\r\nPRODID")
        .replace("CALSCALE:GREGORIAN\r\n", "")
        .replace("NAME:Lịch mẫu", "CALSCALE:GREGORIAN\r\nNAME:Lịch mẫu", 1)
        .replace(
            "NAME:Lịch mẫu\r\nX-WR-CALNAME:Lịch mẫu\r\n",
            "X-WR-CALNAME:Lịch mẫu\r\nNAME:Lịch mẫu\r\n",
        )
        .encode(),
    ),
]


@pytest.mark.parametrize(
    ("key", "after"), BROKEN, ids=[f"{n}-{k}" for n, (k, _) in enumerate(BROKEN)]
)
def test_a_version_that_breaks_one_rule_is_told_that_and_nothing_else(key, after):
    assert set(keys(GOOD, after)) == {key}


def test_a_change_with_its_stamps_breaks_no_rule_and_neither_does_none():
    assert keys(GOOD, changed()) == []
    assert keys(GOOD, GOOD) == []


def test_what_was_cancelled_or_has_passed_may_go():
    assert keys(GOOD, without("5f0c-4@example.org")) == []
    assert keys(GOOD, without("5f0c-1@example.org"), datetime(2026, 12, 17, tzinfo=UTC)) == []
    assert keys(GOOD, without("5f0c-2@example.org"), datetime(2026, 12, 17, tzinfo=UTC)) == []


def typed(longest):
    """Text as it is stored of what people type."""
    return st.text(max_size=longest).map(nfc)


EVENTS = st.lists(
    st.builds(
        CalendarEvent,
        uid=st.uuids().map(lambda one: f"{one}@sumvay"),
        summary=typed(80).map(lambda text: f"Ngày {text}".strip()),
        description=typed(200),
        location=typed(60),
        dtstart=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
        dtend=st.just(date(2031, 1, 1)),
        created=st.just(NOW),
        last_modified=st.just(NOW),
        categories=st.sampled_from([(), ("Hạn việc",)]),
        status=st.sampled_from(["CONFIRMED", "CANCELLED"]),
    ),
    max_size=4,
)


@given(EVENTS)
def test_what_we_write_of_the_same_data_keeps_all_rules(events):
    first, second = write_calendar(HEAD, events), write_calendar(HEAD, events[::-1])

    assert check(first) == []
    assert between(first, second, now=NOW) == []
    assert first == second
