import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.models import Campaign, Observance, Person, Round, Template, Unit
from events.observances.occurrences import extend_horizon
from events.words.colors import HEX_OF
from tests.conftest import Cast
from tests.web.conftest import NOON, Visitor
from web.settings.own_observances import COLORS

A_DAY = {
    "title_vi": "Ngày hội Đại gia đình",
    "kind": "fixed_day",
    "day": "9",
    "month": "10",
    "color": "olive",
    "inside": "",
    "like": "happiness_day",
    "base_year": "2011",
}


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    extend_horizon(session, now=NOON)
    return signed_in(cast.hoa)


def find(session: Session, slug: str) -> Observance | None:
    session.expire_all()
    return session.scalar(select(Observance).where(Observance.slug == slug))


def test_an_example_is_switched_on_and_off(
    administrator: Visitor, stranger: Visitor, session: Session
):
    off = session.scalars(select(Observance).where(~Observance.enabled)).first()
    assert off
    assert off.title_vi in administrator.read("/ngay-ky-niem/")

    assert administrator.post(f"/ngay-ky-niem/{off.slug}/bat-tat", state="on").status_code == 303
    stranger.read(f"/ngay/{off.slug}")
    assert "BEGIN:VEVENT" in stranger.read(f"/lich/{off.slug}.ics")

    administrator.post(f"/ngay-ky-niem/{off.slug}/bat-tat", state="off")
    stranger.read(f"/ngay/{off.slug}", 404)
    stranger.read(f"/lich/{off.slug}.ics", 404)


def test_the_page_of_switches_says_that_they_hold_for_the_whole_province(administrator: Visitor):
    assert "mỗi tỉnh, thành phố dùng một bản cài đặt riêng" in administrator.read("/ngay-ky-niem/")


def test_an_example_is_given_a_checklist(administrator: Visitor):
    page = "/ngay-ky-niem/ngay-phu-nu-viet-nam"
    assert "Nhận danh mục này" in administrator.read(f"{page}/sua")

    made = administrator.post(f"{page}/danh-muc", like="happiness_day")

    assert administrator.read(made.location)
    again = administrator.read(f"{page}/sua")
    assert made.location in again
    assert "Nhận danh mục này" not in again
    assert administrator.post(f"{page}/danh-muc", like="nothing").status_code == 400


def test_a_day_of_ones_own_has_a_page_and_a_calendar(
    administrator: Visitor, stranger: Visitor, session: Session
):
    assert 'value="happiness_day"' in administrator.read("/ngay-ky-niem/moi")

    response = administrator.post("/ngay-ky-niem/moi", **A_DAY)

    assert response.location == "/ngay-ky-niem/ngay-hoi-dai-gia-dinh/sua"
    assert "09/10/2021" in stranger.read("/ngay/ngay-hoi-dai-gia-dinh")
    assert "20211009" in stranger.read("/lich/ngay-hoi-dai-gia-dinh.ics")
    made = find(session, "ngay-hoi-dai-gia-dinh")
    assert made
    assert session.scalars(select(Template.key).where(Template.observance_id == made.id)).all() == [
        made.key
    ]


@pytest.mark.parametrize(
    ("change", "dates"),
    [
        ({"kind": "lunar_day", "day": "15", "month": "8"}, "21/09/2021"),
        ({"kind": "fixed_range", "last_day": "12", "last_month": ""}, "09/10 – 12/10/2021"),
        ({"kind": "fixed_range", "last_day": "2", "last_month": "11"}, "09/10 – 02/11/2021"),
    ],
)
def test_it_may_be_lunar_or_last_several_days(
    administrator: Visitor, stranger: Visitor, change: dict[str, str], dates: str
):
    assert administrator.post("/ngay-ky-niem/moi", **A_DAY | change).status_code == 303

    assert dates in stranger.read("/ngay/ngay-hoi-dai-gia-dinh")


@pytest.mark.parametrize(
    "change",
    [{"day": "31", "month": "2"}, {"month": "1000000000000"}, {"kind": "fixed_range"}, {"day": ""}, {"title_vi": ""}, {"color": "beige"}, {"base_year": "x"}, {"inside": "intl_day_evaw"}, {"kind": "weekly"}],
)  # fmt: skip
def test_what_cannot_be_is_refused_and_what_was_typed_stays(
    administrator: Visitor, session: Session, change: dict[str, str]
):
    before = session.scalar(select(func.count(Observance.id)))

    response = administrator.post(
        "/ngay-ky-niem/moi", **A_DAY | {"basis": "Kế hoạch của tỉnh"} | change
    )

    assert response.status_code == 400
    assert 'role="alert"' in response.text
    assert 'value="Kế hoạch của tỉnh"' in response.text
    assert session.scalar(select(func.count(Observance.id))) == before


