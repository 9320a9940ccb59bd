from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.checklist.dividing import split_item
from events.checklist.history import Stamp
from events.checklist.states import complete_item, excuse_item
from events.models import Campaign, ChecklistItem, ItemCredit, ItemState, Unit
from events.people.posts import give_post
from events.reforms.villages import add_village
from tests.conftest import Cast
from tests.web.conftest import NOON, Opened, Visitor


def test_strangers_are_asked_to_sign_in_and_come_back(stranger: Visitor, opened: Opened):
    answer = stranger.get(f"/viec/{opened.item.id}/tuy-chon")

    assert answer.location.startswith("/dang-nhap?next=/")


def test_people_of_other_units_have_nothing_to_choose(signed_in, opened: Opened, cast: Cast):
    signed_in(cast.khanh).read(f"/viec/{opened.item.id}/tuy-chon", 403)


def test_an_optional_item_is_switched_off_and_on(
    signed_in, opened: Opened, cast: Cast, session: Session
):
    thi = signed_in(cast.thi)
    item = next(item for item in opened.commune.items if not item.required)
    assert f'action="/viec/{item.id}/bo-chon"' in thi.read(f"/chien-dich/{opened.commune.uid}")

    assert thi.post(f"/viec/{item.id}/bo-chon").status_code == 303
    session.expire_all()
    assert item.state is ItemState.NOT_REQUIRED

    assert thi.post(f"/viec/{item.id}/chon").status_code == 303
    session.expire_all()
    assert item.state is ItemState.NOT_STARTED
    assert thi.post(f"/viec/{opened.item.id}/bo-chon").status_code == 409  # a required one


def test_an_item_is_split_and_shows_how_many_parts_are_closed(
    signed_in, opened: Opened, cast: Cast, village: Unit, session: Session
):
    thi, item = signed_in(cast.thi), opened.item
    assert thi.post(f"/viec/{item.id}/chia").status_code == 400
    assert f'value="{village.id}"' in thi.read(f"/viec/{item.id}/tuy-chon")

    thi.post(f"/viec/{item.id}/chia", unit=str(village.id))

    part = session.scalars(
        select(ChecklistItem).where(ChecklistItem.split_from_id == item.id)
    ).one()
    assert "0/1" in thi.read(f"/viec/{item.id}")
    part.evidence_min = 0
    complete_item(session, part.id, Stamp(cast.thi, NOON))
    session.commit()
    page = thi.read(f"/viec/{item.id}")
    assert "1/1" in page
    assert f'action="/viec/{item.id}/mo-lai"' not in page
    assert thi.post(f"/viec/{item.id}/mo-lai").status_code == 409


def test_a_delegated_item_is_in_the_list_of_the_unit_that_does_it(
    signed_in, opened: Opened, cast: Cast, village: Unit
):
    thi, address = signed_in(cast.thi), f'href="/viec/{opened.item.id}"'
    assert address not in thi.read(f"/don-vi/{village.slug}")

    thi.post(f"/viec/{opened.item.id}/giao", unit=str(village.id))

    assert address in thi.read(f"/don-vi/{village.slug}")
    assert "Làng Đăk Ra" in thi.read(f"/viec/{opened.item.id}")
    thi.post(f"/viec/{opened.item.id}/giao", unit="")
    assert address not in thi.read(f"/don-vi/{village.slug}")


def test_a_delegated_item_names_who_does_it_now(
    signed_in, opened: Opened, cast: Cast, village: Unit, session: Session
):
    give_post(session, cast.la, village, "truong_thon")
    session.commit()
    thi, page = signed_in(cast.thi), f"/viec/{opened.item.id}"
    assert cast.la.full_name not in thi.read(page)

    thi.post(f"{page}/giao", unit=str(village.id), role="truong_thon")

    assert f"<dd>{cast.la.full_name}</dd>" in thi.read(page)
    assert "Làng Đăk Ra</a> – Trưởng thôn" in thi.read(page)
    assert 'value="truong_thon" selected' in thi.read(f"{page}/tuy-chon")
    assert thi.post(f"{page}/giao", unit=str(village.id), role="so_vhttdl").status_code == 400
    thi.post(f"{page}/giao", unit=str(village.id), role="hoi_lhpn")
    assert f"<dd>{cast.la.full_name}</dd>" not in thi.read(page)


def test_work_is_integrated_and_taken_out_again(
    signed_in, opened: Opened, cast: Cast, session: Session
):
    thi, item = signed_in(cast.thi), opened.item
    assert thi.post(f"/viec/{item.id}/long-ghep", campaign=opened.commune.uid).status_code == 400
    assert thi.post(f"/viec/{item.id}/long-ghep", campaign="unknown").status_code == 404
    assert session.scalar(select(func.count()).select_from(ItemCredit)) == 0


