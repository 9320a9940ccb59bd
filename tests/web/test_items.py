from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.models import Change, ChecklistItem, Person, TodoStatus
from tests.conftest import Cast
from tests.web.conftest import Clock, Opened, Visitor


def status_of(session: Session, item: ChecklistItem) -> TodoStatus:
    session.expire_all()
    return session.get_one(ChecklistItem, item.id).status


def test_looking_changes_nothing(stranger: Visitor, opened: Opened, session: Session):
    page = stranger.read(f"/viec/{opened.item.id}")

    assert opened.item.summary in page
    assert "Chưa có thay đổi nào" in page
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


@pytest.mark.parametrize("path", ["hoan-thanh", "mo-lai"])
def test_a_link_that_is_only_opened_cannot_tick(stranger: Visitor, opened: Opened, path: str):
    page = stranger.read(f"/viec/{opened.item.id}/{path}", 405)

    assert "Vui lòng dùng các nút trên trang" in page


def test_the_holder_ticks_and_goes_back_to_where_the_form_stood(signed_in, cast: Cast, opened: Opened, session: Session):
    thi: Visitor = signed_in(cast.thi)

    response = thi.post(f"/viec/{opened.item.id}/hoan-thanh", back=f"/chien-dich/{opened.commune.uid}")

    assert response.status_code == 303
    assert response.location == f"/chien-dich/{opened.commune.uid}#viec-{opened.item.id}"
    assert status_of(session, opened.item) is TodoStatus.COMPLETED
    page = thi.read(f"/chien-dich/{opened.commune.uid}")
    assert f"Hoàn thành: {opened.item.summary}" in page
    assert f"1/{len(opened.commune.items)} việc" in page


def test_ticking_twice_is_ticking_once(signed_in, cast: Cast, opened: Opened, session: Session):
    thi: Visitor = signed_in(cast.thi)

    for _ in range(2):
        assert thi.post(f"/viec/{opened.item.id}/hoan-thanh").status_code == 303

    assert session.scalar(select(func.count()).select_from(Change)) == 1


def test_undo_takes_the_tick_back_and_history_keeps_both(signed_in, cast: Cast, opened: Opened, session: Session, clock: Clock):
    thi: Visitor = signed_in(cast.thi)
    thi.post(f"/viec/{opened.item.id}/hoan-thanh")
    clock.advance(timedelta(minutes=5))

    thi.post(f"/viec/{opened.item.id}/mo-lai")

    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION
    page = thi.read(f"/viec/{opened.item.id}")
    assert "12:00, 01/03/2021" in page
    assert "12:05, 01/03/2021" in page
    assert "Cán bộ xã (Thi) mở lại" in page


def test_a_unit_above_may_tick(signed_in, cast: Cast, opened: Opened, session: Session):
    assert signed_in(cast.hoa).post(f"/viec/{opened.item.id}/hoan-thanh").status_code == 303
    assert status_of(session, opened.item) is TodoStatus.COMPLETED


@pytest.mark.parametrize("name", ["khanh", "la"])
def test_others_are_refused_in_words_and_nothing_changes(signed_in, cast: Cast, opened: Opened, session: Session, name: str):
    person: Person = getattr(cast, name)

    response = signed_in(person).post(f"/viec/{opened.item.id}/hoan-thanh")

    assert response.status_code == 403
    assert "Cần giữ chức vụ tại Thị trấn Đăk Glei" in response.text
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


def test_a_stranger_is_sent_to_sign_in_and_comes_back(stranger: Visitor, opened: Opened, session: Session):
    back = f"/chien-dich/{opened.commune.uid}"

    response = stranger.post(f"/viec/{opened.item.id}/hoan-thanh", back=back)

    assert response.status_code == 303
    assert response.location.startswith("/dang-nhap?next=/chien-dich/")
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


@pytest.mark.parametrize("back", ["https://evil.example.org/", "//evil.example.org", "/\\evil.example.org", "javascript:alert(1)"])
def test_nobody_is_sent_to_another_site(signed_in, cast: Cast, opened: Opened, back: str):
    response = signed_in(cast.thi).post(f"/viec/{opened.item.id}/hoan-thanh", back=back)

    assert response.location == f"/viec/{opened.item.id}#viec-{opened.item.id}"


def test_a_form_without_its_token_changes_nothing(signed_in, cast: Cast, opened: Opened, session: Session):
    response = signed_in(cast.thi).send(f"/viec/{opened.item.id}/hoan-thanh")

    assert response.status_code == 400
    assert "Biểu mẫu đã mở quá lâu" in response.text
    assert status_of(session, opened.item) is TodoStatus.NEEDS_ACTION


def test_an_unknown_item_is_not_found(signed_in, cast: Cast, stranger: Visitor):
    stranger.read("/viec/999999", 404)
    assert signed_in(cast.thi).post("/viec/999999/hoan-thanh").status_code == 404
