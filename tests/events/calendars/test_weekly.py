"""What takes place every week, but for one evening."""

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import select

from events.activities.evenings import call_off_time, move_time, restore_time
from events.activities.planned import Plan, add_activity, cancel_activity
from events.activities.times import happenings
from events.calendars.feeds import serve_feed
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.models import Campaign, CampaignStatus
from tests.events.calendars import test_renewing  # noqa: F401 - its state is begun with

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
FIRST = datetime(2021, 3, 5, 12, tzinfo=UTC)  # 19:00 in Vietnam, a Friday
SECOND = date(2021, 3, 12)
A_WEEK = timedelta(weeks=1)
TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def opened_2021(session, cast):
    return session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()


@pytest.fixture
def who(cast):
    return {"by": cast.thi, "now": NOW}


@pytest.fixture
def weekly(session, opened_2021, who):
    plan = Plan(
        "Sinh hoạt câu lạc bộ", FIRST, FIRST + TWO_HOURS, "Nhà rông", weekly_until=date(2021, 4, 2)
    )
    return add_activity(session, opened_2021, plan, **who)


@pytest.fixture
def read(session, session_factory, cast):
    def read(now=NOW):
        session.commit()
        kept = serve_feed(session_factory, cast.commune.slug, now=now, public_url="https://x.vn")
        return icalendar.Calendar.from_ical(kept.body).walk("VEVENT")

    return read


def of(events, activity):
    return [event for event in events if event["UID"] == activity.uid]


def test_one_evening_called_off_is_left_out_and_the_others_stay(session, cast, weekly, who, read):
    before = of(read(), weekly)[0]
    for _ in range(2):
        call_off_time(session, weekly.uid, SECOND, **who)

    [event] = of(read(NOW + timedelta(hours=1)), weekly)

    assert event["EXDATE"].to_ical() == b"20210312T190000"
    assert event["EXDATE"].params["TZID"] == "Asia/Ho_Chi_Minh"
    assert event["STATUS"] == "CONFIRMED"
    assert event["SEQUENCE"] == before["SEQUENCE"] + 1
    days = [each.dtstart.date() for each in happenings(session, NOW.date(), date(2021, 4, 30))]
    assert SECOND not in days
    assert len(days) == 4


def test_one_evening_moved_keeps_its_identity(session, weekly, who, read):
    moved = FIRST + A_WEEK + timedelta(days=1)
    move_time(session, weekly.uid, SECOND, moved, moved + TWO_HOURS, **who)

    master, other = of(read(), weekly)

    assert "RRULE" in master
    assert "RECURRENCE-ID" not in master
    assert other["RECURRENCE-ID"].to_ical() == b"20210312T190000"
    assert other["DTSTART"].dt == moved
    assert "RRULE" not in other
    assert (other["SEQUENCE"], other["DTSTAMP"].dt) == (master["SEQUENCE"], master["DTSTAMP"].dt)
    starts = [each.dtstart for each in happenings(session, NOW.date(), date(2021, 4, 30))]
    assert moved in starts
    assert FIRST + A_WEEK not in starts


def test_an_evening_is_put_back_as_it_was(session, weekly, who, read):
    call_off_time(session, weekly.uid, SECOND, **who)
    restore_time(session, weekly.uid, SECOND, **who)

    [event] = of(read(), weekly)

    assert "EXDATE" not in event


def test_only_a_time_by_the_rule_can_be_called_off_and_only_by_its_unit(session, cast, weekly, who):
    with pytest.raises(InvalidInputError, match="13/03/2021"):
        call_off_time(session, weekly.uid, date(2021, 3, 13), **who)
    with pytest.raises(InvalidInputError, match="end must be after"):
        move_time(session, weekly.uid, SECOND, FIRST, FIRST, **who)
    with pytest.raises(NotAllowedError):
        call_off_time(session, weekly.uid, SECOND, by=cast.khanh, now=NOW)
    cancel_activity(session, weekly.uid, **who)
    with pytest.raises(ConflictError):
        call_off_time(session, weekly.uid, SECOND, **who)


def test_a_series_called_off_stays_marked_until_a_month_after_its_last_time(
    session, weekly, who, read
):
    cancel_activity(session, weekly.uid, **who)

    [event] = of(read(datetime(2021, 4, 20, tzinfo=UTC)), weekly)
    assert event["STATUS"] == "CANCELLED"
    assert of(read(datetime(2021, 5, 10, tzinfo=UTC)), weekly) == []


def test_a_series_stays_until_its_own_end_whatever_becomes_of_its_campaign(
    session, weekly, opened_2021, read
):
    long_after = opened_2021.dtend - timedelta(days=120)
    opened_2021.round.dtstart, opened_2021.round.dtend = long_after - timedelta(days=1), long_after
    assert of(read(), weekly)[0]["STATUS"] == "CONFIRMED"

    opened_2021.round.status = CampaignStatus.CANCELLED

    [event] = of(read(datetime(2021, 4, 20, tzinfo=UTC)), weekly)
    assert event["STATUS"] == "CANCELLED"
    assert of(read(datetime(2021, 5, 10, tzinfo=UTC)), weekly) == []


def test_whole_days_are_days_and_block_nobodys_time(session, opened_2021, who, read):
    start = datetime(2021, 3, 19, 17, tzinfo=UTC)  # midnight in Vietnam
    plan = Plan("Hội trại", start, start + timedelta(days=2), "Sân vận động")
    camp = add_activity(session, opened_2021, plan, **who)

    [event] = of(read(), camp)

    assert (event["DTSTART"].dt, event["DTEND"].dt) == (date(2021, 3, 20), date(2021, 3, 22))
    assert event["TRANSP"] == "TRANSPARENT"


def test_every_event_says_whether_it_takes_up_time(weekly, read):
    assert {str(event["TRANSP"]) for event in read()} == {"TRANSPARENT"}
