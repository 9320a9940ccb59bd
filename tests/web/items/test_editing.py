from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from events.models import ChecklistItem, Person
from tests.conftest import Cast
from tests.web.conftest import Opened, Visitor


@pytest.fixture
def plan(opened: Opened) -> ChecklistItem:
    return next(item for item in opened.commune.items if item.key == "plan_commune")


@pytest.fixture
def thi(signed_in: Callable[[Person], Visitor], cast: Cast) -> Visitor:
    return signed_in(cast.thi)


def form(plan: ChecklistItem, **changes: str) -> dict[str, str]:
    shown = {
        "summary": plan.summary,
        "due": plan.due.isoformat(),
        "role": plan.role_key,
        "sequence": str(plan.sequence),
    }
    return shown | changes


def test_an_item_is_edited_and_its_page_says_so(
    thi: Visitor, plan: ChecklistItem, session: Session
):
    page = f"/viec/{plan.id}"
    assert f"{page}/sua" in thi.read(page)
    assert plan.summary in thi.read(f"{page}/sua")

    response = thi.post(
        f"{page}/sua", **form(plan, summary="Kế hoạch của thị trấn", due="2021-03-03")
    )

    assert (response.status_code, response.location) == (303, page)
    shown = thi.read(page)
    assert "Kế hoạch của thị trấn" in shown
    assert "Đã sửa tay: hạn, nội dung" in shown
    assert "sửa việc bằng tay" in shown


def test_an_odd_date_is_stored_with_a_warning(thi: Visitor, plan: ChecklistItem):
    thi.post(f"/viec/{plan.id}/sua", **form(plan, due="2021-02-28"))

    assert "28/02/2021 là ngày nghỉ (vào ngày nghỉ cuối tuần)." in thi.read(f"/viec/{plan.id}")


def test_an_english_reader_is_warned_of_an_odd_date_in_english(thi: Visitor, plan: ChecklistItem):
    thi.in_english().post(f"/viec/{plan.id}/sua", **form(plan, due="2021-02-28"))

    assert "28/02/2021 is a day off (on a weekend)." in thi.read(f"/viec/{plan.id}")


def test_what_is_refused_keeps_what_was_typed(thi: Visitor, plan: ChecklistItem, session: Session):
    late = thi.post(f"/viec/{plan.id}/sua", **form(plan, summary="Đang gõ dở", due="2021-04-30"))
    empty = thi.post(f"/viec/{plan.id}/sua", **form(plan, summary=" ", due="2021-03-03"))
    no_day = thi.post(f"/viec/{plan.id}/sua", **form(plan, due=""))

    assert (late.status_code, empty.status_code, no_day.status_code) == (409, 400, 400)
    assert "mới gia hạn được" in late.text
    assert "Đang gõ dở" in late.text
    assert 'value="2021-04-30"' in late.text
    session.refresh(plan)
    assert plan.edited == []


def test_two_people_at_once_overwrite_nothing(
    thi: Visitor,
    signed_in: Callable[[Person], Visitor],
    cast: Cast,
    plan: ChecklistItem,
    session: Session,
):
    seen = form(plan)
    thi.post(f"/viec/{plan.id}/sua", **seen | {"summary": "Của xã"})

    second = signed_in(cast.hoa).post(f"/viec/{plan.id}/sua", **seen | {"summary": "Của tỉnh"})

    assert second.status_code == 409
    assert "Của tỉnh" in second.text
    assert 'Hiện đang lưu: <span lang="vi">Của xã</span>' in second.text
    session.refresh(plan)
    assert plan.summary == "Của xã"


def test_an_item_follows_its_template_again(thi: Visitor, plan: ChecklistItem, session: Session):
    before = plan.summary
    thi.post(f"/viec/{plan.id}/sua", **form(plan, summary="Khác"))
    assert "Theo lại mẫu" in thi.read(f"/viec/{plan.id}/sua")

    assert thi.post(f"/viec/{plan.id}/theo-mau").status_code == 303

    session.refresh(plan)
    assert (plan.summary, plan.edited) == (before, [])


def test_others_edit_nothing(
    stranger: Visitor,
    signed_in: Callable[[Person], Visitor],
    cast: Cast,
    plan: ChecklistItem,
    session: Session,
):
    assert stranger.get(f"/viec/{plan.id}/sua").status_code == 303
    assert stranger.post(f"/viec/{plan.id}/sua", **form(plan, summary="Khác")).status_code == 303
    other = signed_in(cast.khanh)
    assert other.get(f"/viec/{plan.id}/sua").status_code == 403
    assert other.post(f"/viec/{plan.id}/sua", **form(plan, summary="Khác")).status_code == 403
    other.read("/viec/999999/sua", 404)
    session.refresh(plan)
    assert plan.edited == []
