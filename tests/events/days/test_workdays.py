from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.days.reasons import Cause, DayReason
from events.days.workdays import (
    Decision,
    Shift,
    WorkCalendar,
    is_public_holiday,
    swap,
    swap_of,
    tet_days,
)
from events.errors import YearOutOfRangeError

DAYS = st.dates(date(2000, 1, 1), date(2090, 12, 31))
CULTURE_DAY = "Ngày Văn hóa Việt Nam"


@pytest.mark.parametrize(
    ("anchor", "offset", "effective"),
    [
        (date(2021, 3, 20), -28, date(2021, 2, 19)),
        (date(2022, 3, 20), -28, date(2022, 2, 18)),
        (date(2024, 3, 20), -28, date(2024, 2, 21)),
        (date(2026, 3, 20), -28, date(2026, 2, 13)),
        (date(2027, 3, 20), -28, date(2027, 2, 19)),
        (date(2026, 3, 20), -13, date(2026, 3, 6)),
        (date(2027, 3, 20), -13, date(2027, 3, 5)),
    ],
)
def test_plan_deadlines_before_20_march_are_the_golden_dates(vietnam, anchor, offset, effective):
    assert vietnam.shift(anchor + timedelta(days=offset), Shift.PREVIOUS).effective == effective


def test_a_deadline_inside_the_tet_break_moves_before_it_and_says_why(vietnam):
    moved = vietnam.shift(date(2026, 2, 20), Shift.PREVIOUS)

    assert (moved.nominal, moved.effective, moved.reason) == (
        date(2026, 2, 20),
        date(2026, 2, 13),
        DayReason(Cause.TET),
    )


def test_a_report_due_inside_the_tet_break_moves_behind_it(vietnam):
    assert vietnam.shift(date(2026, 2, 18), Shift.NEXT).effective == date(2026, 2, 23)


def test_an_event_may_fall_on_a_day_off(vietnam):
    moved = vietnam.shift(date(2026, 6, 28), Shift.NONE)

    assert (moved.effective, moved.reason) == (date(2026, 6, 28), None)


def test_friday_2_january_2026_was_traded_for_saturday_the_10th(vietnam):
    assert not vietnam.is_working(date(2026, 1, 2))
    assert vietnam.is_working(date(2026, 1, 10))
    assert vietnam.shift(date(2026, 1, 2), Shift.PREVIOUS).effective == date(2025, 12, 31)


@pytest.mark.parametrize(
    ("off", "worked"),
    [
        (date(2018, 12, 31), date(2019, 1, 5)),
        (date(2024, 4, 29), date(2024, 5, 4)),
        (date(2025, 5, 2), date(2025, 4, 26)),
        (date(2026, 8, 31), date(2026, 8, 22)),
    ],
)
def test_swap_days_are_known(vietnam, off, worked):
    assert not vietnam.is_working(off)
    assert vietnam.is_working(worked)


def test_a_holiday_on_a_sunday_closes_the_monday_after(vietnam):
    assert not vietnam.is_working(date(2026, 4, 27))  # Giỗ Tổ on Sunday the 26th


def test_in_2030_the_compensation_for_24_november_is_25_november_itself(vietnam):
    off = vietnam.day_off(date(2030, 11, 25))

    assert off is not None
    assert off == DayReason(Cause.IN_LIEU_OF, CULTURE_DAY, provisional=True)


def test_a_day_that_was_traded_names_the_other_one(vietnam):
    assert vietnam.day_off(date(2026, 1, 2)) == DayReason(Cause.SWAP, day=date(2026, 1, 10))
    assert swap_of(vietnam.decisions[date(2026, 1, 10)]) == (date(2026, 1, 2), date(2026, 1, 10))
    assert vietnam.day_off(date(2014, 5, 2)) == DayReason(Cause.SUBSTITUTE, day=date(2014, 4, 26))


def test_an_announced_day_that_does_not_count_is_a_working_day():
    calendar = WorkCalendar.of(announced=[CULTURE_DAY], count_announced=False)

    assert calendar.is_working(date(2026, 11, 24))
    assert calendar.is_working(date(2030, 11, 25))


def test_the_tet_of_a_year_without_a_decision_is_provisional(vietnam):
    assert vietnam.day_off(date(2026, 2, 17)) == DayReason(Cause.TET)
    assert vietnam.day_off(date(2027, 2, 8)) == DayReason(Cause.TET, provisional=True)


