from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.database.sessions import new_uid
from events.models import (
    Campaign,
    CampaignStatus,
    Change,
    ChecklistItem,
    NotDone,
    Round,
    Template,
    TodoStatus,
    Unit,
)
from events.models.history import Door
from events.progress.across_reforms import counted_with
from events.progress.as_of import AsOf
from events.progress.figures import (
    Progress,
    of_phase,
    own_progress,
    parts,
    round_progress,
    sum_of,
    year_progress,
)
from events.progress.silent_units import silent_units
from events.units.lineage import ever_below
from tests.chance import drawn
from tests.conftest import Cast

MONDAY = date(2021, 3, 1)
NOON = datetime(2021, 3, 1, 5, tzinfo=UTC)
BEFORE = NOON - timedelta(days=30)
A_DAY = timedelta(days=1)


@dataclass
class Forest:
    """Units made for one test, each with a campaign of a few items."""

    session: Session
    units: list[Unit]
    items: list[ChecklistItem]

    @property
    def root(self) -> Unit:
        return self.units[0]

    @property
    def below(self):
        return Campaign.unit_id.in_(ever_below(self.root.id))


def plant(session: Session, parents: list[int], items_each: int = 2) -> Forest:
    """Make a tree: unit ``n + 1`` stands below the unit ``parents[n]`` (modulo what is there)."""
    units = [_unit(session, 0, None)]
    for number, parent in enumerate(parents, 1):
        units.append(_unit(session, number, units[parent % len(units)].id))
    items = [item for unit in units for item in _campaign(session, unit, items_each).items]
    session.flush()
    return Forest(session, units, items)


def _unit(session: Session, number: int, parent_id: int | None) -> Unit:
    name = f"Đơn vị {number}"
    unit = Unit(
        key=f"w{number}",
        level_key="commune",
        type="xa",
        name=name,
        full_name=name,
        slug=f"w-{number}",
        search="",
        parent_id=parent_id,
    )
    unit.position = number
    session.add(unit)
    session.flush()
    return unit


def _campaign(session: Session, unit: Unit, number_of_items: int, year: int = 2021) -> Campaign:
    template = session.scalars(select(Template).where(Template.key == "training_course")).one()
    period = f"{year}-03-20"
    same = select(Round).where(Round.template_id == template.id, Round.period == period)
    campaign = Campaign(
        round=session.scalar(same) or Round(
            template=template, period=period, version=template.current, year=year, summary="Tập huấn",
            opens=MONDAY, dtstart=date(year, 3, 20), dtend=date(year, 3, 21), created=BEFORE, last_modified=BEFORE,
        ),
        uid=new_uid(), unit=unit, owner_role_key="so_vhttdl", created=BEFORE, last_modified=BEFORE,
    )  # fmt: skip
    for number in range(number_of_items):
        campaign.items.append(_item(number))
    session.add(campaign)
    return campaign


def _item(number: int, created: datetime = BEFORE) -> ChecklistItem:
    return ChecklistItem(
        uid=new_uid(), key=f"i{number}", position=number, summary=f"Việc {number}", phase_key=["prepare", "report"][number % 2],
        role_key="ubnd_xa", support_roles=[], nominal_due=MONDAY + number * A_DAY, due=MONDAY + number * A_DAY, weight=number + 1,
        required=number % 3 != 2, evidence=[], evidence_min=0, depends_on=[], created=created, last_modified=created,
    )  # fmt: skip


def change(item: ChecklistItem, at: datetime, **after: object) -> None:
    """Change an item as the use cases do: the columns, and a row of history beside them."""
    for name, value in after.items():
        setattr(item, name, value)
    state = {name: getattr(item, name) for name in ("status", "not_done", "due", "completed_on")}
    state |= {
        "blocked": item.blocked is not None,
        "reported": None if "due" in after else item.campaign.unit,
    }
    session = Session.object_session(item)
    assert session
    session.add(Change(at=at, item=item, before={}, after={}, door=Door.PAGE, **state))
    session.flush()


