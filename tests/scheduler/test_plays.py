"""The plays that come along: whoever reads their story sees each rule at work."""

import re
from datetime import UTC, datetime

import pytest

from events.errors import InvalidInputError, NotFoundError
from scheduler.simulation.copies import copy_of_catalog
from scheduler.simulation.days import simulate
from scheduler.simulation.lines import as_json
from scheduler.simulation.play import read_play, shipped_plays
from scheduler.simulation.stage import Rule

pytestmark = pytest.mark.slow  # plays whole years

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
REFUSED = {
    "2021": [
        "There is no such day. Please check day and month.",
        "“Tiếp nhận hướng dẫn của Bộ, chốt chủ đề và khẩu hiệu năm” needs evidence before it is done: "
        "at least 1 of số, ký hiệu, ngày văn bản, tệp văn bản (pdf/docx).",
        "“Báo cáo kết quả cấp xã” is required and cannot be switched off.",
        "Please give the reason.",
        "unknown role 'so_thong_tin'",
        "These items wait for each other in a circle: guidance_in → plan_province → guidance_in",
        "The year 2021 is closed; its dates do not move any more.",
        "The year 2021 is closed: nothing is opened in it any more.",
    ],
    "2025": ["Phường Quang Trung already ends on 30/06/2025."],
    "2026-2027": [
        "“Kế hoạch hoạt động năm của Ban Chỉ đạo” has no reporting periods; open it on a chosen day.",
        "Only Tỉnh Quảng Ngãi can give more time than until 06/03/2026; an earlier day is yours to choose.",
        "Xã Sa Thầy is of another level than Tỉnh Quảng Ngãi.",
    ],
}


@pytest.fixture(scope="module")
def stories(catalog):
    """Each play's story in English, as lines of rule and text; a play runs when it is first asked for."""
    played = {}

    def story(name):
        if name not in played:
            play = read_play(name)
            found = simulate(copy_of_catalog(catalog, NOW), play.year, until=play.until, acts=play.act)
            played[name] = [(line.told.rule, line.told.text("en")) for line in found.story]
        return played[name]

    return story


def texts(story, *words):
    return [text for _rule, text in story if all(word in text for word in words)]


@pytest.mark.parametrize("name", shipped_plays())
def test_a_play_refuses_what_it_means_to_and_a_parent_is_the_sum_of_its_leaves(stories, name):
    story = stories(name)

    assert [text.removeprefix("Refused: ") for text in texts(story) if text.startswith("Refused: ")] == REFUSED[name]
    assert not texts(story, "IS NOT")
    assert texts(story, "the sum of its")


def test_every_rule_is_at_work_in_some_play(stories):
    assert {rule for name in shipped_plays() for rule, _text in stories(name)} == set(Rule)


@pytest.mark.parametrize("name", ["2021", "2025"])
def test_a_past_days_figures_are_reproduced_after_late_reports(stories, name):
    figures = texts(stories(name), "with all below it, “Ngày")
    by_day = {}
    for text in figures:
        by_day.setdefault(text.split(":")[0], []).append(text)

    assert any(len(same) == 2 and len(set(same)) == 1 for same in by_day.values())


def test_2021_shows_a_late_plan_and_a_moved_day(stories):
    story = stories("2021")

    assert texts(story, "“Ban hành kế hoạch cấp xã", "05/03/2021 → 11/03/2021", "7 ngày làm việc", "in 102 units")
    moved = texts(story, "moves to 26/06/2021")
    assert re.search(r"[1-9]\d* items move, 1 stay because they are done, 1 because of a hand", moved[0])
    assert " 0 items move" in moved[1]
    numbers = [re.search(r"date no\. (\d)", text)[1] for text in texts(story, "date no.")]
    assert set(numbers) == {"1", "2"}


def test_2021_shows_themes_that_drafts_follow_and_issued_papers_do_not(stories):
    printed = [text.rpartition(": ")[2] for text in texts(stories("2021"), "năm 2021” prints")]

    assert printed == ["Hạnh phúc cho mọi người", *["Gia đình hạnh phúc – Quốc gia thịnh vượng"] * 3]


