"""Lines of an item's history, as officials write them."""

import pytest

from events.checklist.closing_words import Closing, why_closed
from events.checklist.story import story_of
from events.models import Change, ClosedBecause

MISSED = {"closed_because": "person", "closing_facts": None, "reason": "Mưa lũ"}
NOT_CHOSEN = {"closed_because": "not-chosen", "closing_facts": None, "reason": None}
COMMUNES = {"vi": "Cấp xã", "en": "Commune"}


@pytest.mark.parametrize(
    ("because", "facts", "alone", "inside", "english"),
    [
        (
            ClosedBecause.VERSION,
            {"version": 2},
            "Không còn trong mẫu (phiên bản 2)",
            "không còn trong mẫu (phiên bản 2)",
            "no longer in the template (version 2)",
        ),
        (
            ClosedBecause.STAND_IN,
            {"item": "Phát thanh"},
            "Lồng ghép: làm chung với “Phát thanh”",
            "lồng ghép: làm chung với “Phát thanh”",
            "integrated: done together with “Phát thanh”",
        ),
        (
            ClosedBecause.NOT_CHOSEN,
            {},
            "Đơn vị không chọn việc này",
            "đơn vị không chọn việc này",
            "the unit left it out",
        ),
        (
            ClosedBecause.TAKEN_BACK,
            {"unit": "Thị trấn Đăk Glei"},
            "Thị trấn Đăk Glei đã thu lại phần việc này",
            "thị trấn Đăk Glei đã thu lại phần việc này",
            "Thị trấn Đăk Glei took this part back",
        ),
        (
            ClosedBecause.TAKEN_BACK,
            {"unit": "Tổ dân phố 5"},
            "Tổ dân phố 5 đã thu lại phần việc này",
            "Tổ dân phố 5 đã thu lại phần việc này",
            "Tổ dân phố 5 took this part back",
        ),
        (
            ClosedBecause.WHOLE,
            {"unit": "Xã Đăk Blô", "whole": MISSED},
            "Đóng cùng việc chung của xã Đăk Blô: Mưa lũ",
            "đóng cùng việc chung của xã Đăk Blô: Mưa lũ",
            "closed together with the item of Xã Đăk Blô: Mưa lũ",
        ),
        (
            ClosedBecause.PARTS,
            {"parts": [MISSED, NOT_CHOSEN]},
            "Mưa lũ; Đơn vị không chọn việc này",
            "Mưa lũ; Đơn vị không chọn việc này",
            "Mưa lũ; The unit left it out",
        ),
        (
            ClosedBecause.PARTS,
            {"parts": [NOT_CHOSEN, MISSED]},
            "Đơn vị không chọn việc này; Mưa lũ",
            "đơn vị không chọn việc này; Mưa lũ",
            "the unit left it out; Mưa lũ",
        ),
        (
            ClosedBecause.MOVED,
            {"units": "Xã A, Phường B"},
            "chuyển cho xã A, phường B",
            "chuyển cho xã A, phường B",
            "went over to Xã A, Phường B",
        ),
        (
            ClosedBecause.MOVED,
            {"count": 12, "level": COMMUNES},
            "chuyển cho 12 đơn vị cấp xã",
            "chuyển cho 12 đơn vị cấp xã",
            "went over to 12 units (commune level)",
        ),
        (
            ClosedBecause.ENDED,
            {"level": COMMUNES},
            "cấp xã không còn",
            "cấp xã không còn",
            "there is no commune any more",
        ),
    ],
)
def test_why_an_item_is_closed_is_said_in_the_readers_language_and_begins_small_in_a_line_of_history(
    because, facts, alone, inside, english
):
    closing = Closing(because, facts)
    change = _closed(**closing.columns)

    assert why_closed(closing, "vi") == alone
    assert story_of(change, "vi") == f"Thi ghi không yêu cầu: {inside}"
    assert story_of(change, "en") == f"Thi marked it as not required: {english}"


@pytest.mark.parametrize(
    ("typed", "inside"),
    [
        ("Đăk Glei có mưa lũ.", "Đăk Glei có mưa lũ"),
        ("Không còn trong mẫu (phiên bản 2)", "Không còn trong mẫu (phiên bản 2)"),
    ],
)
def test_a_line_of_history_leaves_what_people_typed_as_it_is_but_for_the_full_stop(typed, inside):
    change = _closed(closed_because="person", reason=typed)

    assert story_of(change, "vi") == f"Thi ghi không yêu cầu: {inside}"


def _closed(**closing):
    after = {"status": "CANCELLED", "not_done": "not-required"} | closing
    return Change(before={}, after=after, by_name="Thi")


def test_a_line_of_history_says_why_a_due_date_moved_in_one_sentence():
    due = {"due": "2027-02-12", "due_reason": {"cause": "tet", "provisional": True}}
    change = Change(before={"due": "2027-02-05", "due_reason": None}, after=due, by_name="Thi")

    assert story_of(change, "vi") == (
        "Thi dời hạn từ 05/02/2027 sang 12/02/2027 vì hạn gốc rơi trong kỳ nghỉ Tết"
    )
    assert story_of(change, "en") == (
        "Thi moved its due date from 05/02/2027 to 12/02/2027, because the original date "
        "falls within the Tết break"
    )


def test_a_line_of_history_names_evidence_small_unless_it_is_an_abbreviation():
    told = [
        story_of(
            Change(before={}, after={"evidence": {"title": t, "text": "5"}}, by_name="Thi"), "vi"
        )
        for t in ("Ảnh", "URL")
    ]

    assert told == ["Thi nộp minh chứng: ảnh: 5", "Thi nộp minh chứng: URL: 5"]
