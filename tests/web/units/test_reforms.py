import re
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from events.models import (
    Campaign,
    ChecklistItem,
    Person,
    Reform,
    Unit,
    UnitSuccession,
)
from events.models.items import OPEN
from events.people.proposed_posts import waiting_proposals
from events.progress.across_reforms import compare_years
from events.units.tree import get_unit, successors
from tests.conftest import Cast, holders
from tests.web.conftest import Opened, Visitor

DAY = date(2021, 3, 1)  # the day it is in these tests
MERGE = {
    "unit": ["23341", "23344"],
    "name": "Xã Đăk Mới",
    "on": "2021-03-01",
    "basis": "Nghị quyết thử",
}


@pytest.fixture(autouse=True)
def before_2025(session: Session):
    """A province that does not know of the reform of 2025 yet."""
    session.execute(update(Unit).where(Unit.valid_to == date(2025, 6, 30)).values(valid_to=None))
    session.execute(delete(UnitSuccession))
    session.commit()


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


def change(visitor: Visitor, kind: str, button: str = "ap-dung", **form):
    return visitor.post(f"/cai-cach/moi/{kind}", lam=button, **form)


def count(session: Session) -> tuple[int, ...]:
    still_open = (
        select(func.count()).select_from(ChecklistItem).where(ChecklistItem.status.in_(OPEN))
    )
    numbers = [
        session.scalar(select(func.count()).select_from(model))
        for model in (Unit, Campaign, Reform)
    ]
    return (*(number or 0 for number in numbers), session.scalar(still_open) or 0)


def test_a_preview_names_what_ends_and_begins_and_changes_nothing(
    administrator: Visitor, opened: Opened, session: Session
):
    before = count(session)

    page = change(administrator, "sap-nhap", "xem", **MERGE).text

    assert "Thị trấn Đăk Glei" in page
    assert "Xã Đăk Mới" in page
    assert 'name="unit" value="23341"' in page
    assert 'name="unit" value="23344"' in page
    assert count(session) == before
    assert get_unit(session, "23341").valid_to is None


def test_applying_merges_and_the_old_page_leads_to_the_new_unit(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    assert change(administrator, "sap-nhap", **MERGE).status_code == 303

    session.expire_all()
    [new] = successors(session, cast.commune)
    assert new.full_name == "Xã Đăk Mới"
    assert f'href="/don-vi/{new.slug}"' in administrator.read("/cai-cach/")
    assert "Nghị quyết thử" in administrator.read("/cai-cach/")


def test_the_pages_of_an_item_lead_to_where_it_went_and_whence_it_came(
    administrator: Visitor, opened: Opened, session: Session
):
    change(administrator, "sap-nhap", **MERGE)
    same = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .join(Campaign.unit)
        .where(ChecklistItem.key == "plan_commune")
    )
    old, new = (
        session.scalars(same.where(Unit.full_name == name)).one()
        for name in ("Thị trấn Đăk Glei", "Xã Đăk Mới")
    )

    page = administrator.read(f"/viec/{old.id}")
    assert f'href="/viec/{new.id}">Việc tại xã Đăk Mới</a>' in page
    # it cannot be done there any more
    assert not any(form in page for form in ("/mo-lai", "/hoan-tac", "/tuy-chon"))
    assert f'href="/viec/{old.id}">Việc tại thị trấn Đăk Glei</a>' in administrator.read(
        f"/viec/{new.id}"
    )


def test_merging_twice_says_that_it_was_done(
    administrator: Visitor, opened: Opened, session: Session
):
    change(administrator, "sap-nhap", **MERGE)
    before = count(session)

    answer = change(administrator, "sap-nhap", **MERGE)

    assert answer.status_code == 422
    assert "Thị trấn Đăk Glei" in answer.text
    assert "28/02/2021" in answer.text
    assert count(session) == before


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("sap-nhap", {"unit": ["23341"], "name": "Xã Mới"}),
        ("sap-nhap", {"unit": ["23341", "23344"], "name": "Xã Mới", "on": "mai"}),
        ("chia-tach", {"unit": ["23341"], "parts": "Xã A", "basis": "Căn cứ A"}),
        ("chia-tach", {"parts": "Xã A\nXã B"}),
        ("doi-ten", {"unit": ["23341"], "name": "Thị trấn Đăk Glei"}),
        ("bo-cap", {"level": "province"}),
        ("bo-cap", {"level": "khong-co"}),
    ],
)
def test_what_cannot_be_is_said_with_what_was_typed_kept(
    administrator: Visitor, session: Session, kind: str, form
):
    before = count(session)

    answer = change(administrator, kind, **({"on": "2021-03-01"} | form))

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    for name in ("name", "parts", "basis"):
        assert form.get(name, "") in answer.text
    assert count(session) == before


