"""What closes a day or moves a date, as every reader has it."""

import json
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from events.days.reasons import Cause, DayReason

DAY = date(2026, 1, 10)
CULTURE_DAY = "Ngày Văn hóa Việt Nam"
WORDS = st.text(min_size=1)
FACTS = {
    Cause.HOLIDAY: {"name": WORDS},
    Cause.IN_LIEU_OF: {"name": WORDS},
    Cause.SWAP: {"day": st.dates()},
    Cause.SUBSTITUTE: {"day": st.dates()},
    Cause.WORKED_FOR: {"day": st.dates()},
    Cause.LATE_PLAN: {"day": st.dates(), "workdays": st.integers(0, 60)},
    Cause.LATE_OPENING: {"day": st.dates()},
    Cause.OTHER: {"text": WORDS},
}
REASONS = st.sampled_from(list(Cause)).flatmap(
    lambda cause: st.builds(
        DayReason, st.just(cause), provisional=st.booleans(), **FACTS.get(cause, {})
    )
)
SAID = [
    (DayReason(Cause.WEEKEND), "vào ngày nghỉ cuối tuần", "on a weekend"),
    (
        DayReason(Cause.HOLIDAY, "Quốc khánh"),
        "vào ngày nghỉ Quốc khánh",
        "on a public holiday (National Day)",
    ),
    (
        DayReason(Cause.HOLIDAY, CULTURE_DAY, provisional=True),
        "vào ngày nghỉ Ngày Văn hóa Việt Nam (dự kiến)",
        "on a public holiday (Vietnam Cultural Day) (provisional)",
    ),
    (
        DayReason(Cause.HOLIDAY, "Ngày Gia Rai"),
        "vào ngày nghỉ Ngày Gia Rai",
        "on a public holiday (Ngày Gia Rai)",
    ),
    (DayReason(Cause.TET), "trong kỳ nghỉ Tết", "within the Tết break"),
    (
        DayReason(Cause.TET, provisional=True),
        "trong kỳ nghỉ Tết (dự kiến)",
        "within the Tết break (provisional)",
    ),
    (
        DayReason(Cause.IN_LIEU_OF, "Ngày Giỗ Tổ Hùng Vương"),
        "vào ngày nghỉ Ngày Giỗ Tổ Hùng Vương (nghỉ bù)",
        "on a day off in lieu of a public holiday (Hung Kings' Commemoration Day)",
    ),
    (
        DayReason(Cause.IN_LIEU),
        "vào ngày nghỉ bù",
        "on a day off in lieu of a public holiday",
    ),
    (
        DayReason(Cause.SWAP, day=DAY),
        "vào ngày nghỉ hoán đổi, làm bù 10/01/2026",
        "on a day off that is traded for 10/01/2026",
    ),
    (
        DayReason(Cause.SUBSTITUTE, day=DAY),
        "vào ngày nghỉ Ngày nghỉ (thay cho ngày 10/01/2026)",
        "on a day off that was traded for 10/01/2026",
    ),
    (
        DayReason(Cause.DECIDED),
        "vào ngày nghỉ theo quyết định",
        "on a day off by decision",
    ),
    (
        DayReason(Cause.WORKED_FOR, day=DAY),
        "làm bù cho 10/01/2026",
        "worked in place of 10/01/2026",
    ),
    (DayReason(Cause.WORKED), "ngày làm việc theo quyết định", "working day by decision"),
    (
        DayReason(Cause.OUTSIDE_TET),
        "ngoài kỳ nghỉ Tết đã quyết định",
        "outside the Tết break that was decided",
    ),
    (
        DayReason(Cause.WAITS),
        "trước hạn của việc phải xong trước",
        "before the item that it waits for is due",
    ),
    (
        DayReason(Cause.LATE_PLAN, day=DAY, workdays=7),
        "trước hạn 7 ngày làm việc sau khi cấp trên ban hành (10/01/2026)",
        "less than 7 working days after the level above issued its plan (10/01/2026)",
    ),
    (
        DayReason(Cause.LATE_OPENING, day=DAY),
        "trước ngày mở muộn (10/01/2026)",
        "before the day on which it was opened, late (10/01/2026)",
    ),
    (DayReason(Cause.OTHER, text="vì lũ 100%"), "vì lũ 100%", "vì lũ 100%"),
]


