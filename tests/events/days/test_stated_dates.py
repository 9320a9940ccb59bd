"""The dates that a sentence states, in every form in which officials write them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.days.stated_dates import dates_in, plain, without_dates, years_in

YEAR = 2027
FIFTH, ELEVENTH = date(2027, 2, 5), date(2027, 2, 11)


def days(sentence: str, year: int = YEAR) -> list[date]:
    return [stated.day for stated in dates_in(plain(sentence, year), year)]


@pytest.mark.parametrize(
    "written",
    [
        "05/02/2027",
        "5/2/2027",
        "05 / 02 / 2027",
        "05.02.2027",
        "05-02-2027",
        "05/02/27",
        "05.02.27",
        "05/02",
        "5-2",
        "05 tháng 02 năm 2027",
        "05 tháng 02, năm 2027",
        "05 tháng 02/2027",
        "05 tháng 02 2027",
        "05 tháng 02",
        "05/02/2027 (thứ Sáu)",
        "thứ Sáu - 05/02/2027",
    ],
)
def test_a_date_is_read_as_it_is_written(written):
    assert days(f"nghỉ ngày {written}") == [FIFTH]


@pytest.mark.parametrize(
    "written",
    [
        "05/02/2027 đến 11/02/2027",
        "05/02/2027 tới hết 11/02/2027",
        "05 đến hết ngày 11/02/2027",
        "05 tới thứ Năm ngày 11/02/2027",
        "05 đến Chủ nhật 11/02/2027",
        "05-11/02/2027",
        "05–11/02",
        "05 và 11/02",
        "05, 11/02",
        "05 và 11 tháng 02 năm 2027",
        "05/02 và 11/02",
    ],
)
def test_what_a_date_leaves_out_is_taken_from_the_one_behind_it(written):
    assert days(f"nghỉ ngày {written}", 2027) == [FIFTH, ELEVENTH]


def test_a_year_that_is_written_out_reaches_backwards_only():
    assert days("từ 31/12 đến 02/01/2028, nghỉ 03/01", 2026) == [
        date(2028, 12, 31),
        date(2028, 1, 2),
        date(2026, 1, 3),
    ]


@pytest.mark.parametrize(
    "sentence",
    [
        "nghỉ 07 ngày",
        "nghỉ 05 và 06",
        "kỷ niệm 50 năm",
        "(30/4/1975 - 30/4/2025)",
        "theo Công văn ngày 01/10/2026",
        "theo Công văn số 15/BNV, ngày 01/10/2026",
        "theo Quyết định 01/10/2026",
        "theo Thông báo số 3 ngày 01/10/2026",
        "theo Nghị quyết số 3 ngày 01/10/2026",
        "theo văn bản ngày 01/10/2026",
        "theo Tờ trình ngày 01/10/2026",
        "theo 6150/TB-BLĐTBXH ngày 01/10/2026",
        "ngày 10/3 âm lịch",
        "ngày 10/3 (âm lịch)",
        "(10/3 âm lịch)",
        "(mùng 6 tháng Giêng)",
        "(tức 29/12 năm Canh Tý)",
        "tức ngày 29 tháng 12",
    ],
)
def test_what_looks_like_a_date_and_is_none_is_passed_over(sentence):
    assert days(sentence) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "ngày 29/12 âm lịch, tức ngày 05/02/2027",
        "mùng 10 tháng 3 âm lịch (nhằm ngày 05/02/2027)",
        "29 tháng Chạp (tức 05/02/2027)",
        "từ 29 tháng Chạp đến mùng 6 tháng Giêng, tức 05/02/2027",
        "05/02/2027, tức 29 tháng Chạp",
        "05/02/2027 nhằm ngày 29/12",
        "liên tục 05/02/2027",
        "làm thủ tục 05/02/2027",
        "tiếp tục ngày 05/02/2027",
    ],
)
def test_the_solar_day_beside_a_lunar_one_is_read(sentence):
    assert days(sentence) == [FIFTH]


def test_brackets_of_this_and_last_year_are_dates():
    assert days("(05/02/2027 - 11/02/2027)", 2028) == [FIFTH, ELEVENTH]
    assert days("(05/02/2027 - 11/02/2027)", 2029) == []


def test_a_day_that_does_not_exist_is_an_error():
    with pytest.raises(ValueError, match="day is out of range"):
        days("ngày 30/02/2027")


@pytest.mark.parametrize(
    ("sentence", "folded"),
    [
        ("1. Nghỉ", "nghi"),
        ("a) Nghỉ", "nghi"),
        ("- 12. Nghỉ", "nghi"),
        ("Nghị quyết", "nghij quyet"),
        ("kỳ nghỉ, kì nghỉ", "kyf nghi, kyf nghi"),
        ("ký", "ky"),
        ("phối hợp họp", "phoi hojp hop"),
        ("Ông Nam", "mot nguoi nam"),
        ("đồng chí Nam", "mot nguoi nam"),
        ("ông bà", "ong ba"),
        ("kỷ niệm 50 năm", "ky niem  "),
        ("năm 2027", "nam 2027"),
        ("17/3 (thứ Tư)", "thu tu 17/3"),
        ("thứ Tư – 17/3", "thu tu 17/3"),
        ("chủ nhật - ngày 17/3", "chu nhat ngay 17/3"),
        ("05—06/02", "05-06/02"),
    ],
)
def test_a_sentence_is_searched_folded_with_words_apart_that_folding_makes_one(sentence, folded):
    assert plain(sentence, YEAR) == folded


@pytest.mark.parametrize(
    "weekday", ["Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "2", "3", "4", "5", "6", "7"]
)
@pytest.mark.parametrize("day", range(15, 22))  # Monday to Sunday
def test_a_weekday_before_a_date_is_the_dates_or_not(weekday, day):
    named = {"Hai": 2, "Ba": 3, "Tư": 4, "Năm": 5, "Sáu": 6, "Bảy": 7}.get(weekday) or int(weekday)
    [stated] = dates_in(plain(f"thứ {weekday} ngày {day}/3/2027", YEAR), YEAR)

    assert stated.is_on_another_weekday is (named != day - 13)


def test_a_sunday_has_a_name_of_its_own_and_the_last_weekday_named_counts():
    said = plain("thứ Hai, chủ nhật 21/3, thứ Hai 21/3, ngày 22/3", YEAR)

    assert [stated.is_on_another_weekday for stated in dates_in(said, YEAR)] == [False, True, False]


@pytest.mark.parametrize(
    ("words", "ends"),
    [
        ("-", True),
        ("đến hết", True),
        ("tới", True),
        ("kết thúc", True),
        ("và", False),
        (",", False),
    ],
)
def test_a_word_between_two_dates_makes_a_range(words, ends):
    first, last = dates_in(plain(f"05/02/2027 {words} 11/02/2027", YEAR), YEAR)

    assert (first.ends_range, last.ends_range) == (False, ends)


def test_a_date_says_where_it_stands_and_what_stands_before_it():
    said = "nghi tu 05/02/2027 den 11/02/2027 va"

    first, last = dates_in(said, YEAR)

    assert (said[first.at : first.end], first.words) == ("05/02/2027", "nghi tu ")
    assert (said[last.at : last.end], last.words) == ("11/02/2027", " den ")
    assert without_dates(said).split() == ["nghi", "tu", "den", "va"]


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("Tết năm 2027", {2027}),
        ("05/02/2027 và 05.02.28", {2027, 2028}),
        ("05/02/27", {2027}),
        ("2026-2030", {2026, 2030}),
        ("năm 1999", {1999}),
        ("số 2026/QĐ", set()),
        ("5/1999", set()),
        ("20270", set()),
        ("05/02/271", set()),
    ],
)
def test_the_years_that_a_text_writes_out(text, years):
    assert years_in(text) == years


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_any_day_is_read_back_in_every_form(day):
    forms = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d tháng %m năm %Y", "%d/%m/%y", "%d/%m")

    for form in forms:
        assert days(f"nghỉ ngày {day:{form}}", day.year) == [day]