CHANGES = {
    "done": lambda item, day: {
        "status": TodoStatus.COMPLETED,
        "not_done": None,
        "completed_on": day,
    },
    "reopened": lambda item, day: {
        "status": TodoStatus.NEEDS_ACTION,
        "not_done": None,
        "completed_on": None,
    },
    "not done": lambda item, day: {
        "status": TodoStatus.CANCELLED,
        "not_done": NotDone.NOT_DONE,
        "completed_on": None,
    },
    "not required": lambda item, day: {
        "status": TodoStatus.CANCELLED,
        "not_done": NotDone.NOT_REQUIRED,
        "completed_on": None,
    },
    "blocked": lambda item, day: {"blocked": "chưa có kinh phí"},
    "freed": lambda item, day: {"blocked": None},
    "moved": lambda item, day: {"due": item.due + 2 * A_DAY},
}
SHAPES = st.lists(st.integers(0, 20), max_size=7)
STEPS = st.lists(st.tuples(st.integers(0, 50), st.sampled_from(sorted(CHANGES))), max_size=12)


def play(forest: Forest, steps: list[tuple[int, str]], at: datetime, day: date) -> None:
    for number, name in steps:
        item = forest.items[number % len(forest.items)]
        change(item, at, **CHANGES[name](item, day))


def all_figures(session: Session, day: date | AsOf, *conditions):
    """Everything that a report of that day prints."""
    return (
        own_progress(session, day, *conditions),
        round_progress(session, day, *conditions),
        year_progress(session, day, *conditions),
        [(part.key, part.progress) for part in parts(session, day, *conditions)],
        [unit.key for unit in silent_units(session, day, *conditions)],
    )


@drawn(25)
@given(shape=SHAPES, steps=STEPS)
def test_a_parent_is_always_the_sum_of_its_leaves(session: Session, cast: Cast, shape, steps):
    with session.begin_nested() as undo:
        forest = plant(session, shape, items_each=3)
        play(forest, steps, NOON, MONDAY)

        own = own_progress(session, MONDAY, forest.below)
        total = counted_with(session, forest.root, MONDAY).totals(own)

        for unit in forest.units:
            children = [total[child.id] for child in forest.units if child.parent_id == unit.id]
            assert total[unit.id] == sum_of([own[unit.id], *children])
        whole = total[forest.root.id]
        assert whole == sum_of(part.progress for part in parts(session, MONDAY, forest.below))
        assert whole == sum_of(year_progress(session, MONDAY, forest.below).values())
        assert whole.expected == whole.done + whole.open + whole.not_done
        assert whole.expected + whole.not_required == len(forest.items)
        undo.rollback()


@pytest.mark.slow
@drawn(25)
@given(shape=SHAPES, days=st.lists(STEPS, min_size=1, max_size=5))
def test_figures_as_of_a_past_day_are_those_of_that_day(session: Session, cast: Cast, shape, days):
    with session.begin_nested() as undo:
        forest = plant(session, shape)
        live = {}
        for number, steps in enumerate(days):
            play(forest, steps, NOON + number * A_DAY, MONDAY + number * A_DAY)
            live[MONDAY + number * A_DAY] = all_figures(
                session, MONDAY + number * A_DAY, forest.below
            )

        for day, figures in live.items():
            assert all_figures(session, AsOf(day), forest.below) == figures
        undo.rollback()


def test_the_day_ends_at_midnight_in_vietnam(session: Session, cast: Cast):
    forest = plant(session, [], items_each=1)
    last_moment = datetime.combine(MONDAY, time(16, 59), UTC)
    change(forest.items[0], last_moment, **CHANGES["done"](forest.items[0], MONDAY))
    change(
        forest.items[0],
        last_moment + timedelta(minutes=1),
        **CHANGES["reopened"](forest.items[0], MONDAY),
    )

    [monday] = own_progress(session, AsOf(MONDAY), forest.below).values()
    [tuesday] = own_progress(session, AsOf(MONDAY + A_DAY), forest.below).values()

    assert (monday.done, tuesday.done, tuesday.overdue) == (1, 0, 1)


