import tomllib
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.days.recurrence import (
    FIRST_YEAR,
    LAST_YEAR,
    FixedDay,
    FixedRange,
    LunarDay,
    Occurrence,
    Period,
    occurrences_in,
    period_from,
    rule_from,
)
from events.errors import YearOutOfRangeError

LUNAR = tomllib.loads(
    (Path(__file__).parents[2] / "data" / "vn_lunar.toml").read_text(encoding="utf-8")
)["lunar"]
RULES = {
    "tet": LunarDay(1, 1),
    "hung_kings": LunarDay(3, 10),
    "vu_lan": LunarDay(7, 15),
    "mid_autumn": LunarDay(8, 15),
}


@pytest.mark.parametrize("name", RULES)
def test_lunar_days_follow_vietnamese_reckoning_from_2018_to_2045(name):
    computed = {row["year"]: RULES[name].occurrence(row["year"]).dtstart for row in LUNAR}

    assert computed == {row["year"]: row[name] for row in LUNAR}


@pytest.mark.parametrize(
    ("year", "tet"),
    [
        (1985, date(1985, 1, 21)),
        (2007, date(2007, 2, 17)),
        (2030, date(2030, 2, 2)),
        (2053, date(2053, 2, 18)),
    ],
)
def test_tet_is_not_the_chinese_day_in_the_years_where_they_differ(year, tet):
    assert RULES["tet"].occurrence(year).dtstart == tet


def test_the_action_month_ends_on_the_day_after_its_last_day():
    month = FixedRange(FixedDay(11, 15), FixedDay(12, 15)).occurrence(2021)

    assert (month.dtstart, month.last_day, month.dtend) == (
        date(2021, 11, 15),
        date(2021, 12, 15),
        date(2021, 12, 16),
    )


def test_a_range_that_ends_before_it_starts_runs_into_the_next_year():
    winter = FixedRange(FixedDay(12, 20), FixedDay(1, 5)).occurrence(2026)

    assert (winter.dtstart, winter.last_day) == (date(2026, 12, 20), date(2027, 1, 5))


def test_a_period_within_a_year_is_of_that_year():
    half = Period(FixedDay(1, 1), FixedDay(6, 30)).occurrence(2026)

    assert half == Occurrence(date(2026, 1, 1), date(2026, 7, 1))


def test_a_period_that_ends_before_it_starts_began_the_year_before():
    first_to_last_report = period_from("12-15", "12-14").occurrence(2026)

    assert first_to_last_report == Occurrence(date(2025, 12, 15), date(2026, 12, 15))


def test_a_period_of_one_day_is_that_day():
    assert Period(FixedDay(11, 25), FixedDay(11, 25)).occurrence(2026) == Occurrence.of_day(
        date(2026, 11, 25)
    )


def test_a_period_up_to_29_february_ends_on_the_last_of_february_every_year():
    winter = Period(FixedDay(12, 1), FixedDay(2, 29))

    assert [winter.occurrence(year).last_day for year in (2027, 2028)] == [
        date(2027, 2, 28),
        date(2028, 2, 29),
    ]


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
def test_a_period_of_a_year_beyond_the_tables_is_refused(year):
    with pytest.raises(YearOutOfRangeError):
        Period(FixedDay(1, 1), FixedDay(6, 30)).occurrence(year)


@given(
    st.integers(FIRST_YEAR + 1, LAST_YEAR), *[st.dates(date(2023, 1, 1), date(2023, 12, 31))] * 2
)
def test_a_period_ends_in_its_year_and_periods_of_the_same_days_never_share_one(year, first, last):
    period = Period(FixedDay(first.month, first.day), FixedDay(last.month, last.day))

    this, before = period.occurrence(year), period.occurrence(year - 1)

    assert this.last_day == last.replace(year=year)
    assert (this.dtstart.month, this.dtstart.day) == (first.month, first.day)
    assert before.dtend <= this.dtstart


def test_29_february_is_kept_on_the_28th_in_a_common_year():
    leap_day = FixedDay(2, 29)

    assert leap_day.occurrence(2028).dtstart == date(2028, 2, 29)
    assert leap_day.occurrence(2027).dtstart == date(2027, 2, 28)


@pytest.mark.parametrize("year", [1899, 2101, 0, 20260])
def test_a_year_beyond_the_tables_is_refused_with_the_range(year):
    with pytest.raises(YearOutOfRangeError, match=r"outside 1900-2100"):
        FixedDay(3, 20).occurrence(year)


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "fixed_day", "month": 13, "day": 1},
        {"kind": "fixed_day", "month": 2, "day": 30},
        {"kind": "fixed_range", "from": "11-15"},
        {"kind": "lunar_day", "lunar_month": 8, "lunar_day": 31},
        {"kind": "easter"},
        {},
    ],
)
def test_a_rule_that_names_no_day_is_refused(fields):
    with pytest.raises(ValueError, match=r".+"):
        rule_from(fields)


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"kind": "fixed_day", "month": 3, "day": 20}, FixedDay(3, 20)),
        (
            {"kind": "fixed_range", "from": "11-15", "to": "12-16"},
            FixedRange(FixedDay(11, 15), FixedDay(12, 16)),
        ),
        ({"kind": "lunar_day", "lunar_month": 3, "lunar_day": 10}, LunarDay(3, 10)),
    ],
)
def test_the_catalogue_names_a_rule_by_its_kind(fields, rule):
    assert rule_from(fields) == rule


