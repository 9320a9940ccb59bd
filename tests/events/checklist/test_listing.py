from datetime import timedelta

import pytest
from sqlalchemy import delete, select

from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item, take_back_part
from events.checklist.history import Stamp
from events.checklist.integration import credit_item
from events.checklist.listing import by_phase, get_item, items_of, lines_of, open_in
from events.checklist.states import complete_item
from events.errors import NotFoundError
from events.models import Campaign, CampaignStatus, ChecklistItem, Round
from events.templates.editing import get_template
from tests.events.conftest import NOW, TODAY, item_of


@pytest.fixture
def campaign_of(session, vietnam, cast):
    """The campaign of Thi's commune from a template in 2021, opened if it is not."""

    def campaign(key):
        template = get_template(session, key)
        [found] = rounds_of(template, 2021)
        open_round(session, found, now=NOW, calendar=vietnam)
        query = select(Campaign).where(Campaign.round.has(Round.template_id == template.id))
        return session.scalars(query.where(Campaign.unit_id == cast.commune.id)).one()

    return campaign


@pytest.fixture
def month_and_day(campaign_of):
    """The action month and the day of 25/11 inside it."""
    return campaign_of("gender_action_month"), campaign_of("evaw_day")


def test_a_list_holds_the_items_of_the_campaigns_inside_it(session, month_and_day):
    month, day = month_and_day

    assert set(items_of(session, month)) == {*month.items, *day.items}
    assert set(items_of(session, day)) == set(day.items)


def test_a_cancelled_campaign_inside_another_gives_nothing_to_its_list(session, month_and_day):
    month, day = month_and_day
    day.round.status = CampaignStatus.CANCELLED
    session.flush()

    assert set(items_of(session, month)) == set(month.items)


def test_what_counts_for_two_campaigns_stands_on_both_lists_and_says_whose_it_is(
    session, happiness, campaign_of, who
):
    family_day, item = campaign_of("vn_family_day"), item_of(happiness, "banners")
    credit_item(session, item.id, family_day, **who)

    origins = {line.item: line.origin for line in lines_of(session, family_day, TODAY)}

    assert origins == {**dict.fromkeys(family_day.items), item: happiness}
    assert {line.origin for line in lines_of(session, happiness, TODAY)} == {None}


def test_a_line_says_who_is_in_charge_what_proves_it_and_what_comes_first(session, cast, happiness):
    plan = item_of(happiness, "plan_commune")
    plan.role_key, plan.evidence = "ubnd_xa", ["tick", "photo"]
    later = next(item for item in happiness.items if item.key != plan.key)
    later.depends_on = [plan.key]
    session.flush()
    lines = {line.item: line for line in lines_of(session, happiness, TODAY)}

    assert lines[plan].in_charge == (cast.thi,)
    assert [kind.key for kind in lines[plan].evidence] == ["photo"]
    assert (lines[later].first, lines[later].waits_for) == ((plan,), [plan])
    plan.without_evidence = True
    complete_item(session, plan.id, Stamp(cast.thi, NOW))
    [line] = [line for line in lines_of(session, happiness, TODAY) if line.item is later]
    assert (line.first, line.waits_for) == ((plan,), [])


def test_nothing_waits_for_what_nobody_owes_nor_does_that_wait(session, happiness):
    plan = item_of(happiness, "plan_commune")
    later = next(item for item in happiness.items if item.key != plan.key)
    later.depends_on = [plan.key]

    def waits(of_reference):
        plan.followed_from = later.followed_from = None
        of_reference.followed_from = of_reference.due + timedelta(days=1)
        session.flush()
        [line] = [one for one in lines_of(session, happiness, TODAY) if one.item is later]
        return line.first, line.waits_for

    assert waits(plan) == waits(later) == ((plan,), [])