def test_the_last_change_of_a_day_is_the_one_made_last_and_not_the_one_written_last(
    session: Session, cast: Cast
):
    forest = plant(session, [], items_each=1)
    item = forest.items[0]
    change(item, NOON + timedelta(hours=1), **CHANGES["done"](item, MONDAY))
    change(item, NOON, **CHANGES["not done"](item, MONDAY))

    [figures] = own_progress(session, AsOf(MONDAY), forest.below).values()

    assert (figures.done, figures.not_done) == (1, 0)


def test_a_due_date_that_moved_later_was_overdue_before(session: Session, cast: Cast):
    forest = plant(session, [], items_each=1)
    change(forest.items[0], NOON + 5 * A_DAY, due=MONDAY + 30 * A_DAY)

    overdue = [
        sum_of(own_progress(session, AsOf(MONDAY + n * A_DAY), forest.below).values()).overdue
        for n in (0, 4, 5)
    ]

    assert overdue == [0, 1, 0]


def test_an_item_made_later_was_not_there_before(session: Session, cast: Cast):
    forest = plant(session, [], items_each=1)
    forest.items[0].campaign.items.append(_item(7, created=NOON + A_DAY))
    session.flush()

    assert sum_of(own_progress(session, AsOf(MONDAY), forest.below).values()).expected == 1
    assert sum_of(own_progress(session, AsOf(MONDAY + A_DAY), forest.below).values()).expected == 2


def test_a_campaign_counts_until_the_day_it_was_cancelled(session: Session, cast: Cast):
    forest = plant(session, [], items_each=1)
    campaign = forest.items[0].campaign
    campaign.round.status, campaign.round.cancelled = CampaignStatus.CANCELLED, NOON + A_DAY
    campaign.touch(NOON + 9 * A_DAY)  # somebody gives it a theme all the same
    session.flush()

    assert sum_of(own_progress(session, AsOf(MONDAY), forest.below).values()).expected == 1
    assert own_progress(session, AsOf(MONDAY + A_DAY), forest.below) == {}
    assert own_progress(session, MONDAY + A_DAY, forest.below) == {}


def test_what_is_not_required_is_not_expected_and_what_is_not_done_is(session: Session, cast: Cast):
    forest = plant(session, [], items_each=3)
    for item, name in zip(forest.items, ("not required", "not done", "blocked"), strict=True):
        change(item, NOON, **CHANGES[name](item, MONDAY))

    [progress] = own_progress(session, MONDAY + 30 * A_DAY, forest.below).values()

    assert progress == Progress(
        expected=2, overdue=1, weight=2, not_done=1, blocked=1, not_required=1
    )
    assert progress.open == 1


def test_a_silent_commune_lowers_its_province_and_is_named(session: Session, cast: Cast):
    forest = plant(session, [0, 0], items_each=1)
    for item in forest.items[:2]:
        change(item, NOON, **CHANGES["done"](item, MONDAY))

    total = counted_with(session, forest.root, MONDAY).totals(
        own_progress(session, MONDAY, forest.below)
    )[forest.root.id]

    assert (total.done, total.expected, total.share, total.percent) == (2, 3, 66, 66)
    assert [unit.full_name for unit in silent_units(session, MONDAY, forest.below)] == ["Đơn vị 2"]


def test_a_date_that_moved_is_no_report(session: Session, cast: Cast):
    forest = plant(session, [], items_each=1)
    change(forest.items[0], NOON, due=MONDAY + 9 * A_DAY)

    assert silent_units(session, MONDAY, forest.below) == [forest.root]


