"""Why an item is closed, by itself and behind other words."""

import pytest

from events.checklist.closing_words import (
    Closing,
    begun_small,
    by_parts,
    by_person,
    by_version,
    closing_in,
    closing_of,
    why_closed,
    why_closed_within,
    with_whole,
)
from events.models import Campaign, ChecklistItem, ClosedBecause, Unit

FLOOD = by_person("Mưa lũ")
LEFT_OUT = Closing(ClosedBecause.NOT_CHOSEN)
COMMUNES = {"vi": "Cấp xã", "en": "Commune"}


def item_closed(closing: Closing) -> ChecklistItem:
    return ChecklistItem(**closing.columns)


@pytest.mark.parametrize("closing", [FLOOD, by_version(2), LEFT_OUT, by_person("")])
def test_an_item_keeps_why_it_was_closed(closing: Closing):
    assert closing_of(item_closed(closing)) == closing


def test_a_closing_without_facts_stores_none():
    assert FLOOD.columns == {
        "closed_because": ClosedBecause.PERSON,
        "closing_facts": None,
        "reason": "Mưa lũ",
    }


def test_a_state_of_before_without_a_code_was_closed_by_a_person():
    assert closing_in({"reason": "Mưa lũ"}) == FLOOD
    assert why_closed(closing_in({}), "vi") == ""


@pytest.mark.parametrize("say", [why_closed, why_closed_within])
def test_what_a_person_typed_stays_as_it_is(say):
    assert say(by_person("Mưa lũ, 100%"), "en") == "Mưa lũ, 100%"
    assert say(by_person(""), "vi") == ""


def test_a_whole_says_once_what_its_parts_say():
    whole = by_parts(map(item_closed, [FLOOD, by_version(2), FLOOD]))

    assert why_closed(whole, "vi") == "Không còn trong mẫu (phiên bản 2); Mưa lũ"
    assert why_closed_within(whole, "vi") == "không còn trong mẫu (phiên bản 2); Mưa lũ"


def test_a_whole_whose_parts_are_not_told_says_nothing():
    assert why_closed_within(Closing(ClosedBecause.PARTS), "vi") == ""


def test_a_part_says_why_its_whole_is_closed_in_the_readers_language():
    whole = item_closed(by_version(2))
    whole.campaign = Campaign(unit=Unit(full_name="Xã Đăk Blô"))

    part = with_whole(whole)

    assert why_closed(part, "en") == (
        "Closed together with the item of Xã Đăk Blô: No longer in the template (version 2)"
    )


@pytest.mark.parametrize(("language", "level"), [("vi", "cấp xã"), ("en", "commune")])
def test_a_level_is_named_small_in_the_readers_language(language, level):
    ended = Closing(ClosedBecause.ENDED, {"level": COMMUNES})

    assert level in why_closed(ended, language)


def test_a_level_without_a_name_in_a_language_has_the_english_one():
    ended = Closing(ClosedBecause.ENDED, {"level": {"vi": None, "en": "Commune"}})

    assert "commune" in why_closed(ended, "vi")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"units": "Xã A, Phường B"}, "chuyển cho xã A, phường B"),
        ({"count": 12, "level": COMMUNES}, "chuyển cho 12 đơn vị cấp xã"),
    ],
)
def test_where_an_item_went_is_named_or_counted(facts, words):
    assert why_closed(Closing(ClosedBecause.MOVED, facts), "vi") == words


def test_a_unit_that_took_a_part_back_begins_a_sentence_large_and_stands_small_inside_one():
    taken = Closing(ClosedBecause.TAKEN_BACK, {"unit": "Thị trấn Đăk Glei"})

    assert why_closed(taken, "vi").startswith("Thị trấn Đăk Glei")
    assert why_closed_within(taken, "vi").startswith("thị trấn Đăk Glei")


@pytest.mark.parametrize(
    ("words", "small"),
    [("Không còn", "không còn"), ("UBND", "UBND"), ("A", "A"), ("", ""), ("Ở xã", "Ở xã")],
)
def test_words_of_ours_begin_small_unless_they_begin_with_an_abbreviation(words, small):
    assert begun_small(words) == small
