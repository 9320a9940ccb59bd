from datetime import date

import pytest
from sqlalchemy import select

from events.errors import ConflictError, InvalidInputError, NotFoundError
from events.models import Unit
from events.people.persons import add_person
from events.people.posts import give_post
from events.people.rights import Capability, may
from events.people.roles import RoleBook
from events.units.tree import (
    ancestors,
    children,
    get_unit,
    load_tree,
    names_of,
    number_by_level,
    predecessors,
    roots,
    search_units,
    staying_units,
    subtree_ids,
    successors,
)
from tests.conftest import holders

IN_2021, IN_2026 = date(2021, 6, 28), date(2026, 6, 28)


def test_kon_tum_in_2021_is_a_province_with_10_districts_and_102_communes(session):
    tree = load_tree(session, IN_2021)
    [province] = tree.roots

    assert province.key == "62"
    assert len(tree.children[province.id]) == 10
    assert sum(node.level == "commune" for node in tree.nodes.values()) == 102


def test_quang_ngai_in_2026_has_96_communes_directly_below_it(session):
    [province] = roots(session, IN_2026)

    assert province.key == "51-2025"
    assert len(children(session, province, IN_2026)) == 96
    assert len(session.scalars(subtree_ids(province.id, IN_2026)).all()) == 97


@pytest.mark.parametrize(
    ("day", "root"), [(date(2025, 6, 30), "62"), (date(2025, 7, 1), "51-2025")]
)
def test_the_tree_changes_between_30_june_and_1_july_2025(session, day, root):
    assert [unit.key for unit in roots(session, day)] == [root]


def test_every_old_commune_knows_the_one_it_became(session):
    old = session.scalars(
        select(Unit).where(Unit.level_key == "commune", Unit.valid_to.is_not(None))
    ).all()
    became = {unit.key: [new.key for new in successors(session, unit)] for unit in old}

    assert len(became) == 102
    assert all(len(new) == 1 for new in became.values())
    assert len({new for [new] in became.values()}) == 40


def test_a_merged_unit_lists_where_it_came_from(session):
    assert [unit.name for unit in predecessors(session, get_unit(session, "23341-2025"))] == [
        "Đăk Glei",
        "Đăk Pék",
    ]


@pytest.mark.parametrize("typed", ["dak long", "Đăk Long", "ĐẮK LONG", "đak long"])
def test_search_ignores_diacritics_and_finds_both_units_of_one_name(session, typed):
    assert sorted(unit.key for unit in search_units(session, typed, IN_2021)) == ["23368", "23504"]


def test_an_unknown_unit_is_named(session):
    with pytest.raises(NotFoundError, match="xa-tren-may"):
        get_unit(session, "xa-tren-may")


def test_ancestors_are_listed_from_the_nearest(session, cast):
    assert ancestors(cast.commune) == [cast.district, cast.province]


@pytest.mark.parametrize(
    ("key", "day", "in_force"),
    [
        ("cc_vhxh", date(2025, 6, 30), "cc_vhxh"),
        ("cc_vhxh", date(2025, 7, 1), "phong_vhxh_xa"),
        ("so_noi_vu", date(2021, 11, 15), "so_ldtbxh"),
        ("so_ldtbxh", date(2025, 3, 1), "so_noi_vu"),
        ("phong_vhxh_xa", date(2021, 1, 1), "cc_vhxh"),
    ],
)
def test_a_role_is_done_by_its_successor_or_predecessor_of_the_time(session, key, day, in_force):
    book = RoleBook.load(session)

    if key == "phong_vhxh_xa":  # two roles name it as successor; both existed
        assert book.in_force(key, day) in ("cc_vhxh", "phong_vhtt")
    else:
        assert book.in_force(key, day) == in_force


def test_a_person_without_a_name_is_refused(session):
    with pytest.raises(InvalidInputError, match="full name"):
        add_person(session, "  ", "x@example.org")


def test_an_address_belongs_to_one_person(session, cast):
    with pytest.raises(ConflictError, match="already belongs"):
        add_person(session, "Người khác", "THI@example.org")


def test_names_of_two_words_are_kept_as_they_are(session):
    assert add_person(session, "Y  Ngọc ", None).full_name == "Y Ngọc"


def test_a_post_given_twice_is_one_post(session, cast):
    again = give_post(session, cast.thi, cast.commune, "ubnd_xa")

    assert cast.thi.posts == [again]
    assert holders(session, cast.commune.id, "ubnd_xa", IN_2021) == [cast.thi]


def test_a_post_above_reaches_down_but_not_up_or_sideways(session, cast):
    assert may(session, cast.hoa, Capability.DO_WORK, cast.commune, IN_2021)
    assert not may(session, cast.thi, Capability.DO_WORK, cast.district, IN_2021)
    assert not may(session, cast.khanh, Capability.DO_WORK, cast.commune, IN_2021)


def test_units_whose_end_is_entered_are_not_among_those_that_stay(session, cast):
    assert cast.commune not in staying_units(session, IN_2021)

    cast.commune.valid_to = None
    session.flush()

    assert cast.commune in staying_units(session, IN_2021)


def test_units_are_called_by_their_keys_also_when_they_ended(session, cast):
    assert names_of(session, [cast.commune.key, "nobody's"]) == {
        cast.commune.key: "Thị trấn Đăk Glei"
    }


def test_levels_are_counted_from_the_top_down_without_those_that_have_no_unit(session):
    counted = {level.key: number for level, number in number_by_level(session, IN_2021)}

    assert list(counted) == ["province", "district", "commune"]
    tree = load_tree(session, IN_2021)
    assert sum(counted.values()) == len(tree.nodes)
