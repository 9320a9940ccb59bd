"""Number, day, issuer and year of a letter."""

from datetime import date

import pytest

from events.observances.letter_head import issuer_of, number_and_date, year_of
from events.observances.letter_paragraphs import Paragraph


def year(text: str, dated: date | None = None) -> int | None:
    return year_of([Paragraph(text)], dated)


@pytest.mark.parametrize(
    ("text", "number", "dated"),
    [
        (
            "Số: 757/BVHTTDL-VHCSGĐTV\nHà Nội, ngày 26 tháng 02 năm 2027",
            "757/BVHTTDL-VHCSGĐTV",
            date(2027, 2, 26),
        ),
        ("Số 12 / KH-UBND", "12/KH-UBND", None),
        (
            "Theo Công văn số 3304/LĐTBXH-BĐG ngày 06/8/2019 của Bộ",
            "3304/LĐTBXH-BĐG",
            date(2019, 8, 6),
        ),
        (
            "Ngày 06/8/2019, Bộ ban hành Công văn 3304/LĐTBXH-BĐG",
            "3304/LĐTBXH-BĐG",
            date(2019, 8, 6),
        ),
        ("Công văn 3304/LĐTBXH-BĐG", "3304/LĐTBXH-BĐG", None),
        ("Hà Nội, ngày 26 tháng 02 năm 2027", None, date(2027, 2, 26)),
        ("ngày 31 tháng 02 năm 2027", None, None),
        ("không có gì", None, None),
    ],
)
def test_number_and_day_stand_in_the_head_or_in_what_speaks_of_the_letter(text, number, dated):
    assert number_and_date(text) == (number, dated)


def test_a_day_far_before_the_number_is_another_ones():
    text = f"Ngày 01/02/2019 {'x' * 200} Công văn số 3304/LĐTBXH-BĐG"

    assert number_and_date(text) == ("3304/LĐTBXH-BĐG", None)


@pytest.mark.parametrize(
    ("head", "issuer"),
    [
        ("BỘ VĂN HÓA, THỂ THAO\nVÀ DU LỊCH\nSố: 7/BC-A", "Bộ Văn hóa, Thể thao và Du lịch"),
        ("UBND TỈNH QUẢNG NGÃI\nSỞ NỘI VỤ\nSố: 7/BC-A", "Sở nội vụ"),
        ("BỘ Y TẾ CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nSố: 7/BC-A", "Bộ Y tế"),
        ("Bộ Y tế\nSố: 7/BC-A", None),
        ("KẾ HOẠCH\nSố: 7/BC-A", None),
        ("\n" * 60 + "BỘ Y TẾ\nSố: 7/BC-A", None),
    ],
)
def test_the_issuer_is_the_last_in_capitals_before_the_number(head, issuer):
    assert issuer_of(head) == issuer


def test_without_a_day_the_first_year_that_is_spelled_counts():
    assert year("Chủ đề năm 2027, nối tiếp năm 2026") == 2027
    assert year("Ngày 20/3/2026 và năm 2027") == 2027
    assert year("Ngày 20/3/2026") == 2026
    assert year("Không năm nào") is None


def test_with_a_day_only_its_own_year_and_the_next_can_be_meant():
    assert year("Tổng kết năm 2020, chủ đề năm 2027", date(2026, 12, 20)) == 2027
    assert year("Chủ đề năm 2027, nối tiếp năm 2026", date(2026, 12, 20)) == 2027
    assert year("Tổng kết năm 2020", date(2026, 12, 20)) == 2026


@pytest.mark.parametrize(
    "text",
    ["giai đoạn 2021 - 2030", "đến năm 2030", "tháng 12 năm 2013", "ngày 1 tháng 2 năm 2013"],
)
def test_years_of_programmes_and_days_are_not_the_letters(text):
    assert year(f"Chương trình {text}; chủ đề năm 2027") == 2027
