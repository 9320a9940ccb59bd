"""Which day it is where the officials sit."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.localtime import VIETNAM, at_local, last_instant, local_day

FAMILY_DAY = date(2026, 6, 28)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 6, 27, 16, 59, 59, tzinfo=UTC), date(2026, 6, 27)),
        (datetime(2026, 6, 27, 17, tzinfo=UTC), FAMILY_DAY),
        (datetime(2026, 6, 28, 16, 59, 59, tzinfo=UTC), FAMILY_DAY),
    ],
)
def test_a_day_in_vietnam_begins_at_17_hours_utc(now: datetime, day: date):
    assert local_day(now, VIETNAM) == day


def test_an_office_elsewhere_has_its_own_day():
    assert local_day(datetime(2026, 6, 28, 20, tzinfo=UTC), ZoneInfo("Asia/Tokyo")) == date(
        2026, 6, 29
    )


def test_half_past_seven_in_vietnam_is_half_past_midnight_in_utc():
    moment = at_local(FAMILY_DAY, time(7, 30), VIETNAM)

    assert (moment, moment.tzinfo) == (datetime(2026, 6, 28, 0, 30, tzinfo=UTC), UTC)


@given(st.dates(date(1980, 1, 1), date(2100, 1, 1)))
def test_the_last_second_of_a_day_is_one_before_the_next_day(day: date):
    last = last_instant(day, VIETNAM)

    assert local_day(last, VIETNAM) == day
    assert last + timedelta(seconds=1) == at_local(day + timedelta(days=1), time.min, VIETNAM)