def test_the_first_day_of_a_reform_is_taken_as_people_type_it(
    administrator: Visitor, session: Session
):
    assert change(administrator, "sap-nhap", **MERGE | {"on": "01/03/2021"}).status_code == 303

    assert session.scalars(select(Reform.on)).one() == date(2021, 3, 1)


def test_a_first_day_that_is_none_is_named_and_never_said_to_be_missing(administrator: Visitor):
    answer = change(administrator, "sap-nhap", "xem", **MERGE | {"on": "31/02/2021"})

    assert answer.status_code == 422
    assert "“31/02/2021” không phải là ngày" in answer.text
    assert "Vui lòng nhập ngày" not in answer.text
    assert 'name="on" required value="31/02/2021"' in answer.text


def test_every_field_that_a_reform_lacks_is_named_at_once(administrator: Visitor):
    answer = change(administrator, "chia-tach")

    assert answer.status_code == 422
    for name in ("unit", "parts", "on"):
        assert f'<a href="#{name}">' in answer.text


def test_split_rename_and_abolish_work_from_their_forms(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    assert (
        change(
            administrator, "chia-tach", unit=["23341"], parts="Xã A\nXã B:", on="2021-03-01"
        ).status_code
        == 303
    )
    assert (
        change(
            administrator, "doi-ten", unit=["23344"], name="Phường Mới", on="2021-03-01"
        ).status_code
        == 303
    )
    assert change(administrator, "bo-cap", level="district", on="2021-03-02").status_code == 303

    session.expire_all()
    assert {unit.full_name for unit in successors(session, cast.commune)} == {"Xã A", "Xã B"}
    assert cast.district.valid_to == DAY
    page = administrator.read("/cai-cach/")
    assert "/cai-cach/ban-giao" not in page


def test_a_post_is_confirmed_by_a_button(administrator: Visitor, session: Session, cast: Cast):
    change(administrator, "sap-nhap", **MERGE)
    [proposal] = waiting_proposals(session)
    assert cast.thi.full_name in administrator.read("/cai-cach/")
    assert "1 vai trò chờ xác nhận" in administrator.read("/quan-tri")

    for _again in range(2):
        assert (
            administrator.post(f"/cai-cach/chuc-danh/{proposal.id}", confirm="1").status_code == 303
        )

    session.expire_all()
    assert holders(session, proposal.unit_id, proposal.role_key, DAY) == [cast.thi]
    assert administrator.post(f"/cai-cach/chuc-danh/{proposal.id}", confirm="0").status_code == 409


def test_a_person_above_decides_without_being_an_administrator(
    administrator: Visitor,
    signed_in: Callable[[Person], Visitor],
    session: Session,
    cast: Cast,
    stranger: Visitor,
):
    change(administrator, "sap-nhap", **MERGE)
    cast.hoa.is_administrator = False
    session.commit()
    [proposal] = waiting_proposals(session)
    hoa, khanh = signed_in(cast.hoa), signed_in(cast.khanh)

    for page in ("/", f"/don-vi/{proposal.unit.slug}", f"/don-vi/{cast.province.slug}"):
        assert 'href="/cai-cach/chuc-danh">1 vai trò chờ xác nhận' in hoa.read(page)
        assert "/cai-cach/chuc-danh" not in khanh.read(page)
        assert "/cai-cach/chuc-danh" not in stranger.read(page)
    assert "/cai-cach/chuc-danh" not in hoa.read(f"/don-vi/{cast.other_commune.slug}")
    assert cast.thi.full_name in hoa.read("/cai-cach/chuc-danh")
    assert cast.thi.full_name not in khanh.read("/cai-cach/chuc-danh")
    assert khanh.post(f"/cai-cach/chuc-danh/{proposal.id}", confirm="1").status_code == 403
    assert stranger.post(f"/cai-cach/chuc-danh/{proposal.id}", confirm="1").location.startswith(
        "/dang-nhap"
    )
    assert hoa.post(f"/cai-cach/chuc-danh/{proposal.id}", confirm="0").status_code == 303


def test_work_left_in_closed_units_is_handed_over_by_a_button(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    cast.commune.valid_to = date(2021, 2, 28)
    heir = get_unit(session, "23344")
    session.add(UnitSuccession(predecessor_id=cast.commune.id, successor_id=heir.id))
    session.commit()
    assert "/cai-cach/ban-giao" in administrator.read("/cai-cach/")

    assert administrator.post("/cai-cach/ban-giao").status_code == 303

    session.expire_all()
    assert not any(item.is_open for item in opened.commune.items)
    assert "/cai-cach/ban-giao" not in administrator.read("/cai-cach/")


def test_forms_offer_only_units_that_can_change(administrator: Visitor):
    change(administrator, "sap-nhap", **MERGE)

    page = administrator.read("/cai-cach/moi/doi-ten")

    assert 'value="23341"' not in page
    assert 'value="23347"' in page
    administrator.read("/cai-cach/moi/khac", 404)


def test_a_change_entered_by_mistake_is_taken_back_after_it_was_shown_what_that_does(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    change(administrator, "sap-nhap", **(MERGE | {"on": "2021-04-01"}))
    [reform] = session.scalars(select(Reform))
    address = f"/cai-cach/{reform.id}/rut-lai"
    assert f'href="{address}"' in administrator.read("/cai-cach/")
    assert "Xã Đăk Mới" in administrator.read(address)

    assert administrator.post(address).status_code == 303

    session.expire_all()
    assert cast.commune.valid_to is None
    page = administrator.read("/cai-cach/")
    assert f'href="{address}"' not in page
    assert "Xã Đăk Mới" in page  # what was entered, and that it was taken back, can still be read


def test_a_change_whose_work_was_handed_over_is_not_taken_back(
    administrator: Visitor, opened: Opened, session: Session
):
    change(administrator, "sap-nhap", **MERGE)
    [reform] = session.scalars(select(Reform))

    answer = administrator.post(f"/cai-cach/{reform.id}/rut-lai")

    assert answer.status_code == 409
    assert "Xã Đăk Mới đã có chiến dịch" in answer.text


def test_every_old_address_says_where_the_unit_went_and_leads_to_the_same_page_there(
    administrator: Visitor,
    opened: Opened,
    session: Session,
    cast: Cast,
    signed_in: Callable[[Person], Visitor],
):
    change(administrator, "sap-nhap", **MERGE)
    session.expire_all()
    [new] = successors(session, cast.commune)
    campaign = session.scalars(select(Campaign).where(Campaign.unit_id == new.id)).one()
    old = cast.commune.slug
    pages = {
        f"/don-vi/{old}": f"/don-vi/{new.slug}",
        f"/chien-dich/{opened.commune.uid}": f"/chien-dich/{campaign.uid}",
        f"/tien-do/{old}?nam=2021": f"/tien-do/{new.slug}?nam=2021",
        f"/don-vi/{old}/thon": f"/don-vi/{new.slug}/thon",
        f"/don-vi/{old}/nhan-su": f"/don-vi/{new.slug}/nhan-su",
    }

    of_work = (f"/chien-dich/{opened.commune.uid}", f"/tien-do/{old}?nam=2021")
    for_all = {page: same for page, same in pages.items() if page not in of_work}
    for visitor, shown in ((administrator, pages), (signed_in(cast.khanh), for_all)):
        for page, same in shown.items():
            read = visitor.read(page)
            assert "Đơn vị đã sáp nhập vào xã Đăk Mới (ngày cuối: 28/02/2021)." in read, page
            assert f'href="{same}"' in read, page
    assert all("Đơn vị đã sáp nhập" not in administrator.read(same) for same in pages.values())


def test_a_closed_unit_offers_no_forms_and_takes_no_people(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    change(administrator, "sap-nhap", **MERGE)
    old = f"/don-vi/{cast.commune.slug}"

    assert 'name="full_name"' not in administrator.read(f"{old}/nhan-su")
    assert 'name="name"' not in administrator.read(f"{old}/thon")
    assert "/viec-rieng" not in administrator.read(f"/chien-dich/{opened.commune.uid}")
    person = {"full_name": "Người Mới", "email": "moi@example.org", "role": "ubnd_xa"}
    assert administrator.post(f"{old}/nhan-su", **person).status_code == 422


def test_others_see_nothing_and_change_nothing(
    signed_in: Callable[[Person], Visitor], cast: Cast, stranger: Visitor, session: Session
):
    thi, before = signed_in(cast.thi), count(session)

    for path in ("/cai-cach/", "/cai-cach/moi/sap-nhap"):
        assert thi.get(path).status_code == 403
        assert stranger.get(path).location.startswith("/dang-nhap")
    assert change(thi, "sap-nhap", **MERGE).status_code == 403
    assert thi.post("/cai-cach/ban-giao").status_code == 403
    assert count(session) == before


def test_the_new_unit_is_compared_with_the_years_of_the_old_ones(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast, clock
):
    change(administrator, "sap-nhap", **MERGE)
    session.expire_all()
    [new] = successors(session, cast.commune)
    clock.now = clock.now.replace(year=2022)

    page = administrator.read(f"/don-vi/{new.slug}")

    assert 'id="so-sanh"' in page
    assert page.count("2021") >= 1
    by_year = administrator.read(f"/tien-do/{new.slug}").partition('id="theo-nam"')[2]
    row = re.search(r">2021</a></th>\s*<td[^>]*>(\d+)<", by_year)
    expected = compare_years(session, new, [2021], clock.now.date())[2021].expected
    assert row
    assert int(row[1]) == expected > 0
    assert 'id="so-sanh"' not in administrator.read(f"/don-vi/{cast.commune.slug}")


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        ("doi-ten", ["Tên mới (ghi đầy đủ)", "Ngày tên mới có hiệu lực"]),
        ("bo-cap", ["Ngày bỏ cấp này"]),
        ("chia-tach", ["Ngày đầu tiên của đơn vị mới"]),
    ],
)
def test_a_form_asks_in_its_own_words_and_chooses_nothing_beforehand(
    administrator: Visitor, kind: str, labels: list[str]
):
    page = administrator.read(f"/cai-cach/moi/{kind}")

    assert '<option value="">– chọn –</option>' in page
    assert not re.search(r"<option[^>]* selected", page)
    assert all(label in page for label in labels)
    assert kind == "chia-tach" or "đơn vị mới" not in page


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [("doi-ten", "Vui lòng chọn một đơn vị."), ("bo-cap", "Vui lòng chọn cấp.")],
)
def test_what_was_not_chosen_is_asked_for(administrator: Visitor, kind: str, sentence: str):
    answer = change(administrator, kind, unit="", level="", name="Xã Mới", on="2021-03-01")

    assert answer.status_code == 422
    assert sentence in answer.text


def test_units_to_merge_are_searched_for_while_those_ticked_stay(
    administrator: Visitor, session: Session
):
    before = count(session)

    page = change(administrator, "sap-nhap", "tim", unit=["23341"], q="dak pek", name="Xã Mới").text

    assert re.findall(r'name="unit" value="([^"]+)"( checked)?', page) == [
        ("23341", " checked"),
        ("23353", ""),
    ]
    assert 'value="Xã Mới"' in page
    assert count(session) == before


def test_a_preview_tells_going_back_from_taking_back_and_says_what_is_handed_over(
    administrator: Visitor, opened: Opened
):
    page = change(administrator, "sap-nhap", "xem", **MERGE).text

    assert "Không, quay lại" in page
    assert "Số việc chưa xong phải bàn giao:" in page
    assert ">Hủy<" not in page


def test_a_new_unit_and_a_move_are_looked_at_and_then_done(administrator: Visitor):
    new = {"level": "commune", "parent": "610", "name": "Xã Mới", "on": "2021-04-01"}
    looked = administrator.post("/cai-cach/moi/lap-moi", **new, lam="xem")
    done = administrator.post("/cai-cach/moi/lap-moi", **new, lam="ap-dung")
    moved = administrator.post(
        "/cai-cach/moi/chuyen", unit="23341", parent="611", on="2021-04-01", lam="ap-dung"
    )

    assert (looked.status_code, done.status_code, moved.status_code) == (200, 303, 303)
    page = administrator.read("/cai-cach/")
    assert "Xã Mới" in page
    assert "Chuyển đơn vị" in page
    assert "None" not in page


def test_what_a_new_unit_lacks_is_said_at_once(administrator: Visitor):
    refused = administrator.post("/cai-cach/moi/lap-moi", lam="xem")

    assert refused.status_code == 422
    assert "Vui lòng chọn đơn vị cấp trên." in refused.text