def test_the_lines_come_by_phase_and_due_date(session, happiness):
    lines = lines_of(session, happiness, TODAY)

    places = [(line.item.phase.position, line.item.due, line.item.position) for line in lines]
    assert places == sorted(places)
    phases = by_phase(lines)
    assert [line for _phase, group in phases for line in group] == lines
    assert len({phase.key for phase, _group in phases}) == len(phases)


def test_a_line_counts_the_parts_that_were_not_taken_back(session, banners, enter, vietnam, who):
    villages = [enter(name).id for name in ("1", "2", "3")]
    first, second, _third = split_item(session, banners.id, villages, calendar=vietnam, **who)
    complete_item(session, first.id, Stamp(**who))
    take_back_part(session, second.id, **who)

    [line] = [one for one in lines_of(session, banners.campaign, TODAY) if one.item is banners]

    assert (line.parts, line.parts_in_all) == (1, 2)


def shown(line):
    """What a page reads of a line."""
    item = line.item
    return (
        [person.full_name for person in line.in_charge],
        [first.campaign.unit.full_name for first in line.first],
        (item.phase.title_vi, item.role.title_vi, item.campaign.summary),
        (item.completed_by, item.delegate_unit, item.delegate_role),
        (list(item.evidence_given), list(item.papers)),
    )


def test_a_list_costs_as_many_queries_however_long_it_is(
    session, month_and_day, enter, vietnam, who, count_queries
):
    month, day = month_and_day
    split_item(session, month.items[0].id, [enter("1").id], calendar=vietnam, **who)
    kept = month.items[0].id

    def cost():
        session.expire_all()
        session.refresh(month)
        return count_queries(lambda: [shown(line) for line in lines_of(session, month, TODAY)])

    many = cost()
    for gone in (
        ChecklistItem.split_from_id == kept,
        ChecklistItem.campaign_id.in_([month.id, day.id]) & (ChecklistItem.id != kept),
    ):
        session.execute(
            delete(ChecklistItem).where(gone), execution_options={"synchronize_session": False}
        )

    assert cost() == many


def test_a_unit_has_to_do_what_is_its_own_and_what_was_delegated_to_it(
    session, cast, happiness, enter, who
):
    village, item = enter("1"), item_of(happiness, "banners")
    before = open_in(session, cast.commune, limit=100)
    in_village = open_in(session, village, limit=100)

    delegate_item(session, item.id, village.id, **who)

    assert before.total == len(before.items) == len(happiness.items)
    assert set(open_in(session, cast.commune, limit=100).items) == set(before.items) - {item}
    assert set(open_in(session, village, limit=100).items) == {*in_village.items, item}


def test_the_first_open_items_come_by_due_date_out_of_all(session, cast, happiness, banners, who):
    complete_item(session, banners.id, Stamp(**who))

    found = open_in(session, cast.commune, limit=3)

    by_due = sorted((item for item in happiness.items if item.is_open), key=lambda i: (i.due, i.id))
    assert (list(found.items), found.total) == (by_due[:3], len(happiness.items) - 1)


def test_nothing_is_to_do_in_a_cancelled_campaign(session, cast, happiness):
    happiness.round.status = CampaignStatus.CANCELLED
    session.flush()

    assert open_in(session, cast.commune, limit=3).total == 0


def test_the_open_items_of_a_unit_cost_as_many_queries_however_many_they_are(
    session, cast, happiness, count_queries
):
    def names():
        return [
            (item.campaign.unit.full_name, item.role.title_vi)
            for item in open_in(session, cast.commune, limit=100).items
        ]

    session.expire_all()
    session.refresh(cast.commune)
    many = count_queries(names)
    for item in happiness.items[1:]:
        item.due += timedelta(days=1)
        item.delegate_unit_id = cast.province.id
    session.flush()
    session.expire_all()
    session.refresh(cast.commune)

    assert count_queries(names) == many


def test_an_unknown_item_is_not_found(session):
    with pytest.raises(NotFoundError):
        get_item(session, 999_999)