def test_a_day_that_has_passed_is_no_guess_any_more(vietnam):
    today = date(2027, 2, 9)
    seen = vietnam.as_of(today)

    guessed = [day for day in range(4, 11) if seen.day_off(date(2027, 2, day)).provisional]

    assert guessed == [9, 10]
    assert not vietnam.as_of(date(2028, 1, 1)).day_off(date(2027, 11, 24)).provisional


def test_a_reason_of_before_is_told_as_the_day_stands_today(vietnam):
    monday, tet = date(2027, 2, 8), DayReason(Cause.TET)
    decided = replace(vietnam, decided_years=vietnam.decided_years | {2027})
    late = DayReason(Cause.LATE_OPENING, day=monday)

    assert vietnam.told(tet, monday) == replace(tet, provisional=True)
    assert decided.told(replace(tet, provisional=True), monday) == tet
    assert vietnam.as_of(monday + timedelta(days=1)).told(tet, monday) == tet
    assert vietnam.told(late, monday) == late  # not what moved it
    assert vietnam.told(tet, date(2027, 3, 8)) == tet
    assert vietnam.told(None, monday) is None


def test_whether_a_holiday_is_law_and_whether_it_is_made_up_for_are_two_facts():
    law = WorkCalendar.of(lieu_announced=[CULTURE_DAY])
    none = WorkCalendar.of(lieu_dropped=[CULTURE_DAY])

    assert law.day_off(date(2028, 11, 24)) == DayReason(Cause.HOLIDAY, CULTURE_DAY)
    assert law.day_off(date(2029, 11, 26)).provisional
    assert none.is_working(date(2029, 11, 26))
    assert not none.is_working(date(2028, 11, 24))
    assert WorkCalendar.of(lieu_announced=[CULTURE_DAY], count_announced=False).is_working(
        date(2029, 11, 26)
    )


def test_a_decision_wins_over_the_public_holidays():
    opened = WorkCalendar.of([Decision(date(2027, 1, 1), False, DayReason(Cause.WORKED))])

    assert opened.is_working(date(2027, 1, 1))


@given(day=DAYS, shift=st.sampled_from([Shift.PREVIOUS, Shift.NEXT]))
def test_a_shifted_date_is_a_working_day_and_none_was_passed_over(vietnam, day, shift):
    moved = vietnam.shift(day, shift)
    first, last = sorted((day, moved.effective))
    between = [first + timedelta(days=n) for n in range(1, (last - first).days)]

    assert vietnam.is_working(moved.effective)
    assert not any(map(vietnam.is_working, between))
    assert (moved.reason is None) == (moved.effective == day)


@given(earlier=DAYS, gap=st.integers(0, 60), shift=st.sampled_from(list(Shift)))
def test_shifting_keeps_the_order_of_two_deadlines(vietnam, earlier, gap, shift):
    later = earlier + timedelta(days=gap)

    assert vietnam.shift(earlier, shift).effective <= vietnam.shift(later, shift).effective


@given(day=DAYS, count=st.integers(1, 30))
def test_counting_working_days_forth_and_back_agrees(vietnam, day, count):
    end = vietnam.add_workdays(day, count)

    assert vietnam.is_working(end)
    assert (
        sum(vietnam.is_working(day + timedelta(days=n)) for n in range(1, (end - day).days + 1))
        == count
    )


@given(day=DAYS, count=st.integers(1, 30))
def test_counting_working_days_back_is_counting_them_forth_from_the_other_end(vietnam, day, count):
    begin = vietnam.add_workdays(day, -count)

    assert vietnam.is_working(begin)
    assert vietnam.workdays_between(begin, day) == count - (not vietnam.is_working(day))


def test_no_working_day_later_is_the_day_itself_also_on_a_day_off(vietnam):
    assert vietnam.add_workdays(date(2026, 2, 17), 0) == date(2026, 2, 17)


@pytest.mark.parametrize(
    ("day", "later", "count"),
    [
        (date(2026, 3, 2), date(2026, 3, 2), 0),
        (date(2026, 3, 2), date(2026, 3, 3), 1),
        (date(2026, 3, 6), date(2026, 3, 9), 1),
        (date(2026, 2, 13), date(2026, 2, 23), 1),
        (date(2026, 3, 3), date(2026, 3, 2), 0),
    ],
)
def test_working_days_are_counted_after_a_day_up_to_and_with_another(vietnam, day, later, count):
    assert vietnam.workdays_between(day, later) == count


