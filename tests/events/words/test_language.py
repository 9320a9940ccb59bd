"""Sentences of the product with their facts, as a Vietnamese and an English reader have them."""

from dataclasses import dataclass
from datetime import date

import pytest

from events.days.reasons import Cause, DayReason
from events.errors import ConflictError, InvalidInputError, NotFoundError
from events.words.language import (
    LANGUAGES,
    InWords,
    Said,
    in_words,
    say,
    tell,
    translations,
    within,
)

TRADED = DayReason(Cause.SWAP, day=date(2026, 1, 10))


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("Tỉnh Quảng Ngãi", "tỉnh Quảng Ngãi"),
        ("Thành phố Đà Nẵng", "thành phố Đà Nẵng"),
        ("Thị xã Đức Phổ", "thị xã Đức Phổ"),
        ("Quận Một", "quận Một"),
        ("Huyện Đăk Glei", "huyện Đăk Glei"),
        ("Đặc khu Lý Sơn", "đặc khu Lý Sơn"),
        ("Thị trấn Đăk Glei", "thị trấn Đăk Glei"),
        ("Tổ dân phố Trường Thọ", "tổ dân phố Trường Thọ"),
        ("Thôn Đông", "thôn Đông"),
        ("Làng Kon Klor", "làng Kon Klor"),
        ("Bản Mới", "bản Mới"),
        ("Buôn Đôn", "buôn Đôn"),
        ("Ấp Bắc", "ấp Bắc"),
        ("Khu phố Đông", "khu phố Đông"),
        ("Khóm Hòa", "khóm Hòa"),
        ("Xã A, Phường B (Thành phố Mới)", "xã A, phường B (thành phố Mới)"),
        ("Ban Chỉ đạo Tỉnh Quảng Ngãi", "Ban Chỉ đạo Tỉnh Quảng Ngãi"),
        ("Tổ dân phố 5", "Tổ dân phố 5"),
        ("Tổ dân phố Số 2", "Tổ dân phố Số 2"),
        ("Tổ dân phố số 2", "Tổ dân phố số 2"),
        ("Thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
        ("Xãm", "Xãm"),
    ],
)
def test_the_kind_of_a_unit_is_written_small_inside_a_sentence_except_before_a_number(
    name: str, inside: str
):
    assert within(name, "vi") == inside
    assert within(name, "en") == name


@pytest.mark.parametrize("fact", ["unit", "units", "other", "above"])
def test_a_unit_is_written_small_wherever_a_sentence_names_one(fact: str):
    sentence = f"Here is %({fact})s."

    assert tell(sentence, {fact: "Xã Bình Minh"}, "vi") == "Here is xã Bình Minh."


def test_what_people_typed_stays_as_it_is_inside_a_sentence():
    assert tell("“%(item)s”, %(unit)s", {"item": "Xã A", "unit": 5}, "vi") == "“Xã A”, 5"


def test_what_is_refused_names_units_small_inside_the_sentence_and_large_where_they_begin_it():
    inside = InvalidInputError("There is no such post in %(unit)s.", unit="Xã Bình Minh")
    both = ConflictError(
        "%(unit)s is of another level than %(other)s.", unit="Xã Bình Minh", other="Tỉnh Quảng Ngãi"
    )

    assert say(inside, "vi").endswith("xã Bình Minh.")
    assert say(both, "vi") == "Xã Bình Minh khác cấp với tỉnh Quảng Ngãi."


def test_what_is_refused_names_the_kind_of_thing_in_the_readers_language():
    error = NotFoundError(kind="campaign", key="2026")

    assert say(error, "vi") == "Không tìm thấy chiến dịch “2026”."
    assert say(error, "en") == "There is no campaign “2026”."


def test_what_is_refused_names_the_field_of_a_form_in_the_readers_language():
    error = InvalidInputError("“%(field)s” is missing.", field="Weight")

    assert say(error, "vi") == "Chưa nhập “Trọng số”."


def test_a_fact_that_is_no_word_of_the_product_is_not_looked_up():
    error = InvalidInputError("“%(field)s” is missing.", field=7)

    assert say(error, "en") == "“7” is missing."


def test_what_people_typed_is_not_translated_though_the_product_has_that_word():
    error = NotFoundError(kind="campaign", key="Weight")

    assert say(error, "vi") == "Không tìm thấy chiến dịch “Weight”."


def test_a_language_without_a_catalogue_speaks_english():
    assert translations("fr").gettext("due today") == "due today"
    assert LANGUAGES == ("vi", "en")


def test_a_sentence_without_facts_keeps_its_percent_sign():
    assert tell("100% of it", {}, "vi") == "100% of it"


def test_a_fact_with_words_of_its_own_is_said_in_the_readers_language():
    facts = {"nominal": "13/02", "reason": TRADED}

    assert in_words(TRADED, "en") == "on a day off that is traded for 10/01/2026"
    assert in_words(7, "vi") == 7
    assert tell("%(nominal)s: %(reason)s", facts, "vi").endswith(TRADED.words("vi"))


@dataclass
class Words(InWords):
    """Speaks by itself, as a fact may."""

    def words(self, language: str) -> str:
        return f"in {language}"


def test_a_sentence_may_be_a_fact_of_another_one():
    missing = Said.of(InvalidInputError("“%(field)s” is missing.", field="Weight"))

    assert tell("Row 3: %(why)s", {"why": missing}, "vi") == "Row 3: Chưa nhập “Weight”."
    assert str(missing) == "“Weight” is missing."
    assert str(Said("100% of it")) == "100% of it"
    assert Said("%(it)s", {"it": Words()}).words("en") == "in en"
