import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from flask import Flask

from events.words.language import TRANSLATIONS
from tests.web.conftest import Opened, Visitor
from web.app import create_app
from web.kit.config import WebConfig

PAGES = [
    "/",
    "/?thang=2021-11",
    "/ngay/ngay-gia-dinh-viet-nam",
    "/don-vi/",
    "/don-vi/tinh-kon-tum",
    "/dang-nhap",
    "/cai-dat",
]


def test_health_answers_while_the_database_does(stranger: Visitor):
    response = stranger.get("/khoe")

    assert response.text == "ok\n"
    assert "Set-Cookie" not in response.headers


def test_robots_may_read_calendars(stranger: Visitor):
    assert "/lich" not in stranger.read("/robots.txt")
    assert stranger.get("/favicon.svg").mimetype == "image/svg+xml"


@pytest.mark.parametrize("path", PAGES)
def test_pages_bring_everything_themselves(stranger: Visitor, opened: Opened, path: str):
    response = stranger.get(path)

    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert not re.search(r'(src|href)="https?://(?!calendar\.google|outlook\.)', response.text)
    assert not re.search(r'\sstyle="|<style|\son\w+="|<script>', response.text)


@pytest.mark.parametrize("path", PAGES)
def test_a_first_visit_is_light(stranger: Visitor, opened: Opened, path: str):
    page = stranger.get(path, headers={"Accept-Encoding": "gzip"})
    files = re.findall(r'(?:href|src)="(/static/[^"]+|/favicon.svg)"', stranger.read(path))

    weight = len(page.data) + sum(
        len(stranger.get(file, headers={"Accept-Encoding": "br"}).data) for file in files
    )

    assert files
    assert weight < 60_000


def test_a_file_may_be_kept_for_a_year_because_its_address_changes(stranger: Visitor):
    address = re.search(r'"(/static/sumvay\.css\?v=\w+)"', stranger.read("/"))
    assert address

    assert "max-age=31536000" in stranger.get(address[1]).headers["Cache-Control"]


def test_the_page_speaks_vietnamese_until_somebody_wants_english(stranger: Visitor, opened: Opened):
    assert 'lang="vi"' in stranger.read("/")

    response = stranger.post("/ngon-ngu", language="en", next="/don-vi/")

    assert response.location == "/don-vi/"
    page = stranger.read("/")
    assert '<html lang="en">' in page
    assert "March 2021" in page
    assert "International Day of Happiness" in stranger.read("/ngay/ngay-quoc-te-hanh-phuc")


def test_there_are_two_languages(stranger: Visitor):
    assert stranger.post("/ngon-ngu", language="xx").status_code == 400


def test_the_catalogue_of_translations_is_complete():
    with (TRANSLATIONS / "vi" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        catalog = read_po(file, locale="vi")

    silent = [
        message.id
        for message in catalog
        if message.id
        and not all([message.string] if isinstance(message.string, str) else message.string)
    ]
    assert silent == []
    assert [error for message in catalog for error in message.check(catalog)] == []


def test_an_unknown_address_is_a_page_with_a_way_on(stranger: Visitor):
    page = stranger.read("/khong-co", 404)

    assert "Không tìm thấy" in page
    assert "Đến trang lịch" in page


def test_a_fault_of_ours_is_admitted_without_details(session_factory, settings, stranger: Visitor):
    app = create_app(session_factory, WebConfig(**settings | {"testing": False}))

    @app.get("/loi")
    def fail() -> str:
        raise RuntimeError("a secret detail")

    response = Visitor(app.test_client()).get("/loi")

    assert response.status_code == 500
    assert "Lỗi thuộc về hệ thống" in response.text
    assert "secret detail" not in response.text


def test_feeds_need_no_cookie(app: Flask, opened: Opened):
    response = Visitor(app.test_client()).send("/lich/ngay-gia-dinh-viet-nam.ics")

    assert response.status_code == 405
    assert "Set-Cookie" not in response.headers


def test_a_secret_key_that_is_too_short_is_refused():
    with pytest.raises(ValueError, match="16 characters"):
        WebConfig(secret_key="short")


def test_the_clock_is_the_only_one(app: Flask):
    config: WebConfig = app.extensions["sumvay"].config

    assert config.clock() == datetime(2021, 3, 1, 5, tzinfo=UTC)


def test_no_template_holds_a_sentence_of_its_own():
    """Vietnamese stands in the catalogue of translations and in the data, except names of languages
    and the product.
    """
    allowed = ("Sum Vầy", "Tiếng Việt", "Tết")
    for template in Path("web/templates").rglob("*.html"):
        text = template.read_text().replace("&nbsp;", " ")
        for word in allowed:
            text = text.replace(word, "")
        assert not re.search(r"[ạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹđ]", text), template
