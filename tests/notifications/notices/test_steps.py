from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.localtime import VIETNAM, at_local, local_day
from notifications.notices.steps import Clockwork, Dates, ReminderRules, Rhythm
from tests.conftest import as_shipped

A_FRIDAY = date(2021, 3, 19)
HALF_PAST_SEVEN = time(7, 30)


def morning(day: date) -> datetime:
    return at_local(day, HALF_PAST_SEVEN, VIETNAM)


def local(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+07:00")


def days_of(dates: Dates, calendar) -> dict[str, date]:
    steps = as_shipped(calendar).steps(dates)
    return {step.rule: local_day(step.at, VIETNAM) for step in steps if not is_weekly(step)}


def is_weekly(step) -> bool:
    return step.rule.startswith("again-")


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


def test_people_are_told_seven_and_one_working_days_before_that_morning_and_the_day_after(vietnam):
    assert as_shipped(vietnam).steps(Dates(A_FRIDAY))[0].at == datetime(
        2021, 3, 10, 0, 30, tzinfo=UTC
    )
    assert days_of(Dates(A_FRIDAY), vietnam) == {
        "before-7": date(2021, 3, 10),
        "before-1": date(2021, 3, 18),
        "before-0": A_FRIDAY,
        "overdue-1": date(2021, 3, 22),  # the 20th is a Saturday
    }


def test_what_stays_undone_is_told_when_each_of_four_weeks_begins(vietnam):
    steps = [
        step for step in as_shipped(vietnam).steps(Dates(date(2021, 4, 15))) if is_weekly(step)
    ]

    assert [step.rule for step in steps] == ["again-1", "again-2", "again-3", "again-4"]
    assert [local_day(step.at, VIETNAM) for step in steps] == [
        date(2021, 4, 19),
        date(2021, 4, 26),
        date(2021, 5, 4),  # Monday is a day off for the 1st of May
        date(2021, 5, 10),
    ]


def test_units_above_hear_after_a_grace_for_each(vietnam):
    hops = as_shipped(vietnam).hops(Dates(A_FRIDAY))

    assert [(hop.rule, local_day(hop.at, VIETNAM)) for hop in hops] == [
        ("late-1", date(2021, 3, 24)),  # three working days
        ("late-2", date(2021, 3, 31)),  # and five more
    ]


def test_a_notice_before_a_monday_goes_out_on_the_friday(vietnam):
    assert days_of(Dates(date(2021, 3, 22)), vietnam)["before-1"] == A_FRIDAY


def test_the_eve_of_an_event_is_told_even_on_a_sunday(vietnam):
    eve = as_shipped(vietnam).steps(Dates(date(2021, 3, 22), is_event=True))[1]

    assert (eve.rule, eve.at, eve.urgent) == ("before-1", morning(date(2021, 3, 21)), True)


def test_an_item_that_runs_over_a_period_is_told_before_it_starts_and_late_after_it_ends(vietnam):
    assert days_of(Dates(A_FRIDAY, start=date(2021, 3, 10)), vietnam) == {
        "before-7": date(2021, 3, 1),
        "before-1": date(2021, 3, 9),
        "before-0": A_FRIDAY,  # its last day
        "overdue-1": date(2021, 3, 22),
    }


def test_days_of_a_long_break_do_not_count(vietnam):
    after_tet = Dates(date(2026, 2, 23))  # offices close from 14 to 22 February

    assert days_of(after_tet, vietnam)["before-1"] == date(2026, 2, 13)
    assert days_of(after_tet, vietnam)["before-7"] == date(2026, 2, 5)


def test_nobody_is_told_that_something_is_due_today_on_a_day_off(vietnam):
    assert "before-0" not in days_of(Dates(date(2021, 3, 20)), vietnam)


@pytest.mark.parametrize(
    ("now", "rule"),
    [
        ((3, 9, 17), None),
        ((3, 10, 7), None),
        ((3, 10, 8), "before-7"),
        ((3, 15, 23), "before-7"),  # the third working day after it
        ((3, 16, 7), None),  # too old, and the next one is not due yet
        ((3, 18, 8), "before-1"),
        ((3, 19, 23), "before-0"),
        ((3, 20, 8), None),  # "due tomorrow" would be wrong now
        ((3, 22, 8), "overdue-1"),
        ((3, 25, 23), "overdue-1"),
        ((3, 26, 8), None),
        ((3, 29, 8), "again-1"),
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


def test_an_hour_that_somebody_asks_for_is_kept_within_working_hours(vietnam):
    leaves = as_shipped(vietnam).leaves

    assert leaves(local("2021-03-19T06:00"), time(9)) == local("2021-03-19T09:00")
    assert leaves(local("2021-03-19T10:00"), time(9)) == local("2021-03-19T10:00")
    assert leaves(local("2021-03-19T17:30"), time(9)) == local("2021-03-22T09:00")
    assert leaves(local("2021-03-19T06:00"), time(12)) == local("2021-03-19T13:30")
    assert leaves(local("2021-03-18T08:00"), None, after=A_FRIDAY) == local("2021-03-22T07:30")


def test_what_happens_in_the_day_is_told_on_the_next_working_morning(vietnam):
    after = as_shipped(vietnam).morning_after

    assert after(local("2021-03-19T07:30")) == local("2021-03-19T07:30")
    assert after(local("2021-03-19T08:00")) == local("2021-03-22T07:30")
    assert after(local("2021-03-20T06:00")) == local("2021-03-22T07:30")
    assert as_shipped(vietnam).newest_morning(local("2021-03-21T12:00")) == local(
        "2021-03-19T07:30"
    )


def test_rules_decide_when_people_are_told(vietnam):
    office = Clockwork(vietnam, ReminderRules(send_at=time(9)), VIETNAM)
    rhythm = Rhythm(steps=(-3, 5), weeks=0, grace=())

    steps = office.steps(Dates(date(2021, 3, 17), rhythm=rhythm))

    assert [(step.rule, step.at.astimezone(VIETNAM)) for step in steps] == [
        ("before-3", local("2021-03-12T09:00")),
        ("overdue-5", local("2021-03-24T09:00")),
    ]
    assert office.hops(Dates(date(2021, 3, 17), rhythm=rhythm)) == []


def test_without_steps_nobody_is_told_before_the_week_after(vietnam):
    quiet = Dates(A_FRIDAY, rhythm=Rhythm(steps=(), weeks=1))

    assert [step.rule for step in as_shipped(vietnam).steps(quiet)] == ["again-1"]


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
    assert len({each.step for each in told if each}) <= 8


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
        {"stale_after_workdays": -1},
    ],
)
def test_rules_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"reminder rules|working hours"):
        ReminderRules(**wrong)


@pytest.mark.parametrize("wrong", [{"weeks": -1}, {"grace": (0,)}, {"grace": (3, -1)}])
def test_a_rhythm_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"weeks and days of grace"):
        Rhythm(**wrong)
