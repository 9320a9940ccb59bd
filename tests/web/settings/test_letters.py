import re
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Observance, Person
from events.observances.occurrences import extend_horizon
from events.observances.yearly_themes import Letter, announce_theme
from tests.conftest import Cast
from tests.events.observances.test_letter_text import FOR_TWO, WRAPPED_BY_A_PDF
from tests.web.conftest import NOON, Visitor

PASTE = "/ngay-ky-niem/cong-van"
STORE = f"{PASTE}/luu"
FAMILY, MONTH = "ngay-gia-dinh-viet-nam", "thang-phong-chong-bao-luc-gia-dinh"
HAPPINESS = "ngay-quoc-te-hanh-phuc"
SENT_BACK = re.compile(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"')


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    extend_horizon(session, now=NOON)
    return signed_in(cast.hoa)


def find(session: Session, slug: str) -> Observance:
    session.expire_all()
    return session.scalars(select(Observance).where(Observance.slug == slug)).one()


def sent(*slugs: str, **changed: str) -> dict[str, object]:
    """What the preview of ``FOR_TWO`` sends back, with what was changed."""
    return {
        "ngay": list(slugs),
        "year": "2027",
        "number": "1513/BVHTTDL-VHCSGĐTV",
        "dated": "2027-04-10",
        "issuer": "Bộ Văn hóa, Thể thao và Du lịch",
        **{f"{slug}-{name}": value for slug in slugs for name, value in (
            ("wanted", "y"), ("theme", f"Chủ đề của {slug}"), ("slogans", "Một\nHai")
        )},
        **changed,
    }  # fmt: skip


def test_one_paste_of_a_letter_shows_theme_and_slogans_and_stores_nothing(
    administrator: Visitor, session: Session
):
    page = administrator.post(PASTE, text=WRAPPED_BY_A_PDF).text

    for said in (
        "Hạnh phúc cho mọi nhà",
        "của một xã hội văn minh và tiến bộ",
        "757/BVHTTDL-VHCSGĐTV",
        "Bộ Văn hóa, Thể thao và Du lịch",
        "2027",
    ):
        assert said in page
    assert find(session, HAPPINESS).theme_in(2027) is None


def test_what_was_read_is_stored_for_every_observance_of_the_letter_that_is_ticked(
    administrator: Visitor, session: Session
):
    shown = administrator.post(PASTE, text=FOR_TWO).text
    assert shown.count('name="ngay"') == len((FAMILY, MONTH))

    stored = administrator.post(STORE, **sent(FAMILY, MONTH))

    assert stored.status_code == 303
    theme = find(session, FAMILY).theme_in(2027)
    assert theme is not None
    assert (theme.theme_vi, theme.slogans) == (f"Chủ đề của {FAMILY}", ["Một", "Hai"])
    assert theme.letter == (
        "1513/BVHTTDL-VHCSGĐTV ngày 10/4/2027 của Bộ Văn hóa, Thể thao và Du lịch"
    )
    assert f"Chủ đề của {MONTH}" in administrator.read(f"/ngay-ky-niem/{MONTH}/sua")


def test_a_letter_of_this_year_reaches_page_and_calendar_at_once(
    administrator: Visitor, stranger: Visitor
):
    administrator.post(STORE, **sent(FAMILY, year="2021"))

    assert f"Chủ đề của {FAMILY}" in stranger.read(f"/ngay/{FAMILY}")
    assert f"Chủ đề: Chủ đề của {FAMILY}" in stranger.read(f"/lich/{FAMILY}.ics").replace(
        "\r\n ", ""
    )


def test_what_is_not_ticked_stays_as_it_was(administrator: Visitor, session: Session):
    one = sent(FAMILY, MONTH)
    del one[f"{MONTH}-wanted"]

    administrator.post(STORE, **one)

    assert find(session, FAMILY).theme_in(2027) is not None
    assert find(session, MONTH).theme_in(2027) is None


def test_nothing_ticked_is_said_with_what_was_typed(administrator: Visitor):
    none = sent(FAMILY)
    del none[f"{FAMILY}-wanted"]

    refused = administrator.post(STORE, **none)

    assert refused.status_code == 400
    assert "Vui lòng đánh dấu ít nhất một ngày kỷ niệm." in refused.text
    assert f"Chủ đề của {FAMILY}" in refused.text


def test_a_year_that_cannot_be_is_said_and_nothing_is_stored_by_halves(
    administrator: Visitor, session: Session
):
    for year in ("", "x", "3000"):
        assert administrator.post(STORE, **sent(FAMILY, MONTH, year=year)).status_code == 400
    half = administrator.post(STORE, **sent(FAMILY, MONTH, **{f"{MONTH}-theme": ""}))

    assert half.status_code == 400
    assert "Vui lòng nhập chủ đề." in half.text
    assert find(session, FAMILY).theme_in(2027) is None


def test_a_theme_that_somebody_stored_meanwhile_is_not_overwritten_unseen(
    administrator: Visitor, session: Session
):
    page = administrator.post(PASTE, text=WRAPPED_BY_A_PDF).text
    shown = dict(SENT_BACK.findall(page))[f"{HAPPINESS}-shown"]
    announce_theme(session, find(session, HAPPINESS), 2027, "Của người khác", by=None, now=NOON)
    session.commit()

    refused = administrator.post(STORE, **sent(HAPPINESS, **{f"{HAPPINESS}-shown": shown}))

    assert refused.status_code == 409
    assert "Của người khác" in refused.text
    again = dict(SENT_BACK.findall(refused.text))[f"{HAPPINESS}-shown"]
    assert administrator.post(
        STORE, **sent(HAPPINESS, **{f"{HAPPINESS}-shown": again})
    ).status_code == 303  # fmt: skip


def test_a_letter_that_names_no_day_is_for_the_day_on_whose_page_it_is_pasted(
    administrator: Visitor,
):
    text = "Chủ đề: “Chung tay”\nKhẩu hiệu:\n- Một lời nói"
    assert f'name="ngay" value="{FAMILY}"' in administrator.read(f"/ngay-ky-niem/{FAMILY}/sua")

    assert "Chung tay" in administrator.post(PASTE, text=text, ngay=FAMILY).text
    refused = administrator.post(PASTE, text=text)

    assert refused.status_code == 422
    assert "Không tìm thấy chủ đề hay khẩu hiệu" in refused.text
    assert "Một lời nói" in refused.text


def test_what_a_letter_leaves_out_is_filled_in_from_what_is_known(
    administrator: Visitor, session: Session
):
    letter = Letter("1/BNV", issuer="Bộ Nội vụ", is_seen=False)
    announce_theme(
        session,
        find(session, FAMILY),
        2027,
        "Đã biết",
        ["Một câu"],
        by=None,
        letter=letter,
        now=NOON,
    )
    session.commit()

    page = administrator.post(
        PASTE, text="Ngày Gia đình Việt Nam năm 2027\nKhẩu hiệu:\n- Câu mới"
    ).text

    assert 'value="Đã biết"' in page
    assert "Câu mới" in page


def test_an_empty_paste_and_one_without_end_are_refused(administrator: Visitor):
    assert "Vui lòng dán nội dung công văn." in administrator.post(PASTE, text=" ").text
    assert administrator.post(PASTE, text="a" * 60_001).status_code == 422


def test_only_administrators_paste_letters(stranger: Visitor):
    assert stranger.get(PASTE).status_code in (302, 303, 403, 404)
