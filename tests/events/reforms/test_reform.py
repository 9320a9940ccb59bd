from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from events.calendars.feeds import serve_feed
from events.checklist.closing_words import closing_of, why_closed
from events.checklist.history import Stamp
from events.errors import ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    NotDone,
    Person,
    Post,
    PostProposal,
    Reform,
    Round,
    TemplateItem,
    TodoStatus,
    Unit,
)
from events.models.history import Door
from events.models.items import OPEN
from events.people.persons import add_person
from events.people.posts import give_post
from events.people.proposed_posts import decide_proposal, waiting_proposals
from events.progress.across_reforms import compare_years, mapped_to, progress_by_year
from events.progress.as_of import AsOf
from events.progress.figures import Progress, own_progress, rolled_up
from events.reforms.handover import hand_over, hand_over_due
from events.reforms.reform import abolish_level, merge, reforms, rename, split
from events.reforms.taking_back import take_back
from events.reforms.writing import NewUnit
from events.replanning.anchors import NewAnchor, apply, preview
from events.replanning.new_version import apply_version, compare
from events.templates.editing import edit_template, get_template, item_entry
from events.units.lineage import Lineage
from events.units.tree import children, get_unit, load_tree, predecessors, successors
from tests.chance import drawn, undone
from tests.conftest import Cast, holders, tick_off
from tests.events.replanning.test_anchors import open_template

BEFORE = datetime(2021, 2, 1, 1, tzinfo=UTC)
DAY = date(2021, 3, 1)  # the first day of the new units, three weeks before 20 March
ON_THE_DAY = datetime(2021, 3, 1, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)
THREE = ["23341", "23344", "23347"]  # three communes of Đăk Glei
NEW = NewUnit("Xã Đăk Mới")


@pytest.fixture
def cast(before_2025):
    return before_2025


@pytest.fixture
def happiness(session, cast, vietnam):
    """The campaigns of 20 March 2021 in the old tree."""
    open_year(session, vietnam, 2021)
    return cast


def open_year(session, vietnam, year, key="happiness_day"):
    open_template(session, vietnam, key, year, now=BEFORE)


def merge_three(session, cast, now=ON_THE_DAY, on=DAY):
    return merge(session, THREE, NEW, stamp=Stamp(cast.hoa, now), on=on, basis="Nghị quyết thử")


def campaign_of(session, unit, year=2021):
    return session.scalars(
        select(Campaign).where(Campaign.unit_id == unit.id, Campaign.round.has(Round.year == year))
    ).one_or_none()


def open_keys(session, *units):
    query = (
        select(ChecklistItem.key).join(ChecklistItem.campaign).where(ChecklistItem.status.in_(OPEN))
    )
    return sorted(session.scalars(query.where(Campaign.unit_id.in_([unit.id for unit in units]))))


def everything(session):
    return [
        session.execute(
            select(*model.__table__.columns).order_by(*model.__table__.primary_key)
        ).all()
        for model in (Unit, Campaign, ChecklistItem, Change, Post, PostProposal)
    ]


def test_merged_units_end_the_day_before_and_one_begins(session, cast):
    new = merge_three(session, cast).begun[0]

    assert [get_unit(session, key).valid_to for key in THREE] == [DAY - A_DAY] * 3
    assert (new.full_name, new.name, new.type, new.valid_from, new.parent) == (
        "Xã Đăk Mới",
        "Đăk Mới",
        "xa",
        DAY,
        cast.district,
    )
    assert [unit.key for unit in predecessors(session, new)] == THREE
    assert new.id in load_tree(session, DAY).nodes
    assert new.id not in load_tree(session, DAY - A_DAY).nodes
    assert [reform.detail["before"] for reform in reforms(session)] == [THREE]


