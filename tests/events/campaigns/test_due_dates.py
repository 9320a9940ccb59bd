"""When items are due: counted from their anchors, in the order of what they wait for, and late."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.campaigns.due_dates import WAITS, DueDates, Late, due_dates, in_order, planned_day
from events.campaigns.rounds import Anchors
from events.days.reasons import Cause, DayReason
from events.days.recurrence import Occurrence
from events.days.workdays import Shift
from events.models import Anchor, TemplateItem

A_DAY = timedelta(days=1)
KEYS = ["a", "b", "c", "d", "e"]
DAYS = st.dates(date(2030, 1, 1), date(2030, 3, 31))


@st.composite
def waiting(draw, days=DAYS):
    """Days of some keys, each of which may wait for others, wherever these stand in the list."""
    due = {key: draw(days) for key in KEYS}
    order = draw(st.permutations(KEYS))
    firsts = {
        key: draw(st.lists(st.sampled_from(order[:number]), max_size=3)) if number else []
        for number, key in enumerate(order)
    }
    return due, {key: firsts[key] for key in KEYS}


def settle(due, waits_for, stands=None):
    """Return the days of keys that have no others to count from."""
    dates = in_order(waits_for, lambda key, _days: DueDates(None, due[key], due[key], None), stands)
    return {key: one.due for key, one in dates.items()}


@given(waiting())
def test_nothing_is_due_before_what_it_waits_for_and_no_later_than_needed(found):
    due, waits_for = found

    settled = settle(due, waits_for)

    for key, firsts in waits_for.items():
        assert settled[key] == max([due[key], *(settled[first] for first in firsts)])


@given(waiting(), DAYS)
def test_a_day_that_stands_otherwise_is_what_others_wait_for(found, by_hand):
    due, waits_for = found

    settled = settle(due, waits_for, {"a": by_hand, "b": None})

    waited = {**settled, "a": by_hand, "b": date.min}
    assert all(
        settled[key] >= waited[first] for key, firsts in waits_for.items() for first in firsts
    )


BORN = date(2030, 2, 1)
A_WEEK_LATER = BORN + 7 * A_DAY
IN_TIME = BORN + 2 * A_DAY
OPENED_LATE = DayReason(Cause.LATE_OPENING, day=BORN)


def settle_late(due, waits_for, own=()):
    """Return the dates of keys that came into being on ``BORN``; those of ``own`` stay overdue."""
    return in_order(
        waits_for,
        lambda key, _days: DueDates(None, due[key], due[key], None),
        late=lambda key, day: Late(BORN, A_WEEK_LATER) if day < BORN and key not in own else None,
    )


def dues(found):
    return {key: (dates.due, dates.due_reason) for key, dates in found.items()}


@given(waiting(st.dates(BORN - 9 * A_DAY, BORN + 9 * A_DAY)))
def test_what_comes_late_is_due_after_its_birth_and_holds_up_nothing_that_is_in_time(found):
    due, waits_for = found
    in_time = {key: day for key, day in settle(due, waits_for).items() if day >= BORN}

    settled = {key: one.due for key, one in settle_late(due, waits_for).items()}

    assert {key: settled[key] for key in in_time} == in_time
    assert all(BORN <= settled[key] <= A_WEEK_LATER for key in settled.keys() - in_time.keys())
    assert all(settled[key] >= settled[one] for key, firsts in waits_for.items() for one in firsts)


def test_nothing_is_late_that_is_due_on_the_day_of_its_birth():
    assert dues(settle_late({"plan": BORN}, {"plan": []})) == {"plan": (BORN, None)}


def test_what_had_passed_says_that_it_was_opened_late():
    early = {"plan": BORN - 9 * A_DAY, "visits": BORN - A_DAY}

    found = settle_late(early, {"visits": ["plan"], "plan": []})

    assert dues(found) == dict.fromkeys(early, (A_WEEK_LATER, OPENED_LATE))
    assert {key: dates.nominal_due for key, dates in found.items()} == early


def test_what_had_passed_is_due_with_the_first_in_time_that_waits_for_it_directly_or_not():
    due = {"plan": BORN - 9 * A_DAY, "visits": BORN - A_DAY, "report": IN_TIME, "fair": BORN}

    found = settle_late(
        due, {"report": ["visits"], "visits": ["plan"], "plan": [], "fair": ["plan"]}
    )

    assert dues(found) == {
        "plan": (BORN, OPENED_LATE),
        "visits": (IN_TIME, OPENED_LATE),
        "report": (IN_TIME, None),
        "fair": (BORN, None),
    }


def test_what_waits_for_something_in_time_is_not_late_itself_whatever_else_is():
    due = {"plan": IN_TIME, "visits": BORN - A_DAY, "banners": BORN - A_DAY}

    found = settle_late(due, {"visits": ["plan"], "plan": [], "banners": []})

    assert dues(found) == {
        "plan": (IN_TIME, None),
        "visits": (IN_TIME, WAITS),
        "banners": (A_WEEK_LATER, OPENED_LATE),
    }


def test_what_counts_from_a_plan_is_counted_from_its_new_day_and_may_be_in_time_by_that():
    def count(key, days):
        day = days["plan"] + 3 * A_DAY if days else BORN - 9 * A_DAY
        return DueDates(None, day, day, None)

    found = in_order(
        {"visits": ["plan"], "plan": []},
        count,
        late=lambda _key, day: Late(BORN, A_WEEK_LATER) if day < BORN else None,
    )

    assert dues(found) == {
        "plan": (A_WEEK_LATER, OPENED_LATE),
        "visits": (A_WEEK_LATER + 3 * A_DAY, None),
    }


def test_what_stays_overdue_presses_nobody_and_follows_what_it_waits_for():
    due = {"plan": BORN - 9 * A_DAY, "visits": BORN - A_DAY}

    found = settle_late(due, {"visits": ["plan"], "plan": []}, own=["visits"])

    assert dues(found) == {"plan": (A_WEEK_LATER, OPENED_LATE), "visits": (A_WEEK_LATER, WAITS)}


def test_an_item_waits_for_one_that_stands_after_it_in_the_template():
    early, late = date(2030, 1, 10), date(2030, 2, 20)
    due = {"report": early, "visits": early, "plan": late}

    settled = settle(due, {"report": ["visits"], "visits": ["plan"], "plan": []})

    assert settled == {"report": late, "visits": late, "plan": late}


MARCH_2026 = Anchors(Occurrence.of_day(date(2026, 3, 20)))


def template_item(offset, end=None, *, anchor=Anchor.DAY, shift=Shift.PREVIOUS, **columns):
    values = {"level_offsets": {}, "level_end_offsets": {}, "depends_on": []} | columns
    return TemplateItem(
        offset_days=offset, end_offset_days=end, anchor=anchor, shift=shift, **values
    )


def test_an_item_of_one_day_counts_from_its_anchor_and_moves_off_a_break(vietnam):
    found = due_dates(template_item(-28), "commune", MARCH_2026, vietnam)

    assert (found.dtstart, found.nominal_due, found.due) == (
        None,
        date(2026, 2, 20),
        date(2026, 2, 13),
    )
    assert found.due_reason == vietnam.shift(date(2026, 2, 20), Shift.PREVIOUS).reason


def test_an_item_over_a_period_moves_its_first_and_its_last_day(vietnam):
    item = template_item(-28, -5, level_offsets={"district": -27}, level_end_offsets={})

    found = due_dates(item, "commune", MARCH_2026, vietnam)

    assert (found.dtstart, found.nominal_due, found.due) == (
        date(2026, 2, 13),
        date(2026, 3, 15),
        date(2026, 3, 13),
    )
    assert due_dates(item, "district", MARCH_2026, vietnam).nominal_due == date(2026, 3, 15)


@pytest.mark.parametrize(
    ("issued", "due"), [(None, date(2026, 3, 23)), (date(2026, 3, 2), date(2026, 3, 5))]
)
def test_what_counts_from_a_plan_counts_from_its_day_once_that_is_known(vietnam, issued, due):
    item = template_item(3, anchor=Anchor.PLAN, shift=Shift.NEXT)

    assert due_dates(item, "commune", MARCH_2026, vietnam, issued).due == due


def test_a_day_that_a_plan_was_issued_on_moves_nothing_that_counts_from_another(vietnam):
    found = due_dates(template_item(-11), "commune", MARCH_2026, vietnam, date(2026, 1, 5))

    assert found.due == date(2026, 3, 9)


def test_a_plan_is_due_at_the_level_of_the_unit_or_at_the_first_that_has_it(vietnam):
    plan = template_item(
        -28, levels=["province", "commune"], level_offsets={"commune": -11, "village": -1}
    )
    after = template_item(3, anchor=Anchor.PLAN, depends_on=["plan"])

    def day(level):
        return planned_day(after, {"plan": plan}, level, MARCH_2026, vietnam)

    assert (day("commune"), day("village")) == (date(2026, 3, 9), date(2026, 2, 13))
    assert planned_day(template_item(3), {"plan": plan}, "commune", MARCH_2026, vietnam) is None
    assert planned_day(after, {}, "commune", MARCH_2026, vietnam) is None


@pytest.mark.parametrize(("later", "reason"), [(0, None), (1, WAITS)])
def test_only_a_date_that_another_moved_says_so(later, reason):
    day = date(2026, 3, 2)
    days = {"plan": day + later * A_DAY, "visits": day}

    found = in_order(
        {"visits": ["plan"], "plan": []}, lambda key, _days: DueDates(None, day, days[key], None)
    )

    assert (found["visits"].due, found["visits"].due_reason) == (days["plan"], reason)
