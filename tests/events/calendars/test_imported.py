"""Calendars of others beside a unit's days: what is kept of them, and what a failure leaves."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from events.calendars import imported
from events.calendars.feeds import serve_feed
from events.calendars.fetching import Answer
from events.calendars.refusals import CalendarRefusedError, Refused
from events.errors import ConflictError, NotAllowedError, NotFoundError
from events.models import ChecklistItem, ImportedCalendar, ImportedEvent

GOOD = (Path(__file__).parents[2] / "data" / "calendars" / "good.ics").read_bytes()
OTHER = GOOD.replace("Hội thi".encode(), "Hội diễn".encode()).replace(
    "Họp tổ".encode(), b"Giao ban"
)
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
AN_HOUR = timedelta(hours=1)
URL = "https://bo.example.org/lich.ics"


class Server:
    """Somebody else's server: a test says what it answers, and reads what it was asked."""

    def __init__(self, body=GOOD, status=200):
        self.body, self.status, self.refuses, self.asked = body, status, None, []

    def __call__(self, url, headers):
        self.asked.append((url, dict(headers)))
        if self.refuses:
            raise CalendarRefusedError(self.refuses, host="bo.example.org")
        if self.status == 200 and headers.get("If-None-Match") == '"1"' and self.body == GOOD:
            return Answer(url, 304, {}, b"", 0.1)
        etag = {"etag": '"1"' if self.body == GOOD else '"2"'}
        return Answer(url, self.status, etag, self.body, 0.1)


@pytest.fixture
def cast(cast):
    """The cast as if their communes had not been merged in 2025."""
    cast.commune.valid_to = cast.other_commune.valid_to = None
    cast.session.commit()
    return cast


@pytest.fixture
def added(session, cast):
    """The address of a ministry's calendar, added by the commune."""
    calendar = imported.add_address(session, cast.commune, "", URL, by=cast.thi, now=NOW)
    session.commit()
    return calendar


def fetch(session, session_factory, server, now=NOW):
    done = imported.fetch_due(session_factory, now=now, ask=server)
    session.expire_all()
    return done


def titles(session, unit, first=date(2026, 11, 1), last=date(2026, 12, 31)):
    return [one.summary for one in imported.events_between(session, [unit.id], first, last)]


def test_an_address_is_fetched_by_the_clock_and_shown_under_its_own_name(
    session, session_factory, cast, added
):
    done = fetch(session, session_factory, Server())

    assert done == 1
    assert imported.called(added) == "Lịch mẫu"
    assert (added.taken, added.next_try, added.problem) == (NOW, NOW + 6 * AN_HOUR, None)
    assert titles(session, cast.commune) == [
        "Tháng hành động vì bình đẳng giới",
        "Họp tổ",
        "Họp tổ (dời)",
        "Họp tổ",
    ]


def test_what_did_not_change_is_asked_for_by_its_etag_and_stays(
    session, session_factory, cast, added
):
    server = Server()
    fetch(session, session_factory, server)
    before = session.scalars(select(ImportedEvent.id)).all()

    later = NOW + 7 * AN_HOUR
    assert fetch(session, session_factory, server, NOW + AN_HOUR) == 0
    assert fetch(session, session_factory, server, later) == 1

    assert server.asked[1][1] == {"If-None-Match": '"1"'}
    assert session.scalars(select(ImportedEvent.id)).all() == before
    assert added.taken == later


def test_what_changed_takes_the_place_of_what_was_there(session, session_factory, cast, added):
    fetch(session, session_factory, Server())
    fetch(session, session_factory, Server(OTHER), NOW + 7 * AN_HOUR)

    assert titles(session, cast.commune)[1:] == ["Giao ban", "Giao ban (dời)", "Giao ban"]


@pytest.mark.parametrize(
    ("why", "server"),
    [
        (Refused.STATUS, Server(b"", 404)),
        (Refused.NO_CALENDAR, Server(b"<!doctype html>")),
        (Refused.BROKEN, Server(GOOD[:700])),
        (Refused.TOO_LARGE, Server(GOOD + b"X" * 1024**2)),
    ],
)
def test_a_failure_says_why_and_leaves_what_was_there(
    session, session_factory, cast, added, why, server
):
    fetch(session, session_factory, Server())
    before = titles(session, cast.commune)

    fetch(session, session_factory, server, NOW + 7 * AN_HOUR)

    assert (added.problem, added.failures, added.body) == (why, 1, GOOD)
    assert imported.problem_of(added).words("vi")
    assert titles(session, cast.commune) == before