@pytest.mark.parametrize(
    ("keys", "new", "on", "error", "words"),
    [
        (["23341"], NEW, DAY, InvalidInputError, "at least two different units"),
        (["23341", "23341"], NEW, DAY, InvalidInputError, "merged into itself"),
        (["23341", "khong-co"], NEW, DAY, NotFoundError, "khong-co"),
        (
            ["23341", "610"],
            NEW,
            DAY,
            InvalidInputError,
            "Huyện Đăk Glei is of another level than Thị trấn Đăk Glei",
        ),
        (["23341", "23281"], NEW, DAY, InvalidInputError, "stand below different units"),
        (
            ["23341", "23344"],
            NewUnit("Xã X", parent_key="23347"),
            DAY,
            InvalidInputError,
            "not of a higher level",
        ),
        (
            ["23341", "23344"],
            NewUnit("Xã X", parent_key="23341"),
            DAY,
            InvalidInputError,
            "Thị trấn Đăk Glei ends itself",
        ),
        (
            ["610", "611"],
            NewUnit("Huyện X", parent_key="23341"),
            DAY,
            InvalidInputError,
            "stands below a unit that ends",
        ),
        (
            ["23341", "23344"],
            NewUnit("Xã X", parent_key="51-2025"),
            DAY,
            InvalidInputError,
            "does not exist on 01/03/2021",
        ),
        (["23341", "23344"], NewUnit("  "), DAY, InvalidInputError, "name of the new unit"),
        (["23341-2025", "23356-2025"], NEW, DAY, InvalidInputError, "only exists from 01/07/2025"),
        (
            ["23341", "23344"],
            NEW,
            date(2020, 2, 1),
            InvalidInputError,
            "01/02/2020 is too long past",
        ),
    ],
)
def test_a_merge_that_cannot_be_says_why_and_leaves_everything_as_it_was(
    session, cast, keys, new, on, error, words
):
    before = everything(session)

    with pytest.raises(error, match=words):
        merge(session, keys, new, stamp=Stamp(cast.hoa, ON_THE_DAY), on=on, basis=None)

    session.flush()  # or what it left in the session would not be seen
    assert everything(session) == before


def test_a_unit_that_was_reformed_cannot_be_reformed_again(session, cast):
    merge_three(session, cast)

    with pytest.raises(ConflictError, match="Thị trấn Đăk Glei already ends on 28/02/2021"):
        rename(
            session,
            "23341",
            "Xã Khác",
            stamp=Stamp(cast.hoa, ON_THE_DAY),
            on=DAY + A_DAY,
            basis=None,
        )


@pytest.mark.parametrize("on", [date(2021, 6, 1), date(2021, 7, 1)])
def test_a_unit_above_one_that_changes_later_is_not_changed_before_it(session, cast, on):
    rest = {"basis": None, "stamp": Stamp(cast.hoa, BEFORE)}
    split(session, "23341", [NewUnit("Xã A"), NewUnit("Xã B")], on=date(2021, 7, 1), **rest)
    before = everything(session)

    with pytest.raises(
        ConflictError, match="already changes on 01/07/2021; a change of the units above it"
    ):
        rename(session, "610", "Huyện Mới", on=on, **rest)
    with pytest.raises(ConflictError, match="already changes on 01/07/2021"):
        abolish_level(session, "district", on=on, **rest)

    assert everything(session) == before
    rename(session, "610", "Huyện Mới", on=date(2021, 7, 2), **rest)
    assert orphans(load_tree(session, date(2021, 7, 2))) == []


def test_communes_are_merged_below_the_province_the_day_their_district_is_abolished(session, cast):
    rest = {"on": DAY, "basis": None, "stamp": Stamp(cast.hoa, BEFORE)}
    merge(session, THREE, NewUnit("Xã Đăk Mới", parent_key="62"), **rest)

    abolish_level(session, "district", **rest)

    below = children(session, cast.province, DAY)
    assert len(below) == 102 - 3 + 1
    assert orphans(load_tree(session, DAY)) == []


def test_no_unit_is_put_below_one_that_will_end(session, cast):
    rename(
        session, "610", "Huyện Mới", stamp=Stamp(cast.hoa, BEFORE), on=date(2021, 7, 1), basis=None
    )

    with pytest.raises(ConflictError, match="Huyện Đăk Glei already ends on 30/06/2021"):
        merge(
            session,
            ["23281", "23284"],
            NewUnit("Phường X", parent_key="610"),
            stamp=Stamp(cast.hoa, BEFORE),
            on=DAY,
            basis=None,
        )


def orphans(tree):
    """Return the units of a tree, but the province, that stand below no unit of it."""
    return [
        node.full_name
        for node in tree.nodes.values()
        if node.level != "province" and node.parent_id not in tree.nodes
    ]


