from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.checklist.history import UNDOES, Stamp, history_of, not_undone, state_of
from events.checklist.states import (
    block_item,
    complete_item,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.undo import last_change, undo_change
from events.errors import (
    ConflictError,
    EvidenceMissingError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
)
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    ItemState,
    Post,
    Round,
    TodoStatus,
)
from events.progress.figures import own_progress, rolled_up
from events.units.tree import load_tree
from tests.chance import drawn

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)


@pytest.fixture
def plan(session, vietnam, cast):
    """The commune's plan for 20 March 2021, due on 5 March; a tick is enough."""
    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)
    query = select(ChecklistItem).join(ChecklistItem.campaign)
    item = session.scalars(
        query.where(Campaign.unit_id == cast.commune.id, ChecklistItem.key == "plan_commune")
    ).first()
    item.evidence_min = model_of(item).evidence_min = 0
    session.flush()
    return item


def model_of(item):
    """Return the item of the template that an item was made from."""
    return next(each for each in item.campaign.version.items if each.key == item.key)


@pytest.mark.parametrize("who", ["thi", "hoa"])
def test_a_post_in_the_unit_or_above_it_may_tick(session, cast, plan, who):
    complete_item(session, plan.id, Stamp(getattr(cast, who), NOW))

    assert plan.is_done
    assert (plan.completed, plan.completed_on, plan.sequence) == (NOW, date(2021, 3, 4), 1)


@pytest.mark.parametrize("who", ["khanh", "la"])
def test_nobody_else_may_tick_and_nothing_changes(session, cast, plan, who):
    with pytest.raises(NotAllowedError, match="Thị trấn Đăk Glei"):
        complete_item(session, plan.id, Stamp(getattr(cast, who), NOW))

    assert plan.is_open
    assert not history_of(session, plan)


def test_a_post_that_has_ended_opens_no_door(session, cast, plan):
    session.scalars(select(Post).where(Post.person_id == cast.thi.id)).one().valid_to = date(
        2021, 3, 3
    )

    with pytest.raises(NotAllowedError):
        complete_item(session, plan.id, Stamp(cast.thi, NOW))


def test_ticking_twice_changes_nothing_the_second_time(session, cast, plan):
    complete_item(session, plan.id, Stamp(cast.thi, NOW))
    complete_item(session, plan.id, Stamp(cast.hoa, NOW + timedelta(hours=1)))

    assert (plan.completed, plan.completed_by, plan.sequence) == (NOW, cast.thi, 1)
    assert len(history_of(session, plan)) == 1


def test_a_tick_taken_back_leaves_the_former_state_and_its_history(session, cast, plan):
    complete_item(session, plan.id, Stamp(cast.thi, NOW))
    reopen_item(session, plan.id, Stamp(cast.thi, NOW + timedelta(minutes=1)))

    undone, done = history_of(session, plan)
    assert plan.is_open
    assert (plan.completed, plan.completed_on, plan.completed_by) == (None, None, None)
    assert done.after["status"] == undone.before["status"] == "COMPLETED"
    assert undone.by_name == cast.thi.full_name


def test_an_item_of_a_cancelled_campaign_cannot_be_ticked(session, cast, plan):
    plan.campaign.round.status = CampaignStatus.CANCELLED

    with pytest.raises(ConflictError, match="was cancelled"):
        complete_item(session, plan.id, Stamp(cast.thi, NOW))


def test_an_item_that_does_not_exist_is_named(session, cast):
    with pytest.raises(NotFoundError, match="checklist item"):
        complete_item(session, 999_999, Stamp(cast.thi, NOW))


def test_the_local_day_decides_whether_work_was_late(session, cast, plan):
    # 23:59 on the due day in Vietnam
    just_before_midnight = datetime(2021, 3, 5, 16, 59, tzinfo=UTC)
    complete_item(session, plan.id, Stamp(cast.thi, just_before_midnight))

    progress = own_progress(session, date(2021, 3, 6), ChecklistItem.id == plan.id)[cast.commune.id]
    assert (progress.on_time, progress.late) == (1, 0)

    reopen_item(session, plan.id, Stamp(cast.thi, just_before_midnight))
    complete_item(session, plan.id, Stamp(cast.thi, just_before_midnight + timedelta(minutes=1)))
    session.flush()

    progress = own_progress(session, date(2021, 3, 6), ChecklistItem.id == plan.id)[cast.commune.id]
    assert (progress.on_time, progress.late) == (0, 1)


