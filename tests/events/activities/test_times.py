"""When activities take place, and which of them overlap."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.activities.times import A_WEEK, Happening, Slot, clash
from events.localtime import VIETNAM
from events.models import Activity

EIGHT = datetime(2026, 6, 26, 8, tzinfo=VIETNAM)
AN_HOUR = timedelta(hours=1)
A_MOMENT = timedelta(microseconds=1)


def slot(start=EIGHT, hours=2, unit=1, place="Hội trường", until=None):
    return Slot(unit, place, start, start + hours * AN_HOUR, until)


def test_a_thing_that_takes_place_once_has_one_time():
    assert list(slot().occurrences(VIETNAM)) == [(EIGHT, EIGHT + 2 * AN_HOUR)]


@pytest.mark.parametrize(
    ("until", "times"),
    [
        (date(2026, 7, 2), 1),
        (date(2026, 7, 3), 2),
        (date(2026, 7, 9), 2),
        (date(2026, 7, 10), 3),
    ],
)
def test_a_class_comes_again_every_week_up_to_its_last_day(until, times):
    found = list(slot(until=until).occurrences(VIETNAM))

    assert found == [
        (EIGHT + week * A_WEEK, EIGHT + week * A_WEEK + 2 * AN_HOUR) for week in range(times)
    ]


def test_a_class_keeps_its_local_hour_where_clocks_change():
    paris = ZoneInfo("Europe/Paris")
    first = datetime(2026, 3, 27, 18, tzinfo=paris)

    found = list(slot(first, until=date(2026, 4, 3)).occurrences(paris))

    assert [start.hour for start, _end in found] == [18, 18]


@pytest.mark.parametrize(
    ("later", "overlaps"),
    [(-2, False), (-1, True), (0, True), (1, True), (2, False)],
)
def test_two_of_a_unit_overlap_unless_they_only_touch(later, overlaps):
    other = slot(EIGHT + later * AN_HOUR, place="Sân vận động")

    found = clash(slot(), other, VIETNAM)

    assert found == ((other.dtstart, other.dtend) if overlaps else None)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Hội trường, UBND xã", "HOI TRUONG UBND XA", True),
        ("Hội trường", "Sân vận động", False),
        ("", "", False),
        ("–", "–", False),
    ],
)
def test_two_of_different_units_overlap_only_at_one_place(one, other, same):
    found = clash(slot(place=one), slot(unit=2, place=other), VIETNAM)

    assert (found is not None) is same


def test_the_first_time_that_overlaps_is_told():
    weekly = slot(EIGHT - 2 * A_WEEK, until=date(2026, 12, 31))

    assert clash(slot(), weekly, VIETNAM) == (EIGHT, EIGHT + 2 * AN_HOUR)
    assert clash(weekly, slot(), VIETNAM) == (EIGHT, EIGHT + 2 * AN_HOUR)


@given(st.integers(-30, 30), st.integers(1, 30), st.integers(0, 20))
def test_whether_two_overlap_does_not_depend_on_who_is_asked(later, hours, days):
    one = slot(until=date(2026, 7, 10))
    other = slot(EIGHT + later * AN_HOUR, hours, until=date(2026, 6, 26) + timedelta(days=days))

    assert (clash(one, other, VIETNAM) is None) == (clash(other, one, VIETNAM) is None)


@pytest.mark.parametrize(
    ("end", "last"),
    [
        (datetime(2026, 6, 28, tzinfo=VIETNAM), 27),
        (datetime(2026, 6, 28, tzinfo=VIETNAM) + A_MOMENT, 28),
    ],
)
def test_what_ends_at_midnight_is_not_on_the_next_day(end, last):
    happening = Happening(Activity(), EIGHT, end)

    covered = [day for day in range(24, 30) if happening.covers(date(2026, 6, day))]

    assert covered == list(range(26, last + 1))