def test_a_renamed_unit_keeps_its_old_name_in_old_campaigns(session, happiness):
    new = rename(
        session,
        "23341",
        "Phường Đăk Glei",
        stamp=Stamp(happiness.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    ).begun[0]

    assert campaign_of(session, happiness.commune).unit.full_name == "Thị trấn Đăk Glei"
    assert (new.full_name, new.type) == ("Phường Đăk Glei", "phuong")
    assert successors(session, happiness.commune) == [new]


def test_the_same_name_is_no_renaming(session, cast):
    with pytest.raises(InvalidInputError, match="already has this name"):
        rename(
            session,
            "23341",
            "Thị trấn Đăk Glei",
            stamp=Stamp(cast.hoa, ON_THE_DAY),
            on=DAY,
            basis=None,
        )


def test_what_hangs_below_a_renamed_unit_hangs_below_its_successor(session, cast):
    names = [unit.full_name for unit in children(session, cast.district, DAY)]

    new = rename(
        session, "610", "Huyện Mới", stamp=Stamp(cast.hoa, ON_THE_DAY), on=DAY, basis=None
    ).begun[0]

    assert [unit.full_name for unit in children(session, new, DAY)] == names
    assert [unit.full_name for unit in children(session, cast.district, DAY - A_DAY)] == names
    assert children(session, cast.district, DAY) == []


def test_a_split_gives_every_village_to_one_part(session, cast):
    villages = [village(session, cast.commune, name) for name in ("Thôn Một", "Thôn Hai")]
    parts = [
        NewUnit("Xã A", children=(villages[0].key,)),
        NewUnit("Xã B", children=(villages[1].key,)),
    ]

    begun = split(
        session, "23341", parts, stamp=Stamp(cast.hoa, ON_THE_DAY), on=DAY, basis=None
    ).begun

    assert {
        unit.full_name: unit.parent.full_name for unit in begun if unit.level_key == "village"
    } == {
        "Thôn Một": "Xã A",
        "Thôn Hai": "Xã B",
    }


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ((), (), "which part Thôn Một goes to"),
        (("v1",), ("v1",), "given to two parts"),
        (("23344",), ("v1",), "“23344” is not below"),
    ],
)
def test_a_split_that_loses_or_doubles_a_village_is_refused(session, cast, first, second, words):
    village(session, cast.commune, "Thôn Một", key="v1")

    parts = [NewUnit("Xã A", children=first), NewUnit("Xã B", children=second)]
    with pytest.raises(InvalidInputError, match=words):
        split(session, "23341", parts, stamp=Stamp(cast.hoa, ON_THE_DAY), on=DAY, basis=None)


def village(session, parent, name, key=None):
    key = key or f"v-{name}"
    unit = Unit(
        key=key,
        level_key="village",
        type="thon",
        name=name,
        full_name=name,
        slug=key,
        parent=parent,
        search=name,
    )
    session.add(unit)
    session.flush()
    return unit


def test_an_abolished_level_leaves_its_communes_below_the_province(session, cast):
    abolish_level(session, "district", stamp=Stamp(cast.hoa, ON_THE_DAY), on=DAY, basis=None)

    below = children(session, cast.province, DAY)
    assert len(below) == 102
    assert {unit.level_key for unit in below} == {"commune"}
    assert len(children(session, cast.province, DAY - A_DAY)) == 10


@pytest.mark.parametrize(
    ("level", "words"), [("province", "no unit above it"), ("village", "No unit of the level")]
)
def test_a_level_that_cannot_be_abolished_says_why(session, cast, level, words):
    with pytest.raises(InvalidInputError, match=words):
        abolish_level(session, level, stamp=Stamp(cast.hoa, ON_THE_DAY), on=DAY, basis=None)


def test_three_predecessors_hand_over_one_item_of_a_kind(session, happiness):
    old = [get_unit(session, key) for key in THREE]
    kinds = sorted(set(open_keys(session, *old)))

    done = merge_three(session, happiness)

    assert open_keys(session, done.begun[0]) == kinds
    assert open_keys(session, *old) == []
    assert (done.handed_over.closed, done.handed_over.begun) == (3 * len(kinds), len(kinds))
    assert campaign_of(session, done.begun[0]).parent == campaign_of(session, happiness.district)


