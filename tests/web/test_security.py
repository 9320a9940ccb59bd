"""What browsers are told so that they help: headers and cookies of every kind of answer."""

import logging

import pytest

from tests.web.conftest import NOON, Visitor, app_with
from web.accounts import devices
from web.accounts.models import account_of
from web.kit.config import WebConfig

ANSWERS = ["/", "/don-vi/", "/dang-nhap", "/khoe", "/robots.txt", "/khong-co", "/viec/1"]
KINDS = {"text/html", "text/plain", "text/calendar", "application/json", "image/svg+xml"}
OF_PEOPLE = ["/tai-khoan", "/tai-khoan/thiet-bi", "/tai-khoan/du-lieu", "/tai-khoan/hai-buoc"]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_tells_the_browser_what_it_may_do_with_it(stranger: Visitor, path: str):
    headers = stranger.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    for rule in ("base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'"):
        assert rule in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("path", [*ANSWERS, "/lich/chung.ics", "/ma-qr.svg?trang=/ngay/x"])
def test_every_answer_says_what_it_is_and_in_which_letters(stranger: Visitor, path: str):
    answer = stranger.get(path)

    assert answer.headers["Content-Type"].partition(";")[0] in KINDS
    assert answer.mimetype == "image/svg+xml" or answer.mimetype_params["charset"] == "utf-8"


def test_a_plain_intranet_is_not_told_to_use_https(session_factory, settings):
    app = app_with(session_factory, WebConfig(**settings | {"public_url": "http://lich.example"}))

    answer = app.test_client().get("/", base_url="http://lich.example")

    assert "Strict-Transport-Security" not in answer.headers
    assert app.config["SESSION_COOKIE_NAME"] == "sumvay"


@pytest.mark.parametrize("path", OF_PEOPLE)
def test_pages_about_a_person_stay_in_no_browser(signed_in, cast, path: str):
    assert signed_in(cast.thi).get(path).headers["Cache-Control"] == "no-store"


def test_every_cookie_is_of_this_host_alone_and_no_script_reads_it(stranger: Visitor):
    sent = [
        *stranger.get("/dang-nhap").headers.getlist("Set-Cookie"),
        *stranger.post("/ngon-ngu", language="en").headers.getlist("Set-Cookie"),
    ]

    names = {cookie.partition("=")[0] for cookie in sent}
    assert names == {"__Host-sumvay", "__Host-language"}
    for cookie in sent:
        parts = {part.strip() for part in cookie.split(";")}
        assert {"Secure", "HttpOnly", "SameSite=Lax", "Path=/"} <= parts
        assert "Domain=" not in cookie


def test_signing_out_lets_the_browser_forget_what_it_kept(signed_in, cast):
    assert signed_in(cast.thi).post("/dang-xuat").headers["Clear-Site-Data"] == '"cache"'
    ended = signed_in(cast.thi).post("/tai-khoan/thiet-bi/dang-xuat-het")
    assert ended.headers["Clear-Site-Data"] == '"cache"'


def test_every_page_of_who_is_signed_in_has_the_way_out(signed_in, cast, opened):
    thi = signed_in(cast.thi)

    for path in ("/", "/don-vi/", f"/viec/{opened.item.id}", *OF_PEOPLE):
        assert 'action="/dang-xuat"' in thi.read(path)


def test_who_asked_for_what_they_may_not_is_in_the_log_without_what_they_asked(
    signed_in, cast, opened, caplog
):
    with caplog.at_level(logging.WARNING):
        signed_in(cast.khanh).post(f"/viec/{opened.item.id}/vuong-mac", note="bí mật")

    assert f"person {cast.khanh.id} may not: POST /viec/<int:item_id>/vuong-mac" in caplog.text
    assert "bí mật" not in caplog.text


def test_trace_and_other_methods_are_not_answered(stranger: Visitor):
    assert stranger.client.open("/", method="TRACE").status_code == 405


def test_no_folder_is_listed_and_no_source_is_served(stranger: Visitor):
    for path in ("/static/", "/tep/", "/.git/config", "/config.toml", "/var/sumvay.db"):
        assert stranger.get(path).status_code in (404, 405)


def test_what_a_query_says_fills_no_field_of_a_form(signed_in, cast, opened, session):
    answer = signed_in(cast.thi).post(f"/viec/{opened.item.id}/vuong-mac?note=x")

    assert answer.status_code == 400


def test_a_field_that_a_form_does_not_have_is_not_stored(signed_in, cast, opened, session):
    signed_in(cast.hoa).post(
        f"/don-vi/{cast.commune.slug}/nhan-su/{cast.thi.posts[0].id}/sua",
        full_name="Thi Mới",
        phone="",
        is_administrator="1",
        email="khac@example.org",
    )

    session.refresh(cast.thi)
    assert (cast.thi.full_name, cast.thi.is_administrator) == ("Thi Mới", False)
    assert cast.thi.email == "thi@example.org"


def test_signing_in_again_ends_the_device_of_before(app, stranger, cast, session, clock):
    account = account_of(session, cast.thi)
    _old, secret = devices.begin(session, account, now=NOON)
    session.commit()
    with stranger.client.session_transaction(base_url="https://lich.example.org") as cookie:
        cookie["_user_id"] = secret

    with app.test_request_context():
        from flask_security.utils import hash_password

        account.password = hash_password("bốn từ dễ nhớ lắm")
    session.commit()
    stranger.post("/dang-nhap", email="thi@example.org", password="bốn từ dễ nhớ lắm")

    config = app.extensions["sumvay"].config
    assert devices.holder_of(session, secret, config, now=NOON) is None
    assert 'action="/dang-xuat"' in stranger.read("/")


def test_a_form_that_is_not_ours_is_in_the_log_without_what_it_said(
    signed_in, cast, opened, caplog
):
    with caplog.at_level(logging.WARNING):
        signed_in(cast.thi).send(f"/viec/{opened.item.id}/vuong-mac", note="bí mật")

    said = f"person {cast.thi.id} sent a form that is not ours, or too old"
    assert said in caplog.text
    assert "POST /viec/<int:item_id>/vuong-mac" in caplog.text
    assert "bí mật" not in caplog.text
