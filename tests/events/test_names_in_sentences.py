"""Names of units inside Vietnamese sentences, as officials write them."""

import pytest

from events.checklist.story import story_of
from events.errors import ConflictError, InvalidInputError
from events.language import say, within
from events.models import Change


@pytest.mark.parametrize(
    ("name", "inside"),
    [
        ("Tỉnh Quảng Ngãi", "tỉnh Quảng Ngãi"),
        ("Đặc khu Lý Sơn", "đặc khu Lý Sơn"),
        ("Thị trấn Đăk Glei", "thị trấn Đăk Glei"),
        ("Tổ dân phố Trường Thọ", "tổ dân phố Trường Thọ"),
        ("Xã A, Phường B (Thành phố Mới)", "xã A, phường B (thành phố Mới)"),
        ("Tổ dân phố 5", "Tổ dân phố 5"),
        ("Tổ dân phố Số 2", "Tổ dân phố Số 2"),
        ("Thành phố Hồ Chí Minh", "Thành phố Hồ Chí Minh"),
        ("Xãm", "Xãm"),
    ],
)
def test_the_kind_of_a_unit_is_written_small_inside_a_sentence_except_before_a_number(
    name: str, inside: str
):
    assert within(name, "vi") == inside
    assert within(name, "en") == name


def test_what_is_refused_names_units_small_inside_the_sentence_and_large_where_they_begin_it():
    inside = InvalidInputError("There is no such post in %(unit)s.", unit="Xã Bình Minh")
    both = ConflictError(
        "%(unit)s is of another level than %(other)s.", unit="Xã Bình Minh", other="Tỉnh Quảng Ngãi"
    )

    assert say(inside, "vi").endswith("xã Bình Minh.")
    assert say(both, "vi") == "Xã Bình Minh khác cấp với tỉnh Quảng Ngãi."


@pytest.mark.parametrize(
    ("reason", "inside"),
    [
        ("Không còn trong mẫu (phiên bản 2)", "không còn trong mẫu (phiên bản 2)"),
        ("Lồng ghép: làm chung với “Phát thanh”", "lồng ghép: làm chung với “Phát thanh”"),
        ("Đơn vị không chọn việc này", "đơn vị không chọn việc này"),
        (
            "Thị trấn Đăk Glei đã thu lại phần việc này",
            "thị trấn Đăk Glei đã thu lại phần việc này",
        ),
        ("Đăk Glei có mưa lũ.", "Đăk Glei có mưa lũ"),
    ],
)
def test_a_line_of_history_begins_reasons_of_the_product_small_and_leaves_those_of_people_but_for_their_full_stop(
    reason, inside
):
    change = Change(
        before={},
        after={"status": "CANCELLED", "not_done": "not-required", "reason": reason},
        by_name="Thi",
    )

    assert story_of(change, "vi") == f"Thi ghi không yêu cầu: {inside}"


def test_a_line_of_history_says_why_a_due_date_moved_in_one_sentence():
    due = {"due": "2027-02-12", "due_reason": {"cause": "tet", "provisional": True}}
    change = Change(before={"due": "2027-02-05", "due_reason": None}, after=due, by_name="Thi")

    assert story_of(change, "vi") == (
        "Thi dời hạn từ 05/02/2027 sang 12/02/2027 vì hạn gốc rơi trong kỳ nghỉ Tết (dự kiến)"
    )
    assert story_of(change, "en") == (
        "Thi moved its due date from 05/02/2027 to 12/02/2027, because the original date "
        "falls within the Tết break (provisional)"
    )


def test_a_line_of_history_names_evidence_small_unless_it_is_an_abbreviation():
    told = [
        story_of(
            Change(before={}, after={"evidence": {"title": t, "text": "5"}}, by_name="Thi"), "vi"
        )
        for t in ("Ảnh", "URL")
    ]

    assert told == ["Thi nộp minh chứng: ảnh: 5", "Thi nộp minh chứng: URL: 5"]
