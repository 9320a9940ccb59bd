from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.campaigns import open_campaigns
from events.checklist import complete_item, history_of, reopen_item
from events.errors import ConflictError, NotAllowedError, NotFoundError
from events.models import Campaign, CampaignStatus, ChecklistItem, Post
from events.progress import own_progress, rolled_up
from events.units import load_tree

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)


@pytest.fixture
def plan(session, vietnam, cast):
    """The commune's plan for 20 March 2021, due on 5 March."""
    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)
    query = select(ChecklistItem).join(ChecklistItem.campaign)
    return session.scalars(query.where(Campaign.unit_id == cast.commune.id, ChecklistItem.key == "plan_commune")).first()


@pytest.mark.parametrize("who", ["thi", "hoa"])
def test_a_post_in_the_unit_or_above_it_may_tick(session, cast, plan, who):
    complete_item(session, plan.id, by=getattr(cast, who), now=NOW)

    assert plan.is_done
    assert (plan.completed, plan.completed_on, plan.sequence) == (NOW, date(2021, 3, 4), 1)


@pytest.mark.parametrize("who", ["khanh", "la"])
def test_nobody_else_may_tick_and_nothing_changes(session, cast, plan, who):
    with pytest.raises(NotAllowedError, match="Thị trấn Đăk Glei"):
        complete_item(session, plan.id, by=getattr(cast, who), now=NOW)

    assert plan.is_open
    assert not history_of(session, plan)


def test_a_post_that_has_ended_opens_no_door(session, cast, plan):
    session.scalars(select(Post).where(Post.person_id == cast.thi.id)).one().valid_to = date(2021, 3, 3)

    with pytest.raises(NotAllowedError):
        complete_item(session, plan.id, by=cast.thi, now=NOW)


def test_ticking_twice_changes_nothing_the_second_time(session, cast, plan):
    complete_item(session, plan.id, by=cast.thi, now=NOW)
    complete_item(session, plan.id, by=cast.hoa, now=NOW + timedelta(hours=1))

    assert (plan.completed, plan.completed_by, plan.sequence) == (NOW, cast.thi, 1)
    assert len(history_of(session, plan)) == 1


def test_a_tick_taken_back_leaves_the_former_state_and_its_history(session, cast, plan):
    complete_item(session, plan.id, by=cast.thi, now=NOW)
    reopen_item(session, plan.id, by=cast.thi, now=NOW + timedelta(minutes=1))

    undone, done = history_of(session, plan)
    assert plan.is_open
    assert (plan.completed, plan.completed_on, plan.completed_by) == (None, None, None)
    assert done.after["status"] == undone.before["status"] == "COMPLETED"
    assert undone.by_name == cast.thi.full_name


def test_an_item_of_a_cancelled_campaign_cannot_be_ticked(session, cast, plan):
    plan.campaign.status = CampaignStatus.CANCELLED

    with pytest.raises(ConflictError, match="was cancelled"):
        complete_item(session, plan.id, by=cast.thi, now=NOW)


def test_an_item_that_does_not_exist_is_named(session, cast):
    with pytest.raises(NotFoundError, match="checklist item"):
        complete_item(session, 999_999, by=cast.thi, now=NOW)


def test_the_local_day_decides_whether_work_was_late(session, cast, plan):
    just_before_midnight = datetime(2021, 3, 5, 16, 59, tzinfo=UTC)  # 23:59 on the due day in Vietnam
    complete_item(session, plan.id, by=cast.thi, now=just_before_midnight)

    progress = own_progress(session, date(2021, 3, 6), ChecklistItem.id == plan.id)[cast.commune.id]
    assert (progress.on_time, progress.late) == (1, 0)

    reopen_item(session, plan.id, by=cast.thi, now=just_before_midnight)
    complete_item(session, plan.id, by=cast.thi, now=just_before_midnight + timedelta(minutes=1))
    session.flush()

    progress = own_progress(session, date(2021, 3, 6), ChecklistItem.id == plan.id)[cast.commune.id]
    assert (progress.on_time, progress.late) == (0, 1)


def test_a_unit_is_the_sum_of_its_own_work_and_everything_below(session, cast, plan):
    complete_item(session, plan.id, by=cast.thi, now=NOW)
    session.flush()
    tree = load_tree(session, date(2021, 3, 20))

    own = own_progress(session, date(2021, 4, 10), Campaign.year == 2021)
    total = rolled_up(tree, own)

    for node in tree.nodes.values():
        below = sum((total[child.id].expected for child in tree.children.get(node.id, ())), 0)
        assert total[node.id].expected == below + own[node.id].expected
    assert total[cast.province.id].done == 1
    assert total[cast.province.id].expected == sum(progress.expected for progress in own.values())
    assert total[cast.province.id].percent == 0
