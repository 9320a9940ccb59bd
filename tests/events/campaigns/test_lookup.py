from datetime import timedelta

import pytest
from sqlalchemy import select

from events.campaigns.lookup import (
    get_campaign,
    get_campaign_in_full,
    names_of_rounds,
    running_tops,
    tops_of_observance,
    uid_at_the_top,
    uids_at_the_top,
    uids_of_round,
    years_of,
)
from events.errors import NotFoundError
from events.models import Campaign, CampaignStatus
from events.models.campaigns import same_round
from events.units.tree import children
from tests.events.conftest import TODAY


@pytest.fixture
def top(session, cast, happiness):
    """The province's campaign of the same round."""
    query = select(Campaign).where(same_round(happiness), Campaign.parent_id.is_(None))
    return session.scalars(query).one()


@pytest.mark.parametrize("get", [get_campaign, get_campaign_in_full])
def test_a_campaign_is_found_by_its_uid(session, happiness, get):
    assert get(session, happiness.uid) is happiness
    with pytest.raises(NotFoundError):
        get(session, "nobody's")


def test_a_round_is_known_by_its_units(session, cast, happiness, top):
    all_of_it, below = (uids_of_round(session, top, below=unit) for unit in (None, cast.district))

    assert all_of_it[cast.commune.id] == below[cast.commune.id] == happiness.uid
    assert all_of_it[cast.province.id] == top.uid
    assert set(below) == {unit.id for unit in children(session, cast.district, TODAY)}


def test_a_round_is_opened_at_its_top(session, happiness, top):
    assert uid_at_the_top(session, top.template, top.period) == top.uid
    assert uid_at_the_top(session, top.template, "1999") is None


def test_the_tops_that_take_place_are_found_by_observance_and_period(session, top):
    key = (top.observance_id, top.period)
    assert uids_at_the_top(session, {top.period, "1999"}) == {key: top.uid}
    assert uids_at_the_top(session, {"1999"}) == {}

    top.round.status = CampaignStatus.CANCELLED
    session.flush()

    assert uids_at_the_top(session, {top.period}) == {}


def test_an_observance_knows_when_it_was_kept_also_what_was_cancelled(session, top):
    top.round.status = CampaignStatus.CANCELLED
    session.flush()

    assert tops_of_observance(session, top.observance) == {top.period: [top]}


def test_a_template_is_in_use_until_its_rounds_are_over(session, top):
    last_day = top.dtend - timedelta(days=1)

    assert running_tops(session, top.template, last_day) == [top]
    assert running_tops(session, top.template, top.dtend) == []


def test_a_unit_knows_its_years(session, cast, happiness):
    assert years_of(session, cast.commune) == [2021]
    happiness.round.year = 2020
    session.flush()
    assert years_of(session, cast.commune) == [2020]


def test_a_round_is_called_what_its_campaigns_are(session, happiness):
    key = (happiness.template_id, happiness.period)

    found = names_of_rounds(session, same_round(happiness))

    assert found == {key: ("happiness_day", happiness.summary)}
