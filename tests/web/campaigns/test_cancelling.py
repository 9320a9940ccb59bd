from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.models import Campaign, CampaignStatus, Person, Round
from tests.conftest import Cast
from tests.web.conftest import Opened, Visitor


def live(session: Session) -> int:
    session.expire_all()
    return (
        session.scalar(
            select(func.count(Campaign.id)).where(
                Campaign.round.has(Round.status != CampaignStatus.CANCELLED)
            )
        )
        or 0
    )


def test_a_round_is_cancelled_after_its_reach_was_shown_and_opened_again(
    signed_in: Callable[[Person], Visitor],
    leader: Visitor,
    cast: Cast,
    opened: Opened,
    session: Session,
):
    hoa, page, count = signed_in(cast.hoa), f"/chien-dich/{opened.province.uid}", live(session)
    assert f'href="{page}/huy"' in hoa.read(page)
    assert f"Hủy ở {count} đơn vị" in hoa.read(f"{page}/huy")

    assert hoa.post(f"{page}/huy", reason="").status_code == 400
    assert live(session) == count
    assert hoa.post(f"{page}/huy", reason="Mở nhầm").status_code == 303
    assert live(session) == 0
    assert "Chiến dịch này đã hủy" in leader.read(f"/chien-dich/{opened.commune.uid}")
    asked = hoa.read(f"{page}/huy")
    assert "Mở nhầm" in asked
    assert f"Mở lại ở {count} đơn vị" in asked

    assert hoa.post(f"{page}/huy/mo-lai").status_code == 303
    assert live(session) == count


def test_others_may_not_cancel(
    signed_in: Callable[[Person], Visitor],
    stranger: Visitor,
    cast: Cast,
    opened: Opened,
    session: Session,
):
    page, count = f"/chien-dich/{opened.province.uid}/huy", live(session)

    for answer in (signed_in(cast.thi).get(page), signed_in(cast.thi).post(page, reason="Mở nhầm")):
        assert answer.status_code == 403
    for answer in (stranger.get(page), stranger.post(page, reason="Mở nhầm")):
        assert answer.location.startswith("/dang-nhap")
    below = signed_in(cast.hoa).post(f"/chien-dich/{opened.commune.uid}/huy", reason="Mở nhầm")
    assert below.status_code == 409
    assert live(session) == count
