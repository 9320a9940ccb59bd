"""Which verb governs a date, and who is meant by it."""

from datetime import date

import pytest

from events.days.governing import Clause, Says, clauses
from events.days.stated_dates import dates_in, plain

YEAR = 2027


def read(sentence: str, under: str = "") -> list[Clause]:
    said = plain(sentence, YEAR)
    return clauses(said, dates_in(said, YEAR), plain(under, YEAR))


def told(sentence: str, under: str = "") -> list[tuple[set[Says], list[int]]]:
    """What each part with dates says, and the days of February that it says it of."""
    return [
        (set(part.says), [one.day.day for one in part.dates])
        for part in read(sentence, under)
        if part.dates
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("nghỉ Tết", Says.OFF),
        ("đi làm bù", Says.MADE_UP),
        ("làm việc bù", Says.MADE_UP),
        ("hoán đổi", Says.SWAP),
        ("đi làm", Says.WORKED),
        ("làm việc", Says.WORKED),
        ("ngày làm việc đầu tiên là", Says.FIRST_WORKED),
        ("ngày đầu tiên đi làm việc là", Says.FIRST_WORKED),
        ("làm việc đầu tiên", Says.FIRST_WORKED),
        ("báo cáo", Says.OTHER),
        ("treo cờ", Says.OTHER),
        ("trực Tết", Says.OTHER),
        ("họp", Says.OTHER),
        ("ký", Says.OTHER),
        ("nghỉ phép", Says.OTHER),
        ("xin nghỉ ốm", Says.OTHER),
        ("nghỉ thai sản", Says.OTHER),
        ("nghỉ hè", Says.OTHER),
    ],
)
def test_a_verb_says_what_its_date_is_for(words, says):
    assert told(f"Cơ quan {words} 05/02") == [({says}, [5])]


@pytest.mark.parametrize(
    "words", ["trực thuộc", "trực tiếp", "kỷ niệm", "hợp đồng", "thường gửi", "tổ chức chính trị"]
)
def test_words_that_hold_a_verb_and_are_none_say_nothing(words):
    assert told(f"Đơn vị {words} 05/02") == [(set(), [5])]


def test_each_verb_has_the_dates_behind_it():
    assert told("Treo cờ 03/02, nghỉ Tết 05/02 và báo cáo 15/02, làm việc 16/02") == [
        ({Says.OTHER}, [3]),
        ({Says.OFF}, [5]),
        ({Says.OTHER}, [15]),
        ({Says.WORKED}, [16]),
    ]


def test_a_day_off_and_the_day_made_up_for_it_belong_together():
    assert told("Nghỉ 05/02 và làm bù 13/02") == [({Says.OFF, Says.MADE_UP}, [5, 13])]


def test_brackets_that_tell_of_a_day_worked_are_a_part_of_their_own():
    assert told("Nghỉ từ 05/02 đến 08/02 (làm bù 13/02), nghỉ tiếp 10/02") == [
        ({Says.OFF}, [5, 8]),
        ({Says.MADE_UP}, [13]),
        ({Says.OFF}, [10]),
    ]


@pytest.mark.parametrize("word", ["trong đó", "đồng thời"])
def test_such_words_begin_a_part(word):
    assert told(f"Nghỉ 05/02, {word} hoán đổi 08/02 sang 13/02") == [
        ({Says.OFF}, [5]),
        ({Says.SWAP}, [8, 13]),
    ]


def test_a_swap_begins_a_part_and_being_off_behind_two_days_of_one_too():
    assert told("Nghỉ 05/02, hoán đổi 08/02 sang 13/02, nghỉ 10/02") == [
        ({Says.OFF}, [5]),
        ({Says.SWAP}, [8, 13]),
        ({Says.OFF}, [10]),
    ]
    assert told("Hoán đổi nghỉ 08/02 và đi học 13/02") == [({Says.SWAP, Says.OFF}, [8, 13])]


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("Hoán đổi 13/02 và nghỉ 08/02", [({Says.SWAP, Says.OFF}, [13, 8])]),
        ("Nghỉ 05/02 các cơ quan 06/02, nghỉ 10/02", [({Says.OFF}, [5, 6, 10])]),
        ("Nghỉ 05/02, cơ quan có lịch nghỉ 08/02", [({Says.OFF}, [5, 8])]),
        ("Nghỉ 05/02, công chức làm bù 13/02", [({Says.OFF, Says.MADE_UP}, [5, 13])]),
        ("Nghỉ 05/02, các cơ quan nghỉ 10/02", [({Says.OFF}, [5]), ({Says.OFF}, [10])]),
        (
            "Nhân dịp Tết, đồng thời nghỉ 05/02, báo cáo 15/02",
            [({Says.OFF}, [5]), ({Says.OTHER}, [15])],
        ),
    ],
)
def test_a_verb_goes_with_the_one_before_unless_somebody_else_is_named(sentence, parts):
    assert told(sentence) == parts


