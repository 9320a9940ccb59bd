"""A round from its opening on, in which everything that happens to committees happens in any order.

Whatever came before: opening again or applying the same again changes nothing, no item is lost or
doubled, what is done keeps its date and what a hand set stays, a parent is the sum of its leaves,
and inside a unit nothing is due before what it waits for.
"""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from events.campaigns.copies import copies_by_level
from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.rounds import rounds_of
from events.checklist.dividing import split_item, take_back_part
from events.checklist.editing import Edit, edit_item
from events.checklist.history import Stamp
from events.checklist.own_items import OwnItem, add_own_item
from events.checklist.states import complete_item, decline_item, reopen_item
from events.checklist.transitions import untouched
from events.localtime import VIETNAM, local_day
from events.models import (
    Anchor,
    Campaign,
    Cascade,
    ChecklistItem,
    Document,
    NotDone,
    Round,
    TodoStatus,
    Unit,
    UnitSuccession,
)
from events.models.history import Door
from events.progress.across_reforms import compare_years, counted_with
from events.progress.figures import own_progress, sum_of
from events.reforms.handover import hand_over_due
from events.reforms.reform import merge
from events.reforms.villages import add_village
from events.reforms.writing import NewUnit
from events.replanning import anchors, beside_a_round, new_version
from events.replanning.anchors import NewAnchor
from events.replanning.preview import Fate
from events.templates import editing
from events.units.tree import load_tree
from tests.chance import drawn, undone
from tests.conftest import Cast
from tests.events.campaigns.test_order_of_items import YEARS
from tests.events.reforms.test_reform import everything

A_DAY = timedelta(days=1)
ROOM = 20 * A_DAY  # from the day on which a step takes place to the campaign's first day, at least
BORN_LATER = datetime(2100, 1, 1, tzinfo=UTC).date()
# a province, two districts, five communes
HERE = ["62", "608", "610", "23281", "23341", "23344", "23347", "23350"]


