import pytest
from flask import Flask

from events.models import Anchor
from web.kit.language import COOKIE
from web.settings.offsets import ANCHORS, offset_text


def said(app: Flask, language: str, anchor: Anchor, first: int, last: int | None = None) -> str:
    with app.test_request_context(headers={"Cookie": f"__Host-{COOKIE}={language}"}):
        return offset_text(anchor, first, last)


@pytest.mark.parametrize(
    ("anchor", "days", "vietnamese", "english"),
    [
        (Anchor.EVENT, (-22,), "trước hoạt động chính 22 ngày", "22 days before the main event"),
        (Anchor.EVENT, (0,), "đúng ngày hoạt động chính", "on the day of the main event"),
        (Anchor.START, (-1,), "trước ngày đầu 1 ngày", "1 day before the first day"),
        (Anchor.END, (7,), "sau ngày cuối 7 ngày", "7 days after the last day"),
        (Anchor.CUTOFF, (3, 3), "sau ngày chốt số liệu 3 ngày", "3 days after the cut-off day"),
        (
            Anchor.EVENT,
            (-10, 15),
            "từ 10 ngày trước đến 15 ngày sau hoạt động chính",
            "from 10 days before to 15 days after the main event",
        ),
        (
            Anchor.DAY,
            (-20, -5),
            "từ 20 đến 5 ngày trước ngày chính",
            "from 20 to 5 days before the day",
        ),
        (
            Anchor.END,
            (2, 9),
            "từ 2 đến 9 ngày sau ngày cuối",
            "from 2 to 9 days after the last day",
        ),
        (
            Anchor.PLAN,
            (0, 12),
            "từ ngày ban hành kế hoạch đến 12 ngày sau đó",
            "from the day its plan is issued to 12 days after it",
        ),
        (
            Anchor.EVENT,
            (-9, 0),
            "từ 9 ngày trước hoạt động chính đến đúng ngày đó",
            "from 9 days before the main event to that day",
        ),
    ],
)
def test_days_before_and_after_are_said_in_words(
    app: Flask, anchor: Anchor, days: tuple[int, ...], vietnamese: str, english: str
):
    assert said(app, "vi", anchor, *days) == vietnamese
    assert said(app, "en", anchor, *days) == english


def test_every_day_that_is_counted_from_has_a_name(app: Flask):
    assert set(ANCHORS) == set(Anchor)
    assert all(said(app, "vi", anchor, 0).startswith("đúng ngày") for anchor in Anchor)
