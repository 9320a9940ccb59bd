"""Nobody gets through a door that is not theirs, and every door is known."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from events.database.sessions import SessionFactory
from events.models import ChecklistItem, Unit
from events.people.persons import find_person
from tests.conftest import Cast
from tests.web import rights_matrix
from tests.web.conftest import Opened, Visitor
from web.app import create_app
from web.kit import doors
from web.kit.config import WebConfig


@pytest.mark.slow
def test_nobody_gets_in_where_they_may_not_and_nothing_changes_there(
    app: Flask, session: Session, cast: Cast, opened: Opened, village: Unit
):
    world = rights_matrix.world(app, session, cast, opened)

    report = rights_matrix.run(app, session.connection(), world)

    assert report.leaks == []
    assert report.shut == []
    assert report.rows_changed == 0
    assert report.routes > 80


def test_a_route_without_a_door_is_not_served(
    monkeypatch: pytest.MonkeyPatch, session_factory: SessionFactory, settings: dict[str, Any]
):
    without = {name: door for name, door in doors.DOORS.items() if name != "items.complete"}
    monkeypatch.setattr(doors, "DOORS", without)

    with pytest.raises(LookupError, match=r"items\.complete"):
        create_app(session_factory, WebConfig(**settings))


def test_no_door_is_left_of_a_route_that_is_gone(app: Flask):
    assert doors.DOORS.keys() == {rule.endpoint for rule in app.url_map.iter_rules()}


def test_a_program_that_wants_no_page_is_told_that_it_is_not_signed_in(
    stranger: Visitor, opened: Opened
):
    address = f"/viec/{opened.item.id}"

    answer = stranger.get(address, headers={"Accept": "application/json"})
    page = stranger.get(address, headers={"Accept": "text/html,*/*;q=0.8"})

    assert answer.status_code == 401
    assert page.location == f"/dang-nhap?next={address}"


def test_who_is_signed_in_and_may_not_gets_403_and_what_is_not_there_404(
    signed_in, cast: Cast, opened: Opened
):
    khanh = signed_in(cast.khanh)

    khanh.read(f"/viec/{opened.item.id}", 403)
    khanh.read("/viec/999999999", 404)
    khanh.read("/khong-co", 404)


def test_a_note_about_what_stands_in_the_way_is_for_those_who_answer_for_it(
    stranger: Visitor, leader: Visitor, signed_in, cast: Cast, opened: Opened, session: Session
):
    opened.item.blocked = "Gọi chị Y Blong, 0905 000 000"
    session.commit()
    unit, item = f"/don-vi/{cast.commune.slug}", f"/viec/{opened.item.id}"
    campaign = f"/chien-dich/{opened.commune.uid}"

    khanh = signed_in(cast.khanh)
    for visitor in (stranger, khanh):
        for page in (item, unit, campaign, f"/tien-do/{cast.commune.slug}?nam=2021", "/"):
            assert "0905 000 000" not in visitor.get(page).text
    assert "0905 000 000" in leader.read(item)
    assert "0905 000 000" in signed_in(cast.thi).read(campaign)
    assert leader.get(item).headers["X-Robots-Tag"] == "noindex"


def test_a_unit_tells_everybody_its_name_and_its_place_and_nobody_else_its_work_and_people(
    stranger: Visitor, leader: Visitor, cast: Cast, opened: Opened
):
    address = f"/don-vi/{cast.commune.slug}"

    public, inside = stranger.read(address), leader.read(address)

    assert cast.commune.full_name in public
    for known in (cast.thi.full_name, "Tiến độ năm 2021", opened.item.summary, "Việc chưa xong"):
        assert known not in public
        assert known in inside
    assert "X-Robots-Tag" not in stranger.get(address).headers


def test_progress_is_public_without_names_where_the_setting_says_so(
    session_factory: SessionFactory, settings: dict[str, Any], cast: Cast, opened: Opened
):
    app = create_app(session_factory, WebConfig(**settings, public_progress=True))
    stranger, path = Visitor(app.test_client()), f"/tien-do/{cast.province.slug}?nam=2021"
    with_round = f"{path}&chien-dich=happiness_day:2021"

    for page in (stranger.read(path), stranger.read(with_round)):
        assert "Theo giai đoạn" in page
        assert cast.commune.name not in page
        assert "Đơn vị chưa báo cáo" not in page
    unit = stranger.read(f"/don-vi/{cast.province.slug}")
    assert "Tiến độ năm 2021" in unit
    assert opened.province.items[0].summary not in unit
    assert stranger.get(f"/viec/{opened.item.id}").status_code == 303


def test_reading_a_page_of_a_unit_above_or_beside_is_refused_with_the_unit_named(
    signed_in, cast: Cast, session: Session, opened: Opened
):
    item = session.get_one(ChecklistItem, opened.province.items[0].id)

    page = signed_in(cast.thi).read(f"/viec/{item.id}", 403)

    assert "tỉnh Kon Tum" in page
    assert item.summary not in page


def test_a_role_made_here_allows_what_the_administrator_chose(
    signed_in, cast: Cast, session: Session, opened: Opened
):
    cast.hoa.is_administrator = True
    session.commit()
    hoa = signed_in(cast.hoa)

    hoa.post("/chuc-danh/", title_vi="Chủ tịch", level="commune", duty="leader")
    hoa.post(
        f"/don-vi/{cast.commune.slug}/nhan-su",
        full_name="Bà Chủ tịch",
        role="own_chu_tich",
        email="chu-tich@example.org",
    )

    chair = find_person(session, "chu-tich@example.org")
    assert chair is not None
    visitor = signed_in(chair)
    visitor.read(f"/viec/{opened.item.id}")
    answer = visitor.post(f"/viec/{opened.item.id}/bat-dau")
    assert answer.status_code == 403
