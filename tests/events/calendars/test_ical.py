"""iCalendar as clients want it, without a province behind it."""

import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.calendars.ical import (
    RENDERER_EPOCH,
    CalendarEvent,
    CalendarHead,
    vevent,
    write_calendar,
)

GOLDEN = Path(__file__).parents[2] / "data" / "calendars"
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)
HEAD = CalendarHead(
    "Lịch thử",
    "Để thử; có phẩy, có xuống dòng",
    "crimson",
    "#DC143C",
    source="https://example.org/lich/thu.ics",
)


def an_event(**changes):
    values = {
        "uid": "0001@sumvay",
        "summary": "Ngày Gia đình Việt Nam",
        "dtstart": date(2027, 6, 28),
        "dtend": date(2027, 6, 29),
        "created": NOW,
        "last_modified": NOW,
    }
    return CalendarEvent(**(values | changes))


def timed(**changes):
    return an_event(**{"dtstart": NOW, "dtend": NOW + timedelta(hours=2)} | changes)


def events_of(body):
    return {str(event["UID"]): event for event in icalendar.Calendar.from_ical(body).walk("VEVENT")}


def read(*events, head=HEAD):
    return icalendar.Calendar.from_ical(write_calendar(head, events))


def test_a_calendar_is_written_byte_for_byte_as_agreed():
    events = [
        an_event(
            description="Chủ đề: Gia đình hạnh phúc - Quốc gia thịnh vượng.\nCăn cứ: Quyết định 72/2001/QĐ-TTg; 04/5/2001."
        ),
        an_event(
            uid="0002@sumvay",
            summary="Lễ phát động",
            dtstart=NOW,
            dtend=NOW + timedelta(hours=2),
            location="Nhà văn hóa, tầng 1",
        ),
        an_event(
            uid="0003@sumvay",
            dtstart=date(2026, 11, 15),
            dtend=date(2026, 12, 16),
            status="CANCELLED",
            sequence=4,
        ),
        an_event(
            uid="0004@sumvay",
            summary="Hạn: Báo cáo",
            categories=("Hạn việc",),
            url="https://example.org/viec/4",
        ),
    ]

    assert write_calendar(HEAD, events).decode() == (GOLDEN / "all-kinds.ics").read_bytes().decode()


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_any_text_comes_back_from_a_calendar_as_it_went_in(text):
    [event] = events_of(
        write_calendar(HEAD, [an_event(summary="x", description=text or "-")])
    ).values()
    expected = icalendar.vText(text or "-")

    clean = unicodedata.normalize("NFC", expected).replace("\r\n", "\n").replace("\t", " ")
    clean = "".join(c for c in clean if c == "\n" or unicodedata.category(c) != "Cc")
    # a property of nothing but blanks is an error to some parsers
    assert str(event.get("DESCRIPTION", "")) == (clean if clean.strip() else "")


def test_the_head_names_the_calendar_for_every_client():
    calendar = read(head=replace(HEAD, description="Để thử"))

    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == HEAD.name
    assert calendar["DESCRIPTION"] == calendar["X-WR-CALDESC"] == "Để thử"
    assert (calendar["COLOR"], calendar["X-APPLE-CALENDAR-COLOR"]) == ("crimson", "#DC143C")
    assert (calendar["SOURCE"], calendar["SOURCE"].params["VALUE"]) == (HEAD.source, "URI")
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(hours=6)
    assert calendar["X-PUBLISHED-TTL"] == "PT6H"
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert not {"UID", "METHOD", "URL"} & calendar.keys()


def test_a_calendar_may_have_a_page_of_its_own():
    head = replace(HEAD, url="https://example.org/lich")

    assert read(head=head)["URL"] == "https://example.org/lich"


def test_a_calendar_with_no_page_and_no_address_of_its_own_names_none():
    head = CalendarHead("Lịch thử", "Để thử", "crimson", "#DC143C")

    calendar = icalendar.Calendar.from_ical(write_calendar(head, []))

    assert not {"URL", "SOURCE"} & calendar.keys()


def test_stamps_are_those_of_the_row_and_never_older_than_the_renderer():
    old = an_event(last_modified=datetime(2020, 1, 1, tzinfo=UTC))

    [event] = events_of(write_calendar(HEAD, [old])).values()

    assert event["DTSTAMP"].dt == event["LAST-MODIFIED"].dt == RENDERER_EPOCH


