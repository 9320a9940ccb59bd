from datetime import date, timedelta

import pytest
from sqlalchemy import select

from events import templates
from events.carry_forward import propose, with_proposals
from events.models import Campaign, ChecklistItem, NotDone, TodoStatus
from tests.events.test_reanchor import MARCH_2021, open_template


@pytest.fixture
def root(session, vietnam, cast):
    return open_template(session, vietnam, "happiness_day", 2021)


@pytest.fixture
def template(session):
    return templates.get_template(session, "happiness_day")


def plans(session, root):
    query = (
        select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.year == 2021, Campaign.template_id == root.template_id)
    )
    return session.scalars(query.where(ChecklistItem.key == "plan_commune").order_by(ChecklistItem.id)).all()


def finish(session, cast, found, days):
    for item in found:
        item.complete(cast.hoa, MARCH_2021, item.due + timedelta(days=days))
    session.flush()


def test_an_item_that_most_units_did_late_is_proposed_later(session, root, template, cast):
    found = plans(session, root)
    finish(session, cast, found[:60], 4)
    finish(session, cast, found[60:100], 0)

    [proposal] = propose(session, template, 2021)

    assert (proposal.key, proposal.level, proposal.units, proposal.never) == ("plan_commune", "commune", 102, 2)
    assert (proposal.old_offset, proposal.new_offset, proposal.median_late) == (-13, -9, 4)
    assert round(proposal.share_late, 2) == 0.61


def test_of_work_over_a_period_the_end_is_proposed(session, root, template, cast):
    of_round = select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.template_id == root.template_id)
    finish(session, cast, session.scalars(of_round.where(ChecklistItem.key == "loudspeaker")).all(), 3)

    [proposal] = propose(session, template, 2021)

    assert (proposal.key, proposal.level, proposal.old_offset, proposal.new_offset) == ("loudspeaker", "commune", 1, 4)
    entry = next(entry for entry in with_proposals(template, [proposal]) if entry.key == "loudspeaker")
    assert (entry.end_offset_days, entry.level_end_offsets, entry.level_offsets) == (1, {"commune": 4}, {})


def test_work_done_in_time_proposes_nothing(session, root, template, cast):
    finish(session, cast, plans(session, root), -2)

    assert propose(session, template, 2021) == []


def test_what_was_due_before_the_day_stays_before_it(session, root, template, cast):
    finish(session, cast, plans(session, root), 40)

    assert propose(session, template, 2021)[0].new_offset == -1


def test_units_that_did_not_need_it_do_not_count(session, root, template, cast):
    found = plans(session, root)
    finish(session, cast, found[:2], 3)
    for item in found[2:]:
        item.status, item.not_done = TodoStatus.CANCELLED, NotDone.NOT_REQUIRED
    session.flush()

    assert propose(session, template, 2021)[0].units == 2


def test_another_year_says_nothing(session, root, template, cast):
    finish(session, cast, plans(session, root), 4)

    assert propose(session, template, 2020) == []


def test_chosen_proposals_make_a_version_whose_other_levels_stay(session, root, template, cast):
    finish(session, cast, plans(session, root), 4)
    entries = with_proposals(template, propose(session, template, 2021))

    version = templates.edit_template(session, template, entries, by=cast.hoa, now=MARCH_2021)

    item = next(item for item in version.items if item.key == "plan_commune")
    assert (item.offset_at("commune"), item.offset_at("district")) == (-9, -13)
    assert propose(session, template, 2021)[0].old_offset == -9
    assert plans(session, root)[0].due == date(2021, 3, 5)