def test_nothing_is_integrated_before_a_campaign_was_chosen(
    signed_in, cast: Cast, opened: Opened, family_day: Campaign, session: Session
):
    thi, path = signed_in(cast.thi), f"/viec/{opened.item.id}"
    assert (
        '<select id="campaign" name="campaign" required><option value="">– chọn –</option>'
        in thi.read(f"{path}/tuy-chon")
    )

    answer = thi.post(f"{path}/long-ghep", campaign="")

    assert answer.status_code == 400
    assert "Vui lòng chọn một chiến dịch." in answer.text
    assert session.scalar(select(func.count()).select_from(ItemCredit)) == 0
    assert thi.post(f"{path}/long-ghep", campaign=family_day.uid).status_code == 303


def test_a_part_is_taken_back_from_the_page(
    signed_in, opened: Opened, cast: Cast, village: Unit, session: Session
):
    thi, item = signed_in(cast.thi), opened.item
    thi.post(f"/viec/{item.id}/chia", unit=str(village.id))
    part = session.scalars(
        select(ChecklistItem).where(ChecklistItem.split_from_id == item.id)
    ).one()
    action = f"/viec/{item.id}/chia/{part.id}/thu-lai"
    assert action in thi.read(f"/viec/{item.id}/tuy-chon")

    assert thi.post(action).status_code == 303

    assert action not in thi.read(f"/viec/{item.id}/tuy-chon")
    assert "Thị trấn Đăk Glei đã thu lại phần việc này" in thi.read(f"/viec/{part.id}")
    thi.post("/ngon-ngu", language="en", next="/")
    page = thi.read(f"/viec/{part.id}")
    assert "Reason: Thị trấn Đăk Glei took this part back" in page
    assert "thu lại" not in page


def test_a_village_reads_why_its_part_is_closed_and_is_offered_no_opening(
    signed_in, opened: Opened, cast: Cast, session: Session, village: Unit, vietnam
):
    item = next(item for item in opened.commune.items if item.key == "banners")
    [part] = split_item(session, item.id, [village.id], by=cast.thi, now=NOON, calendar=vietnam)
    excuse_item(session, item.id, "mất điện", Stamp(cast.hoa, NOON))
    session.commit()

    page = signed_in(cast.thi).read(f"/viec/{part.id}")

    assert "Đóng cùng việc chung của thị trấn Đăk Glei: mất điện" in page
    assert f"/viec/{part.id}/mo-lai" not in page


def test_a_part_that_was_taken_back_is_not_counted_among_the_parts(
    signed_in, opened: Opened, cast: Cast, session: Session, village: Unit, vietnam
):
    item = next(item for item in opened.commune.items if item.key == "banners")
    other = add_village(session, cast.commune, "thon", "2", by=cast.thi, now=NOON, calendar=vietnam)
    part, _other = split_item(
        session, item.id, [village.id, other.id], by=cast.thi, now=NOON, calendar=vietnam
    )
    session.commit()
    thi = signed_in(cast.thi)
    assert "<strong>0/2</strong>" in thi.read(f"/viec/{item.id}")

    thi.post(f"/viec/{item.id}/chia/{part.id}/thu-lai")

    assert "<strong>0/1</strong>" in thi.read(f"/viec/{item.id}")


def test_the_page_of_a_divided_item_costs_as_many_queries_for_many_parts(
    signed_in, opened: Opened, cast: Cast, session: Session, vietnam, count_queries
):
    item = next(item for item in opened.commune.items if item.key == "banners")
    thi, path = signed_in(cast.thi), f"/viec/{item.id}/tuy-chon"

    def divide(first: int, last: int) -> None:
        villages = [
            add_village(
                session,
                cast.commune,
                "thon",
                str(number),
                by=cast.thi,
                now=NOON,
                calendar=vietnam,
            )
            for number in range(first, last)
        ]
        split_item(
            session,
            item.id,
            [village.id for village in villages],
            by=cast.thi,
            now=NOON,
            calendar=vietnam,
        )
        session.commit()

    divide(1, 3)
    few = count_queries(lambda: thi.read(path))
    divide(3, 12)

    assert count_queries(lambda: thi.read(path)) == few


def test_a_part_that_was_declined_is_counted_whatever_was_typed_as_its_reason(
    signed_in, opened: Opened, cast: Cast, session: Session, village: Unit, vietnam
):
    item = next(item for item in opened.commune.items if item.key == "banners")
    other = add_village(session, cast.commune, "thon", "2", by=cast.thi, now=NOON, calendar=vietnam)
    part, _other = split_item(
        session, item.id, [village.id, other.id], by=cast.thi, now=NOON, calendar=vietnam
    )
    session.commit()
    thi = signed_in(cast.thi)

    thi.post(f"/viec/{part.id}/khong-thuc-hien", reason="Xã đã thu lại phần việc này")

    assert "<strong>1/2</strong>" in thi.read(f"/viec/{item.id}")
    assert '<span lang="vi">Xã đã thu lại phần việc này</span>' in thi.read(f"/viec/{part.id}")