def test_2021_tells_the_history_of_an_item_as_a_story(stories):
    story = [text for _rule, text in stories("2021")]
    first = next(number for number, text in enumerate(story) if text.startswith("The story of “Ban hành kế hoạch cấp xã"))

    told = [
        text.partition(": ")[2].split("Phường Quang Trung ")[-1].split("Thành phố Kon Tum ")[-1]
        for text in story[first + 1 : first + 8]
    ]
    assert [text.split(":")[0].split(" (")[0] for text in told] == [
        "Sở Văn hóa, Thể thao và Du lịch – Tỉnh Kon Tum dời hạn từ 05/03/2021 sang 11/03/2021",
        "bắt đầu thực hiện",
        "ghi vướng mắc",
        "nộp minh chứng",
        "đánh dấu hoàn thành",
        "hoàn tác thay đổi gần nhất",
        "đánh dấu hoàn thành",
    ]


def test_2025_hands_the_work_of_102_communes_to_40(stories):
    story = stories("2025")

    assert texts(story, "Units ended before 01/07/2025", "in 125 new campaigns")  # 20/3, 28/6, June; a village too
    assert texts(story, "The old address of Phường Quang Trung says", "now Phường Kon Tum")
    assert texts(story, "The old address of Thành phố Kon Tum says", "now Tỉnh Quảng Ngãi")
    assert len(texts(story, "nhận việc từ")) == 5
    assert texts(story, "is declined")
    assert texts(story, "Phường Kon Tum in 2024, with the units it was made from: 5 of")


def test_2026_and_2027_show_versions_guesses_and_what_a_year_teaches(stories):
    story = stories("2026-2027")

    assert texts(
        story, "takes version 2: 96 items added, 97 removed, 75 moved, 96 reworded; 20 kept because done, 1 because of a hand"
    )
    assert texts(story, "23/11/2026 → 24/11/2026")
    assert texts(story, "24/11/2026 → 23/11/2026", "Ngày Văn hóa Việt Nam")
    assert texts(story, "of its dates are provisional")
    assert texts(story, "without the wanted evidence, as its template allows")
    assert texts(story, "From 01/06/2027: Xã Ba Vì Đông, Xã Ba Vì Tây, made from Xã Ba Vì")
    assert texts(story, "03/02/2027 → 04/02/2027 (trong kỳ nghỉ Tết)")
    assert texts(story, "“Báo cáo kết quả cấp xã” (cấp xã): T+5 →")
    assert texts(story, "Kỷ niệm 25 năm")


def test_a_story_is_told_in_both_languages(catalog):
    play = read_play("2021").model_copy(update={"act": read_play("2021").act[:12]})
    found = simulate(copy_of_catalog(catalog, NOW), 2021, acts=play.act)

    vi, en = (as_json(found, language)["story"] for language in ("vi", "en"))

    assert [line["rule"] for line in vi] == [line["rule"] for line in en]
    assert all(here["text"] != there["text"] for here, there in zip(vi, en, strict=True))


def test_an_unknown_play_names_those_that_come_along():
    with pytest.raises(NotFoundError, match="2021, 2025, 2026-2027"):
        read_play("2020")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("year = 2021", "title"),
        ('title = "T"\nyear = 2021\n[[act]]\non = 2021-01-01\ndo = "dance"', "dance"),
        ('title = "T"\nyear = 2021\n[[act]]\non = 2021-01-01\ndo = "start"\ncampaign = "c"\nunit = "u"', "act.0.start.item"),
        ('title = "T"\nyear = 2021\n[[act]]\non = 2021-01-01\ndo = "open"\ntemplate = "t"\nday = 2021-13-01', "at line 7"),
        ("year = [", "Invalid value"),
    ],
)
def test_a_play_that_cannot_be_read_says_where(tmp_path, text, problem):
    file = tmp_path / "play.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInputError, match=re.escape(problem)):
        read_play(str(file))