def test_a_theme_is_stored_and_shown_in_public(administrator: Visitor, stranger: Visitor):
    address = "/ngay-ky-niem/ngay-quoc-te-hanh-phuc"

    response = administrator.post(
        f"{address}/chu-de",
        year="2022",
        theme="Hạnh phúc cho mọi người",
        slogans="Một\nHai",
        source="",
    )

    assert response.status_code == 303
    assert "Hạnh phúc cho mọi người" in stranger.read("/ngay/ngay-quoc-te-hanh-phuc")
    assert "Hạnh phúc cho mọi người" in stranger.read("/lich/ngay-quoc-te-hanh-phuc.ics")
    assert "Một\nHai" in administrator.read(f"{address}/sua?nam=2022")
    for wrong in ({"year": "3000", "theme": "Chủ đề"}, {"year": "2022", "theme": ""}):
        assert administrator.post(f"{address}/chu-de", **wrong).status_code == 400


def test_anniversaries_are_worded_as_the_province_does(administrator: Visitor, stranger: Visitor):
    administrator.post("/ngay-ky-niem/moi", **A_DAY)
    address = "/ngay-ky-niem/ngay-hoi-dai-gia-dinh"

    assert (
        administrator.post(
            f"{address}/ky-niem", base_year="2011", anniversary="Lần thứ N"
        ).status_code
        == 303
    )
    refused = administrator.post(f"{address}/ky-niem", base_year="2011", anniversary="Lần đầu")

    assert "Lần thứ 10" in stranger.read("/ngay/ngay-hoi-dai-gia-dinh")
    assert refused.status_code == 400
    assert 'value="Lần đầu"' in refused.text


def test_a_kind_opens_on_a_chosen_day_and_its_page_works(
    administrator: Visitor, leader: Visitor, session: Session
):
    address = "/ngay-ky-niem/loai/training_course/mo"
    assert 'type="date"' in administrator.read(address)

    response = administrator.post(address, day="2021-10-12", who="all")

    assert response.status_code == 303
    page = leader.read(response.location)
    assert "12/10/2021" in page
    item = (
        session.scalars(select(Campaign).where(Campaign.round.has(Round.period == "2021-10-12")))
        .first()
        .items[0]
    )
    leader.read(f"/viec/{item.id}")
    leader.read(f"/tien-do/{item.campaign.unit.slug}")


def test_opening_it_again_adds_nothing(administrator: Visitor, session: Session):
    for _ in range(2):
        response = administrator.post(
            "/ngay-ky-niem/loai/training_course/mo", day="2021-10-12", who="all"
        )
        count = session.scalar(select(func.count(Campaign.id)))

    assert response.status_code == 303
    assert count == session.scalar(select(func.count(Campaign.unit_id.distinct())))


def test_only_chosen_units_take_part(administrator: Visitor, cast: Cast, session: Session):
    administrator.post(
        "/ngay-ky-niem/loai/training_course/mo",
        day="2021-10-12",
        who="some",
        units=str(cast.commune.id),
    )

    keys = set(session.scalars(select(Unit.key).join(Campaign, Campaign.unit_id == Unit.id)))
    assert keys == {cast.commune.key, cast.district.key, cast.province.key}


@pytest.mark.parametrize(
    "form",
    [{"day": "2020-12-31", "who": "all"}, {"day": "2101-01-01", "who": "all"}, {"day": "0001-01-01", "who": "all"}, {"day": "x", "who": "all"}, {"day": "2021-10-12", "who": "some"}],
)  # fmt: skip
def test_a_day_that_cannot_be_is_refused_in_words(
    administrator: Visitor, session: Session, form: dict[str, str]
):
    response = administrator.post("/ngay-ky-niem/loai/training_course/mo", **form)

    assert response.status_code in {400, 409}
    assert 'role="alert"' in response.text
    assert session.scalar(select(func.count(Campaign.id))) == 0


def test_what_was_made_here_is_corrected(administrator: Visitor, stranger: Visitor):
    administrator.post(
        "/ngay-ky-niem/moi", **A_DAY | {"kind": "fixed_range", "last_day": "12", "last_month": "10"}
    )
    address = "/ngay-ky-niem/ngay-hoi-dai-gia-dinh/thong-tin"
    assert f'href="{address}"' in administrator.read("/ngay-ky-niem/ngay-hoi-dai-gia-dinh/sua")
    form = administrator.read(address)
    assert all(f'value="{typed}"' in form for typed in ("Ngày hội Đại gia đình", "9", "12", "10"))
    changed = {name: A_DAY[name] for name in ("title_vi", "color", "inside", "month")} | {
        "kind": "fixed_range",
        "day": "8",
    }

    refused = administrator.post(address, **changed | {"last_day": "40"})
    stored = administrator.post(
        address, **changed | {"last_day": "11", "title_vi": "Ngày hội Gia đình xã"}
    )

    assert (refused.status_code, stored.status_code) == (400, 303)
    page = stranger.read("/ngay/ngay-hoi-dai-gia-dinh")
    assert "Ngày hội Gia đình xã" in page
    assert "08/10 – 11/10/2021" in page
    assert "/thong-tin" not in administrator.read("/ngay-ky-niem/ngay-quoc-te-hanh-phuc/sua")


