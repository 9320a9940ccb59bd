"""What counts from a plan, before it is issued and after: of a unit above it, and of the unit
itself.
"""

from datetime import UTC, date, datetime

import pytest

from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.dividing import split_item
from events.checklist.editing import Edit, edit_item
from events.checklist.history import Stamp, history_of
from events.checklist.integration import credit_item, remove_credit
from events.checklist.states import complete_item, reopen_item
from events.checklist.story import story_of
from events.checklist.undo import last_change, undo_change
from events.days.workdays import Shift
from events.documents.register import (
    Paper,
    add_document,
    correct_document,
    issue_document,
    supersede,
)
from events.models import Anchor, DocumentKind
from events.reforms.villages import add_village
from events.replanning import anchors, new_version
from events.replanning.anchors import NewAnchor
from events.templates import editing
from tests.events.replanning.test_anchors import enter_commune, item_of, move, open_template
from tests.events.replanning.test_new_version import apply, entries_of

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
LATER = datetime(2021, 3, 15, 5, tzinfo=UTC)
PLAN = Paper(DocumentKind.PLAN, "Kế hoạch xã")
AFTER_THE_PLAN = {"anchor": Anchor.PLAN, "offset_days": 5, "level_offsets": {}, "shift": Shift.NEXT}


def edited(session, key, changes, by):
    template = editing.get_template(session, key)
    entries = [
        entry.model_copy(update=changes.get(entry.key, {})) for entry in entries_of(template)
    ]
    return editing.edit_template(session, template, entries, by=by, now=NOW)


@pytest.fixture
def root(session, vietnam, cast):
    """A round in which the loudspeakers speak 5 days after the commune's own plan, and what follows
    waits for them.
    """
    changes = {
        "loudspeaker": AFTER_THE_PLAN
        | {"depends_on": ["plan_commune"], "levels": ["commune"], "end_offset_days": None},
        "visits": {
            "depends_on": ["loudspeaker"],
            "levels": ["commune"],
            "offset_days": -20,
            "level_offsets": {},
        },
    }
    edited(session, "happiness_day", changes, cast.hoa)
    return open_template(session, vietnam, "happiness_day", 2021)


@pytest.fixture
def plan(session, root, cast):
    return item_of(session, root, cast.commune, "plan_commune")


@pytest.fixture
def follows(session, root, cast):
    return item_of(session, root, cast.commune, "loudspeaker")


@pytest.fixture
def waits(session, root, cast):
    return item_of(session, root, cast.commune, "visits")


def issue(session, plan, on, by, paper=PLAN):
    document = add_document(session, plan.campaign, paper, item=plan, by=by, now=LATER)
    return issue_document(session, document, on, by=by, now=LATER)


def tick(session, item, by, now=LATER):
    item.evidence_min = 0
    return complete_item(session, item.id, Stamp(by, now))


def nothing_is_left_to_move(session, root, vietnam, now=LATER):
    return anchors.preview(session, root, NewAnchor(), vietnam, now=now).is_empty


def test_until_its_plan_is_issued_an_item_counts_from_the_day_on_which_that_is_due(
    session, root, plan, follows, vietnam
):
    assert (plan.due, follows.due, follows.first_due) == (
        date(2021, 3, 5),
        date(2021, 3, 10),
        date(2021, 3, 10),
    )
    assert nothing_is_left_to_move(session, root, vietnam)


def test_an_item_follows_its_plan_when_that_is_given_time_after_a_late_plan_above(
    session, root, plan, follows, vietnam, cast
):
    late = NewAnchor(plan="plan_province", issued=date(2021, 3, 3))

    move(session, root, late, vietnam, cast.hoa, now=LATER)

    assert plan.due == date(2021, 3, 12)
    assert (follows.nominal_due, follows.due) == (date(2021, 3, 17), date(2021, 3, 17))
    assert nothing_is_left_to_move(session, root, vietnam)


def test_an_item_follows_its_plan_to_a_day_set_by_hand(session, root, plan, follows, vietnam, cast):
    edit_item(
        session, plan.id, Edit(plan.summary, date(2021, 3, 9), plan.role_key), Stamp(cast.hoa, NOW)
    )

    move(session, root, NewAnchor(), vietnam, cast.hoa)

    assert follows.due == date(2021, 3, 15)  # 14 March is a Sunday
    assert nothing_is_left_to_move(session, root, vietnam)


def test_an_item_counts_from_the_day_on_which_the_plan_of_the_nearest_unit_above_is_due(
    session, vietnam, cast
):
    above = {"depends_on": ["plan_district"]}
    edited(session, "happiness_day", {"plan_commune": AFTER_THE_PLAN | above}, cast.hoa)
    root = open_template(session, vietnam, "happiness_day", 2021)
    plan = item_of(session, root, cast.district, "plan_district")
    below = item_of(session, root, cast.commune, "plan_commune")
    assert (plan.due, below.due) == (date(2021, 3, 2), date(2021, 3, 8))  # 7 March is a Sunday
    edit_item(
        session, plan.id, Edit(plan.summary, date(2021, 3, 4), plan.role_key), Stamp(cast.hoa, NOW)
    )

    move(session, root, NewAnchor(), vietnam, cast.hoa)

    assert below.due == date(2021, 3, 9)


