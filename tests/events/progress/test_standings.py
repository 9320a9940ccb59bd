from datetime import date, timedelta

import pytest
from sqlalchemy import select

from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.models import Campaign, CampaignStatus
from events.models.campaigns import same_round
from events.progress.across_reforms import counted_with
from events.progress.figures import Progress, sum_of
from events.progress.standings import below_of, standings_of
from events.reforms.reform import merge
from events.reforms.writing import NewUnit
from events.units.tree import children
from tests.events.conftest import NOW, TODAY, forget_2025

A_MONTH = timedelta(days=30)


@pytest.fixture
def done(session, happiness, who):
    """Three items that Thi's commune has done."""
    for item in happiness.items[:3]:
        item.without_evidence = True
        complete_item(session, item.id, Stamp(**who))
    return happiness.items[:3]


def below(session, unit, campaign, day=TODAY):
    return below_of(session, counted_with(session, unit, day), day, same_round(campaign))


def test_a_unit_and_all_below_it_add_up_to_its_total(session, cast, happiness, done):
    found = below(session, cast.province, happiness)

    assert found.total == found.own + sum_of(one.progress for one in found.branches)
    assert found.total.done == len(done)
    assert found.before == ()


def test_every_unit_directly_below_has_its_line_in_official_order(session, cast, happiness):
    found = below(session, cast.district, happiness)

    assert [(one.unit_id, one.slug, one.name) for one in found.branches] == [
        (unit.id, unit.slug, unit.full_name) for unit in children(session, cast.district, TODAY)
    ]
    assert {one.until for one in found.branches} == {None}


def test_work_of_units_before_a_merger_stands_apart_and_in_the_total(
    session, cast, happiness, done
):
    forget_2025(session)
    day = TODAY + A_MONTH
    how = {"on": day, "basis": None, "stamp": Stamp(None, NOW)}
    [begun] = merge(session, [cast.commune.key, "23344"], NewUnit("Xã Đăk Mới"), **how).begun

    found = below(session, begun, happiness, day)

    assert {one.unit_id for one in found.before} >= {cast.commune.id}
    assert {one.until for one in found.before} == {day - timedelta(days=1)}
    assert found.earlier.done == len(done)
    branches = sum_of(one.progress for one in found.branches)
    assert found.total == found.own + branches + found.earlier


def test_a_years_campaigns_come_by_day_with_what_the_unit_and_all_below_it_did(
    session, cast, happiness, done
):
    found = standings_of(session, cast.district, 2021, TODAY)

    [standing] = found.by_campaign
    assert standing.campaign.unit_id == cast.district.id
    assert (standing.own.done, standing.total.done) == (0, len(done))
    assert standing.total == found.below.total
    assert standings_of(session, cast.district, 2020, TODAY).by_campaign == ()


def test_a_cancelled_campaign_does_not_stand_among_a_years(session, cast, happiness, done):
    for campaign in session.scalars(select(Campaign)):
        campaign.round.status = CampaignStatus.CANCELLED
    session.flush()

    found = standings_of(session, cast.district, 2021, TODAY)

    assert (found.by_campaign, found.below.total) == ((), Progress())


def test_standings_cost_as_many_queries_for_a_province_as_for_a_village(
    session, cast, happiness, enter, count_queries
):
    units = [cast.province, cast.district, cast.commune, enter("1")]
    session.flush()

    numbers = {
        count_queries(lambda unit=unit: standings_of(session, unit, 2021, date(2021, 3, 5)))
        for unit in units
    }

    assert len(numbers) == 1
