"""The provinces and communes of the whole country, as an installation takes them over."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.catalog.country import REFORM, find_province, provinces, units_of, with_units_of
from events.errors import CatalogError, InvalidInputError
from events.words.texts import folded

ANY = st.sampled_from(provinces())


def units(province, catalog):
    return units_of(province, catalog.units.level)


def in_force(entries):
    return [unit for unit in entries if unit.valid_to is None]


def test_the_country_has_34_provinces_and_3321_communes(catalog):
    found = [unit for each in provinces() for unit in in_force(units(each, catalog))]

    assert len(provinces()) == 34
    assert Counter(unit.level for unit in found) == {"province": 34, "commune": 3321}
    assert Counter(unit.type for unit in found) == {
        "tinh": 25,
        "thanh_pho": 9,
        "xa": 2621,
        "phuong": 687,
        "dac_khu": 13,
    }


def test_every_old_province_went_into_one(catalog):
    made_from = [old for each in provinces() for old in each.made_from]

    assert len(made_from) == len(set(made_from)) == 63


@pytest.mark.slow
@given(ANY)
def test_whatever_the_province_its_units_hang_together(catalog, province):
    found = units(province, catalog)
    by_key = {unit.id: unit for unit in found}

    assert len(by_key) == len({unit.slug for unit in found}) == len(found)
    assert len(in_force(found)) == 1 + province.communes
    for unit in found:
        assert unit.full_name.endswith(unit.name)
        assert not unit.parent or (by_key[unit.parent].valid_to is None) == (unit.valid_to is None)
        assert all(by_key[key].valid_from == REFORM for key in unit.successors)


@pytest.mark.slow
@given(ANY, st.booleans(), st.booleans())
def test_a_province_is_found_by_code_and_by_name_with_or_without_accents(province, bare, short):
    name = province.full_name.removeprefix("Tỉnh ").removeprefix("Thành phố ")
    name = name if short else province.full_name
    name = folded(name) if bare else name

    assert find_province(name) == find_province(province.code) == province
    assert find_province(f"  {name.upper()} ") == province


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("92", "92"),
        ("1", "01"),
        ("TP. Hồ Chí Minh", "79"),
        ("tp can tho", "92"),
        ("Kon Tum", "51"),
        ("Bà Rịa - Vũng Tàu", "79"),
        ("vung tau", "79"),
        ("tien giang", "82"),
    ],
)
def test_a_province_is_found_as_people_call_it_also_by_the_name_it_had(typed, code):
    assert find_province(typed).code == code


@pytest.mark.parametrize("typed", ["", "  ", "00", "99", "quang", "Sài Gòn", "9٢"])
def test_what_names_no_province_or_several_is_refused(typed):
    with pytest.raises(InvalidInputError, match="province"):
        find_province(typed)


def test_the_list_agrees_with_the_shipped_catalogue_of_quang_ngai(catalog):
    """Two sources: who is there now, and what became of the communes of Kon Tum."""
    listed = {unit.id: unit for unit in units(find_province("51"), catalog)}
    shipped = {unit.id: unit for unit in catalog.units.unit}
    now = {unit.id for unit in in_force(shipped.values())}
    followed = {unit.id: set(unit.successors) for unit in shipped.values() if unit.successors}
    for unit in shipped.values():
        for before in unit.predecessors:
            followed.setdefault(before, set()).add(unit.id)

    assert {unit.id for unit in in_force(listed.values())} == now
    assert {key for key in followed if listed[key].level != shipped[key].level} == set()
    assert {
        key: (ours, set(listed[key].successors))
        for key, ours in followed.items()
        if ours != set(listed[key].successors)
    } == {}


def test_the_province_of_a_catalogue_keeps_the_units_that_stand_there(catalog):
    assert with_units_of(catalog, find_province("51")) is catalog


def test_another_province_has_its_own_units_and_the_same_levels_days_and_templates(catalog):
    taken = with_units_of(catalog, find_province("92"))

    assert taken.units.level == catalog.units.level
    assert taken.templates is catalog.templates
    assert {unit.full_name for unit in taken.units.unit if not unit.parent} == {
        "Thành phố Cần Thơ",
        "Tỉnh Hậu Giang",
        "Tỉnh Sóc Trăng",
    }


def test_levels_that_do_not_say_which_codes_are_theirs_are_refused(catalog):
    levels = [level.model_copy(update={"code_digits": None}) for level in catalog.units.level]

    with pytest.raises(CatalogError, match="code_digits"):
        units_of(find_province("92"), levels)