def test_a_unit_that_joins_later_counts_from_the_same_days(session, root, vietnam, cast):
    move(
        session,
        root,
        NewAnchor(plan="plan_province", issued=date(2021, 3, 3)),
        vietnam,
        cast.hoa,
        now=LATER,
    )
    new = enter_commune(session, cast)
    [found] = rounds_of(root.template, 2021)

    open_round(session, found, now=LATER, calendar=vietnam)

    assert item_of(session, root, new, "loudspeaker").due == date(2021, 3, 17)
    assert nothing_is_left_to_move(session, root, vietnam)


def test_a_version_that_lets_an_item_count_from_its_plan_and_one_that_takes_the_plan_away_leave_nothing_to_move(
    session, vietnam, cast
):
    root = open_template(session, vietnam, "happiness_day", 2021)
    template = root.template
    first = template.current
    of_plan = AFTER_THE_PLAN | {"depends_on": ["plan_commune"], "end_offset_days": None}
    changes = {"loudspeaker": of_plan}, {"plan_commune": {"levels": ["district"]}}
    second, third = (edited(session, template.key, change, cast.hoa) for change in changes)

    for version in (second, third, second, first):
        apply(session, root, version, vietnam, cast)

        assert new_version.compare(session, root, version, calendar=vietnam, now=NOW).is_empty
        assert nothing_is_left_to_move(session, root, vietnam, NOW)


def test_what_counts_from_the_plan_of_its_unit_moves_when_that_is_issued_in_that_unit_alone(
    session, root, plan, follows, waits, vietnam, cast
):
    elsewhere = item_of(session, root, cast.other_commune, "loudspeaker")
    before = follows.anchor_version

    issue(session, plan, date(2021, 3, 10), cast.thi)

    assert (follows.due, waits.due) == (date(2021, 3, 15), date(2021, 3, 15))
    assert follows.anchor_version == before + 1
    assert elsewhere.due == date(2021, 3, 10)
    told = story_of(history_of(session, follows)[0], "vi")
    assert "tính từ ngày ban hành kế hoạch 10/03/2021" in told
    assert nothing_is_left_to_move(session, root, vietnam)


def test_a_corrected_day_of_issue_moves_it_again_and_a_plan_that_replaces_it_too(
    session, root, plan, follows, vietnam, cast
):
    first = issue(session, plan, date(2021, 3, 10), cast.thi)

    correct_document(
        session, first, PLAN, item=plan, issued=date(2021, 3, 11), by=cast.thi, now=LATER
    )
    assert follows.due == date(2021, 3, 16)

    second = issue(session, plan, date(2021, 3, 8), cast.thi)
    supersede(session, second, first, by=cast.thi, now=LATER)
    assert follows.due == date(2021, 3, 15)  # 13 March is a Saturday
    assert nothing_is_left_to_move(session, root, vietnam)


def test_a_plan_that_is_no_longer_for_the_item_counts_no_longer(
    session, root, plan, follows, waits, vietnam, cast
):
    document = issue(session, plan, date(2021, 3, 12), cast.thi)
    assert follows.due == date(2021, 3, 17)

    correct_document(session, document, PLAN, item=waits, by=cast.thi, now=LATER)

    assert follows.due == date(2021, 3, 10)
    assert "tính từ hạn của kế hoạch" in story_of(history_of(session, follows)[0], "vi")
    assert nothing_is_left_to_move(session, root, vietnam)


def test_a_plan_for_the_whole_campaign_counts_for_what_others_count_from(
    session, root, plan, follows, vietnam, cast
):
    document = add_document(session, plan.campaign, PLAN, by=cast.thi, now=LATER)

    issue_document(session, document, date(2021, 3, 12), by=cast.thi, now=LATER)

    assert follows.due == date(2021, 3, 17)
    assert nothing_is_left_to_move(session, root, vietnam)


def test_a_draft_and_a_letter_move_nothing(session, plan, follows, cast):
    add_document(session, plan.campaign, PLAN, item=plan, by=cast.thi, now=LATER)
    issue(session, plan, date(2021, 3, 12), cast.thi, Paper(DocumentKind.LETTER, "Công văn"))

    assert follows.due == date(2021, 3, 10)
    assert history_of(session, follows) == []


