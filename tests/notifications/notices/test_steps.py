from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.localtime import VIETNAM, at_local, local_day
from notifications.notices.steps import Clockwork, Dates, ReminderRules
from tests.conftest import as_shipped

A_FRIDAY = date(2021, 3, 19)
HALF_PAST_SEVEN = time(7, 30)


def morning(day: date) -> datetime:
    return at_local(day, HALF_PAST_SEVEN, VIETNAM)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00")


def days_of(dates: Dates, calendar) -> dict[str, date]:
    return {step.rule: local_day(step.at, VIETNAM) for step in as_shipped(calendar).steps(dates)}


days = st.dates(date(2019, 1, 1), date(2027, 11, 30))
spans = st.integers(0, 60) | st.none()
items = st.builds(
    lambda due, span, is_event: Dates(
        due, None if span is None else due - timedelta(days=span), is_event
    ),
    days,
    spans,
    st.booleans(),
)


def test_people_are_told_a_week_before_a_day_before_and_the_working_day_after(vietnam):
    assert as_shipped(vietnam).steps(Dates(A_FRIDAY))[0].at == datetime(
        2021, 3, 12, 0, 30, tzinfo=UTC
    )
    assert days_of(Dates(A_FRIDAY), vietnam) == {
        "before-7": date(2021, 3, 12),
        "before-1": date(2021, 3, 18),
        "overdue-1": date(2021, 3, 22),  # the 20th is a Saturday
    }


def test_a_notice_before_a_monday_goes_out_on_the_friday(vietnam):
    assert days_of(Dates(date(2021, 3, 22)), vietnam)["before-1"] == A_FRIDAY


def test_the_eve_of_an_event_is_told_even_on_a_sunday(vietnam):
    eve = as_shipped(vietnam).steps(Dates(date(2021, 3, 22), is_event=True))[1]

    assert (eve.rule, eve.at, eve.urgent) == ("before-1", morning(date(2021, 3, 21)), True)


def test_an_item_that_runs_over_a_period_is_told_before_it_starts_and_late_after_it_ends(vietnam):
    assert days_of(Dates(A_FRIDAY, start=date(2021, 3, 10)), vietnam) == {
        "before-7": date(2021, 3, 3),
        "before-1": date(2021, 3, 9),
        "overdue-1": date(2021, 3, 22),
    }


def test_two_steps_that_the_tet_break_pushes_together_are_one(vietnam):
    after_tet = Dates(date(2026, 2, 23))  # offices close from 14 to 22 February

    told = as_shipped(vietnam).due_step(after_tet, morning(date(2026, 2, 13)))

    assert told.step.rule == "before-1"
    assert [step.rule for step in told.collapsed] == ["before-7"]


@pytest.mark.parametrize(
    ("now", "rule"),
    [
        ((3, 11, 17), None),
        ((3, 12, 7), None),
        ((3, 12, 8), "before-7"),
        ((3, 17, 23), "before-7"),  # the third working day after it
        ((3, 18, 7), None),  # too old, and the next one is not due yet
        ((3, 18, 8), "before-1"),
        ((3, 19, 23), "before-1"),
        ((3, 20, 8), None),  # "due tomorrow" would be wrong now
        ((3, 22, 8), "overdue-1"),
        ((3, 25, 23), "overdue-1"),
        ((3, 26, 8), None),
    ],
)
def test_only_the_newest_step_is_told_and_only_while_it_is_fresh(vietnam, now, rule):
    month, day, hour = now
    told = as_shipped(vietnam).due_step(
        Dates(A_FRIDAY), at_local(date(2021, month, day), time(hour, 15), VIETNAM)
    )

    assert (told and told.step.rule) == rule


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2021-03-19T09:00", "2021-03-19T09:00"),
        ("2021-03-19T07:29", "2021-03-19T07:30"),
        ("2021-03-19T11:30", "2021-03-19T13:30"),
        ("2021-03-19T16:59", "2021-03-19T16:59"),
        ("2021-03-19T17:00", "2021-03-22T07:30"),
        ("2021-03-20T09:00", "2021-03-22T07:30"),
        ("2026-01-02T09:00", "2026-01-05T07:30"),  # a day traded for a Saturday
        ("2026-01-10T09:00", "2026-01-10T09:00"),  # that Saturday
    ],
)
def test_mail_waits_for_working_hours(vietnam, now, expected):
    moment = as_shipped(vietnam).next_working_moment(local(now))

    assert moment == local(expected)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2021-03-20T06:00", "2021-03-20T07:30"),
        ("2021-03-20T09:00", "2021-03-20T09:00"),
        ("2021-03-20T12:00", "2021-03-20T13:30"),
        ("2021-03-20T17:00", "2021-03-21T07:30"),
    ],
)
def test_what_is_urgent_leaves_on_a_day_off_at_the_same_hours(vietnam, now, expected):
    moment = as_shipped(vietnam).next_working_moment(local(now), any_day=True)

    assert moment == local(expected)