def test_an_item_goes_through_the_states_that_people_name(session, cast, plan):
    who = {"by": cast.thi, "now": NOW}
    seen = [plan.state]

    seen.append(start_item(session, plan.id, Stamp(**who)).state)
    seen.append(block_item(session, plan.id, "chưa có kinh phí", Stamp(**who)).state)
    seen.append(complete_item(session, plan.id, Stamp(**who)).state)
    reopen_item(session, plan.id, Stamp(**who))
    seen.append(decline_item(session, plan.id, "mưa lũ", Stamp(**who)).state)
    reopen_item(session, plan.id, Stamp(**who))
    seen.append(excuse_item(session, plan.id, "xã không có trường", Stamp(cast.hoa, NOW)).state)

    assert seen == [
        ItemState.NOT_STARTED,
        ItemState.IN_PROGRESS,
        ItemState.BLOCKED,
        ItemState.DONE,
        ItemState.NOT_DONE,
        ItemState.NOT_REQUIRED,
    ]
    assert (plan.blocked, plan.completed, plan.completed_by, plan.reason) == (
        None,
        None,
        None,
        "xã không có trường",
    )
    assert [change.blocked for change in history_of(session, plan)] == [
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_what_is_held_up_keeps_how_far_it_was(session, cast, plan):
    start_item(session, plan.id, Stamp(cast.thi, NOW))

    block_item(session, plan.id, "chờ kinh phí", Stamp(cast.thi, NOW))

    assert plan.status is TodoStatus.IN_PROCESS
    start_item(session, plan.id, Stamp(cast.thi, NOW))
    assert plan.state is ItemState.IN_PROGRESS


@pytest.mark.parametrize("change", [block_item, decline_item, excuse_item])
def test_a_reason_is_asked_for_and_without_one_nothing_changes(session, cast, plan, change):
    with pytest.raises(InvalidInputError):
        change(session, plan.id, "  ", Stamp(cast.thi, NOW))

    assert plan.state is ItemState.NOT_STARTED


def test_a_closed_item_cannot_be_held_up(session, cast, plan):
    complete_item(session, plan.id, Stamp(cast.thi, NOW))

    with pytest.raises(ConflictError, match="closed already"):
        block_item(session, plan.id, "chờ", Stamp(cast.thi, NOW))


@pytest.mark.parametrize(
    "change",
    [
        decline_item,
        excuse_item,
        lambda session, item_id, _reason, stamp: start_item(session, item_id, stamp),
    ],
)
def test_a_form_shown_before_an_item_was_done_does_not_undo_it(session, cast, plan, change):
    complete_item(session, plan.id, Stamp(cast.thi, NOW))

    with pytest.raises(ConflictError, match="closed already"):
        change(session, plan.id, "cũ", Stamp(cast.hoa, NOW))

    assert (plan.state, plan.completed) == (ItemState.DONE, NOW)


@pytest.mark.parametrize("change", [decline_item, excuse_item])
def test_giving_the_same_reason_twice_changes_nothing(session, cast, plan, change):
    for _ in range(2):
        change(session, plan.id, "mưa lũ", Stamp(cast.hoa, NOW))

    assert len(history_of(session, plan)) == 1


def test_a_unit_cannot_wish_away_what_is_required_of_it_but_can_say_it_was_not_done(
    session, cast, plan
):
    with pytest.raises(ConflictError, match="Only Huyện Đăk Glei can say"):
        excuse_item(session, plan.id, "không cần", Stamp(cast.thi, NOW))
    assert (
        decline_item(session, plan.id, "mưa lũ", Stamp(cast.thi, NOW)).state is ItemState.NOT_DONE
    )

    reopen_item(session, plan.id, Stamp(cast.hoa, NOW))
    assert (
        excuse_item(session, plan.id, "xã mới chia tách", Stamp(cast.hoa, NOW)).state
        is ItemState.NOT_REQUIRED
    )


def test_the_unit_at_the_top_excuses_itself(session, cast, plan):
    own = session.scalars(
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == cast.province.id)
    ).first()

    assert (
        excuse_item(session, own.id, "không cần", Stamp(cast.hoa, NOW)).state
        is ItemState.NOT_REQUIRED
    )


def test_an_item_that_was_begun_is_begun_again_when_it_is_reopened(session, cast, plan):
    start_item(session, plan.id, Stamp(cast.thi, NOW))
    complete_item(session, plan.id, Stamp(cast.thi, NOW))

    reopen_item(session, plan.id, Stamp(cast.thi, NOW))
    reopen_item(session, plan.id, Stamp(cast.thi, NOW))

    assert plan.state is ItemState.IN_PROGRESS
    assert len(history_of(session, plan)) == 3


def test_an_undo_restores_the_reason_and_asking_twice_changes_nothing(session, cast, plan):
    decline_item(session, plan.id, "mưa lũ", Stamp(cast.thi, NOW))
    complete_item(session, plan.id, Stamp(cast.thi, NOW))
    done = history_of(session, plan)[0]

    for _ in range(2):
        undo_change(session, plan.id, done.id, Stamp(cast.thi, NOW))

    assert (plan.state, plan.reason, plan.completed_on) == (ItemState.NOT_DONE, "mưa lũ", None)
    assert len(history_of(session, plan)) == 3


