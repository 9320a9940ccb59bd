"""When a campaign is over."""

from datetime import date

import pytest

from events.models import Activity, CampaignStatus
from tests.campaigns import a_campaign

HELD, OFF = CampaignStatus.CONFIRMED, CampaignStatus.CANCELLED


@pytest.mark.parametrize(
    ("event", "over"),
    [
        (None, date(2026, 3, 21)),
        (date(2026, 3, 15), date(2026, 3, 21)),
        (date(2026, 3, 20), date(2026, 3, 21)),
        (date(2026, 3, 21), date(2026, 3, 22)),
        (date(2026, 3, 28), date(2026, 3, 29)),
    ],
)
def test_a_campaign_is_over_after_its_days_and_after_its_main_event(event, over):
    assert a_campaign(dtend=date(2026, 3, 21), event_date=event).over_on == over


@pytest.mark.parametrize(("status", "cancelled"), [(HELD, False), (OFF, True)])
def test_a_campaign_may_be_cancelled(status, cancelled):
    assert a_campaign(status=status).is_cancelled is cancelled


@pytest.mark.parametrize(
    ("own", "whole", "called_off", "cancelled"),
    [(HELD, HELD, False, False), (OFF, HELD, True, True), (HELD, OFF, False, True)],
)
def test_an_activity_does_not_take_place_when_it_or_its_campaign_is_cancelled(
    own, whole, called_off, cancelled
):
    activity = Activity(status=own, campaign=a_campaign(status=whole))

    assert (activity.is_called_off, activity.is_cancelled) == (called_off, cancelled)
