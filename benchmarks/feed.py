"""Rendering a feed of 500 events against the bare ``to_ical()`` of the same components."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from icalendar import Calendar

from benchmarks.measure import Measured, ratio, seconds
from events.calendars.ical import CalendarEvent, CalendarHead, write_calendar

LIMIT = 1.5
EVENTS = 500
NOW = datetime(2026, 11, 23, tzinfo=UTC)
HEAD = CalendarHead(
    "Công tác gia đình – Tỉnh Quảng Ngãi", "Chiến dịch và hạn việc", "firebrick", "#B22222"
)


def run() -> Iterator[Measured]:
    """Measure one feed."""
    events = [_event(number) for number in range(EVENTS)]
    written = Calendar.from_ical(write_calendar(HEAD, events))
    yield ratio(
        f"feed of {EVENTS} events",
        ours=lambda: seconds(lambda: write_calendar(HEAD, events)),
        bare=lambda: seconds(written.to_ical),
        limit=LIMIT,
        rounds=9,
    )


def _event(number: int) -> CalendarEvent:
    day = date(2026, 1, 1) + timedelta(days=number)
    return CalendarEvent(
        uid=f"{number:08}-a5f0-4b63-9d4e-8c0e2f4b7a11@sumvay",
        summary=f"Hạn: Ban hành kế hoạch cấp xã, phân công thôn, tổ dân phố và đoàn thể ({number})",
        dtstart=day,
        dtend=day + timedelta(days=1),
        created=NOW,
        last_modified=NOW,
        sequence=number % 4,
        description="Ngày Gia đình Việt Nam năm 2026\nPhụ trách: UBND cấp xã",
        url=f"http://127.0.0.1:8000/viec/{number}",
        categories=("Hạn việc",),
    )