def test_a_tick_counts_as_the_issue_and_taking_it_back_brings_the_date_back(
    session, root, plan, follows, vietnam, cast
):
    tick(session, plan, cast.thi)
    assert follows.due == date(2021, 3, 22)  # 20 March is a Saturday
    assert nothing_is_left_to_move(session, root, vietnam)

    tick_taken_back = last_change(history_of(session, plan))
    undo_change(session, plan.id, tick_taken_back.id, Stamp(cast.thi, LATER))
    assert follows.due == date(2021, 3, 10)
    assert nothing_is_left_to_move(session, root, vietnam)

    tick(session, plan, cast.thi)
    reopen_item(session, plan.id, Stamp(cast.thi, LATER))
    assert follows.due == date(2021, 3, 10)
    assert nothing_is_left_to_move(session, root, vietnam)


def test_what_is_closed_or_set_by_hand_does_not_follow(
    session, root, plan, follows, waits, vietnam, cast
):
    tick(session, follows, cast.thi, NOW)
    edit_item(
        session,
        waits.id,
        Edit(waits.summary, date(2021, 3, 9), waits.role_key),
        Stamp(cast.hoa, NOW),
    )

    issue(session, plan, date(2021, 3, 12), cast.thi)

    assert (follows.due, waits.due) == (date(2021, 3, 10), date(2021, 3, 9))
    assert nothing_is_left_to_move(session, root, vietnam)


def test_parts_of_what_counts_from_a_plan_follow_it(session, root, plan, follows, vietnam, cast):
    village = add_village(
        session, cast.commune, "thon", "1", by=cast.thi, now=NOW, calendar=vietnam
    )
    [part] = split_item(session, follows.id, [village.id], by=cast.thi, now=NOW, calendar=vietnam)

    issue(session, plan, date(2021, 3, 12), cast.thi)

    assert (follows.due, part.due) == (date(2021, 3, 17), date(2021, 3, 17))
    assert nothing_is_left_to_move(session, root, vietnam)


def test_a_late_plan_above_still_moves_the_units_below_only_when_dates_are_moved(
    session, root, plan, follows, vietnam, cast
):
    issue(
        session, item_of(session, root, cast.province, "plan_province"), date(2021, 3, 12), cast.hoa
    )
    tick(session, plan, cast.thi)

    other = item_of(session, root, cast.other_commune, "plan_commune")
    assert other.due == date(2021, 3, 5)
    assert not nothing_is_left_to_move(session, root, vietnam)
    stood = follows.due

    move(session, root, NewAnchor(), vietnam, cast.hoa, now=LATER)

    assert other.due == date(2021, 3, 23)
    assert follows.due == stood


def test_entering_the_plan_while_dates_are_moved_tells_of_each_move_once(session, vietnam, cast):
    changes = {"letter_province": AFTER_THE_PLAN | {"depends_on": ["plan_province"]}}
    edited(session, "happiness_day", changes, cast.hoa)
    root = open_template(session, vietnam, "happiness_day", 2021)

    move(
        session, root, NewAnchor(plan="plan_province", issued=date(2021, 2, 25)), vietnam, cast.hoa
    )

    letter = item_of(session, root, cast.province, "letter_province")
    assert letter.due == date(2021, 3, 2)
    assert len(history_of(session, letter)) == 1
    assert nothing_is_left_to_move(session, root, vietnam)


def test_nothing_moves_in_a_year_that_is_closed(session, plan, follows, cast):
    document = add_document(session, plan.campaign, PLAN, item=plan, by=cast.thi, now=LATER)

    issue_document(
        session, document, date(2021, 3, 12), by=cast.thi, now=datetime(2022, 3, 1, tzinfo=UTC)
    )

    assert follows.due == date(2021, 3, 10)


def test_what_counts_from_a_plan_that_another_one_stands_for_follows_that_one(
    session, vietnam, cast
):
    edited(
        session,
        "evaw_day",
        {"safe_places": AFTER_THE_PLAN | {"depends_on": ["plan_commune"]}},
        cast.hoa,
    )
    october, december = datetime(2021, 10, 2, 2, tzinfo=UTC), datetime(2021, 11, 30, 2, tzinfo=UTC)
    month, day = (
        open_template(session, vietnam, key, 2021, october)
        for key in ("gender_action_month", "evaw_day")
    )
    plan, covered = (item_of(session, root, cast.commune, "plan_commune") for root in (month, day))
    follows = item_of(session, day, cast.commune, "safe_places")
    assert follows.due == date(2021, 11, 10)

    tick(session, plan, cast.thi, datetime(2021, 11, 10, 2, tzinfo=UTC))
    credit_item(session, plan.id, covered.campaign, covers_id=covered.id, by=cast.thi, now=december)
    assert follows.due == date(2021, 11, 15)
    document = add_document(session, plan.campaign, PLAN, item=plan, by=cast.thi, now=december)
    issue_document(session, document, date(2021, 11, 12), by=cast.thi, now=december)
    assert follows.due == date(2021, 11, 17)
    assert nothing_is_left_to_move(session, day, vietnam, december)

    remove_credit(session, plan.id, covered.campaign, by=cast.thi, now=december)
    assert follows.due == date(2021, 11, 10)
    assert nothing_is_left_to_move(session, day, vietnam, december)
