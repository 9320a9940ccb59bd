"""From which day an installation is followed, and what was due before it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns
from events.checklist.history import Stamp
from events.checklist.own_items import OwnItem, add_own_item
from events.checklist.states import complete_item
from events.days.workdays import WorkCalendar
from events.errors import ConflictError, InvalidInputError
from events.models import Campaign, ChecklistItem, Round, Unit
from events.models.items import OPEN
from events.progress.as_of import AsOf
from events.progress.figures import own_progress, round_progress
from events.progress.silent_units import silent_units
from events.reforms.reform import rename
from events.reforms.villages import add_village
from events.units.start_lines import StartLines, begin_to_follow, follow_if_new, start_line
from notifications.notices.reminders import write_reminders
from tests.conftest import as_shipped
from tests.events.conftest import forget_2025

THE_DAY = date(2026, 11, 30)
A_DAY = timedelta(days=1)


def at(day: date) -> datetime:
    return datetime.combine(day, time(2), UTC)


def overdue(session: Session, today: date) -> int:
    query = select(func.count(ChecklistItem.id)).where(
        ChecklistItem.status.in_(OPEN), ChecklistItem.due < today, ChecklistItem.is_owed()
    )
    return session.scalar(query) or 0


@pytest.fixture
def begun(session: Session, vietnam: WorkCalendar) -> Session:
    """An installation that began on 30 November 2026."""
    begin_to_follow(session, now=at(THE_DAY))
    open_campaigns(session, now=at(THE_DAY), calendar=vietnam)
    return session


def test_a_new_installation_has_no_debts_on_its_first_day_and_shows_what_is_due_next(begun):
    progress = round_progress(begun, THE_DAY)

    assert overdue(begun, THE_DAY) == 0
    assert sum(one.overdue for one in progress.values()) == 0
    assert sum(one.expected for one in progress.values()) > 0
    assert sum(one.for_reference for one in progress.values()) > 0


def test_without_a_start_line_everything_is_followed(session, vietnam):
    open_campaigns(session, now=at(THE_DAY), calendar=vietnam)

    assert overdue(session, THE_DAY) > 1000
    assert session.scalar(select(ChecklistItem.id).where(~ChecklistItem.is_owed())) is None


def test_rounds_that_were_over_before_the_start_line_are_not_opened(begun, vietnam):
    open_campaigns(begun, now=at(THE_DAY + A_DAY), calendar=vietnam)

    over = select(Campaign).where(
        Campaign.round.has(Round.dtend <= THE_DAY),
        Campaign.round.has(Round.observance_id.is_not(None)),
    )
    assert begun.scalar(over) is None
    assert (
        begun.scalar(select(Campaign).where(Campaign.round.has(Round.dtstart < THE_DAY)))
        is not None
    )


def test_what_was_due_before_the_start_line_is_for_reference_and_the_rest_is_owed(begun):
    for item in begun.scalars(select(ChecklistItem)):
        assert item.for_reference is (item.due < THE_DAY)
        assert not item.is_overdue(THE_DAY)


def test_what_is_for_reference_may_be_ticked_and_changes_no_figure(begun, cast):
    unit_id, item_id = begun.execute(
        select(Campaign.unit_id, ChecklistItem.id)
        .join(ChecklistItem.campaign)
        .where(~ChecklistItem.is_owed(), ChecklistItem.evidence_min == 0)
        .order_by(ChecklistItem.id)
    ).first()
    give_everything(begun, cast, unit_id)
    before = own_progress(begun, THE_DAY)[unit_id]

    item = complete_item(begun, item_id, Stamp(cast.hoa, at(THE_DAY)))

    assert item.is_done
    assert own_progress(begun, THE_DAY)[unit_id] == before


def give_everything(session, cast, unit_id):
    """Let Hòa sit in a unit."""
    from events.people.posts import give_post

    give_post(session, cast.hoa, session.get(Unit, unit_id), "ubnd_xa", since=date(2025, 7, 1))


def test_nobody_is_silent_or_reminded_on_the_first_day(begun, vietnam):
    written = write_reminders(begun, now=at(THE_DAY + A_DAY), clockwork=as_shipped(vietnam))

    assert silent_units(begun, THE_DAY) == []
    assert written.notices == 0  # what is owed is due later, or nobody holds its post


def test_a_unit_is_silent_from_the_day_after_the_first_on_which_it_owed_something(begun):
    first = dict(
        begun.execute(
            select(Campaign.unit_id, func.min(ChecklistItem.due))
            .join(Campaign.items)
            .where(ChecklistItem.is_owed())
            .group_by(Campaign.unit_id)
        ).all()
    )
    days = sorted(set(first.values()))

    for day in (*days, *(day + A_DAY for day in days)):
        silent = {unit.id for unit in silent_units(begun, day)}
        assert silent == {unit_id for unit_id, due in first.items() if due < day}


def test_a_start_line_of_later_makes_nobody_less_silent_in_a_report_of_before(session, vietnam):
    open_campaigns(session, now=at(THE_DAY), calendar=vietnam)
    before = silent_units(session, AsOf(THE_DAY))

    begin_to_follow(session, THE_DAY, now=at(THE_DAY + A_DAY))

    assert silent_units(session, AsOf(THE_DAY)) == before != []


def test_figures_of_a_past_day_know_what_was_for_reference_then(begun):
    then = AsOf(THE_DAY)

    assert round_progress(begun, then) == round_progress(begun, THE_DAY)


def test_a_village_that_is_entered_later_owes_nothing_that_was_due_before(begun, cast, vietnam):
    commune = begun.scalar(
        select(Unit).where(Unit.level_key == "commune", Unit.on(THE_DAY)).order_by(Unit.id)
    )
    give_everything(begun, cast, commune.id)
    later = THE_DAY + 10 * A_DAY

    village = add_village(
        begun, commune, "thon", "Mới", by=cast.hoa, now=at(later), calendar=vietnam
    )

    assert StartLines.load(begun).of(village.id) == later
    items = begun.scalars(
        select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.unit_id == village.id)
    ).all()
    assert not any(item.is_overdue(later) for item in items)
    assert all(item.for_reference is (item.due < later) for item in items)


def test_a_unit_that_only_gets_another_name_is_followed_as_before(session, cast, vietnam):
    forget_2025(session)
    begin_to_follow(session, date(2021, 1, 1), now=at(date(2021, 1, 1)))
    cast.commune.followed_from = date(2021, 2, 1)
    stamp = Stamp(cast.hoa, at(date(2021, 6, 1)))

    [new] = rename(
        session, cast.commune.key, "Xã Mới", on=date(2021, 6, 1), basis=None, stamp=stamp
    ).begun

    assert StartLines.load(session).of(new.id) == date(2021, 2, 1)


def test_what_moves_behind_the_start_line_is_owed_again(begun):
    item = begun.scalar(select(ChecklistItem).where(~ChecklistItem.is_owed()))

    item.due = THE_DAY + A_DAY

    assert not item.for_reference
    assert item.is_overdue(THE_DAY + 2 * A_DAY)


def test_an_own_item_is_owed_although_it_is_entered_beside_what_is_not(begun, cast):
    campaign = begun.scalar(
        select(Campaign).join(Campaign.items).where(~ChecklistItem.is_owed()).limit(1)
    )
    give_everything(begun, cast, campaign.unit_id)

    own = add_own_item(
        begun, campaign, OwnItem("Việc riêng", THE_DAY, "prepare"), by=cast.hoa, now=at(THE_DAY)
    )

    assert not own.for_reference


def test_only_a_new_installation_gets_a_start_line_by_itself(session):
    follow_if_new(session, None, now=at(THE_DAY))

    assert start_line(session) is None
    with pytest.raises(ConflictError):
        follow_if_new(session, THE_DAY, now=at(THE_DAY))


def test_beginning_again_without_a_day_leaves_the_start_line_as_it_is(session):
    begin_to_follow(session, THE_DAY, now=at(THE_DAY))

    follow_if_new(session, None, now=at(THE_DAY))

    assert start_line(session) == THE_DAY


def test_a_start_line_lies_at_most_a_year_ahead(session):
    with pytest.raises(InvalidInputError):
        begin_to_follow(session, THE_DAY + timedelta(days=367), now=at(THE_DAY))

    assert begin_to_follow(session, THE_DAY + timedelta(days=366), now=at(THE_DAY)).id
