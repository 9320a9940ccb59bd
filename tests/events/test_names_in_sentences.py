"""Names of units inside Vietnamese sentences, as officials write them."""

import pytest

from events.errors import ConflictError, InvalidInputError
from events.language import say, within


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
def test_the_kind_of_a_unit_is_written_small_inside_a_sentence_except_before_a_number(name: str, inside: str):
    assert within(name, "vi") == inside
    assert within(name, "en") == name


def test_what_is_refused_names_units_small_inside_the_sentence_and_large_where_they_begin_it():
    inside = InvalidInputError("There is no such post in %(unit)s.", unit="Xã Bình Minh")
    both = ConflictError("%(unit)s is of another level than %(other)s.", unit="Xã Bình Minh", other="Tỉnh Quảng Ngãi")

    assert say(inside, "vi").endswith("xã Bình Minh.")
    assert say(both, "vi") == "Xã Bình Minh khác cấp với tỉnh Quảng Ngãi."
