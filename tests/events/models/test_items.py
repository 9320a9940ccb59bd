"""Where an item stands, and what it owes."""

from datetime import date, timedelta

import pytest

from events.models import ChecklistItem, ClosedBecause, NotDone, TodoStatus
from events.models.items import ItemState

DUE = date(2026, 3, 13)
A_DAY = timedelta(days=1)
OPEN, UNDER_WAY = TodoStatus.NEEDS_ACTION, TodoStatus.IN_PROCESS
DONE, CLOSED = TodoStatus.COMPLETED, TodoStatus.CANCELLED


@pytest.mark.parametrize(
    ("status", "beside", "state"),
    [
        (OPEN, {}, ItemState.NOT_STARTED),
        (UNDER_WAY, {}, ItemState.IN_PROGRESS),
        (OPEN, {"blocked": ""}, ItemState.BLOCKED),
        (UNDER_WAY, {"blocked": "chờ kinh phí"}, ItemState.BLOCKED),
        (DONE, {}, ItemState.DONE),
        (DONE, {"blocked": "chờ kinh phí"}, ItemState.DONE),
        (CLOSED, {}, ItemState.NOT_DONE),
        (CLOSED, {"not_done": NotDone.NOT_DONE}, ItemState.NOT_DONE),
        (CLOSED, {"not_done": NotDone.NOT_REQUIRED}, ItemState.NOT_REQUIRED),
        (CLOSED, {"not_done": NotDone.MOVED}, ItemState.NOT_REQUIRED),
    ],
)
def test_people_see_one_state_of_an_item(status, beside, state):
    assert ChecklistItem(status=status, **beside).state is state


@pytest.mark.parametrize(
    ("because", "outside"),
    [
        (None, False),
        (ClosedBecause.PERSON, False),
        (ClosedBecause.WHOLE, True),
        (ClosedBecause.PARTS, True),
        (ClosedBecause.TAKEN_BACK, True),
        (ClosedBecause.STAND_IN, False),
    ],
)
def test_what_its_parts_or_its_whole_closed_is_opened_there(because, outside):
    assert ChecklistItem(closed_because=because).is_closed_from_outside is outside


@pytest.mark.parametrize("one", ["due", "nominal_due", "due_reason"])
def test_a_hand_on_one_part_of_the_due_date_holds_the_whole_of_it(one):
    held = ChecklistItem(edited=["summary", one]).held

    assert held == {"summary", "due", "nominal_due", "due_reason"}


def test_a_hand_on_other_columns_leaves_the_due_date_to_its_template():
    assert ChecklistItem(edited=["summary", "dtstart"]).held == {"summary", "dtstart"}


@pytest.mark.parametrize(
    ("followed", "for_reference"), [(None, False), (DUE, False), (DUE + A_DAY, True)]
)
def test_what_was_due_before_a_unit_was_followed_is_for_reference_and_never_overdue(
    followed, for_reference
):
    item = ChecklistItem(status=OPEN, due=DUE, followed_from=followed)

    assert item.for_reference is for_reference
    assert item.is_overdue(DUE + A_DAY) is not for_reference


@pytest.mark.parametrize(
    ("status", "today", "overdue"),
    [
        (OPEN, DUE, False),
        (OPEN, DUE + A_DAY, True),
        (UNDER_WAY, DUE + A_DAY, True),
        (DONE, DUE + A_DAY, False),
        (CLOSED, DUE + A_DAY, False),
    ],
)
def test_an_open_item_is_overdue_from_the_day_after_it_was_due(status, today, overdue):
    assert ChecklistItem(status=status, due=DUE).is_overdue(today) is overdue