def test_a_working_day_that_is_traded_is_a_swap():
    assert told("Ngày làm việc 05/02 được hoán đổi sang 13/02") == [({Says.SWAP}, [5, 13])]


def test_pupils_and_offices_in_one_sentence_are_told_apart():
    assert told("Học sinh nghỉ 01/02, công chức nghỉ 05/02, công ty nghỉ 06/02") == [
        ({Says.OTHER}, [1]),
        ({Says.OFF}, [5]),
        ({Says.OTHER}, [6]),
    ]


def test_who_is_meant_goes_on_until_somebody_else_is_named():
    assert told("Học sinh nghỉ 01/02, trong đó nghỉ bù 03/02") == [
        ({Says.OTHER}, [1]),
        ({Says.OTHER}, [3]),
    ]


@pytest.mark.parametrize(
    "who",
    [
        "Học sinh",
        "Doanh nghiệp",
        "Hợp tác xã",
        "Một công chức",
        "Ông Nam",
        "Đơn vị cho học sinh",
        "Cơ quan cho phép các em học sinh",
    ],
)
def test_others_than_offices_close_none(who):
    assert told(f"{who} nghỉ 05/02") == [({Says.OTHER}, [5])]


@pytest.mark.parametrize("who", ["Công chức", "Cơ quan và doanh nghiệp", "Lực lượng vũ trang"])
def test_offices_are_meant_also_beside_others(who):
    assert told(f"{who} nghỉ 05/02") == [({Says.OFF}, [5])]


def test_a_list_under_a_heading_is_about_those_it_names_unless_it_names_others():
    assert told("Nghỉ 05/02", "Đối với học sinh:") == [({Says.OTHER}, [5])]
    assert told("Công chức nghỉ 05/02", "Đối với học sinh:") == [({Says.OFF}, [5])]
    assert told("Nghỉ 05/02", "Đối với công chức:") == [({Says.OFF}, [5])]


@pytest.mark.parametrize(
    ("sentence", "governed"),
    [
        ("Nghỉ Tết Nguyên đán 05/02", True),
        ("Nghỉ chơi xuân 05/02", True),
        ("Nghỉ Tết, từ ngày 05/02", True),
        ("Nghỉ Tết, liên hoan 05/02", False),
        ("Kỳ nghỉ Tết từ 05/02", True),
        ("Kỳ nghỉ liên hoan 05/02", False),
        ("Ngày 05/02 trong kỳ nghỉ", False),
        ("Ngày 05/02 được nghỉ", True),
        ("Báo cáo, liên hoan 05/02", True),
    ],
)
def test_a_verb_reaches_a_date_unless_an_unknown_one_may_stand_between(sentence, governed):
    assert [part.is_governed for part in read(sentence) if part.dates] == [governed]


def test_a_noun_without_dates_governs_none():
    assert [part.is_governed for part in read("Lịch nghỉ Tết")] == [False]


@pytest.mark.parametrize(
    ("sentence", "noun"),
    [
        ("Kỳ nghỉ Tết 05/02", True),
        ("Thông báo nghỉ 05/02", True),
        ("Dịp được nghỉ 05/02", True),
        ("Được nghỉ 05/02", False),
        ("Kỳ nghỉ Tết được nghỉ 05/02", False),
    ],
)
def test_being_off_may_be_part_of_a_noun(sentence, noun):
    assert [part.is_noun for part in read(sentence) if part.dates] == [noun]


def test_a_part_keeps_its_words_where_its_verb_stands_and_what_leads_to_its_dates():
    treo, nghi = read("Treo cờ 03/02, công chức nghỉ Tết từ 05/02/2027")

    assert (treo.words, treo.at, treo.lead) == ("treo co 03/02, cong chuc ", 0, " ")
    assert (nghi.words, nghi.at, nghi.lead) == ("nghi tet tu 05/02/2027", 25, " tet tu ")
    assert nghi.dates[0].day == date(2027, 2, 5)
    assert (treo.is_other, nghi.is_other) == (True, False)


def test_words_without_a_verb_are_a_part_that_says_nothing():
    [part] = read("ngày 05/02")

    assert (part.says, part.at, part.lead, part.is_noun) == (frozenset(), 0, "", False)
