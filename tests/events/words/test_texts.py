"""What people type, as it is stored, compared and addressed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.errors import InvalidInputError
from events.words.colors import HEX_OF
from events.words.texts import (
    LONGEST,
    LONGEST_SLUG,
    color_name,
    decoded,
    folded,
    nfc,
    one_line,
    passage,
    required,
    short,
    slug_of,
)

FAMILY_DAY = "Ngày Gia đình Việt Nam"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def test_a_word_typed_with_separate_marks_is_stored_as_everybody_elses():
    assert nfc(f" {unicodedata.normalize('NFD', FAMILY_DAY)}\n") == FAMILY_DAY


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Gia\x00 \x01đình\x7f", "Gia đình"),
        ("\u202eGia\u202c \u2066đình\u2069\u200f", "Gia đình"),
        ("Gia\u200b \ufeffđình\u00ad", "Gia đình"),
        ("Gia\r\nđình\u2028no\fấm", "Gia\nđình\nno\nấm"),
        ("e\u200b\u0301", "é"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
    ],
)
def test_what_nobody_sees_is_not_stored(typed: str, stored: str):
    assert nfc(typed) == stored


@pytest.mark.parametrize(
    "typed", ["\x01\x02", "\u202e", "\u200b\u200d", "\u3164", "\u2800", "\u0301", "\u2066\u2069 "]
)
def test_what_leaves_nothing_to_see_is_empty(typed: str):
    assert nfc(typed) == one_line(typed) == ""
    assert short(typed) is passage(typed) is None


@given(TEXTS)
def test_a_cleaned_text_stays_as_it_is(text: str):
    assert nfc(nfc(text)) == nfc(text)


def test_a_passage_keeps_its_lines_and_has_an_end():
    assert passage("Hai\r\ndòng ") == "Hai\ndòng"
    with pytest.raises(InvalidInputError, match="At most 3 characters"):
        passage("dòng", 3)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_is_utf_8_with_or_without_a_byte_order_mark(encoding: str):
    assert decoded(FAMILY_DAY.encode(encoding)) == FAMILY_DAY


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-16-le"])
def test_a_file_in_utf_16_is_called_by_its_name(encoding: str):
    with pytest.raises(InvalidInputError, match="is UTF-16"):
        decoded("Hội".encode(encoding))


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_a_byte_order_mark_alone_tells_utf_16(mark: bytes):
    with pytest.raises(InvalidInputError, match="is UTF-16"):
        decoded(mark + "Họ".encode("utf-16-le")[:2])


def test_a_file_in_an_old_encoding_is_refused_with_the_likeliest():
    with pytest.raises(InvalidInputError, match="windows-1258"):
        decoded(b"Gia \xf0\xecnh")


def test_a_colour_is_one_that_calendars_know():
    assert color_name("crimson") == "crimson"
    with pytest.raises(InvalidInputError) as refused:
        color_name("#DC143C" * 9)
    assert len(str(refused.value.facts["name"])) == 40
    assert refused.value.facts["allowed"] == ", ".join(HEX_OF)


def test_people_find_a_name_without_its_marks_and_capitals():
    assert folded("Xã ĐĂK GLEI", None, "", "Kon Tum") == "xa dak glei kon tum"


@pytest.mark.parametrize(
    ("title", "address"),
    [
        (FAMILY_DAY, "ngay-gia-dinh-viet-nam"),
        (" – 20/11: Tết thầy cô! ", "20-11-tet-thay-co"),
        ("…", ""),
    ],
)
def test_a_title_becomes_an_address(title: str, address: str):
    assert slug_of(title) == address


@given(TEXTS, st.integers(1, 60))
def test_an_address_fits_and_neither_begins_nor_ends_with_a_hyphen(title: str, longest: int):
    address = slug_of(title, longest)

    assert len(address) <= longest
    assert address == address.strip("-")
    assert slug_of(address, longest) == address


def test_an_address_that_is_cut_at_a_hyphen_loses_it():
    assert slug_of("Gia đình", 4) == "gia"
    assert len(slug_of("a" * 99)) == LONGEST_SLUG == 50


def test_words_stand_one_space_apart_on_one_line():
    assert one_line(" Gia\tđình\r\n  no ấm ") == "Gia đình no ấm"
    assert one_line(None) == ""


@given(TEXTS)
def test_one_line_is_in_the_form_that_is_stored_and_stays_as_it_is(text: str):
    line = one_line(text)

    assert line.splitlines() in ([line], [])
    assert one_line(line) == line == nfc(line)


def test_a_line_of_500_characters_fits_and_one_more_does_not():
    fits = "ữ" * LONGEST

    assert LONGEST == 500
    assert short(f" {unicodedata.normalize('NFD', fits)} ") == fits
    assert short("ữữ", 2) == "ữữ"
    with pytest.raises(InvalidInputError, match="At most 500 characters"):
        short(fits + "ữ")


@pytest.mark.parametrize("nothing", [None, "", " \n"])
def test_an_empty_line_is_none(nothing: str | None):
    assert short(nothing) is None


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_required_and_missing_is_said(nothing: str | None):
    assert required(FAMILY_DAY, "Please give it a title.") == FAMILY_DAY
    with pytest.raises(InvalidInputError, match="give it a title"):
        required(nothing, "Please give it a title.")
