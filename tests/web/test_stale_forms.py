"""Two people have the same form open: whoever stores second is told what is stored by now, and
loses nothing of what was typed.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Document, Observance, Person
from events.observances.occurrences import extend_horizon
from tests.conftest import Cast
from tests.web.conftest import NOON, Opened, Visitor

HAPPINESS = "/ngay-ky-niem/ngay-quoc-te-hanh-phuc"
OWN = {
    "title_vi": "Ngày hội",
    "kind": "fixed_day",
    "day": "9",
    "month": "10",
    "color": "olive",
    "inside": "",
}
PAPER = {"kind": "plan", "abstract": "Kế hoạch", "number": "", "item": "0"}
FORMS = {
    "the theme of a year": (
        {"year": "2021", "theme": "Hạnh phúc “mới”", "slogans": "Một\nHai"},
        {"year": "2021", "theme": "Cũ"},
    ),
    "anniversaries": (
        {"base_year": "2013", "anniversary": "Lần thứ N"},
        {"base_year": "2014", "anniversary": "Cũ, lần N"},
    ),
    "the theme of a campaign": (
        {"theme": "Chủ đề mới", "slogans": "Một"},
        {"theme": "Cũ", "slogans": ""},
    ),
    "a document": (PAPER | {"number": "1/KH"}, PAPER | {"signer": "Cũ"}),
    "an observance made here": (OWN | {"title_vi": "Ngày hội lớn"}, OWN | {"title_vi": "Cũ"}),
}


@pytest.fixture
def hoa(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    extend_horizon(session, now=NOON)
    return signed_in(cast.hoa)


@pytest.fixture
def addresses(hoa: Visitor, opened: Opened, session: Session) -> dict[str, tuple[str, str]]:
    """Return the pages with the forms and where these are sent."""
    papers = f"/chien-dich/{opened.commune.uid}/van-ban"
    hoa.post(papers, **PAPER)
    hoa.post("/ngay-ky-niem/moi", **OWN, like="")
    paper = f"{papers}/{session.scalars(select(Document.uid)).one()}/sua"
    own = "/ngay-ky-niem/ngay-hoi/thong-tin"
    return {
        "the theme of a year": (f"{HAPPINESS}/sua", f"{HAPPINESS}/chu-de"),
        "anniversaries": (f"{HAPPINESS}/sua", f"{HAPPINESS}/ky-niem"),
        "the theme of a campaign": (papers, f"{papers}/chu-de"),
        "a document": (paper, paper),
        "an observance made here": (own, own),
    }


def shown(page: str, address: str) -> dict[str, str]:
    """Return what the form that is sent to an address brings along."""
    form = page[page.index(f'action="{address}"') :]
    found = re.search(r'name="shown" type="hidden" value="([^"]+)"', form[: form.index("</form>")])
    assert found
    return {"shown": found[1]}


@pytest.mark.parametrize("name", FORMS)
def test_what_was_stored_meanwhile_is_not_overwritten_in_silence(
    hoa: Visitor, addresses: dict[str, Any], name: str
):
    (page, address), (first, second) = addresses[name], FORMS[name]
    seen = shown(hoa.read(page), address)
    assert hoa.post(address, **first, **seen).status_code == 303

    refused = hoa.post(address, **second, **seen)

    assert refused.status_code == 409
    assert "vui lòng bấm lưu lần nữa" in refused.text
    assert "Cũ" in refused.text
    assert "Cũ" not in hoa.read(page)
    assert hoa.post(address, **second, **shown(refused.text, address)).status_code == 303
    assert "Cũ" in hoa.read(page)


@pytest.mark.parametrize("name", FORMS)
def test_a_form_that_is_sent_twice_is_stored_once(
    hoa: Visitor, addresses: dict[str, Any], name: str
):
    (page, address), (first, _second) = addresses[name], FORMS[name]
    seen = shown(hoa.read(page), address)

    assert [hoa.post(address, **first, **seen).status_code for _ in range(2)] == [303, 303]


def test_a_form_stays_old_while_its_fields_are_wrong(hoa: Visitor, addresses: dict[str, Any]):
    page, address = addresses["the theme of a year"]
    seen = shown(hoa.read(page), address)
    hoa.post(address, year="2021", theme="Mới", slogans="", **seen)

    wrong = hoa.post(address, year="2021", theme="", slogans="", **seen)

    assert wrong.status_code == 400
    assert shown(wrong.text, address) == seen


def test_the_theme_of_a_year_that_the_form_did_not_show_is_not_overwritten_in_silence(
    hoa: Visitor, addresses: dict[str, Any], session: Session
):
    page, address = addresses["the theme of a year"]
    hoa.post(address, year="2022", theme="Của năm 2022", slogans="")
    seen = shown(hoa.read(page), address)

    refused = hoa.post(address, year="2022", theme="Khác", slogans="", **seen)

    assert refused.status_code == 409
    assert "Của năm 2022" in refused.text
    assert (
        hoa.post(address, year="2029", theme="Của năm 2029", slogans="", **seen).status_code == 303
    )
    observance = session.scalars(
        select(Observance).where(Observance.slug == "ngay-quoc-te-hanh-phuc")
    ).one()
    session.refresh(observance, ["themes"])
    assert [observance.theme_in(year).theme_vi for year in (2022, 2029)] == [
        "Của năm 2022",
        "Của năm 2029",
    ]


def test_a_refused_correction_shows_what_the_other_one_corrected(
    hoa: Visitor, addresses: dict[str, Any]
):
    page, address = addresses["a document"]
    seen = shown(hoa.read(page), address)
    hoa.post(address, **PAPER | {"number": "12/KH-UBND"}, **seen)

    refused = hoa.post(address, **PAPER | {"signer": "Người khác"}, **seen)

    assert "<details open>" in refused.text
    assert "12/KH-UBND" in refused.text


def test_a_draft_that_was_issued_meanwhile_keeps_its_day_of_issue_when_the_old_form_is_sent_again(
    hoa: Visitor, addresses: dict[str, Any], session: Session
):
    page, address = addresses["a document"]
    seen = shown(hoa.read(page), address)
    hoa.post(address.replace("/sua", "/ban-hanh"), on="2021-03-01")

    refused = hoa.post(address, **PAPER | {"number": "1/KH"}, **seen)

    assert refused.status_code == 409
    assert 'name="issued" type="date" value="2021-03-01"' in refused.text
    assert (
        hoa.post(address, **PAPER | {"number": "1/KH"}, **shown(refused.text, address)).status_code
        == 303
    )
    session.expire_all()
    assert f"{session.scalars(select(Document.issued)).one()}" == "2021-03-01"


def test_a_second_choice_of_another_checklist_is_refused_and_the_same_one_is_not(hoa: Visitor):
    address = "/ngay-ky-niem/ngay-phu-nu-viet-nam/danh-muc"

    answers = [
        hoa.post(address, like=like)
        for like in ("happiness_day", "happiness_day", "training_course")
    ]

    assert [answer.status_code for answer in answers] == [303, 303, 409]
    assert "đã có danh mục" in answers[2].text
    assert "mở chiến dịch" not in answers[2].text