def test_a_theme_of_a_wrong_year_is_taken_away(administrator: Visitor, stranger: Visitor):
    address = "/ngay-ky-niem/ngay-quoc-te-hanh-phuc"
    administrator.post(
        f"{address}/chu-de", year="2023", theme="Nhầm năm rồi", slogans="", source=""
    )
    administrator.post(
        f"{address}/chu-de", year="2024", theme="Nhầm năm rồi", slogans="", source=""
    )
    assert 'name="year" value="2024"' in administrator.read(f"{address}/sua")

    assert administrator.post(f"{address}/chu-de/bo", year="2024").status_code == 303

    assert 'value="2024"' not in administrator.read(f"{address}/sua")
    assert administrator.post(f"{address}/chu-de/bo", year="x").status_code == 400


def test_two_courses_on_one_day_have_their_own_titles(administrator: Visitor):
    address = "/ngay-ky-niem/loai/training_course/mo"
    assert 'name="title"' in administrator.read(address)

    pages = [
        administrator.post(address, day="2021-10-12", who="all", title=title).location
        for title in ("", "Lớp hoà giải")
    ]

    assert len(set(pages)) == 2
    assert "Lớp hoà giải, 12/10/2021" in administrator.read(pages[1])


@pytest.mark.parametrize("key", ["happiness_day", "report_year"])
def test_a_kind_that_opens_by_itself_has_no_form_for_a_day(administrator: Visitor, key: str):
    assert '<form class="sheet"' not in administrator.read(f"/ngay-ky-niem/loai/{key}/mo", 409)


def test_a_kind_with_a_cut_off_is_switched_on_and_off(administrator: Visitor, session: Session):
    for state, enabled in (("on", True), ("off", False)):
        assert (
            administrator.post("/ngay-ky-niem/loai/report_year/bat-tat", state=state).status_code
            == 303
        )
        session.expire_all()
        assert (
            session.scalars(select(Template.enabled).where(Template.key == "report_year")).one()
            is enabled
        )


@pytest.mark.parametrize(
    "path",
    [
        "/ngay-ky-niem/",
        "/ngay-ky-niem/moi",
        "/ngay-ky-niem/ngay-quoc-te-hanh-phuc/sua",
        "/ngay-ky-niem/loai/training_course/mo",
    ],
)
def test_others_see_nothing_of_it(
    signed_in: Callable[[Person], Visitor], cast: Cast, stranger: Visitor, path: str
):
    assert "quyết định chung cho toàn hệ thống" in signed_in(cast.thi).read(path, 403)
    assert stranger.get(path).location.startswith("/dang-nhap?next=")


def test_others_change_nothing(
    signed_in: Callable[[Person], Visitor], cast: Cast, session: Session
):
    thi = signed_in(cast.thi)
    posts = [
        ("ngay-quoc-te-hanh-phuc/bat-tat", {"state": "off"}),
        ("loai/report_year/bat-tat", {"state": "on"}),
        ("moi", A_DAY),
        ("ngay-quoc-te-hanh-phuc/chu-de", {"year": "2022", "theme": "x"}),
        ("ngay-quoc-te-hanh-phuc/ky-niem", {"anniversary": "N"}),
        ("ngay-quoc-te-hanh-phuc/thong-tin", A_DAY),
        ("ngay-quoc-te-hanh-phuc/chu-de/bo", {"year": "2022"}),
        ("loai/training_course/mo", {"day": "2021-10-12", "who": "all"}),
    ]

    assert [thi.post(f"/ngay-ky-niem/{path}", **form).status_code for path, form in posts] == [
        403
    ] * len(posts)
    assert session.scalar(select(func.count(Campaign.id))) == 0


def test_what_does_not_exist_is_not_found(administrator: Visitor):
    administrator.read("/ngay-ky-niem/khong-co/sua", 404)
    administrator.read("/ngay-ky-niem/loai/khong-co/mo", 404)
    assert administrator.post("/ngay-ky-niem/khong-co/bat-tat", state="on").status_code == 404
    assert (
        administrator.post("/ngay-ky-niem/ngay-quoc-te-hanh-phuc/bat-tat", state="x").status_code
        == 400
    )


def test_every_field_has_a_label(administrator: Visitor):
    for path in ("moi", "ngay-quoc-te-hanh-phuc/sua", "loai/training_course/mo"):
        page = administrator.read(f"/ngay-ky-niem/{path}")
        main = page[page.index("<main") :]
        ids = re.findall(r'<(?:input|select|textarea)[^>]* id="([^"]+)"', main)
        assert set(ids) <= set(re.findall(r'<label[^>]* for="([^"]+)"', main))


