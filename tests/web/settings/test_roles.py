"""Offices and posts are called as they are called here, come, and end with who follows."""

import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.catalog.importing import import_catalog
from events.checklist.of_roles import work_of_roles
from events.models import Person, Role, Template, Unit
from events.people.roles import RoleBook, roles_at
from tests.conftest import Cast
from tests.web.conftest import NOON, Visitor


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


def test_a_renamed_office_keeps_its_new_name_when_the_catalogue_is_imported_again(
    administrator: Visitor, session: Session, catalog
):
    named = {"title_vi": "Sở Văn hóa và Thể thao", "title_en": "Department of Culture and Sports"}
    assert administrator.post("/chuc-danh/so_vhttdl/ten", **named).status_code == 303
    import_catalog(session, catalog, now=NOON)

    session.expire_all()
    assert session.get_one(Role, "so_vhttdl").title_vi == "Sở Văn hóa và Thể thao"
    assert "Department of Culture and Sports" in administrator.in_english().read("/chuc-danh/")


def test_a_new_office_can_be_held_at_its_level_and_needs_no_english_name(
    administrator: Visitor, session: Session, cast: Cast
):
    new = {"title_vi": "Sở Du lịch", "title_en": "", "level": "province"}
    administrator.post("/chuc-danh/", **new)
    administrator.post("/chuc-danh/", **new)

    session.expire_all()
    held = [role.title_en for role in roles_at(session, cast.province, date(2021, 3, 1))]
    assert held.count("Sở Du lịch") == 2
    commune = roles_at(session, cast.commune, date(2021, 3, 1))
    assert "Sở Du lịch" not in {role.title_vi for role in commune}


def test_a_level_that_there_is_none_of_any_more_is_not_offered(
    administrator: Visitor, session: Session
):
    def offered() -> set[str]:
        choice = administrator.read("/chuc-danh/").split('name="level"')[1].split("</select>")[0]
        return set(re.findall(r'value="(\w+)"', choice))

    before = offered()
    ended = date(2021, 2, 28)
    for unit in session.scalars(select(Unit).where(Unit.level_key == "district")):
        unit.valid_to = ended
    session.commit()

    assert "district" in before
    assert offered() == before - {"district"}


def test_an_office_that_ends_hands_its_work_to_the_one_that_follows(
    administrator: Visitor, session: Session
):
    ended = {"last_day": "2021-06-30", "successor": "so_vhttdl"}
    assert administrator.post("/chuc-danh/so_yte/ket-thuc", **ended).status_code == 303

    session.expire_all()
    book = RoleBook.load(session)
    assert book.in_force("so_yte", date(2021, 6, 30)) == "so_yte"
    assert book.in_force("so_yte", date(2021, 7, 1)) == "so_vhttdl"


@pytest.mark.parametrize(
    "wrong",
    [
        {"last_day": "", "successor": "so_vhttdl"},
        {"last_day": "2021-06-30", "successor": "so_yte"},
        {"last_day": "2021-06-30", "successor": "ubnd_xa"},
    ],
)
def test_an_end_without_a_day_or_with_nobody_who_can_follow_is_refused(
    administrator: Visitor, session: Session, wrong: dict[str, str]
):
    assert administrator.post("/chuc-danh/so_yte/ket-thuc", **wrong).status_code == 400

    session.expire_all()
    assert session.scalars(select(Role.valid_to).where(Role.key == "so_yte")).one() is None


def test_only_administrators_see_the_roles(stranger: Visitor, signed_in, cast: Cast):
    assert stranger.get("/chuc-danh/").status_code == 303
    assert signed_in(cast.thi).get("/chuc-danh/").status_code == 403


def test_an_office_may_end_without_one_that_follows_unless_it_does_the_usual_work(
    administrator: Visitor, session: Session
):
    ended = {"last_day": "2021-06-30", "successor": ""}
    assert administrator.post("/chuc-danh/so_yte/ket-thuc", **ended).status_code == 303
    assert administrator.post("/chuc-danh/so_vhttdl/ket-thuc", **ended).status_code == 400

    session.expire_all()
    assert session.get_one(Role, "so_yte").valid_to == date(2021, 6, 30)
    book = RoleBook.load(session)
    for day, does_it in ((date(2021, 6, 30), "so_yte"), (date(2021, 7, 1), "so_vhttdl")):
        assert book.of_copy("so_yte", "province", day) == does_it
        assert book.owner("so_yte", day) == does_it
    assert session.get_one(Role, "so_vhttdl").valid_to is None


@pytest.mark.usefixtures("opened")
def test_the_page_says_before_what_is_open_in_a_role_and_who_holds_it(
    administrator: Visitor, session: Session, cast: Cast
):
    work = work_of_roles(session, NOON.date())
    mine = work["so_vhttdl"]
    others = [one for key, one in work.items() if key == "ubnd_xa"]

    page = administrator.read("/chuc-danh/")

    assert mine.holders == (cast.hoa.full_name,)
    assert mine.items > 0
    assert mine.unheld == 0
    assert others[0].unheld > 0
    assert f"{mine.items} việc chưa xong · {mine.units} đơn vị" in page
    assert f"Người đang giữ: {cast.hoa.full_name}" in page


def test_an_office_that_has_ended_is_folded_away_and_offered_to_nobody(
    administrator: Visitor, session: Session
):
    ended = session.get_one(Role, "so_yte")
    ended.valid_to, ended.successor_key = date(2020, 12, 31), "so_tuphap"
    session.flush()

    page = administrator.read("/chuc-danh/")
    now, _summary, past = page.partition("Đã kết thúc")
    assert "Sở Y tế" not in now
    assert "Sở Y tế" in past
    assert '<option value="so_yte">' not in administrator.read("/mau/happiness_day/sua")


def test_a_template_names_who_does_its_work_today(administrator: Visitor, session: Session):
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    ended = session.get_one(Role, template.current.items[0].role_key)
    ended.title_vi, ended.valid_to = "Cơ quan đã giải thể", date(2020, 12, 31)
    ended.successor_key = "so_tuphap"
    session.flush()

    page = administrator.read("/mau/happiness_day")
    assert "Cơ quan đã giải thể" not in page
    assert "Sở Tư pháp" in page
