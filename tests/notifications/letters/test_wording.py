import unicodedata
from datetime import date
from gettext import NullTranslations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.days.reasons import Cause, DayReason
from notifications.letters.wording import (
    ZALO_LIMIT,
    Entry,
    date_in_words,
    delay_in_words,
    move_in_words,
    zalo_text,
)

FRIDAY = date(2026, 2, 13)
HOME = "https://sumvay.example.org"
ENGLISH = NullTranslations()


def entry(summary="Gửi kế hoạch", unit="Thị trấn Đăk Glei", number=1):
    return Entry(
        summary,
        "Chiến dịch",
        unit,
        f"{HOME}/viec/{number}",
        "thứ Sáu",
        None,
        None,
        "còn 1 ngày",
        False,
    )


entries = st.lists(
    st.builds(
        entry,
        st.text("abc đêữớ", min_size=1, max_size=600),
        st.text("ăâ ", max_size=80),
        st.integers(1, 10**9),
    ),
    min_size=1,
    max_size=30,
)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (FRIDAY, "thứ Sáu, ngày 13 tháng 02 năm 2026"),
        (date(2021, 3, 7), "Chủ nhật, ngày 07 tháng 3 năm 2021"),
        (date(2021, 6, 28), "thứ Hai, ngày 28 tháng 6 năm 2021"),
        (date(2021, 12, 25), "thứ Bảy, ngày 25 tháng 12 năm 2021"),
    ],
)
def test_dates_are_written_as_in_official_papers(day, words):
    assert date_in_words(day, "vi") == words


def test_every_day_of_the_week_has_its_name():
    days = [date(2026, 2, day) for day in range(9, 16)]

    assert [date_in_words(day, "vi").partition(",")[0] for day in days] == [
        "thứ Hai",
        "thứ Ba",
        "thứ Tư",
        "thứ Năm",
        "thứ Sáu",
        "thứ Bảy",
        "Chủ nhật",
    ]


def test_dates_in_english():
    assert date_in_words(FRIDAY, "en") == "Friday, 13 February 2026"


@pytest.mark.parametrize(
    ("today", "start", "words", "english"),
    [
        (date(2026, 2, 6), None, "còn 7 ngày", "7 days left"),
        (date(2026, 2, 12), None, "còn 1 ngày", "1 day left"),
        (FRIDAY, None, "đến hạn hôm nay", "due today"),
        (date(2026, 2, 14), None, "quá hạn 1 ngày", "1 day overdue"),
        (date(2026, 2, 16), None, "quá hạn 3 ngày", "3 days overdue"),
        (date(2026, 2, 1), date(2026, 2, 3), "2 ngày nữa bắt đầu", "starts in 2 days"),
        (date(2026, 2, 1), date(2026, 2, 2), "1 ngày nữa bắt đầu", "starts in 1 day"),
        (date(2026, 2, 2), date(2026, 2, 2), "còn 11 ngày", "11 days left"),
    ],
)
def test_how_far_an_item_is_away(sentences, today, start, words, english):
    assert delay_in_words(today, FRIDAY, start, sentences("vi")) == words
    assert delay_in_words(today, FRIDAY, start, ENGLISH) == english


def test_a_moved_date_says_where_it_came_from(sentences):
    words = move_in_words(date(2026, 2, 20), DayReason(Cause.TET), "vi", sentences("vi"))

    assert words == "Hạn đã được dời: thứ Sáu, ngày 20 tháng 02 năm 2026 rơi trong kỳ nghỉ Tết."
    assert move_in_words(date(2026, 2, 20), DayReason(Cause.TET), "en", ENGLISH) == (
        "The date was moved: Friday, 20 February 2026 falls within the Tết break."
    )
    assert move_in_words(FRIDAY, None, "vi", sentences("vi")) is None


def test_the_text_for_zalo_says_what_where_and_when(sentences):
    text = zalo_text([entry()], HOME, sentences("vi"))

    assert (
        text
        == f"[Nhắc việc] Gửi kế hoạch – Thị trấn Đăk Glei. Hạn: thứ Sáu (còn 1 ngày). {HOME}/viec/1"
    )


def test_a_summary_that_is_too_long_for_zalo_is_cut_to_fit_exactly(sentences):
    text = zalo_text([entry("ữ" * 600)], HOME, sentences("vi"))

    assert len(text) == ZALO_LIMIT
    assert "ữ… – Thị trấn Đăk Glei." in text
    assert text.endswith(f"{HOME}/viec/1")


def test_a_summary_that_just_fits_is_left_whole_and_one_letter_more_is_cut():
    room = ZALO_LIMIT - len(zalo_text([entry("")], HOME, ENGLISH))

    whole, cut = (zalo_text([entry("a" * length)], HOME, ENGLISH) for length in (room, room + 1))

    assert (len(whole), "…" in whole) == (ZALO_LIMIT, False)
    assert (len(cut), cut.count("a…")) == (ZALO_LIMIT, 1)


def test_a_summary_is_cut_behind_a_word_and_never_to_less_than_40_characters():
    long_unit = entry("a" * 39 + " " + "b" * 99, unit="Đ" * 500)

    assert f"{'a' * 39}… – Đ" in zalo_text([long_unit], HOME, ENGLISH)


def test_items_that_fit_stand_on_a_line_each_and_the_others_are_counted():
    several = [entry(number=number) for number in (1, 2)]
    text = zalo_text(several, HOME, ENGLISH)

    assert [line.rpartition("/")[2] for line in text.split("\n")] == ["1", "2"]

    many = [entry("a" * 250, number=number) for number in range(3)]
    first, rest = zalo_text(many, HOME, ENGLISH).split("\n")

    assert first.endswith("/viec/0")
    assert rest == f"… and 2 more items: {HOME}"


def test_two_items_that_just_fit_are_both_told_and_one_letter_more_is_too_much():
    room = ZALO_LIMIT - len(zalo_text([entry(""), entry("")], HOME, ENGLISH))

    fits, not_quite = (
        zalo_text([entry("a" * length), entry("")], HOME, ENGLISH) for length in (room, room + 1)
    )

    assert (len(fits), fits.count("/viec/")) == (ZALO_LIMIT, 2)
    assert not_quite.endswith(f"… and 1 more item: {HOME}")


def test_the_first_of_many_is_cut_where_not_even_it_fits():
    text = zalo_text([entry("a" * 600, number=1), entry(number=2)], HOME, ENGLISH)

    assert len(text) == ZALO_LIMIT
    assert text.endswith(f"/viec/1\n… and 1 more item: {HOME}")


@given(entries)
def test_the_text_for_zalo_never_exceeds_its_limit_and_never_cuts_a_link(sentences, many):
    text = zalo_text(many, HOME, sentences("vi"))

    assert len(unicodedata.normalize("NFC", text)) <= ZALO_LIMIT
    shown = text.count("/viec/")
    assert 1 <= shown <= len(many)
    assert (shown == len(many)) or f"còn {len(many) - shown} việc nữa: {HOME}" in text
    assert all(f"{one.url}\n" in f"{text}\n" for one in many[:shown])
