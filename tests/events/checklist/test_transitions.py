"""What goes with an item that opens or closes: its date and words, its parts, its whole."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from events.checklist.closing_words import closing_of, why_closed
from events.checklist.dividing import split_item, take_back_part
from events.checklist.editing import Edit, edit_item, follow_template
from events.checklist.evidence import evidence_missing
from events.checklist.history import Stamp, history_of, not_undone, state_of
from events.checklist.optional import switch_off, switch_on
from events.checklist.origins import FOLLOWED, parts_of
from events.checklist.real_days import RealDay
from events.checklist.states import (
    complete_item,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.story import story_of
from events.checklist.transitions import complete
from events.checklist.undo import last_change, undo_change
from events.documents.register import Paper, add_document, issue_document
from events.errors import ConflictError
from events.models import Campaign, ChecklistItem, DocumentKind, ItemState, TemplateItem
from events.models.history import Door
from events.progress.as_of import AsOf
from events.progress.figures import own_progress
from events.reforms.villages import add_village, end_village
from events.replanning import anchors, new_version
from events.replanning.anchors import NewAnchor
from events.replanning.preview import Fate
from events.templates import editing
from events.units.lineage import ever_below
from tests.events.replanning.test_anchors import item_of, move, open_template
from tests.events.replanning.test_new_version import apply, changed, edit, entries_of

NOW = datetime(2021, 2, 22, 2, tzinfo=UTC)
LATER = NOW + timedelta(days=30)  # the plans of 20 March would be overdue by then
A_DAY = timedelta(days=1)
IN_APRIL = NewAnchor(event_date=date(2021, 4, 20))


@pytest.fixture
def root(session, vietnam, cast):
    return open_template(session, vietnam, "happiness_day", 2021, now=NOW)


@pytest.fixture
def template(session):
    return editing.get_template(session, "happiness_day")


@pytest.fixture
def item(session, root, cast):
    """Return an item of the commune, for which a tick is enough, or of another unit."""

    def of(key, unit=cast.commune):
        for each in (ChecklistItem, TemplateItem):
            session.execute(update(each).where(each.key == key).values(evidence_min=0))
        return item_of(session, root, unit, key)

    return of


@pytest.fixture
def who(cast):
    return {"by": cast.thi, "now": NOW}


@pytest.fixture
def villages(session, cast, root, vietnam, who):
    return [
        add_village(session, cast.commune, "thon", name, calendar=vietnam, **who) for name in "12"
    ]


@pytest.fixture
def loudspeaker(session, item, villages, vietnam, who):
    """An item that runs over some days and was divided among the villages."""
    whole = item("loudspeaker")
    split_item(session, whole.id, [village.id for village in villages], calendar=vietnam, **who)
    return whole


@pytest.fixture
def undo(session, cast):
    def take_back(item, by=cast.thi):
        change = last_change(history_of(session, item))
        return undo_change(session, item.id, change.id, Stamp(by, LATER))

    return take_back


def dates(item):
    return item.dtstart, item.nominal_due, item.due, item.due_reason


def shifted(item, days, summary=None):
    start = item.dtstart and item.dtstart + days * A_DAY
    return Edit(summary or item.summary, item.due + days * A_DAY, item.role_key, start)


def test_a_tick_that_is_taken_back_after_the_event_moved_leaves_the_time_that_the_neighbours_have(
    session, cast, root, item, vietnam, who
):
    plan, twin = item("plan_commune"), item("plan_commune", cast.other_commune)
    complete_item(session, plan.id, Stamp(**who))
    stood = plan.due
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)
    assert plan.due == stood

    reopen_item(session, plan.id, Stamp(cast.thi, LATER))

    assert dates(plan) == dates(twin)
    assert not plan.is_overdue(LATER.date())
    assert plan.anchor_version == 1
    told = story_of(history_of(session, plan)[0], "en")
    assert (
        told
        == f"opened again by {cast.thi.full_name}; {cast.thi.full_name} moved its due date from 05/03/2021 to 07/04/2021"
    )
    assert anchors.preview(session, root, NewAnchor(), vietnam, now=LATER).is_empty


def test_what_was_opened_by_mistake_is_done_again_on_the_day_on_which_it_was_due(
    session, cast, root, item, vietnam, who, undo
):
    plan = item("plan_commune")
    complete_item(session, plan.id, Stamp(**who))
    before = dates(plan), state_of(plan)
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)
    reported = own_progress(session, AsOf(NOW.date()), Campaign.id == plan.campaign_id)
    reopen_item(session, plan.id, Stamp(cast.thi, LATER))

    undo(plan)

    assert (dates(plan), state_of(plan)) == before
    assert own_progress(session, AsOf(NOW.date()), Campaign.id == plan.campaign_id) == reported


def test_what_was_opened_by_mistake_is_done_again_also_when_a_version_wants_more_evidence_by_now(
    session, cast, root, template, item, vietnam, who, undo
):
    plan = item("plan_commune")
    complete_item(session, plan.id, Stamp(**who))
    apply(
        session,
        root,
        edit(session, template, changed(template, plan.key, evidence_min=3), cast),
        vietnam,
        cast,
        now=NOW,
    )
    reopen_item(session, plan.id, Stamp(**who))
    assert evidence_missing(plan) == 3

    undo(plan)

    assert (plan.state, plan.evidence_min) == (ItemState.DONE, 0)


def test_an_optional_item_that_is_switched_on_again_has_the_date_and_words_of_today(
    session, cast, root, template, item, vietnam, who
):
    club, twin = item("club_activity"), item("club_activity", cast.other_commune)
    switch_off(session, club.id, **who)
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)
    version = edit(
        session,
        template,
        changed(template, club.key, title_vi="Giao lưu câu lạc bộ", required=True),
        cast,
    )
    apply(session, root, version, vietnam, cast, now=NOW)

    switch_on(session, club.id, by=cast.thi, now=LATER)

    assert {name: getattr(club, name) for name in FOLLOWED} == {
        name: getattr(twin, name) for name in FOLLOWED
    }
    assert (club.summary, club.required) == ("Giao lưu câu lạc bộ", True)


def test_what_a_hand_set_stays_when_an_item_is_opened_again(
    session, cast, root, item, vietnam, who
):
    plan = item("plan_commune")
    edit_item(session, plan.id, shifted(plan, -2, "Kế hoạch của thị trấn"), Stamp(**who))
    stood = dates(plan)
    complete_item(session, plan.id, Stamp(**who))
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)

    reopen_item(session, plan.id, Stamp(cast.thi, LATER))

    assert (dates(plan), plan.summary) == (stood, "Kế hoạch của thị trấn")


def test_a_closing_that_is_taken_back_leaves_the_time_that_the_neighbours_have(
    session, cast, root, item, vietnam, who, undo
):
    plan, twin = item("plan_commune"), item("plan_commune", cast.other_commune)
    decline_item(session, plan.id, "mưa lũ", Stamp(**who))
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)

    undo(plan)

    assert (plan.state, dates(plan)) == (ItemState.NOT_STARTED, dates(twin))


def test_what_was_closed_before_it_is_done_keeps_the_date_that_it_had_then(
    session, cast, root, item, vietnam, who
):
    plan = item("plan_commune")
    stood = dates(plan)
    decline_item(session, plan.id, "mưa lũ", Stamp(**who))
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)

    complete(session, plan, Stamp(cast.thi, NOW, Door.PAGE), RealDay(NOW.date()))

    assert (plan.state, dates(plan)) == (ItemState.DONE, stood)


def without(template, key):
    rest = [entry for entry in entries_of(template) if entry.key != key]
    return [
        entry.model_copy(update={"depends_on": [each for each in entry.depends_on if each != key]})
        for entry in rest
    ]


@pytest.mark.parametrize("act", ["reopen", "switch on", "undo"])
@pytest.mark.parametrize("off_before", [True, False])
def test_what_a_template_has_no_longer_is_not_opened_again(
    session, cast, root, template, item, vietnam, who, undo, act, off_before
):
    club = item("club_activity")
    if off_before:
        switch_off(session, club.id, **who)
    apply(
        session,
        root,
        edit(session, template, without(template, club.key), cast),
        vietnam,
        cast,
        now=NOW,
    )
    if act == "undo" and not off_before:
        assert last_change(history_of(session, club)) is None
        return

    with pytest.raises(ConflictError, match="The template has"):
        {
            "reopen": lambda: reopen_item(session, club.id, Stamp(**who)),
            "switch on": lambda: switch_on(session, club.id, **who),
            "undo": lambda: undo(club),
        }[act]()

    assert club.state is ItemState.NOT_REQUIRED
    assert new_version.compare(session, root, template.current, calendar=vietnam, now=NOW).is_empty


def test_a_tick_is_taken_back_also_when_the_template_has_the_item_no_longer(
    session, cast, root, template, item, vietnam, who
):
    club = item("club_activity")
    complete_item(session, club.id, Stamp(**who))
    apply(
        session,
        root,
        edit(session, template, without(template, club.key), cast),
        vietnam,
        cast,
        now=NOW,
    )

    assert reopen_item(session, club.id, Stamp(**who)).is_open

    assert [
        line.fate
        for line in new_version.compare(
            session, root, template.current, calendar=vietnam, now=NOW
        ).lines
    ] == [Fate.REMOVED]


def test_an_edit_that_is_taken_back_after_a_new_version_leaves_its_date_and_words(
    session, cast, root, template, item, vietnam, who, undo
):
    plan, twin = item("plan_commune"), item("plan_commune", cast.other_commune)
    edit_item(session, plan.id, shifted(plan, -1, "Chữ của xã"), Stamp(**who))
    version = edit(
        session,
        template,
        changed(template, plan.key, title_vi="Kế hoạch mới", offset_days=-10),
        cast,
    )
    apply(session, root, version, vietnam, cast, now=NOW)

    undo(plan, by=cast.hoa)

    assert (plan.summary, dates(plan), plan.edited) == ("Kế hoạch mới", dates(twin), [])


def test_an_edit_that_is_taken_back_after_a_late_plan_leaves_the_time_that_it_gave(
    session, cast, root, item, vietnam, who, undo
):
    plan, twin = item("plan_commune"), item("plan_commune", cast.other_commune)
    edit_item(session, plan.id, shifted(plan, -1), Stamp(**who))
    paper = Paper(DocumentKind.PLAN, "Kế hoạch", dated=date(2021, 3, 10))
    upper, at = item("plan_province", cast.province), NOW.replace(month=3, day=10)
    issue_document(
        session,
        add_document(session, root, paper, item=upper, by=cast.hoa, now=at),
        date(2021, 3, 10),
        by=cast.hoa,
        now=at,
    )
    move(session, root, NewAnchor(), vietnam, cast.hoa, at)
    assert twin.due == date(2021, 3, 19)

    undo(plan, by=cast.hoa)

    assert dates(plan) == dates(twin)


def test_parts_follow_what_a_hand_sets_in_the_whole_also_when_days_move(
    session, cast, root, loudspeaker, vietnam, who, undo
):
    first, second = parts_of(session, loudspeaker)
    before = dates(loudspeaker)
    edit_item(session, second.id, shifted(second, -1, "Loa thôn 2"), Stamp(**who))
    stood = dates(second)

    edit_item(session, loudspeaker.id, shifted(loudspeaker, -9, "Phát thanh sớm"), Stamp(**who))
    move(session, root, NewAnchor(event_date=date(2021, 3, 27)), vietnam, cast.hoa, NOW)

    assert dates(first) == dates(loudspeaker) != before
    assert first.summary == "Phát thanh sớm"
    assert (dates(second), second.summary) == (stood, "Loa thôn 2")
    assert anchors.preview(session, root, NewAnchor(), vietnam, now=NOW).is_empty
    assert new_version.compare(session, root, root.version, calendar=vietnam, now=NOW).is_empty
    undo(loudspeaker, by=cast.hoa)
    assert (dates(first), first.summary) == (dates(loudspeaker), loudspeaker.summary)


def test_a_part_that_was_edited_by_hand_follows_the_whole_again(session, loudspeaker, cast, who):
    part, _other = parts_of(session, loudspeaker)
    edit_item(session, part.id, shifted(part, -1, "Loa thôn 1"), Stamp(**who))

    follow_template(session, part.id, Stamp(**who))

    assert (dates(part), part.summary, part.edited) == (dates(loudspeaker), loudspeaker.summary, [])


@pytest.mark.parametrize("close", [excuse_item, decline_item])
def test_parts_that_nobody_began_close_with_the_whole_and_open_with_it(
    session, cast, root, loudspeaker, villages, vietnam, undo, close
):
    first, second = parts_of(session, loudspeaker)
    start_item(session, second.id, Stamp(cast.thi, NOW))

    close(session, loudspeaker.id, "mất điện", Stamp(cast.hoa, NOW))

    assert first.state is loudspeaker.state
    assert (
        why_closed(closing_of(first), "vi")
        == "Đóng cùng việc chung của thị trấn Đăk Glei: mất điện"
    )
    assert second.state is ItemState.IN_PROGRESS
    assert story_of(history_of(session, loudspeaker)[0], "en").endswith(
        "mất điện; what was begun goes on: Thôn 2"
    )
    assert last_change(history_of(session, first)) is None
    with pytest.raises(ConflictError, match="which closed it"):
        reopen_item(session, first.id, Stamp(cast.hoa, NOW))
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)
    reopen_item(session, loudspeaker.id, Stamp(cast.hoa, LATER))
    assert (first.state, dates(first), dates(second)) == (
        ItemState.NOT_STARTED,
        dates(loudspeaker),
        dates(loudspeaker),
    )
    undo(loudspeaker, by=cast.hoa)
    assert (first.state, second.state) == (loudspeaker.state, ItemState.IN_PROGRESS)
    undo(loudspeaker, by=cast.hoa)
    assert first.state is ItemState.NOT_STARTED


def test_the_days_off_are_asked_for_once_when_a_whole_opens_with_its_parts(
    session, loudspeaker, who
):
    decline_item(session, loudspeaker.id, "Mưa lũ", Stamp(**who))
    connection, seen = session.connection(), []
    event.listen(
        connection,
        "before_cursor_execute",
        listener := lambda *arguments: seen.append(arguments[2]),
    )

    reopen_item(session, loudspeaker.id, Stamp(**who))

    event.remove(connection, "before_cursor_execute", listener)
    assert all(part.is_open for part in parts_of(session, loudspeaker))
    assert len([statement for statement in seen if "FROM calendar_day" in statement]) == 1


def test_a_part_of_a_closed_whole_is_taken_back_so_that_its_village_can_end(
    session, cast, loudspeaker, villages, who
):
    complete_item(session, loudspeaker.id, Stamp(**who))
    part, _other = parts_of(session, loudspeaker)
    assert part.is_open

    take_back_part(session, part.id, **who)
    end_village(session, villages[0].id, **who)

    assert (part.state, loudspeaker.state) == (ItemState.NOT_REQUIRED, ItemState.DONE)


def test_a_part_is_not_opened_again_in_a_village_that_ended(
    session, cast, loudspeaker, villages, who
):
    part, other = parts_of(session, loudspeaker)
    decline_item(session, loudspeaker.id, "mất điện", Stamp(**who))
    end_village(session, villages[0].id, **who)

    reopen_item(session, loudspeaker.id, Stamp(cast.thi, LATER))

    assert (part.is_open, other.is_open) == (False, True)


def test_a_report_of_a_past_day_stays_when_a_part_is_taken_back_and_given_again(
    session, cast, loudspeaker, villages, vietnam
):
    part = parts_of(session, loudspeaker)[1]
    below = Campaign.unit_id.in_(ever_below(cast.commune.id))
    reported = {}
    for number in range(4):
        at = NOW + number * A_DAY
        if number == 1:
            take_back_part(session, part.id, by=cast.thi, now=at)
        if number == 2:
            split_item(
                session, loudspeaker.id, [villages[1].id], by=cast.thi, now=at, calendar=vietnam
            )
        reported[at.date()] = own_progress(session, at.date(), below)

    assert {day: own_progress(session, AsOf(day), below) for day in reported} == reported
    assert [sum(one.parts for one in of_day.values()) for of_day in reported.values()] == [
        2,
        1,
        2,
        2,
    ]


def test_a_part_that_was_taken_back_is_given_again_on_the_date_of_the_whole(
    session, cast, root, loudspeaker, villages, vietnam, who
):
    part = parts_of(session, loudspeaker)[1]
    take_back_part(session, part.id, **who)
    assert part not in parts_of(session, loudspeaker)
    assert last_change(history_of(session, part)) is None
    with pytest.raises(ConflictError, match="which closed it"):
        reopen_item(session, part.id, Stamp(**who))
    move(session, root, IN_APRIL, vietnam, cast.hoa, NOW)

    split_item(session, loudspeaker.id, [villages[1].id], calendar=vietnam, **who)

    assert (part.state, dates(part)) == (ItemState.NOT_STARTED, dates(loudspeaker))
    assert not_undone(history_of(session, part)) == []


def test_a_whole_whose_parts_were_all_taken_back_may_be_taken_away_by_a_version(
    session, cast, root, template, loudspeaker, vietnam, who
):
    for part in parts_of(session, loudspeaker):
        take_back_part(session, part.id, **who)

    diff = apply(
        session,
        root,
        edit(session, template, without(template, loudspeaker.key), cast),
        vietnam,
        cast,
        now=NOW,
    )

    assert loudspeaker.id in {line.item_id for line in diff.of(Fate.REMOVED)}


def test_nobody_is_asked_for_a_part_whose_whole_is_not_required(session, cast, loudspeaker):
    excuse_item(session, loudspeaker.id, "mất điện", Stamp(cast.hoa, NOW))

    below = Campaign.unit_id.in_(ever_below(cast.commune.id))
    figures = own_progress(session, NOW.date(), below).values()

    assert sum(one.parts for one in figures) == 0
    assert not [
        part
        for part in session.scalars(select(ChecklistItem).where(ChecklistItem.is_own))
        if part.is_open
    ]


def test_a_divided_part_that_is_taken_back_and_given_again_has_its_own_parts_again(
    session, cast, root, item, villages, vietnam
):
    whole, above = item("plan_district", cast.district), {"by": cast.hoa, "now": NOW}
    [part] = split_item(session, whole.id, [cast.commune.id], calendar=vietnam, **above)
    [below] = split_item(session, part.id, [villages[0].id], calendar=vietnam, **above)

    take_back_part(session, part.id, **above)
    assert below.state is ItemState.NOT_REQUIRED
    split_item(session, whole.id, [cast.commune.id], calendar=vietnam, **above)

    assert (part.state, below.state) == (ItemState.NOT_STARTED, ItemState.NOT_STARTED)