def test_an_item_handed_over_says_where_it_went_and_where_it_came_from(session, happiness):
    new = merge_three(session, happiness).begun[0]

    item = campaign_of(session, happiness.commune).items[0]
    change = session.scalars(select(Change).where(Change.item_id == item.id)).one()
    assert (item.status, item.not_done, why_closed(closing_of(item), "vi")) == (
        TodoStatus.CANCELLED,
        NotDone.MOVED,
        "chuyển cho xã Đăk Mới",
    )
    assert (change.by, change.status, change.not_done) == (
        happiness.hoa,
        TodoStatus.CANCELLED,
        NotDone.MOVED,
    )
    again = campaign_of(session, new).items[0]
    assert (again.key, again.due, again.status) == (item.key, item.due, TodoStatus.NEEDS_ACTION)


def test_what_is_open_since_last_year_goes_over_too_but_that_of_years_before_stays(
    session, happiness, vietnam
):
    open_year(session, vietnam, 2019)
    open_year(session, vietnam, 2020)
    was = open_keys(session, happiness.commune)
    overdue = min(item.due for item in campaign_of(session, happiness.commune).items)
    day = overdue + A_DAY

    done = merge_three(
        session, happiness, now=datetime(day.year, day.month, day.day, 1, tzinfo=UTC), on=day
    )

    this_year = {item.key for item in campaign_of(session, happiness.commune).items}
    assert len(was) == 3 * len(this_year)
    assert len(open_keys(session, done.begun[0])) == 2 * len(this_year)
    assert all(item.is_open for item in campaign_of(session, done.begun[0], 2020).items)
    assert not any(item.is_open for item in campaign_of(session, happiness.commune, 2020).items)
    assert campaign_of(session, done.begun[0], 2019) is None
    assert all(item.is_open for item in campaign_of(session, happiness.commune, 2019).items)


def test_each_part_of_a_split_gets_what_was_open(session, happiness):
    kinds = open_keys(session, happiness.commune)

    parts = [NewUnit("Xã A"), NewUnit("Xã B")]
    begun = split(
        session, "23341", parts, stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None
    ).begun

    assert [open_keys(session, unit) for unit in begun] == [kinds, kinds]
    assert (
        why_closed(closing_of(campaign_of(session, happiness.commune).items[0]), "vi")
        == "chuyển cho xã A, xã B"
    )


def test_what_an_abolished_district_added_itself_goes_to_the_province(session, happiness):
    item = campaign_of(session, happiness.district).items[0]
    item.is_own, item.key = True, "own-1"
    session.flush()

    abolish_level(session, "district", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)

    assert why_closed(closing_of(item), "vi") == "chuyển cho tỉnh Kon Tum"
    assert "own-1" in open_keys(session, happiness.province)


def test_a_commune_that_had_done_a_thing_does_not_get_the_districts_copy_of_it(session, happiness):
    mine = campaign_of(session, happiness.commune)
    both = {item.key for item in mine.items} & {
        item.key for item in campaign_of(session, happiness.district).items
    }
    [rule] = [one for one in mine.version.items if one.key == min(both)]
    rule.if_no_level = "commune"
    complete(next(item for item in mine.items if item.key == rule.key), happiness.hoa)
    session.flush()

    abolish_level(session, "district", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)

    [new] = successors(session, happiness.commune)
    [neighbour] = successors(session, get_unit(session, "23344"))
    assert rule.key not in open_keys(session, new)
    assert open_keys(session, neighbour).count(rule.key) == 1


def test_what_only_some_predecessors_had_done_is_open_and_what_all_had_done_stays_done(
    session, happiness
):
    old = [campaign_of(session, get_unit(session, key)) for key in THREE]
    by_all, by_one = old[0].items[0].key, old[0].items[1].key
    for campaign in old:
        for item in campaign.items:
            if item.key == by_all or (item.key == by_one and campaign is old[0]):
                complete(item, happiness.hoa)
    session.flush()

    new = merge_three(session, happiness).begun[0]

    assert by_all not in open_keys(session, new)
    assert by_one in open_keys(session, new)
    assert old[0].items[1].is_done


