"""Figures of a past day stay what they were on that day, whatever people really do afterwards."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item, take_back_part
from events.checklist.editing import Edit, edit_item, follow_template
from events.checklist.history import Stamp, history_of
from events.checklist.origins import parts_of as divided_into
from events.checklist.own_items import OwnItem, add_own_item
from events.checklist.states import (
    block_item,
    complete_item,
    correct_real_day,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.undo import last_change, undo_change
from events.errors import DomainError
from events.models import Campaign, ChecklistItem, Unit, UnitSuccession
from events.progress.across_reforms import counted_with
from events.progress.as_of import AsOf
from events.progress.figures import (
    of_phase,
    own_progress,
    parts,
    round_progress,
    sum_of,
    waiting,
    year_progress,
)
from events.progress.recorded_late import recorded_late
from events.progress.silent_units import silent_units
from events.reforms.handover import hand_over_due
from events.reforms.villages import add_village
from events.replanning.anchors import NewAnchor
from events.replanning.cancelling import cancel_round, reopen_round
from events.templates.editing import item_entry
from events.units.lineage import ever_below
from tests.chance import drawn
from tests.conftest import Cast
from tests.events.conftest import LAST_OF_KON_TUM
from tests.events.reforms.test_reform import merge_three
from tests.events.replanning.test_anchors import MARCH_2021, item_of, move, open_template
from tests.events.replanning.test_new_version import apply, changed, edit

A_DAY = timedelta(days=1)
FIRST = MARCH_2021 - 20 * A_DAY  # the campaign opens; the acts of a day come at noon


class Stage:
    """A province in which the campaign of 20 March 2021 runs and people do things, one day after
    the other.
    """

    def __init__(self, session, vietnam):
        session.execute(update(Unit).where(Unit.valid_to == LAST_OF_KON_TUM).values(valid_to=None))
        session.execute(delete(UnitSuccession))
        session.expire_all()
        self.session, self.vietnam, self.cast = session, vietnam, Cast(session)
        self.root = open_template(session, vietnam, "happiness_day", 2021, now=FIRST)
        session.execute(update(ChecklistItem).values(without_evidence=True))
        session.expire_all()
        self.now = FIRST

    @property
    def who(self):
        return {"by": self.cast.hoa, "now": self.now}

    @property
    def here(self):
        return Campaign.unit_id.in_(ever_below(self.cast.province.id))

    def item(self, number):
        """Return one of the items of the province, the district and of what was or became of three
        communes.
        """
        near = ever_below(self.cast.district.id)
        query = select(ChecklistItem).join(ChecklistItem.campaign).join(Campaign.unit)
        query = query.where(Campaign.unit_id.in_(near) | (Campaign.id == self.root.id)).order_by(
            Unit.key != "23341", ChecklistItem.id
        )
        found = self.session.scalars(query.limit(40)).all()
        return found[number % len(found)]

    def act(self, name, number):
        """Do one thing; what cannot be done just now changes nothing."""
        try:
            with self.session.begin_nested():
                ACTS[name](self, self.item(number))
        except DomainError:
            self.session.expire_all()

    def figures(self, day):
        """Everything that a report of that day prints."""
        session, here = self.session, self.here
        own = own_progress(session, day, here)
        total = counted_with(session, self.cast.province, day).totals(own)[self.cast.province.id]
        items = parts(session, day, here)
        assert total == sum_of(own.values()) == sum_of(one.progress for one in items)
        return (
            {unit_id: one for unit_id, one in own.items() if one},
            round_progress(session, day, here),
            year_progress(session, day, here),
            items,
            {
                key: one
                for key, one in own_progress(session, day, here, of_phase("report", day)).items()
                if one
            },
            waiting(session, day, here),
            silent_units(session, day, here),
            recorded_late(session, day, here),
        )


def undo(stage, item):
    if last := last_change(history_of(stage.session, item)):
        undo_change(stage.session, item.id, last.id, Stamp(**stage.who))


def reword(stage, item):
    # comes first, so that it is the one that a report prints
    words = f"A, theo ý kiến ngày {stage.now:%d/%m}"
    edit_item(
        stage.session,
        item.id,
        Edit(words, item.due - A_DAY, item.role_key, item.dtstart),
        Stamp(**stage.who),
    )


def divide(stage, item):
    below = (
        select(Unit.id)
        .where(Unit.parent_id == item.campaign.unit_id, Unit.valid_to.is_(None))
        .limit(3)
    )
    split_item(
        stage.session,
        item.id,
        stage.session.scalars(below).all(),
        calendar=stage.vietnam,
        **stage.who,
    )


def take_back(stage, item):
    for part in divided_into(stage.session, item):
        take_back_part(stage.session, part.id, **stage.who)


def take_a_version(stage, item):
    template = stage.root.template
    other = {
        "weight": 1 + stage.now.day % 5,
        "required": stage.now.day % 2 == 0,
        "title_vi": f"Việc mới {stage.now.day}",
    }
    entries = [
        entry.model_copy(update={"phase": "report" if entry.phase == "prepare" else "prepare"})
        if entry.key == "banners"
        else entry
        for entry in changed(template, item.key, **other)
        if entry.key != "loudspeaker" or stage.now.day % 3
    ]
    version = edit(stage.session, template, entries, stage.cast, stage.now)
    apply(stage.session, stage.root, version, stage.vietnam, stage.cast, now=stage.now)


def reorder(stage, item):
    entries = [item_entry(one) for one in stage.root.template.current.items]
    place = stage.now.day % len(entries)
    version = edit(
        stage.session,
        stage.root.template,
        [*entries[place:], *entries[:place]],
        stage.cast,
        stage.now,
    )
    apply(stage.session, stage.root, version, stage.vietnam, stage.cast, now=stage.now)


def move_the_day(stage, item):
    move(
        stage.session,
        stage.root,
        NewAnchor(event_date=date(2021, 3, 10 + stage.now.day % 20)),
        stage.vietnam,
        stage.cast.hoa,
        stage.now,
    )


def issue_late(stage, item):
    change = NewAnchor(plan="plan_province", issued=stage.now.date())
    move(stage.session, stage.root, change, stage.vietnam, stage.cast.hoa, stage.now)


def merge(stage, item):
    merge_three(stage.session, stage.cast, now=stage.now, on=stage.now.date())
    hand_over_due(stage.session, stamp=Stamp(**stage.who))


def complete_earlier(stage, item):
    done_on = stage.now.date() - (1 + item.id % 40) * A_DAY
    complete_item(stage.session, item.id, Stamp(**stage.who), done_on=done_on)


def correct_the_day(stage, item):
    done_on = stage.now.date() - (1 + item.id % 30) * A_DAY
    correct_real_day(stage.session, item.id, done_on, Stamp(**stage.who))


ACTS = {
    "start": lambda stage, item: start_item(stage.session, item.id, Stamp(**stage.who)),
    "hold up": lambda stage, item: block_item(
        stage.session, item.id, "chờ kinh phí", Stamp(**stage.who)
    ),
    "complete": lambda stage, item: complete_item(stage.session, item.id, Stamp(**stage.who)),
    "complete earlier": complete_earlier,
    "correct the day": correct_the_day,
    "decline": lambda stage, item: decline_item(
        stage.session, item.id, "mưa lũ", Stamp(**stage.who)
    ),
    "excuse": lambda stage, item: excuse_item(
        stage.session, item.id, "không có trường", Stamp(**stage.who)
    ),
    "reopen": lambda stage, item: reopen_item(stage.session, item.id, Stamp(**stage.who)),
    "add": lambda stage, item: add_own_item(
        stage.session, item.campaign, OwnItem("Thi", item.due, "event"), **stage.who
    ),
    "delegate": lambda stage, item: delegate_item(
        stage.session, item.id, stage.cast.commune.id, **stage.who
    ),
    "follow": lambda stage, item: follow_template(stage.session, item.id, Stamp(**stage.who)),
    "undo": undo,
    "reword": reword,
    "reorder": reorder,
    "divide": divide,
    "take back": take_back,
    "take a version": take_a_version,
    "move the day": move_the_day,
    "issue late": issue_late,
    "merge": merge,
    "cancel": lambda stage, item: cancel_round(stage.session, stage.root, "mở nhầm", **stage.who),
    "open again": lambda stage, item: reopen_round(stage.session, stage.root, **stage.who),
}
A_DAYS_ACTS = st.lists(
    st.tuples(st.sampled_from(sorted(ACTS)), st.integers(0, 39)), min_size=1, max_size=4
)


@pytest.fixture
def stage(session, vietnam):
    return Stage(session, vietnam)


@pytest.mark.slow
@drawn(8)
@given(days=st.lists(A_DAYS_ACTS, min_size=2, max_size=6))
def test_figures_as_of_a_past_day_are_those_of_that_day_whatever_people_do_later(stage, days):
    with stage.session.begin_nested() as sandbox:
        live = {}
        for number, acts in enumerate(days, 10):
            stage.now = FIRST + number * A_DAY
            for name, target in acts:
                stage.act(name, target)
            live[stage.now.date()] = stage.figures(stage.now.date())

        for day, figures in live.items():
            assert stage.figures(AsOf(day)) == figures
        sandbox.rollback()
    stage.session.expire_all()


@pytest.mark.parametrize("later", sorted(ACTS))
def test_yesterdays_report_is_the_same_after(stage, later):
    stage.now = FIRST + 10 * A_DAY
    for name, number in [("complete", 0), ("reword", 1), ("divide", 20), ("decline", 2)]:
        stage.act(name, number)
    reported = stage.figures(stage.now.date())

    stage.now += A_DAY
    for number in (0, 1, 2, 3, 20):
        stage.act(later, number)

    assert stage.figures(AsOf(stage.now.date() - A_DAY)) == reported


def test_an_order_that_came_later_is_not_that_of_last_months_report(stage):
    here = Campaign.unit_id.in_(ever_below(stage.cast.province.id))
    before = [part.key for part in parts(stage.session, stage.now.date(), here)]
    stage.now += A_DAY

    reorder(stage, None)

    assert [part.key for part in parts(stage.session, stage.now.date(), here)] != before
    assert [part.key for part in parts(stage.session, AsOf(FIRST.date()), here)] == before


def test_the_rounds_of_last_months_report_keep_their_order_when_their_days_move(stage):
    other = open_template(stage.session, stage.vietnam, "vn_family_day", 2021, now=FIRST)
    here = Campaign.unit_id.in_(ever_below(stage.cast.province.id))
    before = [(part.template_id, part.key) for part in parts(stage.session, stage.now.date(), here)]
    assert before[0][0] == stage.root.template_id
    stage.now += A_DAY

    change = NewAnchor(first=other.dtstart + 60 * A_DAY)
    move(stage.session, stage.root, change, stage.vietnam, stage.cast.hoa, stage.now)

    assert [
        (part.template_id, part.key) for part in parts(stage.session, AsOf(FIRST.date()), here)
    ] == before


def test_a_part_is_called_in_last_months_report_as_its_item_was_then(stage):
    item = item_of(stage.session, stage.root, stage.cast.commune, "plan_commune")
    villages = [
        add_village(
            stage.session,
            stage.cast.commune,
            "thon",
            "1",
            calendar=stage.vietnam,
            **stage.who,
        )
    ]
    split_item(
        stage.session,
        item.id,
        [village.id for village in villages],
        calendar=stage.vietnam,
        **stage.who,
    )
    below = Campaign.unit_id == villages[0].id
    [before] = [
        part for part in parts(stage.session, stage.now.date(), below) if part.key == item.key
    ]
    stage.now += A_DAY

    reword(stage, item)

    [after] = [
        part for part in parts(stage.session, AsOf(FIRST.date()), below) if part.key == item.key
    ]
    assert after.summary == before.summary != item.summary


def test_a_version_that_weighs_and_names_work_anew_leaves_last_months_figures(stage):
    item, here = (
        item_of(stage.session, stage.root, stage.cast.commune, "plan_commune"),
        Campaign.unit_id == stage.cast.commune.id,
    )
    [before] = own_progress(stage.session, FIRST.date(), here).values()
    words = item.summary
    stage.now += A_DAY

    take_a_version(stage, item)

    [after] = own_progress(stage.session, AsOf(FIRST.date()), here).values()
    assert after == before
    assert (
        own_progress(stage.session, stage.now.date(), here)[stage.cast.commune.id].weight
        != before.weight
    )
    names = {part.key: part.summary for part in parts(stage.session, AsOf(FIRST.date()), here)}
    assert (names["plan_commune"], item.summary) == (words, f"Việc mới {stage.now.day}")
