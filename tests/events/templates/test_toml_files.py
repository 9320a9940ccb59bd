"""A template as a file: written, and read back as it was."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import InvalidInputError
from events.templates.entries import TemplateEntry
from events.templates.toml_files import from_toml, to_toml
from events.words.texts import nfc

ITEM = {
    "key": "visits",
    "title_vi": "Thăm hỏi",
    "title_en": "Visits",
    "phase": "prepare",
    "anchor": "day",
    "offset_days": -5,
    "level_offsets": {"commune": -3, "to dân phố": 0},
    "levels": ["province", "commune"],
    "cascade": "each",
    "role": "ubnd",
    "evidence": [],
    "evidence_min": 0,
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
    "item": [ITEM],
}
ENTRY = TemplateEntry.model_validate(TEMPLATE)
TEXT = to_toml(ENTRY)
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_a_template_is_written_for_people_to_read():
    head, item = TEXT.split("\n\n")

    assert head.splitlines()[:4] == [
        "[[template]]",
        'key = "family_day"',
        'kind = "observance"',
        'title_vi = "Ngày Gia đình"',
    ]
    assert item.splitlines()[0] == "[[template.item]]"
    for line in (
        "offset_days = -5",
        'level_offsets = { commune = -3, "to dân phố" = 0 }',
        "level_end_offsets = {}",
        'levels = ["province", "commune"]',
        "evidence = []",
        "without_evidence = false",
        "required = true",
        'shift = "prev"',
    ):
        assert line in item.splitlines()
    assert TEXT.endswith("\n")


def test_what_is_empty_is_left_out():
    assert "note" not in TEXT
    assert "observance = " not in TEXT


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ('“Tết” "2027"', r"“Tết” \"2027\""),
        ("C:\\Tết", r"C:\\Tết"),
        ("a\b\t\n\f\rb", r"a\b\t\n\f\rb"),
        ("a\0\x1f\x7f\x80b", "a\\u0000\\u001F\\u007F\x80b"),
    ],
)
def test_signs_that_would_end_a_line_or_a_word_are_escaped(typed, written):
    assert f'note = "{written}"' in to_toml(ENTRY.model_copy(update={"note": typed}))


@given(WORDS.filter(nfc), WORDS, st.dictionaries(WORDS, st.integers(-730, 730), max_size=3))
def test_any_words_survive_the_file(title, note, levels):
    item = ITEM | {"title_vi": title, "level_offsets": levels, "levels": [note]}
    entry = TemplateEntry.model_validate(TEMPLATE | {"note": note, "item": [item]})

    assert from_toml(to_toml(entry)) == entry


def test_a_file_may_begin_with_a_byte_order_mark_and_name_the_version_of_its_form():
    assert from_toml(f"\ufeffschema_version = 1\n{TEXT}") == ENTRY


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = \nc = 2", "2"), ("a =\n", "1"), ("a = 1\nno = [\n[", 3)]
)
def test_a_file_that_cannot_be_read_says_where(text, line):
    with pytest.raises(InvalidInputError, match="not a template file") as refused:
        from_toml(text)

    assert refused.value.facts["line"] == line


@pytest.mark.parametrize(
    "text",
    ["", "x = 1", f"x = 1\n{TEXT}", f"{TEXT}\n{TEXT}", "template = 1", "[template]\nkey = 'x'"],
)
def test_a_file_holds_one_template_and_nothing_else(text):
    with pytest.raises(InvalidInputError, match="exactly one template"):
        from_toml(text)


def test_a_mistake_names_its_item_and_its_field():
    with pytest.raises(InvalidInputError) as refused:
        from_toml(TEXT.replace("weight = 1", "weight = 9"))

    assert (refused.value.facts["item"], refused.value.facts["field"]) == ("Thăm hỏi", "Weight")


@pytest.mark.parametrize(("key", "is_plan"), [("plan_commune", True), ("visits", False)])
def test_a_file_of_before_says_which_items_are_plans_by_their_keys(key, is_plan):
    old = "".join(line for line in TEXT.splitlines(True) if "is_plan" not in line)
    old = old.replace('"visits"', f'"{key}"')
    assert "if_no_district" not in old

    assert not from_toml(old).item[0].is_plan
    assert from_toml(old.replace("if_no_level", "if_no_district")).item[0].is_plan is is_plan


def test_a_file_of_before_that_says_what_is_a_plan_is_believed():
    old = TEXT.replace("if_no_level", "if_no_district").replace('"visits"', '"plan"')

    assert "is_plan = false" in old
    assert not from_toml(old).item[0].is_plan


@pytest.mark.parametrize("items", ["item = 1", "item = [1]"])
def test_items_that_are_none_are_said(items):
    head = TEXT.split("\n\n")[0]

    with pytest.raises(InvalidInputError, match="cannot stand in"):
        from_toml(f"{head}\n{items}")


def test_other_readers_of_the_format_read_the_same():
    assert tomllib.loads(TEXT)["template"][0]["item"][0]["levels"] == ["province", "commune"]