@pytest.mark.parametrize(("month", "day"), [(0, 1), (13, 1), (1, 0), (1, 31)])
def test_a_lunar_year_has_twelve_months_of_thirty_days_at_most(month, day):
    with pytest.raises(ValueError, match="no such lunar day"):
        LunarDay(month, day)


@pytest.mark.parametrize(("month", "day"), [(1, 1), (12, 30)])
def test_its_first_and_its_last_day_are_lunar_days(month, day):
    assert LunarDay(month, day).occurrence(2026)


def test_the_30th_of_a_short_month_is_its_29th():
    assert LunarDay(12, 30).occurrence(2026).dtstart == LunarDay(12, 29).occurrence(2026).dtstart


def test_a_leap_month_is_passed_over():
    assert LunarDay(6, 15).occurrence(2025).dtstart == date(2025, 7, 9)
    assert LunarDay(7, 1).occurrence(2025).dtstart == date(2025, 8, 23)


def test_a_day_that_is_no_longer_than_nothing_is_no_occurrence():
    with pytest.raises(ValueError, match="ends after it starts"):
        Occurrence(date(2026, 3, 20), date(2026, 3, 20))


def test_a_range_of_one_day_is_that_day():
    assert FixedRange(FixedDay(3, 20), FixedDay(3, 20)).occurrence(2026) == Occurrence.of_day(
        date(2026, 3, 20)
    )


RULES_OF_EVERY_KIND = [FixedDay(3, 20), FixedRange(FixedDay(3, 1), FixedDay(3, 8)), LunarDay(1, 1)]


@pytest.mark.parametrize("year", [FIRST_YEAR - 1, LAST_YEAR + 1])
@pytest.mark.parametrize("rule", RULES_OF_EVERY_KIND)
def test_no_rule_reaches_beyond_the_tables(rule, year):
    with pytest.raises(YearOutOfRangeError):
        rule.occurrence(year)
    with pytest.raises(YearOutOfRangeError):
        occurrences_in(rule, year)


@pytest.mark.parametrize("year", [FIRST_YEAR, LAST_YEAR])
@pytest.mark.parametrize("rule", RULES_OF_EVERY_KIND)
def test_every_rule_reaches_the_ends_of_the_tables(rule, year):
    assert occurrences_in(rule, year) == [(year, rule.occurrence(year))]


@given(st.integers(FIRST_YEAR + 2, LAST_YEAR - 12), st.integers(1, 12), st.integers(1, 30))
def test_every_lunar_day_belongs_to_one_solar_year_and_is_found_there_once(year, month, day):
    rule, years = LunarDay(month, day), range(year, year + 12)

    found = [
        (of_year, own, dates) for of_year in years for own, dates in occurrences_in(rule, of_year)
    ]

    assert all(dates.dtstart.year == of_year for of_year, _own, dates in found)
    counted_in = [own for _year, own, _dates in found]
    assert counted_in == list(range(counted_in[0], counted_in[-1] + 1))
    assert [dates for _year, _own, dates in found] == [rule.occurrence(own) for own in counted_in]
    assert rule.occurrence(counted_in[0] - 1).dtstart < date(year, 1, 1)
    assert rule.occurrence(counted_in[-1] + 1).dtstart > date(year + 11, 12, 31)


def test_a_day_of_the_last_lunar_month_belongs_to_the_solar_year_it_lies_in():
    assert [(own, dates.dtstart) for own, dates in occurrences_in(LunarDay(12, 30), 2026)] == [
        (2025, date(2026, 2, 16))
    ]


def test_a_lunar_day_around_the_new_year_may_come_twice_in_a_solar_year_and_not_in_the_next():
    first_of_the_last_month = LunarDay(12, 1)

    found = {
        year: [dates.dtstart for _own, dates in occurrences_in(first_of_the_last_month, year)]
        for year in (2027, 2028, 2029)
    }

    assert found == {
        2027: [date(2027, 1, 8), date(2027, 12, 28)],
        2028: [],
        2029: [date(2029, 1, 15)],
    }


@given(st.integers(FIRST_YEAR, LAST_YEAR - 1), st.integers(1, 12), st.integers(1, 30))
def test_every_lunar_day_comes_round_exactly_once_between_two_tets(year, month, day):
    this_year = LunarDay(month, day).occurrence(year).dtstart

    assert (
        RULES["tet"].occurrence(year).dtstart
        <= this_year
        < RULES["tet"].occurrence(year + 1).dtstart
    )
