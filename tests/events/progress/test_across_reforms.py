"""One set of figures across a change of units: a parent is the sum of its leaves, and what was done
before is not forgotten.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.models import Campaign, ChecklistItem, Template, Unit
from events.models.history import Door
from events.progress.across_reforms import counted_with
from events.progress.as_of import AsOf
from events.progress.figures import Progress, own_progress, parts, sum_of, year_progress
from events.progress.silent_units import silent_units
from events.reforms.handover import hand_over_due
from events.reforms.reform import abolish_level, merge, rename, split
from events.reforms.writing import NewUnit
from events.units.tree import get_unit, roots
from tests.conftest import Cast
from tests.events.reforms.test_carried_over import (
    BEFORE,
    DAY,
    ON_THE_DAY,
    campaign_of,
    open_round_of,
)

A_DAY = timedelta(days=1)


@pytest.fixture
def happiness(session, before_2025, vietnam):
    """20 March 2021 in a province without the reform of 2025, in which Thi has done three items."""
    open_round_of(session, vietnam, "happiness_day")
    finish(session, campaign_of(session, before_2025.commune).items[:3], before_2025.thi, BEFORE)
    return before_2025


def finish(session, items, by, now):
    for item in items:
        item.without_evidence = True
        complete_item(session, item.id, Stamp(by, now))


def head_of(session, unit, day):
    """The figures at the head of a unit's page, once everything that stands on it was found to add
    up to them.

    On the way down to what became of Thi's commune every line is compared with the page that it
    leads to.
    """
    counted = counted_with(session, unit, day)
    own = own_progress(session, day, counted.condition)
    totals = counted.totals(own)
    head, followed = totals[unit.id], counted.within.get(get_unit(session, "23341").id)
    assert (
        head
        == sum_of(own.values())
        == sum_of(year_progress(session, day, counted.condition).values())
    )
    assert head == sum_of(part.progress for part in parts(session, day, counted.condition))
    below = counted.tree.children.get(unit.id, ())
    before = [own.get(unit_id, Progress()) for unit_id in counted.before]
    assert head == sum_of(
        [own.get(unit.id, Progress()), *before, *(totals[node.id] for node in below)]
    )
    for node in below:
        if followed in {one.id for one in counted.tree.below(node)}:
            assert totals[node.id] == head_of(session, session.get_one(Unit, node.id), day)
    return head


def rename_commune(session, who):
    rename(session, "23341", "Thị trấn Tên Mới", **who)


def rename_province(session, who):
    rename(session, "62", "Tỉnh Tên Mới", **who)


def merge_communes(session, who):
    merge(session, ["23341", "23344"], NewUnit("Xã Đăk Mới"), **who)


def merge_across_districts(session, who):
    merge(session, ["23341", "23281"], NewUnit("Phường Mới", parent_key="608"), **who)


def split_commune(session, who):
    split(session, "23341", [NewUnit("Xã Đông"), NewUnit("Xã Tây")], **who)


def abolish_districts(session, who):
    abolish_level(session, "district", **who)


CHANGES = [
    rename_commune,
    rename_province,
    merge_communes,
    merge_across_districts,
    split_commune,
    abolish_districts,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_every_page_adds_up_and_nothing_is_forgotten_after_a_change(session, happiness, change):
    yesterday, today = AsOf(DAY - A_DAY), DAY
    before = head_of(session, happiness.province, yesterday)

    change(session, {"on": DAY, "basis": None, "stamp": Stamp(happiness.hoa, ON_THE_DAY)})
    session.flush()

    [head] = [found for root in roots(session, today) if (found := head_of(session, root, today))]
    assert head == sum_of(own_progress(session, today).values())
    assert head.done == before.done == 3
    assert head_of(session, happiness.province, yesterday) == before


def test_the_page_of_a_renamed_unit_tells_of_what_it_did_under_its_old_name(session, happiness):
    now, past = (
        head_of(session, happiness.commune, DAY),
        head_of(session, happiness.commune, AsOf(DAY - A_DAY)),
    )

    new = rename(
        session,
        "23341",
        "Thị trấn Tên Mới",
        stamp=Stamp(happiness.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    ).begun[0]

    assert head_of(session, new, DAY) == now
    # of a day on which it was not there yet
    assert head_of(session, new, AsOf(DAY - A_DAY)) == past
    assert counted_with(session, new, DAY).before == [happiness.commune.id]
    assert head_of(session, happiness.commune, DAY) == Progress(
        expected=3, on_time=3, weight=now.weight_done, weight_done=now.weight_done
    )


def test_a_unit_still_to_come_is_counted_with_the_unit_above_it(session, happiness):
    into = [NewUnit("Xã Đông"), NewUnit("Xã Tây")]
    done = split(session, "23341", into, stamp=Stamp(happiness.hoa, BEFORE), on=DAY, basis=None)

    assert {unit.id for unit in done.begun} <= set(
        counted_with(session, happiness.district, BEFORE.date()).before
    )
    assert not set(counted_with(session, happiness.district, BEFORE.date()).before) & {
        happiness.commune.id
    }


def test_a_unit_may_have_more_units_below_it_than_a_statement_has_parameters(session, happiness):
    counted = counted_with(session, happiness.commune, DAY)
    nation = replace(counted, within=dict.fromkeys(range(300_000), happiness.commune.id))

    own = own_progress(session, DAY, nation.condition)

    assert own[happiness.commune.id].done == 3


@pytest.mark.slow
def test_the_reform_of_2025_forgets_nothing_and_makes_nobody_silent_who_had_reported(
    session, vietnam
):
    cast, opened, day = Cast(session), datetime(2025, 5, 1, 1, tzinfo=UTC), date(2025, 7, 1)
    template = session.scalars(select(Template).where(Template.key == "vn_family_day")).one()
    [found] = rounds_of(template, 2025)
    open_round(session, found, now=opened, calendar=vietnam)
    items = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(Campaign.unit_id == cast.commune.id)
    )
    finish(session, session.scalars(items.limit(3)).all(), cast.thi, opened)
    old, new = cast.province, get_unit(session, "51-2025")
    before = head_of(session, old, AsOf(day - A_DAY))

    hand_over_due(session, stamp=Stamp(None, datetime(2025, 7, 1, 1, tzinfo=UTC), Door.CLOCK))
    session.flush()

    head = head_of(session, new, day)
    assert head == sum_of(own_progress(session, day).values())
    assert head.done == before.done == 3
    assert head_of(session, old, AsOf(day - A_DAY)) == before
    silent = silent_units(session, day, counted_with(session, new, day).condition)
    assert get_unit(session, "23341-2025") not in silent
    assert new in silent
