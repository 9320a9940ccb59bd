"""The yearly announcements on days off, in the wordings in which they are written."""

from datetime import date, timedelta

import pytest

from events.days.decision_text import TET, read_decision

A_DAY = timedelta(days=1)


def days(first, last):
    return [first + n * A_DAY for n in range((last - first).days + 1)]


def closed(text, year):
    read = read_decision(text, year)
    assert read.unread == ()
    return [day.day for day in read.days if day.off]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        (
            "Nghỉ Tết Nguyên đán 07 ngày liên tục từ ngày 05/02/2027 đến hết ngày 11/02/2027",
            date(2027, 2, 5),
            date(2027, 2, 11),
        ),
        (
            "NGHỈ TẾT LIÊN TỤC 07 NGÀY TỪ NGÀY 05/02/2027 ĐẾN HẾT NGÀY 11/02/2027",
            date(2027, 2, 5),
            date(2027, 2, 11),
        ),
        (
            "nghi Tet 07 ngay lien tuc tu ngay 05/02/2027 den het ngay 11/02/2027",
            date(2027, 2, 5),
            date(2027, 2, 11),
        ),
        (
            "Cơ quan làm thủ tục nghỉ Tết từ 05/02 đến 11/02, nghỉ bù 12/02",
            date(2027, 2, 5),
            date(2027, 2, 12),
        ),
        (
            "Công chức nghỉ Tết (07 ngày liên tục từ 05/02/2027 đến hết 11/02/2027)",
            date(2027, 2, 5),
            date(2027, 2, 11),
        ),
        (
            "Công chức nghỉ từ ngày 05/02/2027 đến hết ngày 11/02/2027 (Tết Đinh Mùi 2027)",
            date(2027, 2, 5),
            date(2027, 2, 11),
        ),
        (
            "Nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027, tức từ ngày 29 tháng Chạp đến hết mùng 6 tháng Giêng",
            date(2027, 2, 5),
            date(2027, 2, 11),
        ),
        (
            "Nghỉ Tết từ ngày 05/02/2027 nhằm ngày 29 tháng Chạp đến hết ngày 11/02/2027 nhằm ngày mùng 6 tháng Giêng",
            date(2027, 2, 5),
            date(2027, 2, 11),
        ),
        (
            "Nhằm tạo điều kiện cho công chức, nghỉ Tết từ 16/02/2026 đến hết 20/02/2026",
            date(2026, 2, 16),
            date(2026, 2, 20),
        ),
        (
            "Nghỉ Tết Nguyên đán Nhâm Dần từ ngày 31/01/2022 đến hết ngày 04/02/2022",
            date(2022, 1, 31),
            date(2022, 2, 4),
        ),
        (
            "Dịp nghỉ Tết Nguyên đán năm 2021 kéo dài 07 ngày, bắt đầu từ ngày 10/02/2021 đến hết ngày 16/02/2021 (tức từ ngày 29 "
            "tháng 12 năm Canh Tý đến hết ngày mùng 5 tháng Giêng năm Tân Sửu).",
            date(2021, 2, 10),
            date(2021, 2, 16),
        ),
        (
            "được nghỉ Tết Nguyên đán Quý Mão 2023 từ thứ Sáu ngày 20/01/2023 Dương lịch (tức ngày 29 tháng Chạp năm Nhâm Dần) đến "
            "hết thứ Năm ngày 26/01/2023 Dương lịch (tức ngày 05 tháng Giêng năm Quý Mão), gồm 05 ngày nghỉ Tết và 02 ngày nghỉ bù",
            date(2023, 1, 20),
            date(2023, 1, 26),
        ),
        (
            "được nghỉ Tết Âm lịch năm 2025 09 ngày liên tục từ thứ Bảy ngày 25 tháng 01 năm 2025 Dương lịch đến hết Chủ nhật ngày 02 "
            "tháng 02 năm 2025 Dương lịch (tức từ ngày 26 tháng Chạp năm Giáp Thìn đến hết ngày 05 tháng Giêng năm Ất Tỵ).",
            date(2025, 1, 25),
            date(2025, 2, 2),
        ),
        (
            "Thống nhất nghỉ Tết Âm lịch năm 2026 gồm 02 ngày trước Tết và 03 ngày sau Tết, nghỉ liên tục từ thứ Hai ngày 16/02/2026 "
            "đến hết thứ Sáu ngày 20/02/2026 Dương lịch",
            date(2026, 2, 16),
            date(2026, 2, 20),
        ),
    ],
)
def test_the_announcements_of_the_years_close_the_whole_tet_break(text, first, last):
    read = read_decision(text, last.year)

    assert closed(text, last.year) == days(first, last)
    assert {(day.reason, day.doubtful, day.miscounted) for day in read.days} == {
        (TET, False, False)
    }


def test_days_after_words_that_look_like_those_of_a_lunar_day_are_read():
    assert closed("nghỉ Quốc khánh liên tục ngày 02/9, 03/9", 2027) == [
        date(2027, 9, 2),
        date(2027, 9, 3),
    ]
    assert closed("tiếp tục nghỉ ngày 12/02, ngày 15/02", 2027) == [
        date(2027, 2, 12),
        date(2027, 2, 15),
    ]
    assert closed("Nghỉ Giỗ Tổ Hùng Vương thứ Sáu 16/4/2027, tức ngày 10/3 âm lịch", 2027) == [
        date(2027, 4, 16)
    ]


def test_not_working_on_a_day_that_is_made_up_for_is_a_swap():
    read = read_decision(
        "nghỉ làm việc thứ Sáu (02/01/2026) và đi làm bù vào thứ Bảy (10/01/2026)", 2026
    )

    assert [(day.day, day.off) for day in read.days] == [
        (date(2026, 1, 2), True),
        (date(2026, 1, 10), False),
    ]


@pytest.mark.parametrize(
    ("text", "miscounted"),
    [
        ("Nghỉ Tết 07 ngày từ 05/02/2027 đến 12/02/2027", True),
        ("Nghỉ Tết 09 ngày liên tục từ 05/02/2027 đến 11/02/2027, gồm 05 ngày nghỉ Tết", True),
        ("Nghỉ Quốc khánh 02 ngày: 02/9/2027", True),
        ("Nghỉ Quốc khánh 02 (hai) ngày: 02/9/2027 và 03/9/2027", False),
        ("Nghỉ Tết 05 ngày làm việc, từ 05/02/2027 đến 11/02/2027", False),
        (
            "Nghỉ Tết từ 05/02/2027 đến 11/02/2027 (07 ngày, gồm 05 ngày nghỉ Tết và 02 ngày nghỉ hằng tuần)",
            False,
        ),
        (
            "Nghỉ Quốc khánh 05 ngày, từ 29/8/2026 đến 02/9/2026, trong đó hoán đổi từ 31/8/2026 sang 22/8/2026",
            False,
        ),
    ],
)
def test_a_number_of_days_that_is_not_that_of_the_days_read_is_doubted(text, miscounted):
    assert {day.miscounted for day in read_decision(text, 2027).days if day.off} == {miscounted}
