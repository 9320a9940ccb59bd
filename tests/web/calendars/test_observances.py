from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns
from events.days.workdays import WorkCalendar
from events.models import Campaign, Observance, Round, Template
from events.observances.own import NewObservance, add_observance, find_observance
from events.observances.yearly_themes import announce_theme
from tests.conftest import Cast
from tests.web.conftest import NOON, Clock, Opened, Visitor


def test_an_observance_tells_its_basis_its_years_and_its_campaigns(leader: Visitor, opened: Opened):
    page = leader.read("/ngay/ngay-quoc-te-hanh-phuc")

    assert "A/RES/66/281" in page
    assert "20/03/2022" in page
    assert f"/chien-dich/{opened.province.uid}" in page


def test_the_next_time_is_counted_from_today(stranger: Visitor, opened: Opened):
    assert "còn 19 ngày" in stranger.read("/ngay/ngay-quoc-te-hanh-phuc")


def test_a_day_of_the_last_lunar_month_stands_beside_its_campaign(
    leader: Visitor, clock: Clock, cast: Cast, session: Session, vietnam: WorkCalendar
):
    clock.now = datetime(2021, 1, 20, 5, tzinfo=UTC)
    rule = {"kind": "lunar_day", "lunar_month": 12, "lunar_day": 30}
    happiness = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    wanted = NewObservance("Giao thừa sum vầy", "", rule, "olive")
    add_observance(session, wanted, like=happiness, by=cast.hoa, now=clock.now)
    open_campaigns(session, now=clock.now, calendar=vietnam, year=2021)
    session.commit()

    page = leader.read("/ngay/giao-thua-sum-vay")

    now = page.partition('class="is-now"')[2].partition("</li>")[0]
    assert "11/02/2021" in now
    assert "/chien-dich/" in now
    assert page.count("/chien-dich/") == 1
    assert (
        "/chien-dich/"
        in leader.read("/?thang=2021-02")
        .partition("Giao thừa sum vầy</a></h3>")[2]
        .partition("<h3>")[0]
    )


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
    page = stranger.get(
        "/ngay/ngay-quoc-te-hanh-phuc", headers={"User-Agent": "Mozilla/5.0 Zalo android/12"}
    ).text

    assert "Mở bằng trình duyệt" in page


def test_theme_slogans_and_anniversary_are_the_same_on_every_page_and_in_the_calendar(
    leader: Visitor, opened: Opened, session: Session, vietnam: WorkCalendar
):
    open_campaigns(session, now=NOON + timedelta(days=200), calendar=vietnam, year=2021)
    month = find_observance(session, "thang-phong-chong-bao-luc-gia-dinh")
    for theme in find_observance(session, "ngay-gia-dinh-viet-nam").themes:
        session.delete(theme)
    session.flush()
    session.expire_all()
    announce_theme(
        session, month, 2021, "Chủ đề của tháng", ["Khẩu hiệu của tháng"], by=None, now=NOON
    )
    day = (
        select(Campaign)
        .join(Campaign.round)
        .join(Round.observance)
        .where(Observance.slug == "ngay-gia-dinh-viet-nam", Campaign.parent_id.is_(None))
    )
    uid = session.scalars(day.where(Campaign.round.has(Round.year == 2021))).one().uid
    session.commit()

    pages = [
        "/?thang=2021-06",
        "/ngay/ngay-gia-dinh-viet-nam",
        f"/chien-dich/{uid}",
        "/lich/ngay-gia-dinh-viet-nam.ics",
    ]

    for page in pages:
        text = leader.read(page).replace("\r\n ", "")
        for said in ("Chủ đề của tháng", "Khẩu hiệu của tháng", "Kỷ niệm 20 năm (2001–2021)"):
            assert said in text, (page, said)
