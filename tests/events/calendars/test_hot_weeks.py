"""In a week in which something takes place clients are asked to look every hour."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from events.calendars.hot_weeks import is_in_week_of
from events.calendars.ical import CalendarEvent, CalendarHead
from events.calendars.kept import draft
from events.calendars.view import View

MONDAY, SUNDAY = date(2021, 3, 8), date(2021, 3, 14)
NOON = datetime(2021, 3, 10, 5, tzinfo=UTC)
DAY = timedelta(days=1)


def days(first: date, last: date) -> CalendarEvent:
    return CalendarEvent("a@example.org", "Ngày", first, last + DAY, NOON, NOON)


@pytest.mark.parametrize(
    ("event", "is_hot"),
    [
        (days(SUNDAY, SUNDAY), True),
        (days(MONDAY, MONDAY), True),
        (days(MONDAY - DAY, MONDAY - DAY), False),
        (days(SUNDAY + DAY, SUNDAY + DAY), False),
        (days(MONDAY - DAY, SUNDAY + DAY), False),  # goes on for longer
        (days(date(2021, 2, 1), MONDAY), True),  # ends
        (replace(days(MONDAY, MONDAY), status="CANCELLED"), False),
    ],
)
def test_what_begins_ends_or_is_due_makes_a_week_hot(event, is_hot):
    assert is_in_week_of(MONDAY, event) is is_hot
    assert is_in_week_of(SUNDAY, event) is is_hot


def test_hours_are_those_where_the_officials_sit_and_a_weekly_evening_is_one_until_the_last():
    start = datetime(2021, 3, 7, 18, tzinfo=UTC)  # one o'clock on Monday
    once = replace(days(MONDAY, MONDAY), dtstart=start, dtend=start + timedelta(hours=1))
    weekly = replace(once, weekly_until=start + timedelta(days=7))

    assert is_in_week_of(MONDAY, once)
    assert not is_in_week_of(MONDAY - DAY, once)
    assert is_in_week_of(MONDAY + 7 * DAY, weekly)
    assert not is_in_week_of(MONDAY + 14 * DAY, weekly)
    assert not is_in_week_of(MONDAY - DAY, weekly)


class Shown:
    head = CalendarHead("Lịch", "Lịch", "crimson", "#DC143C")

    def __init__(self, today: date) -> None:
        self.view = View(today, "https://example.org")

    def events(self, _session):
        return [days(MONDAY, MONDAY)]


@pytest.mark.parametrize(("today", "pause"), [(SUNDAY, b"PT1H"), (SUNDAY + DAY, b"PT6H")])
def test_the_head_says_so_to_every_client(session, today, pause):
    body = draft(session, "x", Shown(today), as_of=today, now=NOON).kept.body

    assert b"REFRESH-INTERVAL;VALUE=DURATION:" + pause in body
    assert b"X-PUBLISHED-TTL:" + pause in body