def test_what_waits_for_a_thing_that_only_some_predecessors_had_done_is_not_due_before_it(
    session, happiness, vietnam
):
    template = get_template(session, "happiness_day")
    early = {"report_commune": {"offset_days": -17}}  # before the plan that it waits for
    entries = [
        entry.model_copy(update=early.get(entry.key, {}))
        for entry in map(item_entry, template.current.items)
    ]
    first, *others = (campaign_of(session, get_unit(session, key)) for key in THREE)
    complete(next(item for item in first.items if item.key == "plan_commune"), happiness.hoa)
    version = edit_template(session, template, entries, by=happiness.hoa, now=BEFORE)
    root, args = campaign_of(session, happiness.province), {"calendar": vietnam, "now": BEFORE}
    mark = compare(session, root, version, **args).fingerprint
    apply_version(session, root, version, expected_fingerprint=mark, by=happiness.hoa, **args)

    new = merge_three(session, happiness).begun[0]

    due = {
        campaign: {item.key: item.due for item in campaign.items}
        for campaign in (first, *others, campaign_of(session, new))
    }
    assert {dates["report_commune"] for dates in due.values()} == {
        date(2021, 3, 3),
        date(2021, 3, 5),
    }
    assert (
        due[campaign_of(session, new)]["report_commune"]
        == due[campaign_of(session, new)]["plan_commune"]
        == date(2021, 3, 5)
    )


def test_before_the_day_nothing_is_handed_over(session, happiness):
    done = merge_three(session, happiness, now=BEFORE)

    assert done.handed_over is None
    assert open_keys(session, done.begun[0]) == []
    with pytest.raises(ConflictError, match="begin on 01/03/2021"):
        hand_over(session, stamp=Stamp(happiness.hoa, BEFORE), on=DAY)
    assert hand_over_due(session, stamp=Stamp(None, BEFORE, Door.CLOCK)).closed == 0
    assert hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK)).closed > 0


def test_items_of_abolished_districts_go_where_their_template_says(session, happiness):
    done = abolish_level(
        session, "district", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None
    ).handed_over

    closed = campaign_of(session, happiness.district).items
    rules = {
        item.key: item.if_no_level
        for item in campaign_of(session, happiness.district).version.items
    }
    assert all(item.not_done is NotDone.NOT_REQUIRED for item in closed)
    assert {
        item.key for item in closed if why_closed(closing_of(item), "vi") == "cấp huyện không còn"
    } == {item.key for item in closed if rules[item.key] == "drop"}
    assert done.dropped == 10 * sum(rules[item.key] == "drop" for item in closed)
    assert all(
        "chuyển cho" in why_closed(closing_of(item), "vi")
        for item in closed
        if rules[item.key] != "drop"
    )


def test_items_of_abolished_districts_go_up_or_down_as_their_template_says(session, happiness):
    going = {"plan_district": "province", "report_district": "commune"}
    for key, rule in going.items():
        session.execute(
            update(TemplateItem).where(TemplateItem.key == key).values(if_no_level=rule)
        )

    abolish_level(session, "district", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)

    units = [happiness.province]
    for commune in (happiness.commune, happiness.other_commune):
        units += successors(session, commune)
    assert [going.keys() & set(open_keys(session, unit)) for unit in units] == [
        {"plan_district"},
        {"report_district"},
        {"report_district"},
    ]


def test_what_is_opened_again_in_a_unit_that_ended_goes_to_the_item_that_is_there_already(
    session, happiness
):
    [late] = [
        item for item in campaign_of(session, happiness.commune).items if item.key == "visits"
    ]
    tick_off(late, happiness.thi, BEFORE, BEFORE.date())
    session.flush()
    [new] = merge_three(session, happiness).begun
    late.status, late.completed, late.completed_on = TodoStatus.NEEDS_ACTION, None, None
    session.flush()

    again = hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))

    assert (again.closed, again.begun) == (1, 0)
    session.expire_all()
    assert [item.key for item in campaign_of(session, new).items].count("visits") == 1
    assert late.not_done is NotDone.MOVED


