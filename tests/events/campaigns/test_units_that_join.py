"""A unit made from none joins what still runs, and owes what is due from its first day on."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.checklist.history import Stamp
from events.models import Campaign, ChecklistItem, Round, Unit
from events.people.posts import give_post
from events.progress.figures import own_progress
from events.reforms.reform import NewUnit, found, rename
from events.units.start_lines import begin_to_follow

TOP = "51-2025"
A_DAY = timedelta(days=1)
BEGUN = date(2026, 11, 2)  # before the action month, 15/11 to 15/12
JOINED = date(2026, 11, 23)


def at(day: date) -> datetime:
    return datetime.combine(day, time(2), UTC)


@pytest.fixture(params=[True, False], ids=["followed from a day", "followed always"])
def running(session, vietnam, request):
    """The rounds of November 2026, opened before their days."""
    if request.param:
        begin_to_follow(session, BEGUN, now=at(BEGUN))
    open_campaigns(session, now=at(BEGUN), calendar=vietnam)
    return session


@pytest.fixture
def join(running, cast, vietnam):
    """Found a commune on a day, and let the clock open what it takes part in."""

    def joined(on: date, opened: date | None = None) -> Unit:
        stamp = Stamp(cast.hoa, at(on))
        new = NewUnit("Đặc khu Mới", parent_key=TOP)
        [unit] = found(running, new, "commune", on=on, basis=None, stamp=stamp).begun
        open_campaigns(running, now=at(opened or on), calendar=vietnam)
        return unit

    return joined


def campaigns_of(session, unit: Unit) -> dict[str, Campaign]:
    query = (
        select(Campaign)
        .join(Campaign.round)
        .join(Round.template)
        .where(Campaign.unit_id == unit.id)
    )
    return {one.template.key: one for one in session.scalars(query)}


def test_a_unit_joins_a_month_that_runs_and_owes_what_is_due_from_its_first_day(running, join):
    unit = join(JOINED)

    month = campaigns_of(running, unit)["gender_action_month"]
    before = [item for item in month.items if item.due < JOINED]
    assert before
    assert all(item.for_reference for item in before)
    assert any(not item.for_reference for item in month.items)
    assert not any(item.is_overdue(JOINED) for item in month.items)
    progress = own_progress(running, JOINED, Campaign.id == month.id)[unit.id]
    assert (progress.for_reference, progress.overdue) == (len(before), 0)


def test_nothing_is_overdue_when_the_clock_comes_days_after_the_unit(running, join):
    unit, later = join(JOINED, JOINED + 8 * A_DAY), JOINED + 8 * A_DAY

    items = campaigns_of(running, unit)["gender_action_month"].items
    assert not any(item.is_overdue(later) for item in items)


def test_a_round_that_is_over_asks_nothing_of_a_unit_that_joins(running, join):
    unit = join(date(2026, 12, 20))

    assert not {"gender_action_month", "gbv_elimination_day"} & campaigns_of(running, unit).keys()


def test_who_was_there_before_gets_nothing_more_when_another_joins(running, join):
    items = select(ChecklistItem.id).join(ChecklistItem.campaign)
    before = running.scalars(items).all()

    unit = join(JOINED)

    others = items.where(Campaign.unit_id != unit.id, Campaign.round.has(Round.opens <= BEGUN))
    assert set(running.scalars(others)) <= set(before)


def test_a_unit_that_follows_another_does_not_join_again(running, cast, vietnam):
    commune = running.scalars(
        select(Unit).where(Unit.level_key == "commune", Unit.on(JOINED)).order_by(Unit.id)
    ).first()
    stamp = Stamp(cast.hoa, at(JOINED))
    new = rename(running, commune.key, "Xã Khác", on=JOINED, basis=None, stamp=stamp).begun[0]
    keys = select(ChecklistItem.id).join(ChecklistItem.campaign)
    went_over = keys.where(Campaign.unit_id == new.id, Campaign.round.has(Round.opens <= BEGUN))
    before = running.scalars(went_over).all()

    open_campaigns(running, now=at(JOINED), calendar=vietnam)

    assert before
    assert running.scalars(went_over).all() == before


def test_a_unit_joins_below_a_top_that_got_another_name_since(running, cast, vietnam):
    on = JOINED
    stamp = Stamp(cast.hoa, at(on))
    begun = rename(running, TOP, "Thành phố Quảng Ngãi", on=on, basis=None, stamp=stamp).begun
    top = next(unit for unit in begun if unit.parent_id is None)
    give_post(running, cast.hoa, top, "so_vhttdl", since=on)
    new = NewUnit("Đặc khu Mới", parent_key=top.key)
    [unit] = found(running, new, "commune", on=on + A_DAY, basis=None, stamp=stamp).begun
    before = len(campaigns_of(running, top)["gender_action_month"].items)

    open_campaigns(running, now=at(on + A_DAY), calendar=vietnam)

    month = campaigns_of(running, unit)["gender_action_month"]
    above = campaigns_of(running, top)["gender_action_month"]
    assert month.parent_id == above.id
    assert len(above.items) == before