def test_the_window_reaches_from_what_is_late_to_what_is_due_in_a_week(vietnam):
    first, last = as_shipped(vietnam).window(local("2021-03-10T09:00"))

    assert (first, last) == (date(2021, 3, 3), date(2021, 3, 18))


def test_rules_of_an_office_decide_when_people_are_told(vietnam):
    rules = ReminderRules(before_days=(3, 14), overdue_days=5, send_at=time(9))

    steps = Clockwork(vietnam, rules, VIETNAM).steps(Dates(A_FRIDAY))

    assert [(step.rule, step.at) for step in steps] == [
        ("before-14", local("2021-03-05T09:00")),
        ("before-3", local("2021-03-16T09:00")),
        ("overdue-5", local("2021-03-24T09:00")),
    ]


def test_without_steps_before_only_lateness_is_told(vietnam):
    office = Clockwork(vietnam, ReminderRules(before_days=()), VIETNAM)

    assert [step.rule for step in office.steps(Dates(A_FRIDAY))] == ["overdue-1"]
    assert office.window(local("2021-03-10T09:00"))[1] == date(2021, 3, 11)


@given(items)
def test_nobody_is_told_on_a_day_off_except_on_the_eve_of_an_event(vietnam, dates):
    for step in as_shipped(vietnam).steps(dates):
        assert vietnam.is_working(local_day(step.at, VIETNAM)) or (
            dates.is_event and step.rule == "before-1"
        )


@given(items, st.integers(-15, 15), st.integers(0, 23))
def test_the_window_holds_every_item_that_has_something_to_tell(vietnam, dates, offset, hour):
    now = at_local(dates.due + timedelta(days=offset), time(hour), VIETNAM)
    first, last = as_shipped(vietnam).window(now)

    if as_shipped(vietnam).due_step(dates, now):
        assert first <= dates.due
        assert dates.due <= last or first <= dates.start <= last


@given(items)
def test_day_by_day_the_steps_come_once_and_in_order(vietnam, dates):
    start = (dates.start or dates.due) - timedelta(days=20)
    mornings = (morning(start + timedelta(days=n)) for n in range((dates.due - start).days + 40))
    told = [as_shipped(vietnam).due_step(dates, now) for now in mornings]

    moments = [each.step.at for each in told if each]
    assert moments == sorted(moments)
    assert len({each.step for each in told if each}) <= 3


@given(items)
def test_a_step_is_told_for_three_more_working_days(vietnam, dates):
    for step in as_shipped(vietnam).steps(dates):
        told, stale = (
            local_day(step.at, VIETNAM),
            local_day(as_shipped(vietnam).stale_from(step), VIETNAM),
        )
        assert (
            sum(vietnam.is_working(told + timedelta(days=n)) for n in range(1, (stale - told).days))
            == 3
        )


@pytest.mark.parametrize(
    "wrong",
    [
        {"hours": ()},
        {"hours": ((time(9), time(8)),)},
        {"hours": ((time(8), time(8)),)},
        {"hours": ((time(8), time(10)), (time(9), time(11)))},
        {"overdue_days": -1},
        {"before_days": (-1,)},
        {"stale_after_workdays": -1},
    ],
)
def test_rules_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"reminder rules|working hours"):
        ReminderRules(**wrong)


def test_a_rule_may_count_no_days_at_all():
    rules = ReminderRules(before_days=(0,), overdue_days=0, stale_after_workdays=0)

    assert (rules.before_days, rules.overdue_days) == ((0,), 0)