def test_colours_have_names_and_are_shown(administrator: Visitor):
    page = administrator.read("/ngay-ky-niem/moi")

    assert list(COLORS) == list(HEX_OF)
    assert "hồng tím" in page
    assert 'class="swatch c-mediumvioletred"' in page


def test_an_observance_is_switched_on_and_off_on_its_own_page(administrator: Visitor):
    page = "/ngay-ky-niem/ngay-phu-nu-viet-nam"
    assert ">Bật<" in administrator.read(f"{page}/sua")

    response = administrator.post(f"{page}/bat-tat", state="on", back=f"{page}/sua")

    assert response.location == f"{page}/sua"
    administrator.read(f"{page}/sua")  # with the sentence that says so
    assert ">Tắt<" in administrator.read(f"{page}/sua")
    assert (
        administrator.post(f"{page}/bat-tat", state="off", back="https://example.org/").location
        == "/ngay-ky-niem/"
    )


@pytest.mark.parametrize(
    "page", ["/ngay-ky-niem/", "/mau/", "/lich-lam-viec/", "/cai-cach/", "/thu/"]
)
def test_the_rooms_of_the_administration_are_marked_in_the_menu_and_lead_back(
    administrator: Visitor, page: str
):
    read = administrator.read(page)

    assert '<a href="/quan-tri" aria-current="true">' in read
    assert '<a href="/quan-tri"><span aria-hidden="true">‹</span>' in read


@pytest.mark.parametrize(
    "page", ["/ngay-ky-niem/moi", "/ngay-ky-niem/ngay-quoc-te-hanh-phuc/sua", "/cai-cach/chuc-danh"]
)
def test_the_pages_behind_a_room_of_the_administration_are_marked_in_the_menu_too(
    administrator: Visitor, page: str
):
    assert '<a href="/quan-tri" aria-current="true">' in administrator.read(page)


def test_a_legal_basis_is_entered_ended_and_taken_away_on_the_page(
    administrator: Visitor, stranger: Visitor, session: Session
):
    page = "/ngay-ky-niem/ngay-gia-dinh-viet-nam"
    paper = {"kind": "Nghị định", "number": "76/2023/NĐ-CP", "from_year": "2022"}
    public = "/lich/ngay-gia-dinh-viet-nam.ics"

    assert administrator.post(f"{page}/can-cu", **paper).status_code == 303
    named = stranger.read(public).replace("\r\n ", "").count("Nghị định 76/2023/NĐ-CP")
    assert named > 1
    form = administrator.read(f"{page}/sua?so=76/2023/NĐ-CP")
    assert 'value="2022"' in form

    assert administrator.post(f"{page}/can-cu", **paper, to_year="2021").status_code == 400
    assert administrator.post(f"{page}/can-cu", **paper, to_year="2022").status_code == 303
    assert stranger.read(public).replace("\r\n ", "").count("76/2023") == 1
    assert "không có hiệu lực trong năm nay" in administrator.read(f"{page}/sua")

    assert administrator.post(f"{page}/can-cu/bo", number=paper["number"]).status_code == 303
    assert "Nghị định 76/2023" not in administrator.read(f"{page}/sua")


def test_what_nobody_entered_is_called_so_with_one_wording(
    administrator: Visitor, stranger: Visitor, session: Session
):
    month = "thang-hanh-dong-vi-binh-dang-gioi"

    public, own = stranger.read(f"/ngay/{month}"), administrator.read("/ngay-ky-niem/le-vu-lan/sua")

    assert "chưa nhập" in public
    assert own.count("chưa nhập") == len(("themes", "legal bases"))
    for other in ("chưa công bố", "Chưa ghi nhận", "Chưa nhập chủ đề nào"):
        assert other not in public + own


def test_a_theme_known_only_from_others_is_marked_until_the_letter_is_entered(
    administrator: Visitor,
):
    slug = "ngay-quoc-te-hanh-phuc"
    marked = 'badge badge-soon">chưa thấy văn bản của bộ'
    assert marked in administrator.read(f"/ngay-ky-niem/{slug}/sua")
    assert "checked" in administrator.read(f"/ngay-ky-niem/{slug}/sua?nam=2026")

    administrator.post(
        f"/ngay-ky-niem/{slug}/chu-de",
        year="2026",
        theme="Hạnh phúc cho mọi gia đình",
        letter_number="1/BVHTTDL",
        letter_date="01/2/2026",
    )

    assert marked not in administrator.read(f"/ngay-ky-niem/{slug}/sua")
    assert "1/BVHTTDL ngày 01/02/2026" in administrator.read(f"/ngay-ky-niem/{slug}/sua")
