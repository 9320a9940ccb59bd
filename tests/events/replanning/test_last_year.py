from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.checklist.editing import Edit, edit_item
from events.checklist.history import Stamp
from events.models import Campaign, ChecklistItem, NotDone, Round, TodoStatus
from events.replanning.anchors import NewAnchor
from events.replanning.last_year import propose, with_proposals
from events.templates import editing
from tests.conftest import tick_off
from tests.events.replanning.test_anchors import MARCH_2021, move, open_template

DECEMBER_2021 = datetime(2021, 12, 1, 5, tzinfo=UTC)


@pytest.fixture
def root(session, vietnam, cast):
    return open_template(session, vietnam, "happiness_day", 2021)


@pytest.fixture
def template(session):
    return editing.get_template(session, "happiness_day")


def proposals(session, template, vietnam, year=2021, now=DECEMBER_2021):
    return propose(session, template, year, now=now, calendar=vietnam)


def plans(session, root):
    query = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(
            Campaign.round.has(Round.year == 2021),
            Campaign.round.has(Round.template_id == root.template_id),
        )
    )
    return session.scalars(
        query.where(ChecklistItem.key == "plan_commune").order_by(ChecklistItem.id)
    ).all()


def finish(session, cast, found, days):
    for item in found:
        tick_off(item, cast.hoa, MARCH_2021, item.due + timedelta(days=days))
    session.flush()


def test_an_item_that_most_units_did_late_is_proposed_later(session, root, template, vietnam, cast):
    found = plans(session, root)
    finish(session, cast, found[:60], 4)
    finish(session, cast, found[60:100], 0)

    [proposal] = proposals(session, template, vietnam)

    assert (proposal.key, proposal.level, proposal.units, proposal.never) == (
        "plan_commune",
        "commune",
        102,
        2,
    )
    assert (proposal.old_offset, proposal.new_offset, proposal.median_late, proposal.worst) == (
        -13,
        -9,
        4,
        4,
    )
    assert (proposal.late, proposal.percent, len(proposal.names)) == (60, 61, 62)


def test_of_work_over_a_period_the_end_is_proposed(session, root, template, vietnam, cast):
    of_round = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.round.has(Round.template_id == root.template_id))
    )
    finish(
        session, cast, session.scalars(of_round.where(ChecklistItem.key == "loudspeaker")).all(), 3
    )

    [proposal] = proposals(session, template, vietnam)

    assert (proposal.key, proposal.level, proposal.old_offset, proposal.new_offset) == (
        "loudspeaker",
        "commune",
        1,
        4,
    )
    entry = next(
        entry for entry in with_proposals(template, [proposal]) if entry.key == "loudspeaker"
    )
    assert (entry.end_offset_days, entry.level_end_offsets, entry.level_offsets) == (
        1,
        {"commune": 4},
        {},
    )


def test_work_done_in_time_proposes_nothing(session, root, template, vietnam, cast):
    finish(session, cast, plans(session, root), -2)

    assert proposals(session, template, vietnam) == []


def test_what_was_due_before_the_day_stays_before_it(session, root, template, vietnam, cast):
    finish(session, cast, plans(session, root), 40)

    assert proposals(session, template, vietnam)[0].new_offset == -1


def test_units_that_did_not_need_it_do_not_count(session, root, template, vietnam, cast):
    found = plans(session, root)
    finish(session, cast, found[:2], 3)
    for item in found[2:]:
        item.status, item.not_done = TodoStatus.CANCELLED, NotDone.NOT_REQUIRED
    session.flush()

    assert proposals(session, template, vietnam)[0].units == 2


def test_another_year_says_nothing(session, root, template, vietnam, cast):
    finish(session, cast, plans(session, root), 4)

    assert proposals(session, template, vietnam, 2020) == []


def test_chosen_proposals_make_a_version_whose_other_levels_stay(
    session, root, template, vietnam, cast
):
    finish(session, cast, plans(session, root), 4)
    entries = with_proposals(template, proposals(session, template, vietnam))

    version = editing.edit_template(session, template, entries, by=cast.hoa, now=MARCH_2021)

    item = next(item for item in version.items if item.key == "plan_commune")
    assert (item.offset_at("commune"), item.offset_at("district")) == (-9, -13)
    assert proposals(session, template, vietnam) == []
    assert plans(session, root)[0].due == date(2021, 3, 5)


def test_the_same_lateness_proposes_the_same_day_also_once_it_was_taken_over(
    session, root, template, vietnam, cast
):
    finish(session, cast, plans(session, root), 4)
    for _again in range(3):
        entries = with_proposals(template, proposals(session, template, vietnam))
        version = editing.edit_template(session, template, entries, by=cast.hoa, now=DECEMBER_2021)

    assert version.number == 2
    root.round.version = version  # what was done before it was made ran with the one before
    session.flush()
    assert proposals(session, template, vietnam) == []