def test_a_calendar_is_as_new_as_its_newest_event():
    later = RENDERER_EPOCH + A_DAY

    calendar = read(an_event(last_modified=later), an_event(uid="0002@sumvay"))

    assert calendar["LAST-MODIFIED"].dt == later
    assert read()["LAST-MODIFIED"].dt == RENDERER_EPOCH


def test_stamps_are_whole_seconds_in_utc():
    vietnam = timezone(timedelta(hours=7))
    event = an_event(last_modified=datetime(2027, 1, 1, 8, 0, 0, 999, tzinfo=vietnam))

    assert vevent(event)["DTSTAMP"].to_ical() == b"20270101T010000Z"


def test_events_stand_in_the_order_of_time_and_then_of_their_names():
    events = [
        an_event(uid="b"),
        an_event(uid="a"),
        timed(uid="noon", dtstart=datetime(2027, 6, 28, 5, tzinfo=UTC)),
        an_event(uid="first", dtstart=date(2027, 6, 27)),
    ]

    uids = [event["UID"] for event in read(*events).walk("VEVENT")]

    assert uids == ["first", "a", "b", "noon"]
    assert write_calendar(HEAD, events) == write_calendar(HEAD, reversed(events))


def test_a_time_zone_is_named_where_an_event_has_an_hour():
    assert read(an_event()).walk("VTIMEZONE") == []

    [zone] = read(an_event(), timed()).walk("VTIMEZONE")

    assert zone["TZID"] == "Asia/Ho_Chi_Minh"
    assert [one["TZOFFSETTO"].td for one in zone.walk("STANDARD")] == [timedelta(hours=7)]


def test_an_event_blocks_nobodys_time_unless_it_is_their_own():
    day, hour = vevent(an_event()), vevent(timed())

    assert day["DTSTART"].params["VALUE"] == day["DTEND"].params["VALUE"] == "DATE"
    assert (day["TRANSP"], day["X-MICROSOFT-CDO-BUSYSTATUS"]) == ("TRANSPARENT", "FREE")
    assert (hour["DTSTART"].to_ical(), hour["DTSTART"].params["TZID"]) == (
        b"20261123T080000",
        "Asia/Ho_Chi_Minh",
    )
    assert hour["TRANSP"] == "TRANSPARENT"
    own = vevent(timed(is_busy=True))
    assert own["TRANSP"] == "OPAQUE"
    assert "X-MICROSOFT-CDO-BUSYSTATUS" not in own


def test_what_is_empty_is_not_written():
    assert set(vevent(timed())) == {
        "UID",
        "DTSTAMP",
        "LAST-MODIFIED",
        "CREATED",
        "SEQUENCE",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "STATUS",
        "TRANSP",
        "X-MICROSOFT-CDO-BUSYSTATUS",
    }


def test_a_class_comes_again_every_week_until_an_instant_in_utc():
    until = datetime(2026, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=7)))

    assert vevent(timed(weekly_until=until))["RRULE"].to_ical() == (
        b"FREQ=WEEKLY;UNTIL=20261231T165959Z"
    )


@pytest.mark.parametrize(
    ("status", "summary"),
    [("CONFIRMED", "Lễ"), ("TENTATIVE", "Lễ"), ("CANCELLED", "[HUỶ] Lễ")],
)
def test_what_is_cancelled_says_so_in_clients_that_ignore_the_status(status, summary):
    event = vevent(an_event(summary="Lễ", status=status, sequence=4))

    assert (event["SUMMARY"], event["STATUS"], event["SEQUENCE"]) == (summary, status, 4)


def test_a_comma_in_a_category_parts_no_categories():
    event = vevent(an_event(categories=("Gia đình, trẻ em", "Hạn")))

    assert event["CATEGORIES"].to_ical() == "Gia đình  trẻ em,Hạn".encode()


@pytest.mark.parametrize("text", ["Le\0 \x1f\x85hoi", "Lễ\0 \x1f\x85hội"])
def test_control_characters_that_make_clients_drop_a_feed_are_left_out(text):
    event = vevent(an_event(description=f"{text}\r\n\tA"))

    assert event["DESCRIPTION"] == "".join(c for c in text if c not in "\0\x1f\x85") + "\n A"
