from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from events.campaigns import open_campaigns
from events.checklist import complete_item, history_of
from events.credits import candidates, credit_item, credited_to, integrated_in, remove_credit
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.localtime import local_day
from events.models import Campaign, CampaignStatus, Template
from events.people import add_person, give_post
from events.progress import own_progress
from events.units import get_unit

PROVINCES = {2021: "62", 2026: "tinh-quang-ngai-2025"}


@pytest.fixture(params=[2021, 2026])
def year(request):
    return request.param


@pytest.fixture
def now(year):
    return datetime(year, 11, 1, 2, tzinfo=UTC)


@pytest.fixture
def officer(session, year):
    person = add_person(session, "Cán bộ tỉnh", "tinh@example.org")
    give_post(session, person, get_unit(session, PROVINCES[year]), "so_vhttdl")
    session.flush()
    return person


@pytest.fixture
def campaign(session, vietnam, year, now):
    """A campaign of the province by its template, as the catalogue has it in that year."""
    open_campaigns(session, now=now, calendar=vietnam, year=year)
    unit = get_unit(session, PROVINCES[year])

    def of(key):
        return session.scalars(
            select(Campaign).where(Campaign.unit_id == unit.id, Campaign.template.has(Template.key == key))
        ).one()

    return of


def test_25_november_lives_inside_the_action_month(campaign):
    assert campaign("evaw_day").outer is campaign("gender_action_month")


def test_an_item_counts_for_another_campaign_without_being_done_twice(session, campaign, officer, now, year):
    inner, outer = campaign("evaw_day"), campaign("gender_action_month")
    item = inner.items[0]
    item.evidence_min = 0
    before = own_progress(session, local_day(now), Campaign.year == year)[inner.unit_id]

    for _ in range(2):
        credit_item(session, item.id, outer, by=officer, now=now)
    complete_item(session, item.id, by=officer, now=now)
    session.flush()

    assert integrated_in(session, [inner.id, outer.id]) == {outer.id: [item]}
    assert credited_to(session, item) == [outer]
    after = own_progress(session, local_day(now), Campaign.year == year)[inner.unit_id]
    assert (after.expected, after.done) == (before.expected, before.done + 1)
    assert [change.after.get("credit") for change in history_of(session, item)] == [None, outer.summary]


def test_a_credit_is_taken_back(session, campaign, officer, now):
    inner, outer = campaign("evaw_day"), campaign("gender_action_month")
    credit_item(session, inner.items[0].id, outer, by=officer, now=now)
    assert outer not in candidates(session, inner.items[0])

    for _ in range(2):
        remove_credit(session, inner.items[0].id, outer, by=officer, now=now)

    assert not credited_to(session, inner.items[0])
    assert outer in candidates(session, inner.items[0])
    assert len(history_of(session, inner.items[0])) == 2


def test_an_item_counts_only_for_other_running_campaigns_of_its_unit(session, campaign, officer, now):
    inner, outer = campaign("evaw_day"), campaign("gender_action_month")
    elsewhere = session.scalars(select(Campaign).where(Campaign.parent_id == outer.id)).first()

    for other in (inner, elsewhere):
        with pytest.raises(InvalidInputError):
            credit_item(session, inner.items[0].id, other, by=officer, now=now)
    outer.status = CampaignStatus.CANCELLED
    with pytest.raises(ConflictError):
        credit_item(session, inner.items[0].id, outer, by=officer, now=now)


def test_only_the_units_people_integrate_its_work(session, campaign, now):
    stranger = add_person(session, "Người lạ", "la@example.org")
    session.flush()

    with pytest.raises(NotAllowedError):
        credit_item(session, campaign("evaw_day").items[0].id, campaign("gender_action_month"), by=stranger, now=now)
