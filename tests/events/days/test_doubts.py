"""Which days of a decision a person looks at twice."""

from datetime import date, timedelta

import pytest

from events.days.doubts import Doubt, doubts_about
from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision, swap

A_WEDNESDAY = date(2027, 3, 17)
A_DAY = timedelta(days=1)


def off(day: date, cause: Cause = Cause.DECIDED) -> Decision:
    return Decision(day, True, DayReason(cause))


def doubted(*days: Decision) -> dict[date, Doubt]:
    return {day: doubt for day, doubts in doubts_about(days).items() for doubt in doubts}


@pytest.mark.parametrize("weekday", range(5))
def test_a_weekday_off_by_itself_is_doubted_also_beside_a_weekend(weekday):
    day = date(2027, 3, 15) + weekday * A_DAY

    assert doubted(off(day)) == {day: Doubt.ALONE}


@pytest.mark.parametrize("day", [date(2027, 3, 20), date(2027, 3, 21)])
def test_a_day_of_a_weekend_is_off_anyway(day):
    assert doubted(off(day)) == {}


def test_two_days_in_a_row_are_a_break_also_across_a_weekend():
    assert doubted(off(A_WEDNESDAY), off(A_WEDNESDAY + A_DAY)) == {}
    assert doubted(off(date(2027, 3, 19)), off(date(2027, 3, 22))) == {}


def test_a_weekend_that_is_named_beside_a_day_makes_no_break_of_it():
    friday = date(2027, 3, 19)

    assert doubted(*(off(friday + n * A_DAY) for n in range(3))) == {friday: Doubt.ALONE}


def test_two_days_with_a_working_day_between_them_are_each_by_itself():
    first, second = A_WEDNESDAY, A_WEDNESDAY + 2 * A_DAY

    assert doubted(off(first), off(second)) == {first: Doubt.ALONE, second: Doubt.ALONE}


def test_a_day_beside_or_on_a_public_holiday_is_no_surprise():
    assert doubted(off(date(2027, 4, 15))) == {}  # before Giỗ Tổ
    assert doubted(off(date(2027, 4, 19))) == {}  # after it and a weekend
    assert doubted(off(date(2027, 11, 24))) == {}


def test_a_day_that_is_traded_is_no_surprise_and_the_day_worked_is_never_doubted():
    assert doubted(*swap(A_WEDNESDAY, date(2027, 3, 20))) == {}


def test_a_saturday_that_is_worked_parts_two_breaks():
    friday, saturday, monday = date(2027, 3, 19), date(2027, 3, 20), date(2027, 3, 22)
    worked = Decision(saturday, False, DayReason(Cause.WORKED))

    assert doubted(off(friday), worked, off(monday)) == {friday: Doubt.ALONE, monday: Doubt.ALONE}


def test_days_of_tet_belong_to_its_block():
    block = [off(date(2027, 2, day), Cause.TET) for day in range(3, 12)]

    assert doubted(*block) == {}
    assert doubted(*block, off(date(2027, 2, 17), Cause.TET)) == {date(2027, 2, 17): Doubt.APART}


def test_a_doubt_is_pointed_out_in_the_readers_language():
    assert Doubt.APART.words("en") == "This day lies apart from the days of the Tết break."
    assert len({doubt.words("vi") for doubt in Doubt} | {doubt.words("en") for doubt in Doubt}) == 8
