"""What people type, read as they mean it."""

from datetime import time

import pytest

from events.errors import InvalidInputError
from web.kit.entries import hour_of


@pytest.mark.parametrize(
    "typed", ["07:30", "7:30", "7h30", " 7 giờ 30 ", "7 giờ 30 phút", "7g30", "7.30", "7H30"]
)
def test_a_time_of_day_is_read_as_people_write_it(typed: str):
    assert hour_of(typed) == time(7, 30)


def test_a_full_hour_needs_no_minutes():
    assert hour_of("8h") == hour_of("8 giờ") == time(8)


@pytest.mark.parametrize("typed", ["", "24:00", "7:60", "sáng", "7", "7h3", "٧:٣٠"])
def test_what_is_no_time_of_day_is_said_to_be_none(typed: str):
    with pytest.raises(InvalidInputError, match="is not a time of day"):
        hour_of(typed)
