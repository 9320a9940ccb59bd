"""Swaps that give up a working day for a day of a weekend, both of them or none."""

from datetime import date

import pytest

from events.days.checks import check_swaps
from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision, swap
from events.errors import InvalidInputError

OFF, WORKED = date(2027, 5, 4), date(2027, 5, 8)  # a Tuesday and a Saturday


def test_both_days_of_a_swap_are_taken():
    check_swaps(swap(OFF, WORKED), {})


@pytest.mark.parametrize("taken", [0, 1])
def test_one_day_of_a_swap_without_the_other_is_refused(taken):
    with pytest.raises(InvalidInputError, match="take both days"):
        check_swaps([swap(OFF, WORKED)[taken]], {})


def test_a_swap_whose_day_to_work_is_taken_off_is_refused():
    day_off, _worked = swap(OFF, WORKED)
    off_too = Decision(WORKED, True, DayReason(Cause.DECIDED))

    with pytest.raises(InvalidInputError, match="take both days"):
        check_swaps([day_off, off_too], {})
