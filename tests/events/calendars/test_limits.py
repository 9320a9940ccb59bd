"""Calendars stay below what clients take, and keep what matters."""

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest

from events.calendars.ical import CalendarEvent, CalendarHead, write_calendar
from events.calendars.kept import draft
from events.calendars.limits import MOST_EVENTS, MOST_OCTETS
from events.calendars.view import View

TODAY = date(2027, 3, 1)
NOW = datetime(2027, 3, 1, 5, tzinfo=UTC)
HEAD = CalendarHead("Lịch lớn", "Để thử.", "crimson", "#DC143C")


def an_event(days, **more):
    start = TODAY + timedelta(days=days)
    values = {"summary": f"Ngày thứ {days}", "dtstart": start, "dtend": start + timedelta(days=1)}
    stamps = {"created": NOW, "last_modified": NOW}
    return CalendarEvent(**{"uid": f"{days}@example.org", **values, **stamps, **more})


class Large:
    head, view = HEAD, View(TODAY, "https://example.org")

    def __init__(self, events):
        self._events = events

    def events(self, _session):
        return self._events


def read(session, events):
    body = draft(session, "large", Large(events), as_of=TODAY, now=NOW).kept.body
    calendar = icalendar.Calendar.from_ical(body)
    return body, {str(event["UID"]) for event in calendar.walk("VEVENT")}, calendar


def test_of_too_many_events_the_nearest_stay_and_the_calendar_says_so(session):
    _body, uids, calendar = read(session, [an_event(days) for days in range(-600, 900)])

    assert len(uids) == MOST_EVENTS
    assert {"0@example.org", "-499@example.org", "499@example.org"} <= uids
    assert "899@example.org" not in uids
    assert "1000 mục gần ngày hôm nay nhất, trong tổng số 1500" in str(calendar["DESCRIPTION"])


def test_of_too_many_octets_too(session):
    body, uids, _calendar = read(
        session, [an_event(days, description="ngày " * 2_000) for days in range(200)]
    )

    assert len(body) <= MOST_OCTETS + 10_000
    assert {f"{days}@example.org" for days in range(len(uids))} == uids != set()


def test_what_began_long_ago_and_is_not_over_is_near(session):
    long = an_event(-3_000, uid="long@example.org", dtend=TODAY + timedelta(days=2))
    weekly = an_event(
        0,
        uid="weekly@example.org",
        dtstart=NOW - timedelta(days=2_999),
        dtend=NOW - timedelta(days=2_998),
        weekly_until=NOW + timedelta(days=30),
    )

    _body, uids, _calendar = read(session, [long, weekly, *map(an_event, range(1, 1_500))])

    assert {"long@example.org", "weekly@example.org"} <= uids


def test_a_calendar_without_events_is_a_calendar_all_the_same(session):
    body, uids, calendar = read(session, [])

    assert uids == set()
    assert calendar.subcomponents
    assert body.endswith(b"END:VCALENDAR\r\n")


@pytest.mark.parametrize("length", [255, 256, 1_000])
def test_a_name_has_255_letters_at_most(length):
    head = CalendarHead("ế" * length, "Để thử", "crimson", "#DC143C")

    calendar = icalendar.Calendar.from_ical(write_calendar(head, [an_event(0)]))

    assert len(str(calendar["NAME"])) == 255
