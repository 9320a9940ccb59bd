import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path

import pytest
import wtforms
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

import web
from events.models import Activity, Campaign, Document, Person, Post, Round
from events.observances.occurrences import extend_horizon
from events.words.language import TRANSLATIONS
from tests.conftest import Cast
from tests.web.conftest import NOON, Opened, Visitor
from web.kit.forms import Form

BAD = {
    "words": "abc",
    "no such day": "31/02/2026",
    "nothing": "",
    "blanks": "  ",
    "a long text": "x" * 600,
}
COURSE = "/ngay-ky-niem/loai/training_course/mo"
PAPER = {"kind": "plan", "abstract": "Kế hoạch", "item": "0"}
WALK = {"summary": "Đi bộ", "day": "2021-03-19", "from": "08:00", "until": "10:30"}
_TEMPLATES = Path(web.__file__).parent / "templates"
_WTFORMS = Path(wtforms.__file__).parent / "locale" / "wtforms.pot"
_LETTERS = re.compile("[àáảãạăằắẳẵặâầấẩẫậđèéẻẽẹêềếểễệìíỉĩịòóỏõọôồốổỗộơờớởỡợùúủũụưừứửữựỳýỷỹỵ]")


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    extend_horizon(session, now=NOON)
    return signed_in(cast.hoa)


@pytest.fixture
def thi(signed_in: Callable[[Person], Visitor], cast: Cast) -> Visitor:
    return signed_in(cast.thi)


def _forms(kind: type[Form] = Form) -> Iterator[type[Form]]:
    for form in kind.__subclasses__():
        yield form
        yield from _forms(form)


def _written_in_code() -> set[str]:
    """Return long parts of the English sentences of this service and of the library of its forms."""
    found = set()
    for source in (TRANSLATIONS / "vi" / "LC_MESSAGES" / "messages.po", _WTFORMS):
        with source.open("rb") as catalogue:
            for message in read_po(catalogue):
                for sentence in [message.id] if isinstance(message.id, str) else message.id:
                    found |= {part.strip() for part in re.split(r"%\(\w+\)[sd]|%s", sentence)}
    return {part for part in found if len(part) > 15 and " " in part}


