"""Secrets of own calendars: whoever guesses is slowed down, nobody else is, and no log has them."""

import logging

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from events.calendars.tokens import PATH, Options, make_token
from tests.conftest import Cast
from tests.web.conftest import NOON, Opened, Visitor, app_with
from web.calendars.guessing import FREE, Guesses, visitor_of
from web.calendars.layer import FeedLayer
from web.kit.config import WebConfig

GOOGLE, SOMEBODY = "66.249.84.1", "203.0.113.9"


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def app(session_factory, settings, seconds: Seconds) -> Flask:
    app = app_with(session_factory, WebConfig(**settings | {"rate_limits": True}))
    layer = app.wsgi_app
    assert isinstance(layer, FeedLayer)
    layer._guesses = Guesses(seconds)
    return app


@pytest.fixture
def own(session: Session, cast: Cast, opened: Opened) -> list[str]:
    """The paths of two own calendars."""
    made = [make_token(session, cast.thi, Options(name), now=NOON)[1] for name in "AB"]
    session.commit()
    return [PATH.format(secret=secret) for secret in made]


def wrong(number: int) -> str:
    return PATH.format(secret=f"{number:x}".rjust(43, "x"))


def ask(visitor: Visitor, path: str, address: str):
    return visitor.get(path, environ_overrides={"REMOTE_ADDR": address})


def test_after_a_hundred_wrong_secrets_an_address_waits_and_no_other_does(
    stranger: Visitor, own: list[str], seconds: Seconds
):
    answers = [ask(stranger, wrong(number), GOOGLE).status_code for number in range(FREE + 5)]
    assert answers == [404] * FREE + [429] * 5

    assert ask(stranger, wrong(0), SOMEBODY).status_code == 404
    assert ask(stranger, own[0], SOMEBODY).status_code == 200
    hasty = ask(stranger, wrong(0), GOOGLE)
    assert int(hasty.headers["Retry-After"]) > 0
    seconds.now += 60
    assert ask(stranger, wrong(0), GOOGLE).status_code == 404


def test_calendars_that_an_address_shared_by_all_fetched_before_go_on(
    stranger: Visitor, own: list[str]
):
    assert ask(stranger, own[0], GOOGLE).status_code == 200
    for number in range(FREE):
        ask(stranger, wrong(number), GOOGLE)

    assert ask(stranger, wrong(0), GOOGLE).status_code == 429
    assert ask(stranger, own[0], GOOGLE).status_code == 200
    assert ask(stranger, "/lich/ngay-quoc-te-hanh-phuc.ics", GOOGLE).status_code == 200


def test_right_secrets_never_count(stranger: Visitor, own: list[str]):
    for _ in range(FREE + 5):
        assert ask(stranger, own[0], GOOGLE).status_code == 200

    assert ask(stranger, own[1], GOOGLE).status_code == 200


def test_a_wrong_secret_is_answered_always_alike(stranger: Visitor, own: list[str]):
    paths = [wrong(1), wrong(2), PATH.format(secret="x"), own[0].replace("viec-cua-toi", "x")]

    answers = [stranger.get(path) for path in paths]

    assert len({(one.status, one.data, tuple(one.headers)) for one in answers}) == 1


def test_a_secret_stands_in_no_log_whatever_goes_wrong(
    stranger: Visitor, own: list[str], caplog: pytest.LogCaptureFixture, monkeypatch
):
    def break_down(*_arguments: object, **_named: object) -> None:
        raise RuntimeError

    caplog.set_level(logging.DEBUG)
    before = ask(stranger, own[0], GOOGLE)
    monkeypatch.setattr("web.calendars.layer.serve_feed", break_down)

    again, never_read = (ask(stranger, path, GOOGLE) for path in own)

    assert (again.status_code, again.data) == (200, before.data)
    assert never_read.status_code == 503
    assert caplog.text.count("cannot be given away") == 2
    assert not [path for path in own if path.split("/")[2] in caplog.text]


@pytest.mark.parametrize(
    ("forwarded", "hops", "visitor"),
    [
        ("", 0, "10.0.0.1"),
        ("198.51.100.7", 0, "10.0.0.1"),  # nobody is trusted who says so
        ("203.0.113.1, 198.51.100.7", 1, "198.51.100.7"),
        ("203.0.113.1, 198.51.100.7", 2, "203.0.113.1"),
        ("198.51.100.7", 2, "10.0.0.1"),
    ],
)
def test_who_asks_is_said_by_the_proxies_that_are_trusted(forwarded, hops, visitor):
    environ = {"REMOTE_ADDR": "10.0.0.1", "HTTP_X_FORWARDED_FOR": forwarded}

    assert visitor_of(environ, hops) == visitor


def test_all_addresses_of_one_customer_count_together(seconds: Seconds):
    guesses = Guesses(seconds)
    for number in range(FREE):
        guesses.was_wrong(f"2001:db8::{number:x}")

    assert guesses.is_hasty("2001:db8::ffff", "f/x")
    assert not guesses.is_hasty("2001:db8:0:1::1", "f/x")
