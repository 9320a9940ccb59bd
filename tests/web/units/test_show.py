from datetime import date

import pytest
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.models import Campaign, ChecklistItem, Unit, UnitSuccession
from events.people.persons import add_person
from events.people.posts import give_post
from events.reforms.reform import merge
from events.reforms.writing import NewUnit
from tests.conftest import Cast
from tests.web.conftest import NOON, Clock, Opened, Visitor


def test_a_unit_shows_who_stands_above_and_below_it(stranger: Visitor, cast: Cast, opened: Opened):
    page = stranger.read(f"/don-vi/{cast.district.slug}")

    assert "Tỉnh Kon Tum" in page
    assert "Thị trấn Đăk Glei" in page


def test_a_parent_counts_what_its_units_did(
    leader: Visitor, cast: Cast, opened: Opened, session: Session
):
    opened.item.evidence_min = 0
    complete_item(session, opened.item.id, Stamp(cast.thi, NOON))
    session.commit()

    page = leader.read(f"/don-vi/{cast.district.slug}")

    assert "hoàn thành đúng hạn: 1" in page
    assert f"1/{len(opened.commune.items)} việc" in page


def test_open_items_come_by_due_date(leader: Visitor, cast: Cast, opened: Opened):
    page = leader.read(f"/don-vi/{cast.commune.slug}")

    positions = [
        page.index(f'href="/viec/{item.id}"')
        for item in sorted(opened.commune.items, key=lambda i: (i.due, i.id))
    ]
    assert positions == sorted(positions)


def test_people_are_named_without_their_addresses(leader: Visitor, cast: Cast, opened: Opened):
    page = leader.read(f"/don-vi/{cast.commune.slug}")

    assert "Cán bộ xã (Thi)" in page
    assert "thi@example.org" not in page


def test_a_unit_offers_its_calendar(stranger: Visitor, cast: Cast, opened: Opened):
    assert f"webcal://lich.example.org/lich/{cast.commune.slug}.ics" in stranger.read(
        f"/don-vi/{cast.commune.slug}"
    )


def test_a_closed_unit_says_who_took_over(
    stranger: Visitor, cast: Cast, opened: Opened, clock: Clock
):
    clock.now = NOON.replace(year=2026)

    page = stranger.read(f"/don-vi/{cast.province.slug}")

    assert "Đơn vị đã sáp nhập vào" in page
    assert 'href="/don-vi/tinh-quang-ngai-2025"' in page
    assert "30/06/2025" in page


@pytest.mark.parametrize("year", ["x", "99999", "0", "٢٠٢١"])
def test_a_year_that_cannot_be_gives_a_clear_page(stranger: Visitor, cast: Cast, year: str):
    assert "không phải là một năm" in stranger.read(f"/don-vi/{cast.province.slug}?nam={year}", 400)


def test_another_year_is_asked_for_by_its_address(leader: Visitor, cast: Cast, opened: Opened):
    assert "Đơn vị này chưa có chiến dịch" in leader.read(f"/don-vi/{cast.province.slug}?nam=2022")


def test_search_needs_no_diacritics_and_knows_that_d_with_stroke_is_d(
    stranger: Visitor, cast: Cast
):
    assert "Huyện Đăk Glei" in stranger.read("/don-vi/?q=dak+glei")


def test_names_with_the_very_letters_come_first(stranger: Visitor, session: Session, cast: Cast):
    common = {
        "level_key": "commune",
        "type": "xa",
        "parent_id": cast.district.id,
        "search": "xa hoa",
    }
    session.add(Unit(key="t1", name="Hóa", full_name="Xã Hóa", slug="xa-t1", position=1, **common))
    session.add(Unit(key="t2", name="Hòa", full_name="Xã Hòa", slug="xa-t2", position=2, **common))
    session.commit()

    page = stranger.read("/don-vi/?q=Hòa")

    assert page.index("Xã Hòa") < page.index("Xã Hóa")


def test_a_search_without_result_says_so_and_leads_on(stranger: Visitor, cast: Cast):
    page = stranger.read("/don-vi/?q=zzz")

    assert "Hiện không có đơn vị nào có tên này" in page
    assert "Xem tất cả đơn vị" in page


def test_all_units_are_found_from_the_root(stranger: Visitor, cast: Cast):
    page = stranger.read("/don-vi/")

    assert "Tỉnh Kon Tum" in page
    assert "Cấp huyện" in page


def test_an_unknown_unit_is_not_found(stranger: Visitor):
    stranger.read("/don-vi/khong-co", 404)


def test_the_number_of_queries_does_not_depend_on_rows(
    stranger: Visitor, cast: Cast, opened: Opened, session: Session, count_queries
):
    address = f"/don-vi/{cast.commune.slug}"
    few = count_queries(lambda: stranger.read(address))

    for n in range(5):
        person = add_person(session, f"Người thứ {n}", f"p{n}@example.org")
        give_post(session, person, cast.commune, "cc_vhxh", since=date(2020, 1, 1))
    session.commit()
    many = count_queries(lambda: stranger.read(address))
    session.execute(delete(ChecklistItem).where(ChecklistItem.campaign_id == opened.commune.id))
    session.execute(delete(Campaign).where(Campaign.id == opened.commune.id))
    session.commit()

    assert few == many
    assert count_queries(lambda: stranger.read(address)) <= few


def test_a_province_costs_as_many_queries_as_a_district(
    stranger: Visitor, cast: Cast, opened: Opened, count_queries
):
    province = count_queries(lambda: stranger.read(f"/don-vi/{cast.province.slug}"))
    district = count_queries(lambda: stranger.read(f"/don-vi/{cast.district.slug}"))

    assert province <= district  # a district has one unit above it to name


def test_a_unit_says_before_the_day_that_it_will_merge_and_into_what(
    leader: Visitor, cast: Cast, opened: Opened, session: Session
):
    session.execute(update(Unit).where(Unit.valid_to == date(2025, 6, 30)).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    new = merge(
        session,
        ["23341", "23344"],
        NewUnit("Xã Bình Minh Mới"),
        stamp=Stamp(cast.hoa, NOON),
        on=date(2022, 1, 1),
        basis=None,
    )
    session.commit()

    page = leader.read(f"/don-vi/{cast.commune.slug}")

    assert "Từ ngày 01/01/2022 nhập vào xã Bình Minh Mới; việc chưa xong được bàn giao." in page
    assert f'href="/don-vi/{new.begun[0].slug}">Xã Bình Minh Mới</a>' in page
    assert "Việc chưa xong" in page  # it still lives and works
    assert "Từ ngày 01/01/2022" not in leader.read(f"/don-vi/{cast.other_commune.slug}")


def test_the_menu_marks_the_units_on_their_pages(stranger: Visitor, cast: Cast):
    assert '<a href="/don-vi/" aria-current="page">' in stranger.read("/don-vi/")
    assert '<a href="/don-vi/" aria-current="true">' in stranger.read(
        f"/don-vi/{cast.commune.slug}"
    )
    assert '<a href="/don-vi/">' in stranger.read("/")