def test_the_reform_that_came_with_the_catalogue_is_handed_over_too(session, vietnam):
    thi = Cast(session).thi
    open_year(session, vietnam, 2025, "vn_family_day")
    first_day = datetime(2025, 7, 1, 1, tzinfo=UTC)

    done = hand_over(session, stamp=Stamp(thi, first_day), on=date(2025, 7, 1))
    again = hand_over(session, stamp=Stamp(thi, first_day), on=date(2025, 7, 1))

    new = get_unit(session, "23341-2025")
    campaign, old = (
        campaign_of(session, new, 2025),
        campaign_of(session, get_unit(session, "23341"), 2025),
    )
    assert done.closed > done.begun > 0
    assert (again.closed, again.begun, again.campaigns, again.posts) == (0, 0, 0, 0)
    assert {item.key for item in old.items} <= {item.key for item in campaign.items}
    assert len({item.key for item in campaign.items}) == len(campaign.items)
    assert campaign.parent.unit.key == "51-2025"
    assert old.parent.unit.key == "610"
    assert "cc_vhxh" in {item.role_key for item in old.items}
    # its successor does the work
    assert "cc_vhxh" not in {item.role_key for item in campaign.items}
    assert [(row.unit, row.person) for row in waiting_proposals(session) if row.person is thi] == [
        (new, thi)
    ]


def test_a_post_is_proposed_once_confirmed_by_a_person_and_held_from_the_day(session, cast):
    give_post(session, cast.thi, get_unit(session, "23344"), "ubnd_xa", since=date(2020, 1, 1))
    session.flush()
    new = merge_three(session, cast).begun[0]
    [proposal] = waiting_proposals(session)

    decide_proposal(session, proposal.id, confirm=True, by=cast.hoa, now=ON_THE_DAY)
    decide_proposal(session, proposal.id, confirm=True, by=cast.hoa, now=ON_THE_DAY)
    session.flush()

    assert holders(session, cast.commune.id, "ubnd_xa", DAY) == []
    assert holders(session, new.id, proposal.role_key, DAY) == [cast.thi]
    assert holders(session, new.id, proposal.role_key, DAY - A_DAY) == []
    assert waiting_proposals(session) == []


def test_only_people_above_decide_on_a_post_and_only_once(session, cast):
    merge_three(session, cast)
    [proposal] = waiting_proposals(session)

    for person in (cast.khanh, cast.la, cast.thi):
        with pytest.raises(NotAllowedError):
            decide_proposal(session, proposal.id, confirm=True, by=person, now=ON_THE_DAY)
    cast.la.is_administrator = True
    decide_proposal(session, proposal.id, confirm=False, by=cast.la, now=ON_THE_DAY)
    with pytest.raises(ConflictError, match=r"already decided on the post of Cán bộ xã \(Thi\)"):
        decide_proposal(session, proposal.id, confirm=True, by=cast.hoa, now=ON_THE_DAY)
    assert len(cast.thi.posts) == 1


def test_the_old_calendar_says_where_its_unit_went(session_factory, session, cast):
    new = merge_three(session, cast).begun[0]
    session.commit()

    def feed():
        served = serve_feed(
            session_factory, cast.commune.slug, now=ON_THE_DAY, public_url="https://example.org"
        )
        events = icalendar.Calendar.from_ical(served.body).walk("VEVENT")
        return next(event for event in events if event["SUMMARY"].startswith("Đơn vị đã sáp nhập"))

    event = feed()
    assert event["SUMMARY"] == "Đơn vị đã sáp nhập vào xã Đăk Mới"
    assert event["DTSTART"].dt == DAY
    address = f"https://example.org/lich/{new.slug}.ics"
    assert event["DESCRIPTION"] == f"Lịch của Xã Đăk Mới: {address}"
    assert feed()["UID"] == event["UID"]


def test_units_are_mapped_through_chains_and_a_split_to_the_unit_above(session, cast):
    first = merge_three(session, cast).begun[0]
    second = rename(
        session,
        first.key,
        "Xã Đăk Hai",
        stamp=Stamp(cast.hoa, ON_THE_DAY),
        on=DAY + A_DAY,
        basis=None,
    ).begun[0]
    split(
        session,
        second.key,
        [NewUnit("Xã A"), NewUnit("Xã B")],
        stamp=Stamp(cast.hoa, ON_THE_DAY),
        on=DAY + 2 * A_DAY,
        basis=None,
    )

    mapped = [
        mapped_to(session, day)[cast.commune.id]
        for day in (DAY - A_DAY, DAY, DAY + A_DAY, DAY + 2 * A_DAY)
    ]

    assert mapped == [cast.commune.id, first.id, second.id, cast.district.id]