def test_only_the_newest_change_can_be_undone(session, cast, plan):
    start_item(session, plan.id, Stamp(cast.thi, NOW))
    begun = history_of(session, plan)[0]
    complete_item(session, plan.id, Stamp(cast.hoa, NOW))

    with pytest.raises(ConflictError, match="was changed since"):
        undo_change(session, plan.id, begun.id, Stamp(cast.thi, NOW))

    with pytest.raises(NotFoundError):
        undo_change(session, plan.id, 999_999, Stamp(cast.thi, NOW))
    assert plan.is_done


def test_a_tick_without_the_wanted_evidence_says_what_is_missing(session, cast, plan):
    plan.evidence_min = 2

    with pytest.raises(
        EvidenceMissingError, match=r"at least 2 of số, ký hiệu, ngày văn bản, tệp văn bản"
    ):
        complete_item(session, plan.id, Stamp(cast.thi, NOW))

    assert plan.is_open
    assert not history_of(session, plan)


def test_an_item_may_say_that_it_does_without_evidence(session, cast, plan):
    plan.evidence_min, plan.without_evidence = 2, True

    assert complete_item(session, plan.id, Stamp(cast.thi, NOW)).is_done


def test_an_item_that_takes_a_tick_as_evidence_needs_nothing_else(session, cast, plan):
    plan.evidence_min, plan.evidence = 1, ["doc_ref", "tick"]

    assert complete_item(session, plan.id, Stamp(cast.thi, NOW)).is_done


def test_whoever_works_from_above_does_it_on_behalf_of_the_unit(session, cast, plan):
    complete_item(session, plan.id, Stamp(cast.hoa, NOW))
    reopen_item(session, plan.id, Stamp(cast.thi, NOW))

    own, for_commune = history_of(session, plan)
    assert for_commune.on_behalf_of is cast.commune
    assert own.on_behalf_of is None


def test_a_unit_that_is_not_below_cannot_be_named(session, cast, plan):
    with pytest.raises(InvalidInputError, match="is not below"):
        complete_item(session, plan.id, Stamp(cast.thi, NOW), on_behalf_of=cast.other_commune)


STEPS = st.lists(
    st.sampled_from(["start", "block", "complete", "decline", "excuse", "reopen", "undo"]),
    max_size=12,
)


def take(session, item, step, by, now):
    """Take one step; what the item's state refuses changes nothing."""
    last = last_change(history_of(session, item))
    match step:
        case "start" if item.is_open:
            start_item(session, item.id, Stamp(by, now))
        case "complete":
            complete_item(session, item.id, Stamp(by, now))
        case "decline" if item.is_open:
            decline_item(session, item.id, f"lý do {now:%H:%M}", Stamp(by, now))
        case "excuse" if item.is_open:
            excuse_item(session, item.id, f"lý do {now:%H:%M}", Stamp(by, now))
        case "block" if item.is_open:
            block_item(session, item.id, f"vướng {now:%H:%M}", Stamp(by, now))
        case "reopen":
            reopen_item(session, item.id, Stamp(by, now))
        case "undo" if last:
            undo_change(session, item.id, last.id, Stamp(by, now))


@pytest.mark.slow
@drawn(40)
@given(steps=STEPS, undos=st.integers(0, 12))
def test_history_replays_to_the_state_and_undos_go_back_along_it(session, cast, plan, steps, undos):
    with session.begin_nested() as sandbox:
        number = len(plan.campaign.items)
        first, trail = state_of(plan), []
        for minute, step in enumerate(steps):
            trail.append(state_of(plan))
            take(session, plan, step, cast.hoa, NOW + timedelta(minutes=minute))
            if len(not_undone(history_of(session, plan))) < len(trail):
                trail = [
                    change.before for change in reversed(not_undone(history_of(session, plan)))
                ]

        history = history_of(session, plan)[::-1]
        replayed = [
            first,
            *({k: v for k, v in change.after.items() if k != UNDOES} for change in history),
        ]
        assert replayed[-1] == state_of(plan)
        assert all(change.before == known for change, known in zip(history, replayed, strict=False))
        for _ in range(min(undos, len(trail))):
            before = trail.pop()
            take(session, plan, "undo", cast.hoa, NOW + timedelta(hours=1))
            assert state_of(plan) == before
        assert len(plan.campaign.items) == number
        sandbox.rollback()
    session.expire_all()


def test_a_unit_is_the_sum_of_its_own_work_and_everything_below(session, cast, plan):
    complete_item(session, plan.id, Stamp(cast.thi, NOW))
    session.flush()
    tree = load_tree(session, date(2021, 3, 20))

    own = own_progress(session, date(2021, 4, 10), Campaign.round.has(Round.year == 2021))
    total = rolled_up(tree, own)

    for node in tree.nodes.values():
        below = sum((total[child.id].expected for child in tree.children.get(node.id, ())), 0)
        assert total[node.id].expected == below + own[node.id].expected
    assert total[cast.province.id].done == 1
    assert total[cast.province.id].expected == sum(progress.expected for progress in own.values())
    assert total[cast.province.id].percent == 0
