"""What several tables say of their rows."""

from datetime import UTC, date, datetime

import pytest

from events.models import Campaign, Unit

FIRST, LAST = date(2020, 1, 1), date(2025, 6, 30)


@pytest.mark.parametrize(
    ("begun", "ended", "day", "valid"),
    [
        (FIRST, LAST, date(2019, 12, 31), False),
        (FIRST, LAST, FIRST, True),
        (FIRST, LAST, LAST, True),
        (FIRST, LAST, date(2025, 7, 1), False),
        (None, LAST, date.min, True),
        (FIRST, None, date.max, True),
        (None, None, FIRST, True),
    ],
)
def test_a_unit_is_there_from_its_first_to_its_last_day(begun, ended, day, valid):
    assert Unit(valid_from=begun, valid_to=ended).is_valid(day) is valid


def test_a_visible_change_is_newer_for_every_client():
    now = datetime(2026, 6, 28, tzinfo=UTC)
    campaign = Campaign(sequence=3)

    campaign.touch(now)

    assert (campaign.sequence, campaign.last_modified) == (4, now)
