"""The plays that come along: whoever reads their story sees each rule at work."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from events.errors import InvalidInputError, NotFoundError
from scheduler.memory import copy_of_catalog
from scheduler.simulation.acts import AnyAct
from scheduler.simulation.days import simulate
from scheduler.simulation.lines import as_json
from scheduler.simulation.play import read_play, shipped_plays
from scheduler.simulation.stage import TITLES, Rule

pytestmark = pytest.mark.slow  # plays whole years

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
_THEMES = "“Tiếp nhận hướng dẫn của Bộ, chốt chủ đề và khẩu hiệu năm”"
_PLAN = "“Ban hành kế hoạch tổ chức cấp tỉnh”"
_TEMPLATE = "Tỉnh Kon Tum saves a new version of “Ngày Quốc tế Hạnh phúc 20/3”: "
REFUSED = {
    "2021": [
        "Tỉnh Kon Tum makes “Ngày hội thử” a day of its own: There is no such day. Please check day and month.",
        f"Tỉnh Kon Tum marks {_THEMES} as done: {_THEMES} needs evidence before it is done: "
        "at least 1 of số, ký hiệu, ngày văn bản, tệp văn bản (PDF/DOCX).",
        "Phường Quang Trung leaves “Báo cáo kết quả cấp xã” out: “Báo cáo kết quả cấp xã” is required and cannot be switched off.",
        "Phường Quang Trung closes “Biểu dương gia đình tiêu biểu” without doing it: Please give the reason.",
        "Xã Ia Đal closes “Báo cáo kết quả cấp xã” without doing it: “Báo cáo kết quả cấp xã” is required. "
        "Only Huyện Ia H'Drai can say that it is not needed; the unit can say that it was not done.",
        f"{_TEMPLATE}unknown role 'so_thong_tin'",
        f"{_TEMPLATE}These items wait for each other in a circle: {_THEMES} → {_PLAN} → {_THEMES}",
        "“Ngày Quốc tế Hạnh phúc năm 2021” moves to 19/03/2021: The year 2021 is closed; its dates do not move any more.",
        "“Lớp tập huấn nghiệp vụ công tác gia đình” is opened on 30/12/2021: "
        "The year 2021 is closed: nothing is opened in it any more.",
    ],
    "2025": [
        "Phường Quang Trung, Phường Duy Tân are merged into Phường Thử from 01/08/2025: "
        "Phường Quang Trung already ends on 30/06/2025."
    ],
    "2026-2027": [
        "“Kế hoạch hoạt động năm của Ban Chỉ đạo” is to open by itself: "
        "“Kế hoạch hoạt động năm của Ban Chỉ đạo” has no reporting periods; open it on a chosen day.",
        "Phường Kon Tum edits “Ban hành kế hoạch cấp xã, phân công thôn, tổ dân phố và đoàn thể” by hand: "
        "Only Tỉnh Quảng Ngãi can give more time than until 06/03/2026; an earlier day is yours to choose.",
        "the days off of 2027 are entered (“Cán bộ, công chức nghỉ Tết Nguyên đán từ ngày 25/01/2028 đến hết ngày 31/01/2028.”): "
        "25/01/2028 of the Tết break does not lie in 2027. Please check the year of the decision.",
        "Tỉnh Quảng Ngãi, Xã Sa Thầy are merged into Xã Thử from 01/03/2027: Xã Sa Thầy is of another level than Tỉnh Quảng Ngãi.",
    ],
}


GUIDE = Path(__file__).parents[2] / "docs" / "simulate.md"
LOOK_FOR = [
    ("2021", Rule.OPENING, "was opened by mistake and is cancelled in 113 units"),
    ("2021", Rule.OPENING, "is open again in 113 units, as it was"),
    ("2026-2027", Rule.VERSIONS, "has version 2 now"),
    ("2026-2027", Rule.VERSIONS, "… removed: “Biểu dương gia đình tiêu biểu”, in 96 units"),
    ("2026-2027", Rule.VERSIONS, "kept because of a hand"),
    ("2026-2027", Rule.VERSIONS, "0 items added, 0 removed, 0 moved, 0 reworded"),
    (
        "2021",
        Rule.DATES,
        "follows the plans issued by now. 112 items move, 112 of which were reminded of the old date already",
    ),
    ("2021", Rule.DATES, "… “Ban hành kế hoạch cấp xã”: 27/05/2021 → 25/05/2021, in 102 units"),
    ("2021", Rule.DATES, "groups more"),
    (
        "2026-2027",
        Rule.DATES,
        "20/05/2026 → 05/06/2026 (12 days after the plan was issued; that day lies on a weekend)",
    ),
    (
        "2021",
        Rule.NESTING,
        "“Ngày Gia đình Việt Nam năm 2021” lives inside “Tháng hành động quốc gia phòng, chống bạo lực gia đình",
    ),
    (
        "2025",
        Rule.NESTING,
        "“Ngày Quốc tế xóa bỏ bạo lực đối với phụ nữ và trẻ em gái năm 2025” lives inside “Tháng hành động vì",
    ),
    ("2021", Rule.NESTING, "it stands for “Treo băng rôn, khẩu hiệu của Tháng hành động"),
    ("2021", Rule.NESTING, "4 own items, 7 of campaigns inside it, 1 taken in"),
    ("2021", Rule.NESTING, "is shared with"),
    ("2026-2027", Rule.NESTING, "counts for “Tháng hành động vì bình đẳng giới"),
    ("2021", Rule.ACTIVITIES, "4 times, internal"),
    ("2021", Rule.ACTIVITIES, "500 people expected, in the public calendar"),
    ("2021", Rule.ACTIVITIES, "overlaps"),
    ("2021", Rule.ACTIVITIES, "430 people came, 500 were expected"),
    ("2021", Rule.CHOICES, "enters Tổ dân phố 1, which gets 4 items"),
    ("2025", Rule.CHOICES, "enters Tổ dân phố 3"),
    ("2021", Rule.CHOICES, "not required (Phường chưa có câu lạc bộ)"),
    ("2021", Rule.CHOICES, "adds an item of its own"),
    ("2021", Rule.CHOICES, "among Tổ dân phố 1, Tổ dân phố 2"),
    ("2021", Rule.CHOICES, "delegates"),
    ("2021", Rule.CHECKLIST, "evidence given (418/BVHTTDL-GĐ, 03/02/2021)"),
    ("2021", Rule.CHECKLIST, "Phường Quang Trung for Tổ dân phố 2, “Treo băng rôn"),
    ("2021", Rule.CHECKLIST, "held up (Chờ kế hoạch của thành phố)"),
    ("2021", Rule.CHECKLIST, "not done (Hoãn do dịch"),
    (
        "2021",
        Rule.CHECKLIST,
        "Huyện Ia H'Drai for Xã Ia Đal, “Báo cáo kết quả cấp xã”: not required",
    ),
    ("2021", Rule.CHECKLIST, "The last change was taken back"),
    ("2021", Rule.CHECKLIST, "a warning, not a lock"),
    ("2021", Rule.CHECKLIST, "đánh dấu hoàn thành, thay mặt Phường Quang Trung"),
    ("2026-2027", Rule.CHECKLIST, "without the wanted evidence, as its template allows"),
    ("2026-2027", Rule.CHECKLIST, "Tỉnh Quảng Ngãi for Phường Kon Tum edits by hand"),
    (
        "2025",
        Rule.CHECKLIST,
        "nhận việc từ phường Quang Trung, hạn 04/07/2025, đang làm, kèm minh chứng: tệp văn bản",
    ),
    (
        "2025",
        Rule.UNITS,
        "The old address of Tổ dân phố 3, which ended on 30/06/2025, says: This unit is now Tổ dân phố 3 (Phường Kon Tum)",
    ),
    (
        "2025",
        Rule.UNITS,
        "its calendar says so on 01/07/2025 and leads on: Lịch của Phường Kon Tum",
    ),
    ("2025", Rule.UNITS, "is confirmed as"),
    ("2026-2027", Rule.UNITS, "Xã Sa Bình Mới, made from Xã Rờ Kơi, Xã Sa Bình;"),
    ("2026-2027", Rule.UNITS, "Phường Ba Tơ, made from Xã Ba Tơ"),
    ("2026-2027", Rule.UNITS, "Entered by mistake and taken back: Xã Sa Bình Mới"),
    ("2026-2027", Rule.DAYS_OFF, "“Ngày Văn hóa Việt Nam” was given up"),
    ("2026-2027", Rule.DAYS_OFF, "“Ngày Văn hóa Việt Nam” is law now"),
    ("2026-2027", Rule.DAYS_OFF, "it replaces the one that was entered on 11/01/2027"),
    ("2021", Rule.OBSERVANCES, "“Giỗ Tổ Hùng Vương” is kept from now on"),
    ("2021", Rule.OBSERVANCES, "“Ngày hội Gia đình Bắc Tây Nguyên” was made"),
    ("2021", Rule.OBSERVANCES, "prints its own theme"),
    ("2026-2027", Rule.OBSERVANCES, "Kỷ niệm 25 năm"),
    ("2026-2027", Rule.DOCUMENTS, "it replaces “Kế hoạch tổ chức Ngày Gia đình Việt Nam năm 2026”"),
    ("2021", Rule.PROGRESS, "units are silent: Phường Duy Tân"),
    (
        "2021",
        Rule.PROGRESS,
        "“Treo băng rôn, khẩu hiệu, pano tại trụ sở và trục đường chính” counts once where it was divided: 2 parts",
    ),
    ("2021", Rule.PROGRESS, "all of 2021, on the morning of 31/12/2021"),
    ("2025", Rule.PROGRESS, "by phase"),
    ("2026-2027", Rule.PROGRESS, "by phase"),
    ("2021", Rule.CARRY_FORWARD, "3 proposals from 2021 are taken into version 2"),
    ("2021", Rule.KINDS, "“Đợt kiểm tra, giám sát công tác gia đình” on 26/10/2021: 3 units"),
    ("2026-2027", Rule.KINDS, "“Báo cáo công tác gia đình năm” opens by itself from now on"),
    (
        "2021",
        Rule.REMINDERS,
        "reminder 7 working day(s) before, to UBND cấp xã – Phường Quang Trung (due date no. 2)",
    ),
    ("2025", Rule.REMINDERS, "UBND cấp xã – Phường Thống Nhất (due date no. 1)"),
]


@pytest.fixture(scope="module")
def stories(catalog):
    """Each play's story in English, as lines of rule and text; a play runs when it is first asked
    for.
    """
    played = {}

    def story(name):
        if name not in played:
            play = read_play(name)
            found = simulate(
                copy_of_catalog(catalog, NOW), play.year, until=play.until, acts=play.act
            )
            played[name] = [(line.told.rule, line.told.text("en")) for line in found.story]
        return played[name]

    return story


def texts(story, *words):
    return [text for _rule, text in story if all(word in text for word in words)]


@pytest.mark.parametrize("name", shipped_plays())
def test_a_play_refuses_what_it_means_to_and_a_parent_is_the_sum_of_its_leaves(stories, name):
    story = stories(name)

    begins = "Refused when "
    assert [
        text.removeprefix(begins) for text in texts(story) if text.startswith(begins)
    ] == REFUSED[name]
    assert not texts(story, "IS NOT")
    assert texts(story, "the sum of its")


def test_each_rule_is_at_work_in_the_plays_that_the_guide_names(stories):
    said = re.findall(
        r"^\| ([^|]+) \| [^|]+ \| ([^|]+) \|$",
        GUIDE.read_text("utf-8").partition("## Writing")[0],
        re.MULTILINE,
    )
    named = {
        rule: set(shipped_plays()) if plays == "all" else set(plays.split(", "))
        for rule, plays in said[1:]
    }

    shown = {
        TITLES[rule]: {
            name for name in shipped_plays() if any(one is rule for one, _text in stories(name))
        }
        for rule in Rule
    }
    assert named == shown


@pytest.mark.parametrize(("name", "rule", "words"), LOOK_FOR)
def test_what_the_guide_tells_to_look_for_is_in_the_story(stories, name, rule, words):
    assert [text for one, text in stories(name) if one is rule and words in text]


@pytest.mark.parametrize("name", ["2021", "2025"])
def test_a_past_days_figures_are_reproduced_after_late_reports(stories, name):
    figures = texts(stories(name), "with all below it, “Ngày", "at the end of")
    by_day = {}
    for text in figures:
        by_day.setdefault(text.split(":")[0], []).append(text)

    assert any(len(same) == 2 and len(set(same)) == 1 for same in by_day.values())


def test_2021_shows_a_late_plan_and_a_moved_day(stories):
    story = stories("2021")

    assert texts(
        story,
        "“Ban hành kế hoạch cấp xã",
        "05/03/2021 → 11/03/2021",
        "less than 7 working days after the level above issued its plan",
        "in 102 units",
    )
    moved = texts(story, "moves to 26/06/2021")
    assert re.search(
        r"[1-9]\d* items move, [1-9].* already; 1 stay because they are done, 1 because of a hand",
        moved[0],
    )
    assert " 0 items move" in moved[1]
    numbers = [re.search(r"date no\. (\d)", text)[1] for text in texts(story, "date no.")]
    assert set(numbers) == {"1", "2"}


def test_2021_shows_themes_that_drafts_follow_and_issued_papers_do_not(stories):
    printed = [text.rpartition(": ")[2] for text in texts(stories("2021"), "năm 2021” prints")]

    assert printed == [
        "Hạnh phúc cho mọi người",
        *["Gia đình hạnh phúc – Quốc gia thịnh vượng"] * 3,
    ]


def test_2021_tells_the_history_of_an_item_as_a_story(stories):
    story = [text for _rule, text in stories("2021")]
    first = next(
        number
        for number, text in enumerate(story)
        if text.startswith("The story of “Ban hành kế hoạch cấp xã")
    )

    told = [
        text.partition(": ")[2].split("Phường Quang Trung ")[-1].split("Thành phố Kon Tum ")[-1]
        for text in story[first + 1 : first + 8]
    ]
    assert [text.split(":")[0].split(" (")[0] for text in told] == [
        "Sở Văn hóa, Thể thao và Du lịch – Tỉnh Kon Tum dời hạn từ 05/03/2021 sang 11/03/2021 vì hạn gốc rơi trước hạn 7 ngày làm việc sau khi cấp trên ban hành",
        "bắt đầu thực hiện",
        "ghi vướng mắc",
        "nộp minh chứng",
        "đánh dấu hoàn thành, thay mặt Phường Quang Trung",
        "hoàn tác thay đổi gần nhất, thay mặt Phường Quang Trung",
        "đánh dấu hoàn thành, thay mặt Phường Quang Trung",
    ]


def test_2025_hands_the_work_of_102_communes_to_40(stories):
    story = stories("2025")

    # of 20/3, 28/6 and the June month around it; in a village too
    assert texts(story, "Units ended before 01/07/2025", "in 125 new campaigns")
    assert texts(story, "The old address of Phường Quang Trung", "merged into Phường Kon Tum")
    assert texts(
        story,
        "The old address of Thành phố Kon Tum",
        "its work went to Tỉnh Quảng Ngãi and to the units",
    )
    assert len(texts(story, "nhận việc từ")) == 5
    assert texts(story, "is declined")
    assert texts(story, "Phường Kon Tum in 2024, with the units it was made from: 5 of")


def test_2026_and_2027_show_versions_guesses_and_what_a_year_teaches(stories):
    story = stories("2026-2027")

    assert texts(
        story,
        "takes version 2: 96 items added, 97 removed, 75 moved, 96 reworded; 20 kept because done, 1 because of a hand",
    )
    assert texts(story, "23/11/2026 → 24/11/2026")
    assert texts(story, "24/11/2026 → 23/11/2026", "Vietnam Cultural Day")
    assert texts(story, "of its dates are provisional")
    assert texts(story, "without the wanted evidence, as its template allows")
    assert texts(story, "From 01/06/2027: Xã Ba Vì Đông, Xã Ba Vì Tây, made from Xã Ba Vì")
    assert texts(story, "03/02/2027 → 04/02/2027 (within the Tết break)")
    assert texts(story, "“Báo cáo kết quả cấp xã” (cấp xã): T+5 →")
    assert texts(story, "Kỷ niệm 25 năm")


def test_a_story_is_told_in_both_languages(catalog):
    play = read_play("2021").model_copy(update={"act": read_play("2021").act[:12]})
    found = simulate(copy_of_catalog(catalog, NOW), 2021, acts=play.act)

    vi, en = (as_json(found, language)["story"] for language in ("vi", "en"))

    assert [line["rule"] for line in vi] == [line["rule"] for line in en]
    assert all(here["text"] != there["text"] for here, there in zip(vi, en, strict=True))


def test_every_act_can_say_what_was_refused():
    acts = get_args(get_args(AnyAct)[0])

    assert all(act.tries for act in acts)


def test_every_act_stands_in_the_guide():
    listed = set(re.findall(r"`([a-z-]+)`", GUIDE.read_text("utf-8").partition("| `do` |")[2]))

    assert {act.model_fields["do"].default for act in get_args(get_args(AnyAct)[0])} <= listed


def test_an_unknown_play_names_those_that_come_along():
    with pytest.raises(NotFoundError, match="2021, 2025, 2026-2027"):
        read_play("2020")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("year = 2021", "title"),
        ('title = "T"\nyear = 2021\n[[act]]\non = 2021-01-01\ndo = "dance"', "dance"),
        (
            'title = "T"\nyear = 2021\n[[act]]\non = 2021-01-01\ndo = "start"\ncampaign = "c"\nunit = "u"',
            "act.0.start.item",
        ),
        (
            'title = "T"\nyear = 2021\n[[act]]\non = 2021-01-01\ndo = "open"\ntemplate = "t"\nday = 2021-13-01',
            "at line 7",
        ),
        ("year = [", "Invalid value"),
    ],
)
def test_a_play_that_cannot_be_read_says_where(tmp_path, text, problem):
    file = tmp_path / "play.toml"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(InvalidInputError, match=re.escape(problem)):
        read_play(str(file))
