"""The sentences of an official paper, as people paste them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.days.sentences import Sentence, sentences


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nghỉ Tết; đi làm ngày 20", ["Nghỉ Tết", "đi làm ngày 20"]),
        ("Nghỉ Tết. Đi làm", ["Nghỉ Tết", "Đi làm"]),
        ("từ 05/02/2027. Đi làm", ["từ 05/02/2027", "Đi làm"]),
        ("từ 05/2. Đi làm", ["từ 05/2", "Đi làm"]),
        ("từ 05/02. Đi làm", ["từ 05/02", "Đi làm"]),
        ("từ 05.02.2027 đến 06.02.2027", ["từ 05.02.2027 đến 06.02.2027"]),
        ("Điều 1. Nghỉ Tết", ["Điều 1. Nghỉ Tết"]),  # a number of its own names the sentence
        ("a. Nghỉ Tết. Đi làm", ["a. Nghỉ Tết", "Đi làm"]),
        ("ngày 5. 6", ["ngày 5. 6"]),
        ("Nghỉ Tết.", ["Nghỉ Tết"]),
        ("  Nghỉ   Tết , ", ["Nghỉ Tết"]),
        ("", []),
        (";;\n . \n-", []),
    ],
)
def test_a_text_is_cut_where_its_sentences_end(text, expected):
    assert texts(text) == expected


@pytest.mark.parametrize(
    "wrapped",
    [
        "Nghỉ Tết\ntừ ngày 05/02/2027",
        "Nghỉ Tết từ ngày\n05/02/2027",
        "Nghỉ ngày 5,\n6 tháng 2",
        "  Nghỉ Tết từ ngày 05/02/2027  \n\n đến hết ngày 11/02/2027",
        "Nghỉ Tết (gồm nghỉ\nTết và nghỉ bù)",
        *(f"Cơ quan nghỉ {word}\nTết" for word in ("ngày", "tháng", "năm", "thứ", "chủ", "từ")),
        *(f"Cơ quan nghỉ {word}\nTết" for word in ("đến", "tới", "HẾT", "và", "là")),
    ],
)
def test_a_line_that_a_pdf_has_wrapped_goes_on(wrapped):
    assert texts(wrapped) == [" ".join(wrapped.split())]


@pytest.mark.parametrize(
    "lines",
    [
        "Nghỉ Tết\nĐi làm",
        "Nghỉ Tết\nĐợt 2",
        "Nghỉ Tết.\ntừ ngày 05/02/2027",
        "Nghỉ Tết;\ntừ ngày 05/02/2027",
        "Nghỉ Tết:\ntừ ngày 05/02/2027",
        "Nghỉ Tết\n2. nghỉ bù",
        "Nghỉ Tết\n12) nghỉ bù",
        "Nghỉ Tết\nb) nghỉ bù",
        "Nghỉ Tết\nđ. nghỉ bù",
        "Nghỉ (Tết)\nBù (lễ)",
        "Nghỉ (Tết\nBù (lễ)",
        "Nghỉ Tết\nBù)",
        "Cơ quan\n- Nghỉ Tết",
        "Kính gửi các cơ quan\nnghỉ Tết",
        "KÍNH GỬI CÁC CƠ QUAN\nđược nghỉ Tết",
        "Kính gửi các cơ quan\ncác hoán đổi",
    ],
)
def test_a_line_that_begins_anew_is_a_sentence_of_its_own(lines):
    assert len(texts(lines)) == 2


def test_an_address_over_two_lines_is_one():
    assert texts("Kính gửi các cơ quan\ntrên địa bàn") == ["Kính gửi các cơ quan trên địa bàn"]


@pytest.mark.parametrize("bullet", "-–•+*")
def test_a_list_stands_under_its_heading_until_another_line_comes(bullet):
    text = f"Đối với công chức:\n{bullet} Nghỉ Tết.\n{bullet} Nghỉ bù; đi làm.\nTrân trọng\n{bullet} Khác"

    assert list(sentences(text)) == [
        Sentence("Đối với công chức:"),
        Sentence("Nghỉ Tết", "Đối với công chức:"),
        Sentence("Nghỉ bù", "Đối với công chức:"),
        Sentence("đi làm", "Đối với công chức:"),
        Sentence("Trân trọng"),
        Sentence("Khác"),
    ]


@given(st.text("abĐ 1.;:()-\n/", max_size=80))
def test_no_sentence_is_empty_and_no_word_is_lost(text):
    found = texts(text)

    assert all(found)
    assert "".join(c for said in found for c in said if c.isalnum()) == "".join(
        c for c in text if c.isalnum()
    )