def test_the_old_province_and_its_districts_are_counted_with_the_new_one(session):
    mapped = mapped_to(session, date(2026, 1, 1))

    new = get_unit(session, "51-2025").id
    assert mapped[get_unit(session, "62").id] == new
    assert mapped[get_unit(session, "610").id] == new
    assert mapped[get_unit(session, "23341").id] == get_unit(session, "23341-2025").id


def test_years_are_compared_with_the_old_units_added_up(session, happiness):
    old = [get_unit(session, key) for key in THREE]
    parts = own_progress(session, DAY, Campaign.round.has(Round.year == 2021))
    total = sum((parts[unit.id] for unit in old), Progress())
    new = merge_three(session, happiness, now=BEFORE).begun[0]

    compared = compare_years(session, new, [2020, 2021], DAY)

    assert compared[2021] == total
    assert compared[2020] == Progress()
    # as of a day on which it was not there yet
    assert progress_by_year(session, new, AsOf(DAY - A_DAY)) == {2021: total}
    assert progress_by_year(session, get_unit(session, "23341"), DAY) == {2021: parts[old[0].id]}


ONCE = drawn(12)


def complete(item, by):
    tick_off(item, by, BEFORE, BEFORE.date())


def some_done(session, cast, picks):
    """Complete the items that ``picks`` names: which of the three units, which position."""
    campaigns = [campaign_of(session, get_unit(session, key)) for key in THREE]
    for unit, position in picks:
        items = campaigns[unit].items
        complete(items[position % len(items)], cast.hoa)
    session.flush()


@ONCE
@given(picks=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 30))))
def test_no_item_is_lost_or_doubled_and_a_second_run_changes_nothing(session, happiness, picks):
    savepoint = session.begin_nested()
    some_done(session, happiness, picks)
    old = [get_unit(session, key) for key in THREE]
    wanted = sorted(set(open_keys(session, *old)))

    new = merge_three(session, happiness).begun[0]
    first = everything(session)
    hand_over(session, stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY)
    session.flush()

    assert open_keys(session, new) == wanted
    assert everything(session) == first
    savepoint.rollback()


@ONCE
@given(
    picks=st.sets(st.tuples(st.integers(0, 2), st.integers(0, 30))),
    change=st.sampled_from(["nothing", "merge", "split", "rename", "abolish"]),
)
def test_a_parent_is_the_sum_of_its_leaves_also_across_a_reform(session, happiness, picks, change):
    savepoint = session.begin_nested()
    some_done(session, happiness, picks)
    rest = {"on": DAY, "basis": None, "stamp": Stamp(happiness.hoa, ON_THE_DAY)}
    match change:
        case "merge":
            merge(session, THREE, NEW, **rest)
        case "split":
            split(session, "23341", [NewUnit("Xã A"), NewUnit("Xã B")], **rest)
        case "rename":
            rename(session, "610", "Huyện Mới", **rest)
        case "abolish":
            abolish_level(session, "district", **rest)

    own = own_progress(session, DAY, Campaign.round.has(Round.year == 2021))
    tree = load_tree(session, DAY)
    total = compare_years(session, happiness.province, [2021], DAY)[2021]
    assert total == sum(own.values(), Progress())
    rolled = rolled_up(tree, own)
    for node in tree.nodes.values():
        assert rolled[node.id] == sum(
            (own.get(below.id, Progress()) for below in tree.below(node)), Progress()
        )
    savepoint.rollback()


STEP = st.tuples(
    st.sampled_from(["merge", "split", "rename", "rename district", "abolish", "take back"]),
    st.integers(0, 40),  # days after the first of March
    st.integers(0, 30),  # which of the units
)


