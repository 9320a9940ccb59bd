"""The yearly announcements on days off, in the wordings in which they are written."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from events.days.decision_text import TET, read_decision
from events.days.doubts import Doubt
from events.days.reasons import Cause, DayReason

A_DAY = timedelta(days=1)
CASES = tomllib.loads((Path(__file__).parents[2] / "data" / "decisions.toml").read_text("utf-8"))


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


@pytest.mark.parametrize("case", CASES["line"], ids=lambda case: case["why"])
def test_lines_of_decisions_are_read_as_an_official_means_them(case):
    read = read_decision(case["text"], case["year"])

    assert [day.day for day in read.days if day.off] == case.get("off", [])
    assert [day.day for day in read.days if not day.off] == case.get("work", [])
    assert bool(read.unread) or not case.get("unread", False)
    assert not any(day.doubts for day in read.days)


@pytest.mark.parametrize(
    "text",
    [
        "Nghỉ Giỗ Tổ (ngày 10/3 âm lịch, tức thứ Sáu ngày 16/4/2027)",
        "Nghỉ Giỗ Tổ mùng 10 tháng 3 âm lịch (tức ngày 16/4/2027 dương lịch)",
        "Nghỉ Giỗ Tổ mùng 10 tháng Ba (tức 16/4/2027)",
        "Nghỉ Giỗ Tổ ngày 10 tháng 3 năm Đinh Mùi âm lịch, nhằm ngày 16/4/2027",
        "Nghỉ Giỗ Tổ thứ Sáu 16/4/2027 (10/3 âm lịch)",
        "Nghỉ Giỗ Tổ ngày 16/4/2027 (thứ Sáu)",
    ],
)
def test_a_lunar_day_is_passed_over_wherever_it_stands(text):
    assert closed(text, 2027) == [date(2027, 4, 16)]


@pytest.mark.parametrize(
    "text",
    [
        "Nghỉ Tết từ ngày 29 tháng Chạp (tức 05/02/2027) đến hết mùng 6 tháng Giêng (tức 11/02/2027)",
        "Nghỉ Tết từ ngày 29 tháng Chạp đến hết mùng 6 tháng Giêng, tức từ ngày 05/02/2027 đến hết ngày 11/02/2027",
        "Kỳ nghỉ Tết bắt đầu từ ngày 05/02/2027 và kết thúc ngày 11/02/2027",
        "Lịch nghỉ Tết: từ ngày 05/02/2027 đến hết ngày 11/02/2027",
        "Các đơn vị trực thuộc được nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027",
        "Công chức nghỉ Tết từ 05/02/2027 đến hết 11/02/2027 và báo cáo về Sở trước ngày 15/02/2027",
        "Treo cờ từ ngày 03/02/2027 đến ngày 12/02/2027, công chức nghỉ Tết từ 05/02/2027 đến 11/02/2027",
        "Học sinh nghỉ Tết từ 01/02/2027 đến 14/02/2027, công chức nghỉ Tết từ 05/02/2027 đến 11/02/2027",
        "Công chức nghỉ Tết từ 05/02/2027 đến 11/02/2027, học sinh nghỉ Tết từ 01/02/2027 đến 14/02/2027",
        "Nghỉ Tết từ 05.02.27 đến 11.02.27",
    ],
)
def test_only_the_days_under_the_verb_to_be_off_and_of_offices_are_read(text):
    assert closed(text, 2027) == days(date(2027, 2, 5), date(2027, 2, 11))


@pytest.mark.parametrize(
    "text",
    [
        "Công nhân công ty X nghỉ Tết từ 01/02/2027 đến 14/02/2027",
        "Người lao động trong các doanh nghiệp nghỉ Tết từ 01/02/2027 đến 14/02/2027",
        "Trường Tiểu học A cho học sinh nghỉ Tết từ ngày 01/02/2027 đến ngày 14/02/2027",
        "Ông Nguyễn Văn A được nghỉ từ ngày 05/3/2027 đến ngày 12/3/2027",
        "Bà Y Ngọc nghỉ thai sản từ 01/02/2027 đến 11/02/2027",
        "Công chức nghỉ Tết, chúc Tết lãnh đạo ngày 10/02/2027",
        "Sau kỳ nghỉ Tết, các cơ quan gặp mặt đầu xuân vào ngày 12/02/2027",
        "Phân công trực trong thời gian nghỉ Tết từ ngày 04/02/2027 đến ngày 10/02/2027",
        "Đăng ký nghỉ Tết từ ngày 04/02/2027 đến ngày 10/02/2027",
        "Ký ban hành kế hoạch nghỉ Tết ngày 10/01/2027",
        "Kế hoạch nghỉ Tết được công bố ngày 02/10/2026",
        "Theo đề nghị của Sở Nội vụ, họp ngày 10/02/2027",
        "Nghỉ Tết đến hết ngày 11/02/2027",
    ],
)
def test_what_others_do_and_what_is_done_on_a_day_closes_no_office(text):
    read = read_decision(text, 2027)

    assert (read.days, read.unread) == ((), (text,))


def test_a_list_is_about_those_whom_its_heading_names():
    text = (
        "Đối với học sinh:\n- Nghỉ Tết từ ngày 01/02/2027 đến hết ngày 14/02/2027\n"
        "Đối với công chức:\n- Nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027"
    )

    assert [day.day for day in read_decision(text, 2027).days] == days(
        date(2027, 2, 5), date(2027, 2, 11)
    )


@pytest.mark.parametrize(
    "text",
    [
        "Nghỉ Tết Nguyên đán\ntừ ngày 05/02/2027 đến hết\n11/02/2027",
        "Nghỉ Tết từ ngày 05/02/2027 đến hết thứ\nNăm ngày 11/02/2027",
        "Nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027 (gồm 05 ngày nghỉ\nTết và 02 ngày nghỉ bù)",
    ],
)
def test_a_sentence_that_a_pdf_has_wrapped_is_one_sentence(text):
    assert closed(text, 2027) == days(date(2027, 2, 5), date(2027, 2, 11))


def test_an_address_ends_where_the_matter_begins():
    text = "Kính gửi các cơ quan\nnghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027"

    assert read_decision(text, 2027).unread == ("Kính gửi các cơ quan",)


def test_a_day_in_a_swap_stays_one_when_the_break_around_it_closes_it_again():
    text = (
        "Hoán đổi ngày làm việc từ 31/8/2026 sang 22/8/2026.\n"
        "Nghỉ Quốc khánh từ ngày 29/8/2026 đến hết ngày 02/9/2026."
    )

    traded = [day.day for day in read_decision(text, 2026).days if day.reason.day]

    assert traded == [date(2026, 8, 22), date(2026, 8, 31)]


def test_numbered_points_without_a_full_stop_stay_sentences_of_their_own():
    text = "1. Nghỉ Tết từ 05/02/2027 đến 11/02/2027\n2. Nghỉ bù ngày 03/9/2027"

    read = read_decision(text, 2027)

    assert [day.line for day in read.days][-1] == "2. Nghỉ bù ngày 03/9/2027"


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("Nghỉ ngày 17/3/2027", {date(2027, 3, 17): {Doubt.ALONE}}),
        ("Nghỉ bù ngày 03/5/2027", {}),
        ("Nghỉ ngày 15/4/2027", {}),  # beside Giỗ Tổ
        ("Nghỉ các ngày 17/3/2027 và 18/3/2027", {}),
        ("Hoán đổi ngày làm việc từ 17/3/2027 sang thứ Bảy 20/3/2027", {}),
        (
            "Nghỉ Tết từ 04/02/2027 đến 10/02/2027 và ngày 17/02/2027",
            {date(2027, 2, 17): {Doubt.APART}},
        ),
        ("Nghỉ Tết từ 03/02/2027 đến 14/02/2027", {}),
        ("Nghỉ Quốc khánh ngày thứ Hai 02/9/2027", {date(2027, 9, 2): {Doubt.WEEKDAY}}),
    ],
)
def test_what_stays_unsure_is_marked(text, doubtful):
    read = read_decision(text, 2027)

    assert {day.day: set(day.doubts) for day in read.days if day.doubtful} == doubtful


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Nghỉ Tết Nguyên đán ngày 05/02/2027", TET),
        ("Nghỉ Tết Dương lịch ngày 01/01/2027", DayReason(Cause.HOLIDAY, "Tết Dương lịch")),
        ("Nghỉ Quốc khánh ngày 02/9/2027", DayReason(Cause.HOLIDAY, "Quốc khánh")),
        ("Nghỉ bù ngày 03/5/2027", DayReason(Cause.IN_LIEU)),
        ("Nghỉ bù Tết ngày 11/02/2027", DayReason(Cause.IN_LIEU)),
        ("Nghỉ từ 04/02/2027 đến 05/02/2027, gồm Tết và nghỉ bù", TET),
        ("Nghỉ bù từ 03/5/2027 đến 04/5/2027", DayReason(Cause.IN_LIEU)),
        ("Nghỉ ngày 03/5/2027", DayReason(Cause.DECIDED)),
    ],
)
def test_a_day_off_says_what_for(text, reason):
    assert {day.reason for day in read_decision(text, 2027).days} == {reason}


@pytest.mark.parametrize(
    ("text", "off", "worked"),
    [
        ("Nghỉ 07/5/2027 và làm bù 08/5/2027", 7, 8),
        ("Hoán đổi 08/5/2027 cho 07/5/2027", 7, 8),
        ("Hoán đổi 07/5/2027 sang 08/5/2027", 7, 8),
        ("Nghỉ 07/5/2027, trong đó làm bù 08/5/2027", 7, 8),
        ("Hoán đổi ngày làm việc 06/5/2027 sang 07/5/2027", 6, 7),
        ("Hoán đổi: làm bù 07/5/2027 cho ngày 06/5/2027", 6, 7),
        ("Hoán đổi: làm bù 07/5/2027 thay ngày 06/5/2027", 6, 7),
    ],
)
def test_a_swap_gives_up_the_working_day_for_the_one_on_a_weekend(text, off, worked):
    first, second = sorted(read_decision(text, 2027).days, key=lambda day: not day.off)

    assert first.reason == DayReason(Cause.SWAP, day=date(2027, 5, worked))
    assert second.reason == DayReason(Cause.WORKED_FOR, day=date(2027, 5, off))
    assert (first.day.day, second.day.day) == (off, worked)


def test_a_break_and_the_day_worked_for_it_are_read_together():
    read = read_decision("Nghỉ từ 30/4/2027 đến 04/5/2027, làm bù 08/5/2027", 2027)

    assert [day.day for day in read.days if day.off] == days(date(2027, 4, 30), date(2027, 5, 4))
    assert [(day.day, day.reason) for day in read.days if not day.off] == [
        (date(2027, 5, 8), DayReason(Cause.WORKED))
    ]


@pytest.mark.parametrize(
    "text",
    [
        "Hoán đổi ngày 07/5/2027",
        "Hoán đổi 07/5/2027 sang 07/5/2027",
        "Hoán đổi 06/5/2027, 07/5/2027 sang 08/5/2027",
        "Nghỉ từ 11/02/2027 đến 05/02/2027",
        "Nghỉ từ 01/02/2027 đến 21/02/2027",
        "Nghỉ ngày 05/02/2024",
        "Nghỉ ngày 30/02/2027",
        "Không nghỉ ngày 05/02/2027",
        "Chưa nghỉ ngày 05/02/2027",
        "Nghỉ trước ngày 05/02/2027",
        "Nghỉ từ ngày 05/02/2027",
        "Nghỉ Tết từ 05/02/2027 và 3",
        "Nghỉ 05/02/2027 và đi làm 06/02/2027 từ 3",
        "Căn cứ Luật",
    ],
)
def test_what_cannot_be_meant_so_is_given_back_unread(text):
    read = read_decision(text, 2027)

    assert (read.days, read.unread) == ((), (text,))


def test_the_longest_break_has_twenty_days():
    assert len(closed("Nghỉ từ 01/02/2027 đến 20/02/2027", 2027)) == 20


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_days_of_the_years_beside_are_read(year):
    assert closed(f"Nghỉ ngày 31/12/{year}", 2027) == [date(year, 12, 31)]


def test_a_day_that_is_worked_is_read():
    [worked] = read_decision("Các cơ quan đi làm ngày 08/5/2027", 2027).days

    assert (worked.day, worked.off, worked.reason) == (
        date(2027, 5, 8),
        False,
        DayReason(Cause.WORKED),
    )


def test_the_first_working_day_decides_nothing_and_is_understood():
    read = read_decision("Ngày làm việc đầu tiên là ngày 11/02/2027", 2027)

    assert (read.days, read.unread) == ((), ())


def test_a_text_tells_the_years_it_writes_out_and_each_day_its_line():
    read = read_decision("Nghỉ 05/02/2027.\nNghỉ 31/12/2026", 2027)

    assert read.years == {2026, 2027}
    assert [(day.day, day.line) for day in read.days] == [
        (date(2026, 12, 31), "Nghỉ 31/12/2026"),
        (date(2027, 2, 5), "Nghỉ 05/02/2027"),
    ]
    assert read.days[0].decision.day == date(2026, 12, 31)
