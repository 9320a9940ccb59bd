"""Calendars of others, well meant and not."""

import gzip
import io
import time
import zipfile
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.calendars.refusals import CalendarRefusedError, Refused
from events.calendars.taking_in import MOST_EVENTS, take_in
from events.localtime import VIETNAM
from events.words.language import say

GOOD = (Path(__file__).parents[2] / "data" / "calendars" / "good.ics").read_bytes()
TODAY = date(2026, 11, 23)


def calendar(*events, head=""):
    """A calendar of events with these lines, each with a UID unless it brings its own."""
    texts = (
        "BEGIN:VEVENT\n" + ("" if "UID:" in event else f"UID:{n}\n") + f"{event}\nEND:VEVENT\n"
        for n, event in enumerate(events)
    )
    return f"BEGIN:VCALENDAR\nVERSION:2.0\n{head}{''.join(texts)}END:VCALENDAR\n".encode()


def read(body):
    return take_in(body, TODAY, VIETNAM)


def refused(body):
    with pytest.raises(CalendarRefusedError) as error:
        read(body)
    assert say(error.value, "vi") != say(error.value, "en")
    return error.value.why


def zipped():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("lich.ics", GOOD)
    return packed.getvalue()


def test_days_hours_rules_and_moved_times_are_read():
    taken = read(GOOD)

    assert taken.name == "Lịch mẫu"
    assert [(one.summary, one.first, one.last) for one in taken.times] == [
        ("Tháng hành động vì bình đẳng giới", date(2026, 11, 15), date(2026, 12, 15)),
        ("Họp tổ", date(2026, 11, 25), date(2026, 11, 25)),
        ("Họp tổ (dời)", date(2026, 12, 3), date(2026, 12, 3)),
        ("Họp tổ", date(2026, 12, 16), date(2026, 12, 16)),
        ("Ngày Gia đình Việt Nam", date(2027, 6, 28), date(2027, 6, 28)),
        ("Ngày Gia đình Việt Nam", date(2028, 6, 28), date(2028, 6, 28)),
    ]
    assert taken.times[1].starts == datetime(2026, 11, 25, 1, tzinfo=UTC)
    assert taken.times[1].ends - taken.times[1].starts == timedelta(minutes=90)
    assert taken.times[1].location == "Nhà văn hóa, tầng 1"


def test_times_are_local_whatever_zone_they_are_written_in():
    [utc] = read(calendar("DTSTART:20261130T180000Z\nSUMMARY:Họp")).times
    [floating] = read(calendar("DTSTART:20261130T080000\nSUMMARY:Họp")).times
    [night] = read(calendar("DTSTART:20261130T080000\nDTEND:20261201T000000")).times

    assert (utc.first, utc.starts.hour) == (date(2026, 12, 1), 1)
    assert floating.starts == datetime(2026, 11, 30, 1, tzinfo=UTC)
    assert night.last == date(2026, 11, 30)


def test_what_was_called_off_or_lies_far_away_is_left_out():
    taken = read(
        calendar(
            "DTSTART;VALUE=DATE:20261201\nSTATUS:CANCELLED",
            "DTSTART;VALUE=DATE:20200101",
            "DTSTART;VALUE=DATE:20400101",
            "DTSTART;VALUE=DATE:20261202\nSUMMARY:Còn",
        )
    )

    assert [one.summary for one in taken.times] == ["Còn"]


def test_old_calendars_of_thousands_of_events_are_read_for_what_comes():
    body = calendar(*["DTSTART;VALUE=DATE:20200101"] * 9_000, "DTSTART;VALUE=DATE:20261202")

    assert len(read(body).times) == 1


def test_an_event_that_cannot_be_read_is_left_out_and_counted():
    taken = read(
        calendar(
            "DTSTART;VALUE=DATE:20261202\nSUMMARY:Còn",
            "SUMMARY:Không có ngày",
            "DTSTART:hôm qua",
            "DTSTART;VALUE=DATE:20261202\nRRULE:FREQ=DAILY;COUNT=99999999999999",
        )
    )

    assert ([one.summary for one in taken.times], taken.skipped) == (["Còn"], 3)


REFUSED = [
    (Refused.TOO_LARGE, b"BEGIN:VCALENDAR\r\n" + b"X" * 1024 * 1024),
    (Refused.ZIPPED, zipped()),
    (Refused.ZIPPED, gzip.compress(GOOD)),
    (Refused.NOT_UTF8, GOOD.decode().encode("utf-16")),
    (Refused.NOT_UTF8, "BEGIN:VCALENDAR\nX:Ngày\nEND:VCALENDAR".encode("cp1252")),
    (Refused.NO_CALENDAR, b""),
    (Refused.NO_CALENDAR, b"<!doctype html><title>Dang nhap</title>"),
    (Refused.NO_CALENDAR, b"BEGIN:VCARD\nEND:VCARD\n"),
    (Refused.BROKEN, GOOD[: len(GOOD) // 2]),
    (Refused.BROKEN, b"BEGIN:VCALENDAR\n" + b"BEGIN:VEVENT\n" * 50_000),
    (Refused.BROKEN, calendar("DTSTART:x")),
    (Refused.TOO_MANY, calendar(*["DTSTART;VALUE=DATE:20261202"] * (MOST_EVENTS + 1))),
    (Refused.TOO_MANY, calendar(*["DTSTART;VALUE=DATE:20200101\nRRULE:FREQ=DAILY"] * 3)),
    (Refused.ENDLESS, calendar("DTSTART:20261202T080000Z\nRRULE:FREQ=SECONDLY")),
    (Refused.ENDLESS, calendar("DTSTART:20261202T080000Z\nRRULE:FREQ=DAILY;BYHOUR=1,2,3")),
    (Refused.ENDLESS, calendar("DTSTART;VALUE=DATE:20261202\nRRULE:FREQ=YEARLY;INTERVAL=0")),
]


@pytest.mark.parametrize(
    ("why", "body"), REFUSED, ids=[f"{n}-{w}" for n, (w, _) in enumerate(REFUSED)]
)
def test_what_cannot_be_shown_is_refused_with_its_reason(why, body):
    assert refused(body) is why


def test_rules_that_never_come_take_no_long_time():
    never = "DTSTART;VALUE=DATE:20260101\nRRULE:FREQ={};BYMONTH=2;BYMONTHDAY=30"
    old = "DTSTART;VALUE=DATE:00010101\nRRULE:FREQ=DAILY"
    bodies = [
        calendar(*[never.format("DAILY"), never.format("WEEKLY"), old] * 100),
        calendar(*[never.format("MONTHLY")] * 500),
        calendar("DTSTART;VALUE=DATE:20260101\n" + "RRULE:FREQ=DAILY\n" * 5_000),
    ]

    begun = time.monotonic()
    for body in bodies:
        with pytest.raises(CalendarRefusedError):
            take_in(body, TODAY, VIETNAM, patience=1)
    assert time.monotonic() - begun < 30


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_octets_are_read_or_refused(body):
    for sent in (
        body,
        calendar().replace(b"VERSION:2.0", body),
        GOOD.replace(b"FREQ=WEEKLY", body),
    ):
        with suppress(CalendarRefusedError):
            read(sent)


@given(st.text(min_size=1, max_size=200))
def test_any_text_comes_out_clean_on_one_line(text):
    written = text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    written = "".join(c for c in written if c.isprintable())
    [one] = read(calendar(f"DTSTART;VALUE=DATE:20261202\nSUMMARY:{written}")).times

    assert "\0" not in one.summary
    assert one.summary.splitlines() in ([one.summary], [])
    assert len(one.summary) <= 500
