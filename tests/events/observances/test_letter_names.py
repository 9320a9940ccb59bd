"""What letters call observances."""

import pytest

from events.observances.letter_names import Names, plain_words

TITLES = {
    "family": ["Ngày Gia đình Việt Nam (28/6)"],
    "gender": ["Tháng hành động vì bình đẳng giới và phòng ngừa bạo lực"],
    "violence": ["Tháng hành động quốc gia phòng, chống bạo lực gia đình"],
    "women": ["Ngày Quốc tế Phụ nữ và trẻ em gái"],
    "short": ["Tết và xuân"],
}


@pytest.mark.parametrize("word", ["và", "về", "vì", "với", "đối", "của", "các", "Các"])
def test_words_that_letters_put_in_or_leave_out_make_no_difference(word):
    assert plain_words(f"Ngày {word} Gia đình") == "ngay gia dinh"


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("PCBLGĐ", "phòng, chống bạo lực gia đình"),
        ("BĐG", "bình đẳng giới"),
        ("Tháng hành động quốc gia", "Tháng hành động"),
    ],
)
def test_short_forms_are_read_in_full(short, full):
    assert plain_words(short) == plain_words(full)


def test_a_short_form_inside_a_word_is_none():
    assert plain_words("ABĐGX") == "abdgx"


def test_observances_are_named_in_the_order_of_the_letter():
    text = "Về Tháng hành động quốc gia về PCBLGĐ và Ngày Gia đình Việt Nam năm 2027"

    assert Names.of(TITLES).in_text(text) == ["violence", "family"]


def test_the_first_half_of_a_long_title_is_enough_and_of_a_short_one_it_is_not():
    names = Names.of(TITLES)

    assert names.in_text("Hưởng ứng Tháng hành động vì bình đẳng giới") == ["gender"]
    assert names.in_text("Vui Tết") == []
    assert names.in_text("Vui Tết và xuân") == ["short"]
    assert names.in_text("Nhân Ngày Quốc tế Phụ nữ") == ["women"]


def test_a_name_is_whole_words():
    assert Names.of({"x": ["Gia đình"]}).in_text("gia đìnhx xgia đình") == []
