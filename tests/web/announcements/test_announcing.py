"""Announcements on the pages of a unit."""

import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from notifications.announcements.table import Announcement
from notifications.outbox.table import Message
from tests.conftest import Cast
from tests.web.conftest import Visitor

BODY = "Kính mời **toàn thể** cán bộ.\n\n<script>alert(1)</script>"


@pytest.fixture
def hoa(signed_in, cast: Cast, session: Session) -> Visitor:
    visitor: Visitor = signed_in(cast.hoa)
    return visitor


@pytest.fixture
def place(cast: Cast) -> str:
    return f"/don-vi/{cast.province.slug}/thong-bao"


def write(visitor: Visitor, place: str, **form: str) -> str:
    values = {"subject": "Tập huấn", "body": BODY, "audience": "all"} | form
    answer = visitor.post(f"{place}/moi", **values)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_it_is_looked_at_with_whom_it_reaches_and_then_sent(
    hoa: Visitor, place: str, session: Session
):
    page = write(hoa, place)

    preview = hoa.read(page)
    assert "<strong>toàn thể</strong>" in preview
    assert "<script>alert" not in preview
    assert all(name in preview for name in ("hoa@", "thi@", "khanh@"))
    assert "Gửi cho 3 người nhận" in preview
    expected = re.search(r'name="expected" value="(\d+)"', preview)
    assert expected is not None
    assert session.scalars(select(Message)).all() == []

    for _time in range(2):
        assert hoa.post(f"{page}/gui", expected=expected[1]).status_code == 303
    assert len(session.scalars(select(Message)).all()) == 3
    assert "Dừng những thư chưa gửi" in hoa.read(page)


def test_others_than_were_shown_are_said_and_shown(hoa: Visitor, place: str, session: Session):
    page = write(hoa, place)

    answer = hoa.post(f"{page}/gui", expected="7")

    assert answer.status_code == 409
    assert "Nay có 3 người nhận" in answer.text
    assert session.scalars(select(Message)).all() == []


def test_it_is_stopped(hoa: Visitor, place: str, session: Session):
    page = write(hoa, place)
    hoa.post(f"{page}/gui", expected="3")

    assert hoa.post(f"{page}/dung").status_code == 303

    session.expire_all()
    assert {one.next_attempt for one in session.scalars(select(Message))} == {None}
    assert "dừng lúc" in hoa.read(page)


def test_a_trial_goes_to_oneself(hoa: Visitor, place: str, session: Session):
    page = write(hoa, place)

    assert hoa.post(f"{page}/thu").status_code == 303

    assert session.scalars(select(Message.rcpt_to)).all() == ["hoa@example.org"]


def test_what_was_typed_stays_when_something_is_missing(hoa: Visitor, place: str):
    answer = hoa.post(f"{place}/moi", subject="", body="Kính mời", audience="below")

    assert answer.status_code == 400
    assert "Kính mời" in answer.text
    assert re.search(r'value="below" checked', answer.text)


def test_it_can_be_changed_before_it_is_sent(hoa: Visitor, place: str, session: Session):
    page = write(hoa, place)

    hoa.read(f"{page}/sua")
    hoa.post(f"{page}/sua", subject="Hội nghị", body="Mời dự", audience="unit")

    session.expire_all()
    assert session.scalars(select(Announcement.subject)).all() == ["Hội nghị"]
    assert "Hội nghị" in hoa.read(f"{place}/")


def test_others_see_nothing_of_it(hoa: Visitor, signed_in, cast: Cast, place: str):
    page = write(hoa, place)
    thi: Visitor = signed_in(cast.thi)

    for path in (f"{place}/", f"{place}/moi", page, f"{page}/sua"):
        thi.read(path, 403)
    assert thi.post(f"{page}/gui").status_code == 403
    assert thi.post(f"{page}/dung").status_code == 403