def _shown(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_a_day_is_taken_as_people_type_it_in_every_form(
    administrator: Visitor, thi: Visitor, opened: Opened, session: Session
):
    course = administrator.post(COURSE, day="15/04/2021", who="all")
    paper = thi.post(f"/chien-dich/{opened.commune.uid}/van-ban", **PAPER, dated="26/02/2021")

    assert (course.status_code, paper.status_code) == (303, 303)
    assert (
        session.scalars(
            select(Round.dtstart)
            .join(Campaign, Campaign.round_id == Round.id)
            .where(Campaign.parent_id.is_(None))
            .order_by(Campaign.id.desc())
        )
        .first()
        .day
        == 15
    )
    assert f"{session.scalars(select(Document.dated)).one():%d/%m/%Y}" == "26/02/2021"


@pytest.mark.parametrize("typed", ["31/02/2021", "mai"])
def test_what_is_no_day_is_named_and_stays_in_its_field(administrator: Visitor, typed: str):
    refused = administrator.post(COURSE, day=typed, who="all", title="Lớp hoà giải")

    assert refused.status_code == 400
    assert f"Ngày: “{typed}” không phải là ngày" in _shown(refused.text)
    assert f'type="date" value="{typed}"' in refused.text
    assert 'value="Lớp hoà giải"' in refused.text


def test_what_is_no_number_or_not_in_a_list_is_said_in_words(administrator: Visitor):
    refused = administrator.post(
        "/ngay-ky-niem/moi",
        title_vi="Ngày hội",
        kind="fixed_day",
        day="abc",
        month=" ",
        color="olive",
        inside="x",
        like="",
    )

    assert refused.status_code == 400
    shown = _shown(refused.text)
    assert "“abc” không phải là số nguyên" in shown
    assert "Vui lòng nhập tháng." in shown
    assert "không còn trong danh sách" in shown


def test_a_form_that_names_an_item_which_is_gone_asks_to_choose_again(thi: Visitor, opened: Opened):
    refused = thi.post(f"/chien-dich/{opened.commune.uid}/van-ban", **PAPER | {"item": "999999"})

    assert refused.status_code == 400
    assert "Mục đã chọn không có hoặc không còn trong danh sách" in _shown(refused.text)


@pytest.mark.parametrize("bad", BAD)
def test_no_form_answers_in_english(app: Flask, bad: str):
    kinds, said = list(_forms()), []
    for kind in kinds:
        with app.test_request_context(method="POST", data=dict.fromkeys(_names(app), BAD[bad])):
            form = kind(meta={"csrf": False})
            for field in form:
                if isinstance(field, wtforms.SelectField):
                    field.choices = field.choices or []
            form.validate()
            said += [str(error) for errors in form.errors.values() for error in errors]

    assert len(kinds) > 10
    assert said
    assert [
        sentence
        for sentence in said
        if not _LETTERS.search(re.sub("“[^”]*”", "", sentence.lower()))
    ] == []


@pytest.mark.parametrize("bad", BAD)
def test_no_page_answers_a_form_with_bad_values_in_english(
    app: Flask,
    administrator: Visitor,
    stranger: Visitor,
    opened: Opened,
    session: Session,
    bad: str,
):
    campaign = f"/chien-dich/{opened.commune.uid}"
    administrator.post(f"{campaign}/van-ban", **PAPER)
    administrator.post(f"{campaign}/hoat-dong/moi", **WALK)
    there = {
        "document": session.scalars(select(Document.uid)).one(),
        "activity": session.scalars(select(Activity.uid)).one(),
    }
    there |= {
        "post_id": session.scalars(
            select(Post.id).where(Post.unit_id == opened.commune.unit_id)
        ).one()
    }
    english, form = _written_in_code(), dict.fromkeys(_names(app), BAD[bad])
    answers = {
        rule: administrator.post(_address(rule, opened, there), **form) for rule in _posts(app)
    }
    answers |= {
        rule: stranger.post(rule, **form)
        for rule in _posts(app)
        if rule.startswith(("/dang-nhap", "/cai-dat"))
    }

    assert len(answers) > 50
    assert {
        rule: answer.status_code for rule, answer in answers.items() if answer.status_code >= 500
    } == {}
    said = {
        rule: [part for part in english if part in _shown(answer.text)]
        for rule, answer in answers.items()
    }
    assert {rule: parts for rule, parts in said.items() if parts} == {}


def test_a_form_without_its_token_is_refused_in_vietnamese(administrator: Visitor):
    for token in ({}, {"csrf_token": "x"}):
        refused = administrator.send(COURSE, **token, day="2021-04-15", who="all")

        assert refused.status_code == 400
        assert "CSRF" not in refused.text
        assert "tải lại trang" in refused.text


def _posts(app: Flask) -> list[str]:
    return sorted(
        rule.rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or ()) and rule.rule != "/dang-xuat"
    )


def _names(app: Flask) -> set[str]:
    """Return the names of all fields of all forms."""
    names = {
        name
        for page in _TEMPLATES.rglob("*.html")
        for name in re.findall(r'name="([a-z_-]+)"', page.read_text("utf-8"))
    }
    with app.test_request_context():
        names |= {field.name for kind in _forms() for field in kind(formdata=None)}
    # the latter are buttons that ask for something else
    return names - {"csrf_token", "language"} - {"add", "remove", "lam"}


def _address(rule: str, opened: Opened, there: dict[str, object]) -> str:
    """Return an address of a rule, of something that is there where the fixtures have it."""
    values = {
        "uid": opened.commune.uid,
        "item_id": opened.item.id,
        "slug": opened.commune.unit.slug,
        "key": "happiness_day",
    } | there
    if rule.startswith("/hoat-dong/"):
        values["uid"] = values["activity"]
    if rule.startswith("/ngay-ky-niem/"):
        values |= {"slug": "ngay-quoc-te-hanh-phuc", "key": "training_course"}
    return re.sub(
        r"<(?:int:)?(\w+)>",
        lambda gap: str(values.get(gap[1], 1)),
        rule.replace("<kind>", "sap-nhap"),
    )
