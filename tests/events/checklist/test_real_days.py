"""The real day: on it a thing was done, whenever that was recorded."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from events.campaigns.issued_plans import issue_dates
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.dividing import split_item
from events.checklist.history import Stamp, history_of
from events.checklist.origins import parts_of
from events.checklist.real_days import first_days, proposed_day
from events.checklist.states import (
    complete_item,
    correct_real_day,
    decline_item,
    reopen_item,
    start_item,
)
from events.checklist.story import story_of
from events.checklist.undo import last_change, undo_change
from events.errors import ConflictError, InvalidInputError, RealDayError
from events.models import Campaign, ChecklistItem, Evidence, ItemState, NotDone, Round
from events.progress.as_of import AsOf
from events.progress.figures import own_progress
from events.progress.recorded_late import recorded_late
from events.replanning.last_year import propose
from events.templates.editing import get_template
from tests.chance import drawn
from tests.events.conftest import NOW, item_of

A_DAY = timedelta(days=1)
OPENS = date(2021, 1, 4)  # 20/3, and 75 days ahead
RECORDED = NOW + 40 * A_DAY  # 13 April
TODAY = RECORDED.date()


@pytest.fixture
def late(who):
    return Stamp(who["by"], RECORDED)


def figures(session, banners, day):
    return own_progress(session, day, Campaign.id == banners.campaign_id)[banners.campaign.unit_id]


def test_what_was_done_in_time_and_recorded_later_is_on_time(session, banners, late):
    complete_item(session, banners.id, late, done_on=banners.due)

    assert (banners.completed_on, banners.completed) == (banners.due, RECORDED)
    assert (figures(session, banners, TODAY).on_time, figures(session, banners, TODAY).late) == (
        1,
        0,
    )


def test_what_was_done_too_late_is_late_by_its_real_day(session, banners, late):
    complete_item(session, banners.id, late, done_on=banners.due + A_DAY)

    assert figures(session, banners, TODAY).late == 1


def test_without_a_day_it_was_done_today(session, banners, late):
    complete_item(session, banners.id, late)

    assert (banners.completed_on, banners.recorded_after) == (TODAY, None)


def test_the_report_of_a_day_before_the_recording_still_says_that_it_was_open(
    session, banners, late
):
    the_report = AsOf(banners.due + 5 * A_DAY)
    before = figures(session, banners, the_report)
    assert before.overdue

    complete_item(session, banners.id, late, done_on=banners.due)

    assert figures(session, banners, the_report) == before


@drawn(60)
@given(days=st.integers(-120, 60))
def test_a_real_day_lies_between_the_opening_by_the_template_and_today(
    session, banners, late, days
):
    done_on = TODAY + days * A_DAY
    with session.begin_nested() as sandbox:
        if OPENS <= done_on <= TODAY:
            complete_item(session, banners.id, late, done_on=done_on)
            assert banners.completed_on == done_on
        else:
            with pytest.raises(RealDayError):
                complete_item(session, banners.id, late, done_on=done_on)
            assert banners.is_open
        sandbox.rollback()
    session.expire_all()


def test_a_round_that_was_opened_late_takes_what_was_done_before(session, banners):
    assert banners.campaign.created.date() > OPENS

    assert first_days(session, [banners.campaign]) == {banners.campaign_id: OPENS}


def test_a_round_that_was_opened_ahead_takes_what_was_done_since(session, vietnam, cast):
    [found] = rounds_of(get_template(session, "happiness_day"), 2022)
    open_round(session, found, now=NOW, calendar=vietnam)
    campaigns = session.scalars(
        select(Campaign).where(Campaign.round.has(Round.period == "2022"))
    ).all()
    assert campaigns[0].opens > NOW.date()

    assert set(first_days(session, campaigns).values()) == {NOW.date()}


def test_a_day_that_moved_ahead_takes_its_first_day_along(session, banners):
    session.execute(update(Round).values(dtstart=date(2021, 3, 10)))
    session.expire_all()

    assert first_days(session, [banners.campaign]) == {banners.campaign_id: OPENS - 10 * A_DAY}


def test_both_days_stand_in_the_history(session, banners, late):
    complete_item(session, banners.id, late, done_on=date(2021, 3, 5))

    told = story_of(history_of(session, banners)[0], "vi")
    assert "làm ngày 05/03/2021, ghi nhận 13/04/2021" in told


def test_one_that_is_recorded_on_its_day_says_it_once(session, banners, late):
    complete_item(session, banners.id, late, done_on=TODAY)

    assert "ghi nhận" not in story_of(history_of(session, banners)[0], "vi")


@pytest.mark.parametrize(("passed", "mark"), [(15, None), (16, 16), (20, 20)])
def test_a_day_more_than_fifteen_working_days_back_is_marked(
    session, banners, late, vietnam, passed, mark
):
    complete_item(session, banners.id, late, done_on=vietnam.add_workdays(TODAY, -passed))

    assert banners.recorded_after == mark


def test_how_far_back_is_marked_is_the_templates_to_say(session, banners, late, vietnam):
    banners.campaign.template.record_within_workdays = 3

    complete_item(session, banners.id, late, done_on=vietnam.add_workdays(TODAY, -4))

    assert banners.recorded_after == 4


def test_what_is_marked_is_listed_for_the_units_above_from_its_recording_on(session, banners, late):
    complete_item(session, banners.id, late, done_on=banners.due)

    [one] = recorded_late(session, TODAY).rows
    assert (one.item_id, one.done_on, one.unit) == (
        banners.id,
        banners.due,
        banners.campaign.unit.full_name,
    )
    assert recorded_late(session, AsOf(TODAY)).total == 1
    assert recorded_late(session, AsOf(TODAY - A_DAY)).total == 0


def test_the_day_can_be_corrected_and_that_taken_back(session, banners, late):
    complete_item(session, banners.id, late)
    later = Stamp(late.by, RECORDED + A_DAY)

    correct_real_day(session, banners.id, banners.due, later)

    assert (banners.completed_on, banners.completed) == (banners.due, RECORDED)
    assert banners.recorded_after
    [corrected, *_] = history = history_of(session, banners)
    assert "sửa ngày hoàn thành từ 13/04/2021" in story_of(corrected, "vi")
    assert last_change(history) is corrected
    undo_change(session, banners.id, corrected.id, later)
    assert (banners.completed_on, banners.recorded_after) == (TODAY, None)


def test_only_what_is_done_has_a_day_to_correct(session, banners, late):
    with pytest.raises(ConflictError):
        correct_real_day(session, banners.id, banners.due, late)


def test_a_corrected_day_lies_within_the_same_bounds(session, banners, late):
    complete_item(session, banners.id, late)

    with pytest.raises(InvalidInputError):
        correct_real_day(session, banners.id, OPENS - A_DAY, late)


def test_opened_again_it_stands_as_before_also_when_its_day_was_corrected(session, banners, late):
    start_item(session, banners.id, late)
    complete_item(session, banners.id, late)
    correct_real_day(session, banners.id, banners.due, late)

    reopen_item(session, banners.id, late)

    assert (banners.state, banners.completed_on) == (ItemState.IN_PROGRESS, None)
    assert banners.recorded_after is None
    undo_change(session, banners.id, history_of(session, banners)[0].id, late)
    assert banners.completed_on == banners.due
    assert banners.recorded_after


@pytest.fixture
def parts(session, banners, enter, vietnam, who):
    villages = [enter(name).id for name in "AB"]
    split_item(session, banners.id, villages, calendar=vietnam, **who)
    return parts_of(session, banners)


def test_a_divided_item_was_done_on_the_real_day_of_its_last_part(session, banners, parts, late):
    first, second = parts
    complete_item(session, first.id, late, done_on=date(2021, 3, 12))
    complete_item(session, second.id, late, done_on=date(2021, 3, 10))

    assert banners.completed_on == date(2021, 3, 12)
    assert banners.recorded_after == first.recorded_after > 15


def test_a_divided_item_is_not_marked_since_another_part_was_given_up_late(
    session, banners, parts, late, who
):
    first, second = parts
    complete_item(session, first.id, Stamp(**who))
    decline_item(session, second.id, "mưa lũ", late)

    assert (banners.completed_on, banners.recorded_after) == (NOW.date(), None)


def test_a_divided_item_follows_when_the_day_of_its_last_part_is_corrected(
    session, banners, parts, late
):
    for part in parts:
        complete_item(session, part.id, late)
    assert banners.completed_on == TODAY

    for part in parts:
        correct_real_day(session, part.id, date(2021, 3, 10), late)

    assert banners.completed_on == date(2021, 3, 10)
    assert banners.recorded_after
    with pytest.raises(ConflictError):
        correct_real_day(session, banners.id, date(2021, 3, 11), late)


def test_a_divided_item_opens_again_with_a_part_whose_day_was_corrected(
    session, banners, parts, late
):
    for part in parts:
        complete_item(session, part.id, late)
    correct_real_day(session, parts[0].id, date(2021, 3, 10), late)

    reopen_item(session, parts[0].id, late)

    assert (banners.state, banners.completed_on) == (ItemState.NOT_STARTED, None)


def test_last_years_lateness_is_that_of_the_real_day(session, vietnam, happiness, cast):
    key = "plan_commune"
    plans = session.scalars(select(ChecklistItem).where(ChecklistItem.key == key)).all()
    for plan in plans:
        plan.without_evidence, plan.not_done = True, NotDone.NOT_REQUIRED
    for plan in plans[:3]:
        plan.not_done = None
        complete_item(session, plan.id, Stamp(cast.hoa, RECORDED), done_on=plan.due)

    found = propose(session, happiness.template, 2021, now=RECORDED, calendar=vietnam)

    assert key not in {proposal.key for proposal in found}


def test_a_plan_counts_as_issued_on_its_real_day(session, happiness, cast, late):
    plan = item_of(happiness, "plan_commune")
    plan.without_evidence = True

    complete_item(session, plan.id, late, done_on=date(2021, 3, 3))

    issued = issue_dates(session, happiness.parent.parent or happiness.parent)
    assert issued.of(happiness.unit_id, plan.key) == date(2021, 3, 3)


def give(session, banners, kind, day):
    piece = Evidence(item=banners, kind_key=kind, dated=day, at=RECORDED)
    session.add(piece)
    session.flush()
    session.refresh(banners)


def test_the_day_of_the_newest_photo_among_possible_days_is_proposed(session, banners):
    first = first_days(session, [banners.campaign])[banners.campaign_id]
    give(session, banners, "photo", first - A_DAY)
    assert proposed_day(banners, first, TODAY) is None

    give(session, banners, "photo", first)
    give(session, banners, "photo", TODAY + A_DAY)
    assert proposed_day(banners, first, TODAY) == first

    give(session, banners, "photo", TODAY)
    assert proposed_day(banners, first, TODAY) == TODAY


def test_what_the_item_does_not_want_as_evidence_proposes_no_day(session, banners):
    give(session, banners, "count", TODAY - A_DAY)

    assert proposed_day(banners, OPENS, TODAY) is None