@pytest.mark.parametrize(("reason", "vietnamese", "english"), SAID)
def test_a_reason_is_said_in_the_readers_language(reason, vietnamese, english):
    assert (reason.words("vi"), reason.words("en")) == (vietnamese, english)


def test_every_cause_has_its_words_above():
    assert {reason.cause for reason, *_words in SAID} == set(Cause)


@pytest.mark.parametrize(
    ("reason", "vietnamese", "english"),
    [
        (DayReason(Cause.HOLIDAY, "Quốc khánh"), "Quốc khánh", "National Day"),
        (
            DayReason(Cause.IN_LIEU_OF, "Quốc khánh"),
            "Quốc khánh (nghỉ bù)",
            "National Day (in lieu)",
        ),
        (DayReason(Cause.TET, provisional=True), "Kỳ nghỉ Tết", "Tết break"),
        (
            DayReason(Cause.SWAP, day=DAY),
            "Hoán đổi, làm bù 10/01/2026",
            "Traded for 10/01/2026",
        ),
        (
            DayReason(Cause.SUBSTITUTE, day=DAY),
            "Ngày nghỉ (thay cho ngày 10/01/2026)",
            "Day off (traded for 10/01/2026)",
        ),
        (DayReason(Cause.DECIDED), "Theo quyết định", "By decision"),
        (
            DayReason(Cause.WORKED_FOR, day=DAY),
            "Làm bù cho 10/01/2026",
            "Worked in place of 10/01/2026",
        ),
        (
            DayReason(Cause.OUTSIDE_TET),
            "Ngoài kỳ nghỉ Tết đã quyết định",
            "Outside the Tết break that was decided",
        ),
    ],
)
def test_a_calendar_calls_such_a_day_by_a_title(reason, vietnamese, english):
    assert (reason.title("vi"), reason.title("en")) == (vietnamese, english)


@given(REASONS)
@example(DayReason(Cause.LATE_PLAN, day=DAY, workdays=0))
def test_what_is_stored_gives_the_same_reason_back_but_for_whether_it_is_decided(reason):
    stored = json.loads(json.dumps(reason.plain))

    fact = replace(reason, provisional=False)
    assert DayReason.from_plain(stored) == fact
    assert hash(DayReason.from_plain(stored)) == hash(fact)
    assert DayReason.from_plain(stored | {"provisional": True}) == fact  # as older versions kept


@pytest.mark.parametrize(
    "facts",
    [
        {"cause": Cause.WEEKEND, "name": "Quốc khánh"},
        {"cause": Cause.HOLIDAY},
        {"cause": Cause.HOLIDAY, "name": ""},
        {"cause": Cause.SWAP},
        {"cause": Cause.LATE_PLAN, "day": DAY},
        {"cause": Cause.OTHER, "name": "Tết"},
    ],
)
def test_a_reason_without_its_facts_or_with_others_cannot_be(facts):
    with pytest.raises(ValueError, match="cannot have the facts"):
        DayReason(**facts)


@pytest.mark.parametrize(
    ("reason", "stored"),
    [
        (DayReason(Cause.WEEKEND), {"cause": "weekend"}),
        (
            DayReason(Cause.HOLIDAY, CULTURE_DAY, provisional=True),
            {"cause": "holiday", "name": CULTURE_DAY},
        ),
        (
            DayReason(Cause.LATE_PLAN, day=DAY, workdays=0),
            {"cause": "late-plan", "day": "2026-01-10", "workdays": 0},
        ),
    ],
)
def test_only_what_a_reason_says_is_stored(reason, stored):
    assert reason.plain == stored


@pytest.mark.parametrize(("today", "guess"), [(9, True), (10, True), (11, False)])
def test_a_guess_about_a_day_is_none_once_it_has_passed(today, guess):
    reason = DayReason(Cause.TET, provisional=True)

    assert reason.as_of(date(2026, 1, today), DAY).provisional is guess
    assert not DayReason(Cause.TET).as_of(date(2026, 1, today), DAY).provisional


@pytest.mark.parametrize("plain", [{"cause": "moon"}, {"cause": "swap", "day": "10/01"}])
def test_what_is_stored_otherwise_is_no_reason(plain):
    with pytest.raises(ValueError, match=r".+"):
        DayReason.from_plain(plain)
