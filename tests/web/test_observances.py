from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Observance
from tests.web.conftest import Opened, Visitor


def test_an_observance_tells_its_basis_its_years_and_its_campaigns(stranger: Visitor, opened: Opened):
    page = stranger.read("/ngay/ngay-quoc-te-hanh-phuc")

    assert "A/RES/66/281" in page
    assert "20/03/2022" in page
    assert f"/chien-dich/{opened.province.uid}" in page


def test_the_next_time_is_counted_from_today(stranger: Visitor, opened: Opened):
    assert "còn 19 ngày" in stranger.read("/ngay/ngay-quoc-te-hanh-phuc")


def test_an_observance_that_is_switched_off_has_no_page(stranger: Visitor, session: Session):
    off = session.scalars(select(Observance).where(~Observance.enabled)).first()
    assert off

    stranger.read(f"/ngay/{off.slug}", 404)


def test_the_picture_code_leads_to_the_panel_of_the_page(stranger: Visitor):
    response = stranger.get("/ma-qr.svg?trang=/ngay/ngay-quoc-te-hanh-phuc")

    assert response.mimetype == "image/svg+xml"
    assert "style" not in response.text


def test_there_are_no_picture_codes_of_other_addresses(stranger: Visitor):
    stranger.read("/ma-qr.svg?trang=https://evil.example.org", 400)
    stranger.read("/ma-qr.svg", 400)


def test_inside_zalo_a_hint_leads_to_the_browser(stranger: Visitor):
    page = stranger.get("/ngay/ngay-quoc-te-hanh-phuc", headers={"User-Agent": "Mozilla/5.0 Zalo android/12"}).text

    assert "Mở bằng trình duyệt" in page