def test_who_took_a_tick_back_has_reported(session: Session, cast: Cast):
    forest = plant(session, [], items_each=1)
    for name in ("done", "reopened"):
        change(forest.items[0], NOON, **CHANGES[name](forest.items[0], MONDAY))

    assert silent_units(session, MONDAY, forest.below) == []
    assert silent_units(session, AsOf(MONDAY - A_DAY), forest.below) == [forest.root]


def test_years_phases_and_items_are_told_apart(session: Session, cast: Cast):
    forest = plant(session, [], items_each=2)
    _campaign(session, forest.root, 1, year=2022)
    session.flush()

    assert {
        year: p.expected for year, p in year_progress(session, MONDAY, forest.below).items()
    } == {2021: 2, 2022: 1}
    found = parts(session, MONDAY, forest.below, Campaign.round.has(Round.year == 2021))
    assert [(part.phase_key, part.key, part.summary) for part in found] == [
        ("prepare", "i0", "Việc 0"),
        ("report", "i1", "Việc 1"),
    ]


def test_the_items_of_a_phase_are_counted_alone(session: Session, cast: Cast):
    forest = plant(session, [], items_each=3)

    counted = {
        phase: sum_of(
            own_progress(session, MONDAY, forest.below, of_phase(phase, MONDAY)).values()
        ).expected
        for phase in ("prepare", "report", "event")
    }

    assert counted == {"prepare": 2, "report": 1, "event": 0}


def test_items_stand_in_the_order_of_their_list_and_not_of_their_keys(session: Session, cast: Cast):
    forest = plant(session, [], items_each=3)
    for item, position in zip(forest.items, (2, 3, 1), strict=True):
        item.position = position
    session.flush()

    assert [part.key for part in parts(session, MONDAY, forest.below)] == ["i2", "i0", "i1"]


def test_what_was_done_late_is_done(session: Session, cast: Cast):
    forest = plant(session, [], items_each=3)
    for item, late in zip(forest.items, (0, 1, 2), strict=True):
        change(item, NOON, **CHANGES["done"](item, item.due + late * A_DAY))

    [progress] = own_progress(session, MONDAY, forest.below).values()

    assert (progress.on_time, progress.late, progress.done, progress.open) == (1, 2, 3, 0)


@pytest.mark.parametrize("day", [MONDAY + 30 * A_DAY, AsOf(MONDAY + 30 * A_DAY)])
def test_parts_that_are_overdue_or_held_up_are_told_of_their_whole_alone(
    session: Session, cast: Cast, day
):
    forest = plant(session, [0, 0], items_each=1)
    whole, *given = forest.items
    for part in given:
        part.split_from_id = whole.id
        change(part, NOON, **CHANGES["blocked"](part, MONDAY))

    total = sum_of(own_progress(session, day, forest.below).values())

    assert total == Progress(expected=1, overdue=1, weight=1, parts=2)


def test_the_use_cases_leave_a_history_that_can_be_counted(session: Session, cast: Cast):
    forest = plant(session, [], items_each=1)
    forest.root.parent_id = cast.province.id
    complete_item(session, forest.items[0].id, Stamp(cast.hoa, NOON))
    session.flush()

    assert sum_of(own_progress(session, AsOf(MONDAY - A_DAY), forest.below).values()).done == 0
    assert sum_of(own_progress(session, AsOf(MONDAY), forest.below).values()).done == 1


# of a past day it asks what was cancelled then
@pytest.mark.parametrize(("day", "statements"), [(MONDAY, 1), (AsOf(MONDAY), 2)])
def test_a_tree_of_any_size_is_counted_in_one_statement(
    session: Session, cast: Cast, day, statements
):
    forest = plant(session, [0, 1, 2, 0])
    condition, seen = forest.below, []
    connection = session.connection()
    event.listen(
        connection,
        "before_cursor_execute",
        listener := lambda *arguments: seen.append(arguments[2]),
    )

    own_progress(session, day, condition)

    event.remove(connection, "before_cursor_execute", listener)
    assert len(seen) == statements
