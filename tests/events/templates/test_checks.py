"""What a template may say."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from events.errors import InvalidInputError
from events.templates.checks import (
    ANCHORS,
    FIELDS,
    Known,
    find_cycle,
    problem_in_words,
    problem_of_header,
    problem_of_item,
)
from events.templates.entries import ItemEntry, TemplateEntry

KNOWN = Known(
    roles=("ubnd", "so"), phases={"prepare"}, evidence={"photo"}, levels={"province", "commune"}
)
ITEM = {
    "key": "visits",
    "title_vi": "Thăm hỏi",
    "title_en": "Visits",
    "phase": "prepare",
    "anchor": "day",
    "offset_days": -5,
    "levels": ["commune"],
    "cascade": "each",
    "role": "ubnd",
    "evidence": ["photo"],
    "evidence_min": 1,
    "weight": 1,
    "required": True,
    "shift": "prev",
}
TEMPLATE = {
    "key": "family_day",
    "kind": "observance",
    "title_vi": "Ngày Gia đình",
    "title_en": "Family Day",
    "anchor": "day",
    "generate_ahead_days": 60,
    "owner_role": "so",
}
HALF_YEAR = {"first": "12-15", "last": "06-14", "name": "6 tháng"}


def template(*items: dict[str, object], **header: object) -> TemplateEntry:
    return TemplateEntry.model_validate(TEMPLATE | header | {"item": list(items) or [ITEM]})


def problem(header: dict[str, object] | None = None, **changes: object) -> InvalidInputError | None:
    """What is wrong with an item of a template that is changed so."""
    entry = template(ITEM | changes, **(header or {}))
    return problem_of_item(entry.item[0], entry, KNOWN)


def mistake(changes: dict[str, object], without: str = "") -> InvalidInputError:
    """What is said of an item whose file is changed so."""
    data = {name: value for name, value in (ITEM | changes).items() if name != without}
    with pytest.raises(ValidationError) as caught:
        ItemEntry.model_validate(data)
    return problem_in_words(caught.value, data)


def test_a_template_that_says_what_it_may_has_no_problem():
    assert problem_of_header(template(), KNOWN) is None
    assert problem() is None


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ({"anchor": "cutoff"}, "go together"),
        ({"cutoffs": [HALF_YEAR]}, "go together"),
        (
            {"anchor": "cutoff", "cutoffs": [HALF_YEAR | {"last": "06-31"}]},
            "6 tháng: “12-15” and “06-31”",
        ),
        ({"anchor": "cutoff", "cutoffs": [HALF_YEAR | {"first": "tháng"}]}, "no two days"),
        ({"owner_role": "nobody"}, "unknown role 'nobody' in owner_role"),
    ],
)
def test_a_template_whose_head_cannot_be_is_refused(header, words):
    found = problem_of_header(template(**header), KNOWN)

    assert words in str(found)


def test_a_report_has_the_anchor_and_the_periods():
    assert problem_of_header(template(anchor="cutoff", cutoffs=[HALF_YEAR]), KNOWN) is None


def test_who_names_an_unknown_key_is_told_the_known_ones():
    assert problem_of_header(template(owner_role="x"), KNOWN).facts["allowed"] == "so, ubnd"
    assert problem(role="x").facts == {"key": "x", "allowed": "so, ubnd"}


def test_two_items_of_a_template_have_two_keys():
    entry = template(ITEM, ITEM | {"key": "report"}, ITEM)

    assert "stands twice" in str(problem_of_item(entry.item[0], entry, KNOWN))
    assert problem_of_item(entry.item[1], entry, KNOWN) is None


@pytest.mark.parametrize("anchor", ANCHORS)
def test_an_item_counts_from_what_its_template_has(anchor):
    cutoffs = [HALF_YEAR] if anchor == "cutoff" else []
    fits = {
        own
        for own in ("day", "start", "end", "event", "cutoff", "plan")
        if not problem({"anchor": anchor, "cutoffs": cutoffs}, anchor=own, depends_on=["visits"])
    }

    assert (
        fits
        == {
            "day": {"day", "event", "plan"},
            "start": {"start", "end", "event", "plan"},
            "end": {"start", "end", "event", "plan"},
            "event": {"event", "plan"},
            "cutoff": {"cutoff", "plan"},
        }[anchor]
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"anchor": "plan"}, "needs the plan in depends_on"),
        ({"anchor": "end"}, "anchor 'end' does not go with the template's anchor 'day'"),
        ({"end_offset_days": -6}, "lies before offset_days"),
        ({"end_offset_days": 0, "level_end_offsets": {"commune": -6}}, "lies before"),
        ({"end_offset_days": 0, "level_offsets": {"commune": 1}}, "lies before"),
        ({"evidence": []}, "needs a kind of evidence"),
        ({"level_end_offsets": {"commune": 3}}, "needs an end_offset_days"),
        ({"role": "nobody"}, "unknown role 'nobody'"),
        ({"support_roles": ["so", "nobody"]}, "unknown role 'nobody'"),
        ({"phase": "after"}, "unknown phase 'after'"),
        ({"evidence": ["photo", "film"]}, "unknown evidence kind 'film'"),
        ({"levels": ["commune", "moon"]}, "unknown level 'moon'"),
        ({"level_offsets": {"moon": 1}}, "unknown level 'moon'"),
        ({"end_offset_days": 9, "level_end_offsets": {"moon": 9}}, "unknown level 'moon'"),
        ({"if_no_level": "moon"}, "unknown level 'moon'"),
        ({"depends_on": ["plan"]}, "unknown depends_on 'plan'"),
    ],
)
def test_an_item_that_cannot_be_is_refused(changes, words):
    assert words in str(problem(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"end_offset_days": -5},
        {
            "end_offset_days": 0,
            "level_offsets": {"commune": 1},
            "level_end_offsets": {"commune": 1},
        },
        {"evidence": [], "evidence_min": 0},
        {"if_no_level": "province"},
        {"if_no_level": "drop"},
    ],
)
def test_an_item_that_only_just_can_be_is_taken(changes):
    assert problem(**changes) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title_vi": ""}, "“Name in Vietnamese” is missing."),
        ({"levels": []}, "“Levels” is missing."),
        ({"weight": None}, "“Weight” is missing."),
        ({"title_vi": "x" * 301}, "“Name in Vietnamese” takes at most 300 characters."),
        ({"weight": 9}, "“Weight” is at most 5, and not 9."),
        ({"weight": 0}, "“Weight” is at least 1, and not 0."),
        ({"weight": "many"}, "“Weight” is a whole number, and not “many”."),
        ({"weight": []}, "“Weight” is a whole number, and not “[]”."),
        ({"key": "Thăm hỏi"}, "“Short name without accents” takes small letters"),
        ({"required": "maybe"}, "“maybe” cannot stand in “required”."),
        ({"shft": "prev"}, "Templates know nothing called “shft”."),
    ],
)
def test_a_mistake_in_a_file_is_said_with_the_name_that_forms_give_the_field(changes, words):
    assert str(mistake(changes)).startswith(words)


def test_a_field_that_is_not_there_is_missing():
    assert str(mistake({}, without="role")) == "“Role” is missing."


def test_a_misspelt_field_comes_before_the_absence_that_it_causes():
    assert "know nothing called “shft”" in str(mistake({"shft": "prev"}, without="shift"))


def test_a_long_value_is_quoted_in_part():
    assert mistake({"required": "x" * 99}).facts["value"] == "x" * 60


@pytest.mark.parametrize(
    ("item", "name"),
    [
        (ITEM | {"weight": 9}, "Thăm hỏi"),
        ({"key": "visits"}, "visits"),
        ({"title_vi": "x" * 99}, "x" * 60),
        ({"title_vi": "", "key": None}, "?"),
        ("visits", "?"),
    ],
)
def test_a_mistake_in_a_whole_template_names_its_item(item, name):
    data = TEMPLATE | {"item": [ITEM, item]}
    with pytest.raises(ValidationError) as caught:
        TemplateEntry.model_validate(data)

    found = problem_in_words(caught.value, data)
    assert found.facts["item"] == name
    assert found.facts["field"] in FIELDS.values()


@pytest.mark.parametrize(
    ("header", "field"),
    [({"kind": None}, "Kind"), ({"item": []}, "Items"), ({"item": None}, "Items")],
)
def test_a_mistake_in_the_head_of_a_template_names_no_item(header, field):
    data = TEMPLATE | {"item": [ITEM]} | header
    with pytest.raises(ValidationError) as caught:
        TemplateEntry.model_validate(data)

    found = problem_in_words(caught.value, data)
    assert ("item" in found.facts, found.facts["field"]) == (False, field)


def test_what_is_no_template_at_all_is_said():
    with pytest.raises(ValidationError) as caught:
        ItemEntry.model_validate("visits")

    assert problem_in_words(caught.value, {}).facts["field"] == "Items"


@pytest.mark.parametrize(
    ("graph", "cycle"),
    [
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ["b", "c", "b"]),
        ({"a": ["a"]}, ["a", "a"]),
        ({"a": [], "b": ["c"], "c": ["b"]}, ["b", "c", "b"]),
        ({"a": ["b", "c"], "b": ["c"], "c": []}, []),
        ({"a": ["elsewhere"]}, []),
        ({}, []),
    ],
)
def test_a_cycle_is_found_and_shown_from_its_start(graph, cycle):
    assert find_cycle(graph) == cycle


def test_items_that_wait_in_many_ways_are_looked_at_once():
    graph = {str(n): [str(n + 1), str(n + 2)] for n in range(200)}

    assert find_cycle(graph) == []


@given(st.dictionaries(st.sampled_from("abcde"), st.lists(st.sampled_from("abcde"), max_size=3)))
def test_what_is_shown_is_a_cycle_and_without_one_an_order_exists(graph):
    cycle = find_cycle(graph)

    if cycle:
        assert cycle[0] == cycle[-1]
        assert all(after in graph[before] for before, after in itertools.pairwise(cycle))
        return
    left = set(graph)
    while left:
        free = {key for key in left if not left & set(graph[key])}
        assert free
        left -= free
