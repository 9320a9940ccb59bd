"""What the service says of itself and of its database."""

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.web.conftest import Opened, Visitor
from web.calendars import layer
from web.kit import context


@pytest.fixture
def strict(app: Flask):
    """Pages that answer to mistakes as they do for people."""
    app.testing = False
    yield app
    app.testing = True


def _expect(app: Flask, version: str) -> None:
    known = app.extensions["sumvay"]
    app.extensions["sumvay"] = replace(known, config=replace(known.config, version=version))


def test_a_database_that_answers_is_well(stranger: Visitor):
    assert stranger.read("/khoe") == "ok\n"


def test_an_empty_database_and_one_of_another_version_are_not_well(
    app: Flask, stranger: Visitor, session: Session
):
    _expect(app, "0030")
    with session.begin_nested():
        answer = stranger.get("/khoe")
    assert (answer.status_code, answer.text) == (503, "database of another version\n")

    session.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
    session.execute(text("INSERT INTO alembic_version VALUES ('9999')"))
    session.commit()
    assert stranger.get("/khoe").status_code == 503

    session.execute(text("UPDATE alembic_version SET version_num = '0030'"))
    session.commit()
    assert stranger.read("/khoe") == "ok\n"


def _away(*_args: object, **_kwargs: object) -> None:
    raise OperationalError("SELECT", None, Exception("the server does not answer"))


def test_a_page_without_its_database_is_asked_for_again_later(
    strict: Flask, stranger: Visitor, opened: Opened, monkeypatch, caplog
):
    monkeypatch.setattr(context, "get_session", _away)
    monkeypatch.setattr("web.home.show.get_session", _away)

    answer = stranger.get("/")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "30"


def test_a_calendar_without_its_database_is_what_it_was(
    strict: Flask, stranger: Visitor, opened: Opened, monkeypatch
):
    before = stranger.get("/lich/ngay-quoc-te-hanh-phuc.ics")
    monkeypatch.setattr(layer, "serve_feed", _away)

    after = stranger.get("/lich/ngay-quoc-te-hanh-phuc.ics")

    assert (after.status_code, after.data) == (200, before.data)
    assert stranger.get("/lich/tet-nguyen-dan.ics").status_code == 503


def test_the_log_does_not_hold_the_link_of_a_mail(
    strict: Flask, stranger: Visitor, opened: Opened, monkeypatch, caplog
):
    monkeypatch.setattr("web.accounts.views.links.look_at", _away)

    stranger.get("/dang-nhap/lien-ket/a-secret-token")

    assert "<token>" in caplog.text
    assert "a-secret-token" not in caplog.text
