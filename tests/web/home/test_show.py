import re
from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from events.observances.own import NewObservance, add_observance
from events.people.posts import give_post
from tests.conftest import Cast
from tests.web.conftest import NOON, Clock, Opened, Visitor


def test_the_month_is_a_table_that_begins_on_monday(stranger: Visitor, opened: Opened):
    page = stranger.read("/")

    assert "Tháng 3 năm 2021" in page
    assert page.index("Thứ Hai") < page.index("Thứ Ba") < page.index("Chủ Nhật")
    assert 'datetime="2021-03-01"' in page


def test_another_month_is_asked_for_by_its_address(stranger: Visitor, opened: Opened):
    page = stranger.read("/?thang=2021-11")

    assert "Tháng 11 năm 2021" in page
    assert 'href="/?thang=2021-10"' in page
    assert 'href="/?thang=2021-12"' in page


@pytest.mark.parametrize(
    "month", ["2021-13", "2021-00", "2021-1", "x", "1899-12", "2101-01", "2021-11-01", "٢٠٢١-١١"]
)
def test_a_month_that_does_not_exist_gives_a_clear_page(stranger: Visitor, month: str):
    page = stranger.read(f"/?thang={month}", 400)

    assert "không phải là một tháng" in page
    assert month in page


@pytest.mark.parametrize("month", ["1900-01", "2100-12"])
def test_the_first_and_the_last_month_that_the_tables_know_are_shown(stranger: Visitor, month: str):
    assert month in stranger.read(f"/?thang={month}")


def test_what_was_typed_is_never_read_as_html(stranger: Visitor):
    assert "<script>alert" not in stranger.read("/?thang=<script>alert(1)</script>", 400)


def test_days_off_have_their_name_and_provisional_ones_say_so(stranger: Visitor, opened: Opened):
    assert "Kỳ nghỉ Tết" in stranger.read("/?thang=2021-02")
    assert "(dự&nbsp;kiến)" in stranger.read("/?thang=2027-02")
    swap = stranger.read("/?thang=2026-01")
    assert '<p class="off-name">Hoán đổi, làm bù 10/01/2026</p>' in swap
    assert '<p class="off-name">Làm bù cho 02/01/2026</p>' in swap


def test_an_english_reader_has_the_names_of_days_off_in_english(stranger: Visitor, opened: Opened):
    stranger.in_english()

    tet, national_day, swap = (
        stranger.read(f"/?thang={month}") for month in ("2027-02", "2021-09", "2026-01")
    )

    assert '<p class="off-name">Tết break (provisional)</p>' in tet
    assert "days marked “provisional” may change" in tet
    assert '<p class="off-name">National Day</p>' in national_day
    assert '<p class="off-name">Traded for 10/01/2026</p>' in swap
    assert '<p class="off-name">Worked in place of 02/01/2026</p>' in swap


def test_an_english_reader_has_the_english_titles_of_observances(stranger: Visitor, opened: Opened):
    stranger.in_english()

    page = stranger.read("/?thang=2021-03")

    assert 'lang="en">International Day of Happiness</a>' in page
    assert "Ngày Quốc tế Hạnh phúc" not in page


def test_the_shade_of_days_off_goes_through_the_whole_week_under_the_bars_of_long_observances(
    stranger: Visitor, opened: Opened
):
    weeks = re.findall(
        r'<tbody class="([^"]*)">(.*?)</tbody>', stranger.read("/?thang=2021-06"), re.DOTALL
    )

    # the 30th is a Wednesday
    assert [off.split() for off, _week in weeks] == [["off-6", "off-7"]] * 4 + [[]]
    assert all('class="stretch"' in week for _off, week in weeks)


def test_a_phone_lists_a_break_of_many_days_as_one_line(stranger: Visitor, opened: Opened):
    page = stranger.read("/?thang=2027-02")

    listing = page[page.index('class="month-list"') :]
    listing = listing[: listing.index("</ul>")]
    assert "04/02 – 10/02/2027" in listing
    assert listing.count("Kỳ nghỉ Tết (dự&nbsp;kiến)") == 1


def test_an_observance_shows_its_days_left_and_the_campaign_that_is_open(
    leader: Visitor, opened: Opened
):
    page = leader.read("/")

    assert "Ngày Quốc tế Hạnh phúc" in page
    assert "còn 19 ngày" in page
    assert f"/chien-dich/{opened.province.uid}" in page


def test_an_anniversary_is_named_when_it_is_round(stranger: Visitor, opened: Opened):
    assert "Kỷ niệm 20 năm (2001–2021)" in stranger.read("/")
    assert "Kỷ niệm 21 năm" not in stranger.read("/?thang=2022-06")


