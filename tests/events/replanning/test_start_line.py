"""The start line of an installation that is at work already."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from events.campaigns.births import NEVER
from events.campaigns.opening import open_campaigns
from events.checklist.history import Stamp, history_of
from events.checklist.states import complete_item
from events.checklist.story import story_of
from events.errors import ConflictError
from events.models import Campaign, ChecklistItem, Unit
from events.people.posts import give_post
from events.progress.as_of import AsOf
from events.progress.figures import round_progress, sum_of
from events.replanning import start_line as lines
from events.units.start_lines import StartLines, begin_to_follow, start_line

TODAY = date(2026, 11, 30)
A_DAY = timedelta(days=1)


def at(day: date) -> datetime:
    return datetime.combine(day, time(2), UTC)


@pytest.fixture
def at_work(session, vietnam, cast):
    """A database of before, in which everything is followed."""
    open_campaigns(session, now=at(TODAY - A_DAY), calendar=vietnam)
    here = session.scalars(select(Unit).where(Unit.parent_id.is_(None), Unit.on(TODAY))).one()
    give_post(session, cast.hoa, here, "so_vhttdl", since=date(2025, 7, 1))
    cast.hoa.is_administrator = True
    return cast


def total(session, day):
    return sum_of(round_progress(session, day).values())


def set_line(session, day, who, today=TODAY):
    found = lines.preview(session, day, today=today)
    stamp = Stamp(who, at(today))
    return lines.apply(session, day, expected_fingerprint=found.fingerprint, stamp=stamp)


def test_what_would_leave_the_debts_is_shown_and_then_leaves(session, at_work):
    before = total(session, TODAY)

    shown = lines.preview(session, TODAY, today=TODAY)
    assert total(session, TODAY) == before
    set_line(session, TODAY, at_work.hoa)

    after = total(session, TODAY)
    assert shown.overdue == shown.leave == before.overdue > 1000
    assert (after.overdue, after.for_reference) == (0, shown.leave)
    assert after.expected == before.expected - shown.leave
    assert start_line(session) == TODAY


def test_taking_it_back_restores_every_debt(session, at_work):
    before = total(session, TODAY)
    set_line(session, TODAY, at_work.hoa)

    lines.undo(session, stamp=Stamp(at_work.hoa, at(TODAY)))

    assert total(session, TODAY) == before
    assert start_line(session) is None
    with pytest.raises(ConflictError):
        lines.undo(session, stamp=Stamp(at_work.hoa, at(TODAY)))


def test_figures_of_a_day_before_still_say_what_was_known_then(session, at_work):
    yesterday = AsOf(TODAY - A_DAY)
    before = total(session, yesterday)

    set_line(session, TODAY, at_work.hoa)

    assert total(session, yesterday) == before
    assert total(session, AsOf(TODAY)) == total(session, TODAY)


def test_what_is_done_stays_done_and_counts(session, at_work):
    item = session.scalars(
        select(ChecklistItem).where(ChecklistItem.evidence_min == 0, ChecklistItem.due < TODAY)
    ).first()
    complete_item(session, item.id, Stamp(at_work.hoa, at(TODAY)))

    set_line(session, TODAY, at_work.hoa)

    assert not item.for_reference
    assert total(session, TODAY).late == 1


def test_an_earlier_line_brings_debts_back_and_a_later_one_takes_more(session, at_work):
    set_line(session, TODAY, at_work.hoa)

    back = lines.preview(session, TODAY - 60 * A_DAY, today=TODAY)
    more = lines.preview(session, TODAY + 30 * A_DAY, today=TODAY)

    assert (back.leave, back.come_back > 0) == (0, True)
    assert (more.leave > 0, more.overdue, more.come_back) == (True, 0, 0)


def test_taking_a_second_line_back_leaves_the_first(session, at_work):
    set_line(session, TODAY - 60 * A_DAY, at_work.hoa)
    first = total(session, TODAY)
    set_line(session, TODAY, at_work.hoa)

    lines.undo(session, stamp=Stamp(at_work.hoa, at(TODAY)))

    assert total(session, TODAY) == first
    assert start_line(session) == TODAY - 60 * A_DAY


def test_what_was_opened_for_reference_is_never_owed(session, at_work, vietnam):
    campaign = session.scalars(select(Campaign).join(Campaign.items)).first()
    campaign.round.for_reference = True
    for item in campaign.items:
        item.followed_from = date.max
    session.flush()

    shown = lines.preview(session, date(2020, 1, 1), today=TODAY)

    assert shown.come_back == 0


def test_an_item_that_is_followed_by_nobody_does_not_come_back(session, at_work):
    item = session.scalars(select(ChecklistItem).where(ChecklistItem.due < TODAY)).first()
    item.followed_from = NEVER
    session.flush()

    shown = lines.preview(session, date(2020, 1, 1), today=TODAY)

    assert item.id not in {move.row.id for move in shown.moves}


def test_a_round_for_reference_has_no_debts_that_could_leave(session, at_work):
    campaign = session.scalars(select(Campaign).join(Campaign.items)).first()
    campaign.round.for_reference = True
    session.flush()

    shown = lines.preview(session, TODAY, today=TODAY)

    assert not {item.id for item in campaign.items} & {move.row.id for move in shown.moves}


def test_taking_a_line_back_leaves_what_is_followed_otherwise_since(session, at_work):
    item = session.scalars(select(ChecklistItem).where(ChecklistItem.due < TODAY)).first()
    set_line(session, TODAY, at_work.hoa)
    item.followed_from = TODAY - 10 * A_DAY
    session.flush()

    lines.undo(session, stamp=Stamp(at_work.hoa, at(TODAY)))

    session.refresh(item)
    assert item.followed_from == TODAY - 10 * A_DAY


def test_what_leaves_the_debts_has_new_stamps(session, at_work):
    item = session.scalars(select(ChecklistItem).where(ChecklistItem.due < TODAY)).first()
    before = item.sequence

    set_line(session, TODAY, at_work.hoa)

    session.refresh(item)
    assert (item.sequence, item.last_modified) == (before + 1, at(TODAY))


def test_a_unit_that_joined_before_the_line_is_followed_from_the_line(session, at_work):
    early, late = session.scalars(select(Unit).where(Unit.on(TODAY)).limit(2))
    early.followed_from, late.followed_from = TODAY - A_DAY, TODAY + A_DAY
    set_line(session, TODAY, at_work.hoa)

    found = StartLines.load(session)

    assert (found.of(early.id), found.of(late.id)) == (TODAY, TODAY + A_DAY)


def test_the_line_with_which_an_installation_began_is_not_taken_back(session):
    begin_to_follow(session, now=at(TODAY))

    with pytest.raises(ConflictError):
        lines.undo(session, stamp=Stamp(None, at(TODAY)))


def test_what_changed_since_it_was_shown_is_shown_again(session, at_work):
    with pytest.raises(ConflictError):
        lines.apply(session, TODAY, expected_fingerprint="old", stamp=Stamp(at_work.hoa, at(TODAY)))


def test_the_items_history_says_who_set_the_line(session, at_work):
    item = session.scalars(select(ChecklistItem).where(ChecklistItem.due < TODAY)).first()

    set_line(session, TODAY, at_work.hoa)

    [change] = history_of(session, item)
    assert story_of(change, "en") == (
        f"{at_work.hoa.full_name} set the day from which it is followed: 30/11/2026"
    )