def closed_for(days: int, first: date) -> WorkCalendar:
    decided = DayReason(Cause.DECIDED)
    closed = [Decision(first + timedelta(days=n), True, decided) for n in range(days)]
    opens = Decision(first + timedelta(days=days), False, DayReason(Cause.WORKED))
    return WorkCalendar.of([*closed, opens])


def test_a_break_longer_than_two_months_is_broken_data():
    first = date(2026, 3, 2)

    assert closed_for(60, first).shift(first, Shift.NEXT).effective == date(2026, 5, 1)
    with pytest.raises(ValueError, match="no working day within 60 days of 2026-03-02"):
        closed_for(61, first).shift(first, Shift.NEXT)


def test_days_around_the_lunar_new_year_are_tet_by_whatever_name():
    assert tet_days(2027) == {date(2027, 2, day) for day in range(4, 11)}
    assert tet_days(2026) == {date(2026, 2, day) for day in range(16, 21)}


def test_every_day_of_tet_says_so(vietnam):
    assert {vietnam.day_off(day).cause for day in tet_days(2028)} == {Cause.TET}


@pytest.mark.parametrize(
    ("day", "is_one"),
    [
        (date(2026, 9, 2), True),
        (date(2026, 4, 27), True),  # in lieu of Sunday
        (date(2026, 8, 31), False),  # traded
        (date(2026, 6, 28), False),
    ],
)
def test_a_day_that_is_traded_is_no_public_holiday(day, is_one):
    assert is_public_holiday(day) is is_one


@pytest.mark.parametrize(
    ("years", "year", "decided"),
    [
        ((), 2099, True),
        ((2024, 2026), 2023, True),
        ((2024, 2026), 2024, True),
        ((2024, 2026), 2025, False),
        ((2024, 2026), 2026, True),
        ((2024, 2026), 2027, False),
    ],
)
def test_a_year_is_decided_by_name_or_before_the_first_that_is_known(years, year, decided):
    assert WorkCalendar.of(decided_years=years).is_decided(year) is decided


@pytest.mark.parametrize(("year", "provisional"), [(2026, False), (2027, True)])
def test_national_day_is_decided_with_its_year_and_other_holidays_are_law(year, provisional):
    calendar = WorkCalendar.of(decided_years=[2026])

    assert calendar.day_off(date(year, 9, 2)).provisional is provisional
    assert not calendar.day_off(date(year, 4, 30)).provisional


def test_an_announced_holiday_counts_and_is_no_law_yet():
    calendar = WorkCalendar.of(announced=[CULTURE_DAY])

    assert calendar.day_off(date(2026, 11, 24)) == DayReason(
        Cause.HOLIDAY, CULTURE_DAY, provisional=True
    )


def test_a_holiday_that_was_given_up_is_worked_with_its_compensation():
    calendar = WorkCalendar.of(dropped=[CULTURE_DAY])

    assert calendar.is_working(date(2026, 11, 24))
    assert calendar.is_working(date(2029, 11, 26))
    assert not calendar.is_working(date(2026, 9, 2))


def test_only_a_holiday_of_that_name_waits_for_a_decision_on_its_compensation():
    calendar = WorkCalendar.of(lieu_announced=[CULTURE_DAY], lieu_dropped=[CULTURE_DAY])

    assert calendar.day_off(date(2026, 4, 27)) == DayReason(
        Cause.IN_LIEU_OF, "Ngày Giỗ Tổ Hùng Vương"
    )


def test_a_swap_is_two_days_that_name_each_other():
    off, worked = date(2027, 5, 7), date(2027, 5, 8)
    pair = swap(off, worked)

    assert [(one.day, one.off, one.reason.day) for one in pair] == [
        (off, True, worked),
        (worked, False, off),
    ]
    assert [swap_of(one) for one in pair] == [(off, worked)] * 2
    assert swap_of(Decision(off, True, DayReason(Cause.DECIDED))) is None


def test_the_weekend_is_saturday_and_sunday():
    days = {day: WorkCalendar.of().day_off(date(2026, 3, day)) for day in range(2, 9)}

    assert [day for day, reason in days.items() if reason] == [7, 8]
    assert days[7] == DayReason(Cause.WEEKEND)


def test_a_year_beyond_the_tables_has_no_calendar(vietnam):
    with pytest.raises(YearOutOfRangeError):
        vietnam.day_off(date(2101, 1, 3))