def test_a_day_at_the_end_of_a_lunar_year_stands_in_the_list_of_the_year_it_falls_in(
    stranger: Visitor, opened: Opened, session: Session, cast: Cast
):
    rule = {"kind": "lunar_day", "lunar_month": 12, "lunar_day": 30}  # of lunar 2020: 11/02/2021
    add_observance(
        session, NewObservance("Giao thừa sum vầy", "", rule, "olive"), by=cast.hoa, now=NOON
    )
    session.commit()

    pages = [stranger.read(f"/?thang={month}") for month in ("2021-06", "2022-06")]

    days = [
        page[page.index('id="cac-ngay"') :].partition("Giao thừa sum vầy")[0][-500:]
        for page in pages
    ]
    assert "11/02/2021" in days[0]
    assert "31/01/2022" in days[1]


def test_every_observance_offers_its_calendar(stranger: Visitor, opened: Opened):
    page = stranger.read("/")

    feed = "lich.example.org/lich/ngay-gia-dinh-viet-nam.ics"
    assert f'href="webcal://{feed}"' in page
    assert f'value="https://{feed}"' in page
    assert "calendar.google.com/calendar/r?cid=webcal%3A%2F%2Flich.example.org" in page
    assert "vài giờ đến một ngày" in page


def test_who_is_signed_in_sees_the_items_of_their_posts(signed_in, cast, opened: Opened):
    page = signed_in(cast.thi).read("/")

    mine = page[page.index("viec-cua-toi") : page.index("<h1")]
    assert "Thị trấn Đăk Glei" in mine
    assert "Phường Quang Trung" not in mine


def test_who_holds_no_post_is_told_that_nothing_waits(signed_in, cast, opened: Opened):
    assert "Hiện không có việc nào đang chờ xử lý" in signed_in(cast.la).read("/")


def test_who_has_nothing_to_do_sees_what_their_unit_has_to_do_next(
    signed_in, cast, opened, session
):
    give_post(session, cast.la, cast.commune, "truong_hoc", since=date(2020, 1, 1))
    page = signed_in(cast.la).read("/")

    mine = page[page.index("viec-cua-toi") : page.index("<h1")]
    assert "Việc sắp tới hạn của đơn vị" in mine
    assert len(re.findall(r'href="/viec/\d+"', mine)) == 5
    assert "Phường Quang Trung" not in mine


@pytest.fixture
def thi(signed_in, cast: Cast, opened: Opened, session: Session) -> Visitor:
    """Thi, who holds a second post in the commune, so that many items wait."""
    give_post(session, cast.thi, cast.commune, "cc_vhxh", since=date(2020, 1, 1))
    return signed_in(cast.thi)


def test_who_is_signed_in_is_led_to_their_unit_and_to_all_of_their_items(thi: Visitor, cast):
    home = thi.read("/")

    assert (
        f'Đơn vị của tôi</span> <a href="/don-vi/{cast.commune.slug}">Thị trấn Đăk Glei</a>' in home
    )
    count = re.search(r'<a href="/viec-cua-toi/">5/(\d+) việc, xem tất cả</a>', home)
    assert count
    items = re.findall(r'href="/viec/\d+"', thi.read("/viec-cua-toi/"))
    assert len(items) == int(count[1]) > 5


def test_all_of_the_own_items_are_shown_page_by_page(thi: Visitor, monkeypatch: pytest.MonkeyPatch):
    whole = re.findall(r'href="/viec/\d+"', thi.read("/viec-cua-toi/"))
    monkeypatch.setattr("web.units.mine._A_PAGE", 4)

    first, second = thi.read("/viec-cua-toi/"), thi.read("/viec-cua-toi/?trang=2")

    assert re.findall(r'href="/viec/\d+"', first) == whole[:4]
    assert re.findall(r'href="/viec/\d+"', second) == whole[4:8]
    assert "Trang 2/" in second
    assert "Về trang đầu" in thi.read("/viec-cua-toi/?trang=99")


def test_a_stranger_signs_in_before_seeing_own_items(stranger: Visitor):
    assert stranger.get("/viec-cua-toi/").headers["Location"].startswith("/dang-nhap")


def test_the_number_of_queries_does_not_depend_on_the_month(
    stranger: Visitor, opened: Opened, count_queries, clock: Clock
):
    few = count_queries(lambda: stranger.read("/?thang=2021-01"))
    many = count_queries(lambda: stranger.read("/?thang=2021-11"))

    clock.advance(timedelta(days=400))
    assert few == many == count_queries(lambda: stranger.read("/"))