def test_a_day_taken_back_by_hand_is_proposed_again(session, root, template, vietnam, cast):
    finish(session, cast, plans(session, root), 4)
    entries = [editing.item_entry(item) for item in template.current.items]
    earlier = [
        e.model_copy(update={"offset_days": -11}) if e.key == "plan_commune" else e for e in entries
    ]
    editing.edit_template(session, template, earlier, by=cast.hoa, now=DECEMBER_2021)

    [proposal] = proposals(session, template, vietnam)

    assert (proposal.old_offset, proposal.new_offset) == (-11, -9)


def test_only_the_late_units_say_how_much_time_is_missing(session, root, template, vietnam, cast):
    found = plans(session, root)
    finish(session, cast, found[:41], 10)
    finish(session, cast, found[41:], -2)

    [proposal] = proposals(session, template, vietnam)

    assert (proposal.new_offset, proposal.late, proposal.median_late) == (-3, 41, 10)


def test_never_done_is_late_and_ranks_last(session, root, template, vietnam, cast):
    found = plans(session, root)
    finish(session, cast, found[:10], 2)
    finish(session, cast, found[10:20], 6)
    finish(session, cast, found[20:40], 0)

    [proposal] = proposals(session, template, vietnam)

    assert (
        proposal.late,
        proposal.never,
        proposal.median_late,
        proposal.worst,
        proposal.new_offset,
    ) == (20, 62, 6, 6, -7)


def test_where_nobody_was_late_and_many_never_did_it_no_day_is_known_that_would_help(
    session, root, template, vietnam, cast
):
    finish(session, cast, plans(session, root)[:37], 0)

    assert proposals(session, template, vietnam) == []


def test_what_is_not_due_yet_is_not_late(session, root, template, vietnam, cast):
    finish(session, cast, plans(session, root)[:1], 1)

    assert proposals(session, template, vietnam, now=MARCH_2021) == []


def test_a_late_plan_above_is_no_lateness_below(session, root, template, vietnam, cast):
    move(session, root, NewAnchor(plan="plan_province", issued=date(2021, 3, 1)), vietnam, cast.hoa)
    finish(session, cast, plans(session, root), 0)

    assert [one for one in proposals(session, template, vietnam) if one.key == "plan_commune"] == []


def test_an_earlier_day_that_units_chose_is_no_evidence_against_the_template(
    session, root, template, vietnam, cast
):
    january = datetime(2021, 1, 20, tzinfo=UTC)
    for item in plans(session, root):
        edit_item(
            session,
            item.id,
            Edit(item.summary, item.due - timedelta(days=10), item.role_key),
            Stamp(cast.hoa, january),
        )
    finish(session, cast, plans(session, root), 5)

    assert proposals(session, template, vietnam) == []


def test_the_event_itself_is_never_proposed_later(session, root, template, vietnam, cast):
    of_round = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.round.has(Round.template_id == root.template_id))
    )
    finish(
        session, cast, session.scalars(of_round.where(ChecklistItem.key == "main_event")).all(), 1
    )

    assert proposals(session, template, vietnam) == []


def test_years_of_lateness_propose_what_a_template_can_hold(session, root, template, vietnam, cast):
    of_round = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.round.has(Round.template_id == root.template_id))
    )
    finish(
        session,
        cast,
        session.scalars(of_round.where(ChecklistItem.key == "report_commune")).all(),
        900,
    )

    entries = with_proposals(template, proposals(session, template, vietnam))

    version = editing.edit_template(session, template, entries, by=cast.hoa, now=DECEMBER_2021)
    assert (
        next(item for item in version.items if item.key == "report_commune").offset_at("commune")
        == 730
    )


def test_a_later_report_names_the_reports_above_that_sum_it_up_and_would_come_before_it(
    session, root, template, vietnam, cast
):
    finish_reports(session, root, cast, 12)

    [proposal] = proposals(session, template, vietnam)

    assert (proposal.name, proposal.old_offset, proposal.new_offset) == (
        "report_commune@commune",
        5,
        17,
    )
    assert {(above.level, above.offset) for above in proposal.overtakes} == {
        ("district", 10),
        ("province", 15),
    }


def test_a_later_report_that_still_comes_before_those_above_overtakes_none(
    session, root, template, vietnam, cast
):
    finish_reports(session, root, cast, 4)

    [proposal] = proposals(session, template, vietnam)

    assert (proposal.new_offset, proposal.overtakes) == (9, ())


def test_a_report_of_a_level_that_is_no_more_is_overtaken_by_nothing(
    session, root, template, vietnam, cast
):
    finish_reports(session, root, cast, 5)
    [with_districts] = proposals(session, template, vietnam)

    [without] = proposals(session, template, vietnam, now=datetime(2026, 12, 1, 5, tzinfo=UTC))

    assert [above.level for above in with_districts.overtakes] == ["district"]
    assert without.overtakes == ()


def test_a_later_plan_below_overtakes_no_report(session, root, template, vietnam, cast):
    finish(session, cast, plans(session, root), 4)

    [proposal] = proposals(session, template, vietnam)

    assert proposal.overtakes == ()


def finish_reports(session, root, cast, days):
    of_round = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.round.has(Round.template_id == root.template_id))
    )
    finish(
        session,
        cast,
        session.scalars(of_round.where(ChecklistItem.key == "report_commune")).all(),
        days,
    )