def test_the_next_try_waits_twice_as_long_each_time_up_to_a_day(
    session, session_factory, cast, added
):
    server, now, waits = Server(), NOW, []
    server.refuses = Refused.UNREACHABLE
    for _ in range(7):
        fetch(session, session_factory, server, now)
        waits.append((added.next_try - now) // AN_HOUR)
        now = added.next_try
    server.refuses = None
    fetch(session, session_factory, server, now)

    assert waits == [1, 2, 4, 8, 16, 24, 24]
    assert (added.failures, added.problem, added.next_try) == (0, None, now + 6 * AN_HOUR)


def test_one_may_ask_again_before_that(session, session_factory, cast, added):
    server = Server()
    server.refuses = Refused.UNREACHABLE
    fetch(session, session_factory, server)
    imported.ask_again(session, cast.commune, added.id, by=cast.thi, now=NOW)
    session.commit()
    server.refuses = None

    assert fetch(session, session_factory, server) == 1
    assert added.problem is None


def test_a_calendar_that_is_taken_away_while_it_is_fetched_stays_away(
    session, session_factory, cast, added
):
    def take_away(url, headers):
        imported.remove(session, cast.commune, added.id, by=cast.thi, now=NOW)
        session.commit()
        return Answer(url, 200, {}, GOOD, 0.1)

    imported.fetch_due(session_factory, now=NOW, ask=take_away)

    assert session.scalar(select(func.count()).select_from(ImportedEvent)) == 0


def test_the_clock_fetches_nothing_for_a_unit_that_has_ended(session, session_factory, cast, added):
    cast.commune.valid_to = date(2026, 11, 1)
    session.commit()

    assert fetch(session, session_factory, Server()) == 0


def test_what_is_shown_is_spread_anew_as_the_years_go_on(session, session_factory, cast):
    taken = imported.read_file(session, GOOD, now=NOW)
    imported.add_file(session, cast.commune, "", taken, by=cast.thi, now=NOW)
    session.commit()
    later = NOW + timedelta(days=400)

    fetch(session, session_factory, Server(), later)

    family_days = titles(session, cast.commune, date(2027, 1, 1), date(2031, 1, 1))
    assert family_days == ["Ngày Gia đình Việt Nam"] * 2  # of 2028 and 2029; 2027's is long over


def test_a_file_is_shown_and_replaced_by_a_newer_one(session, cast):
    taken = imported.read_file(session, GOOD, now=NOW)
    calendar = imported.add_file(session, cast.commune, "Lịch Bộ", taken, by=cast.thi, now=NOW)
    newer = imported.read_file(session, OTHER, now=NOW)
    imported.replace_file(session, cast.commune, calendar.id, newer, by=cast.thi, now=NOW)

    assert imported.called(calendar) == "Lịch Bộ"
    assert "Giao ban" in titles(session, cast.commune)
    assert "Họp tổ" not in titles(session, cast.commune)


def test_only_who_works_in_the_unit_chooses_what_stands_beside_its_days(session, cast, added):
    for somebody in (cast.khanh, cast.la):
        with pytest.raises(NotAllowedError):
            imported.add_address(session, cast.commune, "", URL, by=somebody, now=NOW)
        with pytest.raises(NotAllowedError):
            imported.remove(session, cast.commune, added.id, by=somebody, now=NOW)
    with pytest.raises(NotFoundError):
        imported.remove(session, cast.other_commune, added.id, by=cast.khanh, now=NOW)


def test_an_address_is_added_once_and_a_unit_has_ten_at_most(session, cast, added):
    with pytest.raises(ConflictError):
        imported.add_address(session, cast.commune, "", URL, by=cast.thi, now=NOW)
    for number in range(imported.MOST_OF_A_UNIT - 1):
        imported.add_address(session, cast.commune, "", f"{URL}?{number}", by=cast.thi, now=NOW)
    with pytest.raises(ConflictError):
        imported.add_address(session, cast.commune, "", f"{URL}?x", by=cast.thi, now=NOW)


def test_nothing_of_it_becomes_work_or_stands_in_a_calendar_of_the_unit(
    session, session_factory, cast, added
):
    slug = cast.commune.slug
    items = session.scalar(select(func.count()).select_from(ChecklistItem))
    before = serve_feed(session_factory, slug, now=NOW, public_url="https://example.org")

    fetch(session, session_factory, Server())

    assert serve_feed(session_factory, slug, now=NOW, public_url="https://example.org") == before
    assert session.scalar(select(func.count()).select_from(ChecklistItem)) == items


def test_a_server_that_hangs_keeps_the_clock_for_one_tick_only(
    session, session_factory, cast, added, monkeypatch
):
    imported.add_address(session, cast.commune, "", f"{URL}?2", by=cast.thi, now=NOW)
    session.commit()
    monkeypatch.setattr(imported, "_AT_ONCE", -1.0)

    assert fetch(session, session_factory, Server()) == 0
    assert session.scalar(select(func.count()).select_from(ImportedCalendar)) == 2