@pytest.fixture
def cast(session):
    """The cast in a small province that does not know of the reform of 2025."""
    session.execute(
        update(Unit).where(Unit.key.not_in(HERE)).values(valid_from=BORN_LATER, valid_to=None)
    )
    session.execute(update(Unit).where(Unit.key.in_(HERE)).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    session.expire_all()
    return Cast(session)


class RunningRound:
    """One round of a template, and what was promised in it: which items are done, and which columns
    a hand holds.
    """

    def __init__(self, session, vietnam, cast, key, year):
        self.session, self.calendar, self.cast, self.year = session, vietnam, cast, year
        self.template = editing.get_template(session, key)
        [found] = rounds_of(self.template, year)
        self.now = datetime(found.opens.year, found.opens.month, found.opens.day, 2, tzinfo=UTC)
        open_round(session, found, now=self.now, calendar=vietnam)
        self.same = (
            Campaign.round.has(Round.template_id == self.template.id),
            Campaign.round.has(Round.period == found.period),
        )
        self.root = session.scalars(
            select(Campaign).where(*self.same, Campaign.parent_id.is_(None))
        ).one()
        self.done, self.by_hand, self.known = {}, {}, Counter()

    @property
    def today(self):
        return local_day(self.now, VIETNAM)

    @property
    def who(self):
        return {"by": self.cast.hoa, "now": self.now}

    @property
    def in_full(self):
        return self.who | {"calendar": self.calendar}

    def take(self, step, number):
        """Let one thing happen, a day or some weeks after the one before."""
        weeks = min(self.root.dtstart - ROOM - self.today, number % 4 * 7 * A_DAY)
        self.now += max(weeks, A_DAY)
        getattr(self, step)(number)
        self.session.flush()

    def items(self, *conditions):
        query = select(ChecklistItem).join(ChecklistItem.campaign).where(*self.same, *conditions)
        return self.session.scalars(query.order_by(ChecklistItem.id)).all()

    def pick(self, number, *conditions):
        """Return one of the open items of units that live."""
        found = [
            item
            for item in self.items(*conditions)
            if item.is_open and item.campaign.unit.is_valid(self.today)
        ]
        return found[number % len(found)] if found else None

    def communes(self):
        query = select(Unit).where(Unit.parent_id == self.cast.district.id).order_by(Unit.id)
        return [unit for unit in self.session.scalars(query) if unit.is_valid(self.today)]

    def move(self, change):
        shown = anchors.preview(self.session, self.root, change, self.calendar, now=self.now)
        args = self.in_full | {"expected_fingerprint": shown.fingerprint}
        anchors.apply(self.session, self.root, change, **args)
        self.nothing_changes(lambda: anchors.apply(self.session, self.root, change, **args))
        assert anchors.preview(
            self.session, self.root, NewAnchor(), self.calendar, now=self.now
        ).is_empty
        self.in_order_beside_what_stands_by_hand()

    def apply(self, version):
        shown = new_version.compare(
            self.session, self.root, version, calendar=self.calendar, now=self.now
        )
        args = self.in_full | {"expected_fingerprint": shown.fingerprint}
        new_version.apply_version(self.session, self.root, version, **args)
        self.nothing_changes(
            lambda: new_version.apply_version(self.session, self.root, version, **args)
        )
        assert new_version.compare(
            self.session, self.root, version, calendar=self.calendar, now=self.now
        ).is_empty
        self.in_order_beside_what_stands_by_hand()

    def nothing_changes(self, again):
        self.session.flush()
        before = everything(self.session)
        again()
        self.session.flush()
        assert everything(self.session) == before

    # What may happen.

    def event_moves(self, number):
        day = self.root.dtstart + (number % 100 - 40) * A_DAY
        self.move(NewAnchor(event_date=max(day, day.replace(year=self.year, month=1, day=1))))

    def days_move(self, number):
        self.move(
            NewAnchor(first=max(self.root.dtstart + (number % 30 - 10) * A_DAY, self.today + ROOM))
        )

    def plan_is_issued(self, number):
        issued = set(self.session.scalars(select(Document.item_id)))
        plans = [
            plan
            for plan in beside_a_round.plans_of(self.session, self.root)
            if plan.id not in issued
        ]
        self.move(
            NewAnchor(plan=plans[number % len(plans)].key, issued=self.today)
            if plans
            else NewAnchor()
        )

    def days_follow_the_plans(self, number):
        self.move(NewAnchor())

    def version(self, entries):
        self.apply(editing.edit_template(self.session, self.template, entries, **self.who))

    def entries(self, number, **values):
        """Return the template's items, one of them with other values."""
        found = [editing.item_entry(item) for item in self.template.current.items]
        place = number % len(found)
        found[place] = found[place].model_copy(update=values)
        return found

    def item_is_added(self, number):
        """It waits for the one that it is a copy of, and would be due before it."""
        entries = self.entries(number)
        model = entries[number % len(entries)]
        name = {
            "key": f"extra_{len(self.template.versions)}",
            "title_vi": f"Việc thêm {number}",
            "depends_on": [model.key],
        }
        earlier = {"offset_days": model.offset_days - number % 9, "level_offsets": {}}
        self.version([*entries, model.model_copy(update=name | earlier)])

    def item_is_removed(self, number):
        entries = self.entries(number)
        gone = entries.pop(number % len(entries)).key
        rest = [
            entry.model_copy(
                update={"depends_on": [key for key in entry.depends_on if key != gone]}
            )
            for entry in entries
        ]
        own = {"anchor": Anchor.EVENT}  # of what counted from it
        self.version(
            [
                entry
                if entry.depends_on or entry.anchor is not Anchor.PLAN
                else entry.model_copy(update=own)
                for entry in rest
            ]
        )

    def item_is_reworded(self, number):
        self.version(
            self.entries(number, title_vi=f"Việc viết lại {number}", weight=1 + number % 5)
        )

    def item_has_other_days(self, number):
        offset = number % 71 - 50
        end = self.entries(number)[number % len(self.template.current.items)].end_offset_days
        ends = {"end_offset_days": None if end is None else offset + 5, "level_end_offsets": {}}
        self.version(self.entries(number, offset_days=offset, level_offsets={}, **ends))

    def item_counts_from_what_it_waits_for(self, number):
        """From then on it follows that one by itself in each unit, once that is done there."""
        entries = self.entries(number)
        waiting = [entry.key for entry in entries if entry.depends_on] or [entries[0].key]
        values = {"anchor": Anchor.PLAN, "offset_days": number % 15 - 3, "level_offsets": {}}
        values |= {"end_offset_days": None, "level_end_offsets": {}}
        key = waiting[number % len(waiting)]
        self.version(
            [
                entry.model_copy(update=values) if entry.key == key and entry.depends_on else entry
                for entry in entries
            ]
        )

    def item_has_other_levels(self, number):
        levels = [["commune"], ["district"], ["commune", "district"], ["province"], ["village"]]
        self.version(
            self.entries(number, levels=levels[number % len(levels)], cascade=Cascade.EACH)
        )

    def older_version_returns(self, number):
        self.apply(self.template.versions[number % len(self.template.versions)])

    def unit_joins(self, number):
        name = f"x-{self.now:%Y%m%d}"
        unit = Unit(
            key=name,
            level_key="commune",
            type="xa",
            name=name,
            full_name=f"Xã {name}",
            slug=name,
            search=name,
        )
        unit.parent_id = self.cast.district.id
        self.session.add(unit)

    def village_joins(self, number):
        communes = self.communes()
        add_village(
            self.session,
            communes[number % len(communes)],
            "thon",
            str(number),
            **self.in_full,
        )

    def item_is_done(self, number):
        if item := self.pick(number):
            item.evidence_min = 0
            complete_item(self.session, item.id, Stamp(**self.who))
            self.done = {
                item.id: item.due
                for item in self.items(ChecklistItem.status == TodoStatus.COMPLETED)
            }

    def item_is_opened_again(self, number):
        """It kept its words while it was done, so it is offered what versions changed meanwhile,
        and takes it.
        """
        alive = [
            item for item_id in self.done if (item := self.session.get_one(ChecklistItem, item_id))
        ]
        found = [
            item
            for item in alive
            if item.campaign.unit.is_valid(self.today) and not item.is_closed_from_outside
        ]
        if found:
            reopen_item(self.session, found[number % len(found)].id, Stamp(**self.who))
            self.done = {
                item.id: item.due
                for item in self.items(ChecklistItem.status == TodoStatus.COMPLETED)
            }
        self.apply(self.root.version)

    def item_is_given_up(self, number):
        if item := self.pick(number):
            decline_item(self.session, item.id, "mưa lũ", Stamp(**self.who))

    def what_was_given_up_is_opened_again(self, number):
        """Right then it has what its neighbours have; what waits for it follows with the next move
        of dates.
        """
        found = [
            item
            for item in self.items(ChecklistItem.not_done == NotDone.NOT_DONE)
            if item.campaign.unit.is_valid(self.today)
        ]
        found = [item for item in found if not item.is_closed_from_outside]
        if found:
            item = reopen_item(self.session, found[number % len(found)].id, Stamp(**self.who))
            lines = new_version.compare(
                self.session, self.root, self.root.version, calendar=self.calendar, now=self.now
            ).lines
            own = [line.fate for line in lines if line.item_id == item.id]
            assert own in ([], [Fate.KEPT_BY_HAND], [Fate.REMOVED]), (item.key, own)
        self.apply(self.root.version)

    def part_is_taken_back(self, number):
        parts = [
            item for item in self.items(ChecklistItem.split_from_id.is_not(None)) if untouched(item)
        ]
        parts = [
            part
            for part in parts
            if part.campaign.unit.is_valid(self.today)
            and part.split_from.campaign.unit.is_valid(self.today)
        ]
        if parts:
            take_back_part(self.session, parts[number % len(parts)].id, **self.who)

    def item_is_edited(self, number):
        if item := self.pick(number):
            due = item.due + (number % 15 - 7) * A_DAY
            summary = item.summary if number % 2 else f"Việc của xã {number}"
            wanted = Edit(summary, due, item.role_key, item.dtstart and min(item.dtstart, due))
            edit_item(self.session, item.id, wanted, Stamp(**self.who))
            self.by_hand[item.id] = {name: getattr(item, name) for name in ("edited", *item.edited)}

    def own_item_is_added(self, number):
        communes = [unit.id for unit in self.communes()]
        campaigns = self.session.scalars(
            select(Campaign).where(*self.same, Campaign.unit_id.in_(communes))
        ).all()
        own = OwnItem(f"Việc riêng {number}", self.root.dtstart, "event")
        add_own_item(self.session, campaigns[number % len(campaigns)], own, **self.who)

    def item_is_divided(self, number):
        communes = [unit.id for unit in self.communes()]
        if item := self.pick(number, Campaign.unit_id.in_(communes)):
            commune = item.campaign.unit
            villages = [
                add_village(self.session, commune, "lang", name, **self.in_full).id for name in "AB"
            ]
            split_item(self.session, item.id, villages[: 1 + number % 2], **self.in_full)

    def units_merge(self, number):
        communes = [unit for unit in self.communes() if unit.valid_from != self.today]
        if len(communes) > 2:
            keys = [communes[(number + n) % len(communes)].key for n in range(2)]
            merge(
                self.session,
                keys,
                NewUnit(f"Xã Gộp {number}"),
                on=self.today,
                basis=None,
                stamp=Stamp(**self.who),
            )
            self.nothing_changes(
                lambda: hand_over_due(self.session, stamp=Stamp(None, self.now, Door.CLOCK))
            )

    # What holds whatever happened.

    def holds(self):
        self.session.expire_all()
        self.the_clock_ticks()
        self.nothing_is_lost_or_doubled()
        self.promises_are_kept()
        self.parents_are_the_sum_of_their_leaves()
        self.in_order()

    def the_clock_ticks(self):
        """Open what is missing and hand over what closed units hold, as the clock does every day;
        once more changes nothing.
        """
        self.clock()
        self.nothing_changes(self.clock)

    def clock(self):
        open_campaigns(self.session, now=self.now, calendar=self.calendar, year=self.year)
        hand_over_due(self.session, stamp=Stamp(None, self.now, Door.CLOCK))

    def nothing_is_lost_or_doubled(self):
        """Every living unit has what the version gives its level, itself or in a unit it was made
        from, and ended ones are idle.
        """
        keys = Counter((item.campaign.unit_id, item.key) for item in self.items())
        assert set(keys.values()) == {1}
        assert self.known <= keys
        self.known = keys
        assert not [
            item.key
            for item in self.items()
            if item.is_open and not item.campaign.unit.is_valid(self.today)
        ]
        have = self.inherited(
            {unit_id: {key for owner, key in keys if owner == unit_id} for unit_id, _key in keys}
        )
        tree = load_tree(self.session, self.today)
        copies = copies_by_level(self.root.version.items, tree)
        nodes = tree.below(tree.nodes[self.cast.province.id])
        missing = [
            (node.full_name, item.key)
            for node in nodes
            for item in copies.of(node)
            if item.key not in have[node.id]
        ]
        assert missing == []

    def inherited(self, keys):
        links = self.session.execute(
            select(UnitSuccession.predecessor_id, UnitSuccession.successor_id).order_by(
                UnitSuccession.id
            )
        )
        have = defaultdict(set, keys)
        for old, new in links:
            have[new] |= have[old]
        return have

    def promises_are_kept(self):
        for item_id, due in self.done.items():
            item = self.session.get_one(ChecklistItem, item_id)
            assert (item.is_done, item.due) == (True, due), item.key
        for item_id, values in self.by_hand.items():
            item = self.session.get_one(ChecklistItem, item_id)
            stands = {name: getattr(item, name) for name in values}
            if item.is_open and item.dtstart == item.due:  # nothing begins after it is due
                stands |= {"dtstart": values["dtstart"]} if "dtstart" in values else {}
            assert stands == values or not item.is_open, item.key

    def parents_are_the_sum_of_their_leaves(self):
        own = own_progress(self.session, self.today, Campaign.round.has(Round.year == self.year))
        counted = counted_with(self.session, self.cast.province, self.today)
        rolled = counted.totals(own)
        for node in counted.tree.below(counted.tree.nodes[self.cast.province.id]):
            below = {one.id for one in counted.tree.below(node)}
            assert rolled[node.id] == sum_of(
                progress for unit_id, progress in own.items() if counted.within[unit_id] in below
            )
        query = select(ChecklistItem).join(ChecklistItem.campaign)
        whole = query.where(
            Campaign.round.has(Round.year == self.year), ChecklistItem.split_from_id.is_(None)
        )
        items = self.session.scalars(whole).all()
        top = rolled[self.cast.province.id]
        excused = [
            item
            for item in items
            if item.status is TodoStatus.CANCELLED and item.not_done is not NotDone.NOT_DONE
        ]
        assert (top.expected, top.done) == (
            len(items) - len(excused),
            sum(item.is_done for item in items),
        )
        assert (
            compare_years(self.session, self.cast.province, [self.year], self.today)[self.year]
            == top
        )

    def in_order(self):
        """Inside a unit no open item is due before one it waits for; what a hand moved is left out."""
        assert self.too_early(lambda item: not item.edited) == []

    def in_order_beside_what_stands_by_hand(self):
        """Right after days were worked out, nothing is due before what a hand moved either."""
        self.session.expire_all()
        assert self.too_early(lambda item: True) == []

    def too_early(self, counts):
        due = {
            (item.campaign_id, item.key): item.due
            for item in self.items()
            if item.is_open and counts(item)
        }
        return [
            (item.key, first)
            for item in self.items()
            if (item.campaign_id, item.key) in due and not item.edited
            for first in item.depends_on
            if due.get((item.campaign_id, first), item.due) > item.due
        ]


STEPS = [
    "event_moves",
    "days_move",
    "plan_is_issued",
    "days_follow_the_plans",
    "item_is_added",
    "item_is_removed",
    "item_is_reworded",
    "item_has_other_days",
    "item_counts_from_what_it_waits_for",
    "item_has_other_levels",
    "older_version_returns",
    "unit_joins",
    "village_joins",
    "item_is_done",
    "item_is_opened_again",
    "item_is_given_up",
    "what_was_given_up_is_opened_again",
    "part_is_taken_back",
    "item_is_edited",
    "own_item_is_added",
    "item_is_divided",
    "units_merge",
]


# making a failing order shorter takes minutes
ONCE = drawn(10, phases=[Phase.explicit, Phase.generate])


@pytest.mark.slow
@ONCE
@given(
    key=st.sampled_from(["happiness_day", "evaw_day", "gender_action_month"]),
    year=st.sampled_from(YEARS),
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(0, 5000)), min_size=3, max_size=8),
)
def test_whatever_happens_in_whatever_order_a_round_stays_whole(
    session, vietnam, cast, key, year, steps
):
    with undone(session):
        one = RunningRound(session, vietnam, cast, key, year)
        one.holds()
        for step, number in steps:
            one.take(step, number)
            one.holds()
        one.move(NewAnchor())
        assert new_version.compare(
            session, one.root, one.root.version, calendar=vietnam, now=one.now
        ).is_empty
        one.holds()
