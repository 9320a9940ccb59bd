"""Rounds: what comes round of a template in a year, and what it is called."""

from datetime import date

import pytest

from events.campaigns.rounds import (
    Anchors,
    chosen_round,
    key_day,
    round_of,
    rounds_of,
    summary_on,
    title_of,
)
from events.days.recurrence import Occurrence
from events.models import Anchor, Observance, Template
from tests.campaigns import a_campaign

FAMILY_DAY = {"kind": "fixed_day", "month": 6, "day": 28}
FIRST_OF_THE_LAST_MONTH = {"kind": "lunar_day", "lunar_month": 12, "lunar_day": 1}
QUARTERS = [
    {"first": "12-15", "last": "03-14", "name": "quý I"},
    {"first": "03-15", "last": "06-14", "name": "6 tháng đầu năm"},
]


def of_day(rule=FAMILY_DAY, **values):
    day = Observance(key="family", title_vi="Ngày Gia đình", rule=rule, titles=[])
    values = {"anchor": Anchor.DAY, "generate_ahead_days": 60} | values
    return Template(id=7, key="family_day", observance=day, cutoffs=[], **values)


def of_report(cutoffs, title="Báo cáo theo quý"):
    return Template(title_vi=title, cutoffs=cutoffs, anchor=Anchor.CUTOFF, generate_ahead_days=10)


COURSE = Template(key="course", title_vi="Lớp tập huấn", cutoffs=[], anchor=Anchor.START)


def test_an_observance_comes_round_on_its_day():
    [found] = rounds_of(of_day(), 2026)

    assert (found.period, found.year, found.summary, found.key, found.template_id) == (
        "2026",
        2026,
        "Ngày Gia đình năm 2026",
        "family",
        7,
    )
    assert found.dates == Occurrence.of_day(date(2026, 6, 28))


def test_a_round_opens_so_many_days_before_its_day():
    [found] = rounds_of(of_day(), 2026)

    assert found.opens == date(2026, 4, 29)


@pytest.mark.parametrize(
    ("today", "day"),
    [
        (date(2026, 1, 1), date(2026, 4, 29)),
        (date(2026, 5, 1), date(2026, 5, 1)),
        (date(2026, 7, 1), date(2026, 6, 28)),
    ],
)
def test_a_round_belongs_to_the_units_of_today_while_it_runs(today, day):
    [found] = rounds_of(of_day(), 2026)

    assert found.belongs_on(today) == day


def test_a_lunar_day_that_comes_twice_in_a_year_has_two_rounds():
    first, again = rounds_of(of_day(FIRST_OF_THE_LAST_MONTH), 2027)

    assert [(one.period, one.year, one.summary) for one in (first, again)] == [
        ("2026", 2027, "Ngày Gia đình năm 2027"),
        ("2027", 2027, "Ngày Gia đình năm 2027 (lần 2)"),
    ]


def test_a_report_has_a_round_a_period_each_with_its_name():
    first, half = rounds_of(of_report(QUARTERS), 2026)

    assert [(one.period, one.summary) for one in (first, half)] == [
        ("2026-1", "Báo cáo, quý I năm 2026"),
        ("2026-2", "Báo cáo theo quý, 6 tháng đầu năm 2026"),
    ]
    assert (first.dates.dtstart, first.key_day) == (date(2025, 12, 15), date(2026, 3, 14))
    assert first.observance is None


def test_a_report_of_one_period_is_named_by_its_year():
    [found] = rounds_of(of_report(QUARTERS[:1], "Báo cáo năm"), 2026)

    assert (found.period, found.summary) == ("2026", "Báo cáo năm 2026")


def test_a_course_comes_round_when_somebody_chooses():
    assert list(rounds_of(COURSE, 2026)) == []

    chosen = chosen_round(COURSE, date(2026, 5, 4))

    assert (chosen.period, chosen.year, chosen.summary, chosen.key) == (
        "2026-05-04",
        2026,
        "Lớp tập huấn, 04/05/2026",
        "course",
    )
    assert chosen.dates == Occurrence.of_day(date(2026, 5, 4))


def test_a_chosen_round_may_have_a_title_and_be_there_already():
    chosen = chosen_round(COURSE, date(2026, 5, 4), "Lớp A, khóa 2", "2026-04-01")

    assert (chosen.period, chosen.summary) == ("2026-04-01", "Lớp A, khóa 2, 04/05/2026")
    assert title_of(chosen.summary) == "Lớp A, khóa 2"
    assert title_of("Lớp A") == "Lớp A"


def test_what_is_named_by_its_day_is_renamed_when_it_moves_and_others_are_not():
    moved = date(2026, 5, 11)
    course = a_campaign(template=COURSE, summary="Lớp A, 04/05/2026")
    report = a_campaign(template=of_report(QUARTERS), summary="Báo cáo, quý I năm 2026")
    day = a_campaign(template=of_day(observance_id=3), summary="Ngày, lễ")

    assert summary_on(course, moved) == "Lớp A, 11/05/2026"
    assert summary_on(report, moved) == report.summary
    assert summary_on(day, moved) == day.summary


def test_a_campaign_tells_the_round_that_it_was_opened_in():
    dates = Occurrence(date(2026, 11, 15), date(2026, 12, 16))
    campaign = a_campaign(
        template=COURSE,
        period="2026-x",
        year=2026,
        summary="Tháng",
        dtstart=dates.dtstart,
        dtend=dates.dtend,
    )

    found = round_of(campaign)

    assert (found.template, found.period, found.year, found.summary) == (
        COURSE,
        "2026-x",
        2026,
        "Tháng",
    )
    assert found.dates == dates


MONTH = Occurrence(date(2026, 11, 15), date(2026, 12, 16))


@pytest.mark.parametrize(
    ("anchor", "day"),
    [
        (Anchor.DAY, date(2026, 11, 15)),
        (Anchor.START, date(2026, 11, 15)),
        (Anchor.EVENT, date(2026, 11, 15)),
        (Anchor.END, date(2026, 12, 15)),
        (Anchor.CUTOFF, date(2026, 12, 15)),
    ],
)
def test_items_count_from_the_days_of_their_round(anchor, day):
    assert Anchors(MONTH).of(anchor) == day


def test_a_main_event_that_was_chosen_moves_only_what_counts_from_it():
    anchors = Anchors(MONTH, date(2026, 11, 25))

    assert anchors.of(Anchor.EVENT) == date(2026, 11, 25)
    assert (anchors.of(Anchor.START), anchors.of(Anchor.END)) == (MONTH.dtstart, MONTH.last_day)


@pytest.mark.parametrize("anchor", [Anchor.DAY, Anchor.START, Anchor.END, Anchor.EVENT])
def test_roles_are_those_of_the_first_day_but_for_a_report(anchor):
    assert key_day(Template(anchor=anchor), MONTH) == MONTH.dtstart
    assert key_day(Template(anchor=Anchor.CUTOFF), MONTH) == MONTH.last_day
