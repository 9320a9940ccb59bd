"""What may be traded for what, and where a Tết break may lie."""

from datetime import date

import pytest

from events.days.checks import check_break, check_swap, check_swaps
from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision, swap
from events.errors import InvalidInputError

FRIDAY, SATURDAY, SUNDAY = date(2027, 5, 7), date(2027, 5, 8), date(2027, 5, 9)
NEXT_FRIDAY, NEXT_SATURDAY = date(2027, 5, 14), date(2027, 5, 15)
LABOUR_DAY = date(2027, 5, 3)  # in lieu of Saturday 1 May


def by_day(*decisions: Decision) -> dict[date, Decision]:
    return {decision.day: decision for decision in decisions}


def off(day: date, cause: Cause) -> dict[date, Decision]:
    return by_day(Decision(day, True, DayReason(cause)))


@pytest.mark.parametrize("worked", [SATURDAY, SUNDAY])
def test_a_working_day_may_be_traded_for_a_day_of_a_weekend(worked):
    check_swap(FRIDAY, worked, {})


@pytest.mark.parametrize(
    ("closed", "worked", "words"),
    [
        (SATURDAY, SUNDAY, "08/05/2027 cannot be the day off of a swap"),
        (SUNDAY, SATURDAY, "09/05/2027 cannot be the day off of a swap"),
        (FRIDAY, NEXT_FRIDAY, "14/05/2027 cannot be worked in a swap"),
        (LABOUR_DAY, SATURDAY, "03/05/2027 cannot be traded: it is a public holiday"),
        (FRIDAY, date(2027, 5, 1), "01/05/2027 cannot be traded: it is a public holiday"),
    ],
)
def test_no_other_day_can_be_traded(closed, worked, words):
    with pytest.raises(InvalidInputError, match=words):
        check_swap(closed, worked, {})


@pytest.mark.parametrize("cause", [Cause.TET, Cause.IN_LIEU])
def test_a_day_that_was_decided_to_be_a_holiday_cannot_be_traded(cause):
    with pytest.raises(InvalidInputError, match="07/05/2027 cannot be traded: it is a public"):
        check_swap(FRIDAY, SATURDAY, off(FRIDAY, cause))
    with pytest.raises(InvalidInputError, match="08/05/2027 cannot be traded: it is a public"):
        check_swap(FRIDAY, SATURDAY, off(SATURDAY, cause))


def test_a_day_off_that_is_no_holiday_may_be_traded_once_somebody_asks_for_its_work():
    check_swap(FRIDAY, SATURDAY, off(FRIDAY, Cause.DECIDED))


def test_a_holiday_that_was_decided_to_be_worked_is_none():
    worked = Decision(LABOUR_DAY, False, DayReason(Cause.OUTSIDE_TET))

    check_swap(LABOUR_DAY, SATURDAY, by_day(worked))


def test_the_same_swap_may_be_decided_again():
    check_swap(FRIDAY, SATURDAY, by_day(*swap(FRIDAY, SATURDAY)))


@pytest.mark.parametrize(
    ("closed", "worked", "twice"),
    [(FRIDAY, SUNDAY, "07/05/2027"), (NEXT_FRIDAY, SATURDAY, "08/05/2027")],
)
def test_a_day_is_traded_once(closed, worked, twice):
    with pytest.raises(InvalidInputError, match=f"{twice} cannot be traded twice"):
        check_swap(closed, worked, by_day(*swap(FRIDAY, SATURDAY)))


def test_what_is_refused_names_both_days():
    with pytest.raises(InvalidInputError) as refused:
        check_swap(FRIDAY, NEXT_FRIDAY, {})

    assert refused.value.facts == {"day": "14/05/2027", "other": "07/05/2027"}


def test_a_decision_may_hold_swaps_beside_other_days():
    days = [
        *swap(FRIDAY, SATURDAY),
        Decision(date(2027, 9, 3), True, DayReason(Cause.DECIDED)),
        *swap(NEXT_FRIDAY, NEXT_SATURDAY),
    ]

    check_swaps(iter(days), {})


def test_two_swaps_of_a_decision_share_no_day():
    with pytest.raises(InvalidInputError, match="08/05/2027 cannot be traded twice"):
        check_swaps([*swap(FRIDAY, SATURDAY), *swap(NEXT_FRIDAY, SATURDAY)[:1]], {})


def test_a_swap_beside_what_is_decided_already_is_looked_at_too():
    with pytest.raises(InvalidInputError, match="07/05/2027 cannot be traded twice"):
        check_swaps(swap(FRIDAY, SUNDAY), by_day(*swap(FRIDAY, SATURDAY)))


@pytest.mark.parametrize("half", [0, 1])
def test_half_a_swap_is_refused(half):
    with pytest.raises(InvalidInputError, match="07/05/2027 is traded for 08/05/2027"):
        check_swaps([swap(FRIDAY, SATURDAY)[half]], {})


@pytest.mark.parametrize("half", [0, 1])
def test_the_other_half_may_be_decided_already(half):
    pair = swap(FRIDAY, SATURDAY)

    check_swaps([pair[half]], by_day(*pair))


def test_a_swap_whose_days_are_both_off_is_none():
    closed = Decision(SATURDAY, True, DayReason(Cause.DECIDED))

    with pytest.raises(InvalidInputError, match="Please take both days"):
        check_swaps([swap(FRIDAY, SATURDAY)[0], closed], {})


def test_a_swap_whose_days_are_both_worked_is_none():
    worked = Decision(FRIDAY, False, DayReason(Cause.WORKED))

    with pytest.raises(InvalidInputError, match="Please take both days"):
        check_swaps([worked, swap(FRIDAY, SATURDAY)[1]], {})


def test_a_tet_break_lies_in_its_year():
    check_break(2027, [date(2027, 2, 4), date(2027, 2, 10)])
    check_break(2027, [])


@pytest.mark.parametrize("other", [date(2026, 2, 16), date(2028, 1, 26)])
def test_a_tet_break_of_another_year_is_refused(other):
    with pytest.raises(InvalidInputError) as refused:
        check_break(2027, [date(2027, 2, 4), other])

    assert refused.value.facts == {"day": f"{other:%d/%m/%Y}", "year": 2027}