def take_step(session, cast, step, now):
    """Do one change on the units as they are; what is refused changes nothing."""
    kind, days, number = step
    on = DAY + days * A_DAY
    rest = {"on": on, "basis": None, "stamp": Stamp(cast.hoa, now)}
    living = [
        node for node in load_tree(session, on - A_DAY).nodes.values() if node.level == "commune"
    ]
    first, second = living[number % len(living)], living[(number + 1) % len(living)]
    with suppress(ConflictError, InvalidInputError, NotFoundError), session.begin_nested():
        match kind:
            case "merge":
                merge(session, [first.key, second.key], NewUnit(f"Xã {number}"), **rest)
            case "split":
                split(
                    session,
                    first.key,
                    [NewUnit(f"Xã {number} A"), NewUnit(f"Xã {number} B")],
                    **rest,
                )
            case "rename":
                rename(session, first.key, f"Phường {number}", **rest)
            case "rename district":
                rename(session, "610", f"Huyện {number}", **rest)
            case "abolish":
                abolish_level(session, "district", **rest)
            case "take back":
                entered = reforms(session)
                take_back(
                    session,
                    entered[number % len(entered)].id if entered else 0,
                    by=cast.hoa,
                    now=now,
                )


@pytest.mark.slow
@ONCE
@given(steps=st.lists(STEP, min_size=2, max_size=5))
def test_after_any_changes_units_live_once_below_living_ones_and_no_open_item_is_lost(
    session, happiness, steps
):
    communes = Unit.level_key == "commune"
    kinds = set(open_keys(session, *session.scalars(select(Unit).where(communes))))
    with undone(session):
        for step in steps:
            take_step(session, happiness, step, BEFORE)
        for days in range(0, 43, 7):
            hand_over_due(session, stamp=Stamp(None, ON_THE_DAY + days * A_DAY, Door.CLOCK))

        for days in range(-1, 42):
            tree, lineage = (
                load_tree(session, DAY + days * A_DAY),
                Lineage.load(session, DAY + days * A_DAY),
            )
            assert orphans(tree) == []
            follow = {
                heir
                for unit in lineage.kin.values()
                if unit.valid_from is None
                for heir in lineage.heirs(unit.id)
            }
            # whoever lives was there before, or follows one that was
            assert set(tree.nodes) == follow
        for unit in session.scalars(select(Unit).where(communes, Unit.on(DAY + 42 * A_DAY))).all():
            keys = open_keys(session, unit)
            assert (kinds - set(keys), len(keys)) == (set(), len(set(keys)))
        ended = session.scalars(select(Unit).where(Unit.valid_to < DAY + 42 * A_DAY)).all()
        assert open_keys(session, *ended) == []


def test_people_who_left_before_the_reform_are_not_proposed(session, cast):
    gone = add_person(session, "Người đã nghỉ", None)
    give_post(session, gone, cast.commune, "ubnd_xa", since=date(2019, 1, 1)).valid_to = date(
        2020, 12, 31
    )
    session.flush()

    merge_three(session, cast)

    assert {proposal.person for proposal in waiting_proposals(session)} == {cast.thi}
    assert session.scalar(select(func.count()).select_from(Person).where(Person.id == gone.id)) == 1
    assert session.scalar(select(func.count()).select_from(Reform)) == 1


def test_the_time_that_a_late_plan_gave_stays_when_the_province_becomes_another_one(
    session, happiness, vietnam
):
    at = datetime(2021, 2, 26, 2, tzinfo=UTC)
    root, late = (
        campaign_of(session, happiness.province),
        NewAnchor(plan="plan_province", issued=at.date()),
    )
    seen = preview(session, root, late, vietnam, now=at)
    apply(
        session,
        root,
        late,
        expected_fingerprint=seen.fingerprint,
        by=happiness.hoa,
        now=at,
        calendar=vietnam,
    )
    for item in root.items:
        if item.key in ("guidance_in", "plan_province"):
            tick_off(item, happiness.hoa, at, at.date())
    new = rename(
        session, "62", "Tỉnh Mới", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None
    ).begun[0]
    session.expire_all()

    again = preview(session, campaign_of(session, new), NewAnchor(), vietnam, now=ON_THE_DAY)

    assert not again.moved
    plans = select(ChecklistItem.due).join(ChecklistItem.campaign).join(Campaign.unit)
    assert set(
        session.scalars(plans.where(ChecklistItem.key == "plan_commune", Unit.valid_from == DAY))
    ) == {date(2021, 3, 9)}
