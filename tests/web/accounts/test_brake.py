"""A program that asks for page after page waits; people do not notice."""

from datetime import timedelta

import pytest

from tests.web.conftest import Visitor, app_with
from web.kit.config import WebConfig

FEW = 5


@pytest.fixture
def app(session_factory, settings):
    settings |= {"pages_per_minute": FEW, "rate_limits": True}
    return app_with(session_factory, WebConfig(**settings))


def test_whoever_asks_for_more_than_people_read_waits_for_the_next_minute(app, clock):
    visitor = Visitor(app.test_client())
    clock.advance(timedelta(seconds=20))
    for _page in range(FEW):
        visitor.read("/")

    answer = visitor.get("/")

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "40")
    assert "quá nhiều" in answer.text
    clock.advance(timedelta(seconds=40))
    visitor.read("/")


def test_devices_behind_one_address_are_counted_apart(app, signed_in, cast, clock):
    clock.advance(timedelta(minutes=2))
    thi, hoa = signed_in(cast.thi), signed_in(cast.hoa)
    for _page in range(FEW):
        thi.read("/don-vi/")

    assert thi.get("/don-vi/").status_code == 429
    hoa.read("/don-vi/")


def test_what_programs_ask_for_and_what_is_sent_is_not_counted(app, cast, signed_in, clock):
    clock.advance(timedelta(minutes=4))
    visitor = Visitor(app.test_client())
    for _poll in range(2 * FEW):
        visitor.read("/robots.txt")
        assert visitor.post("/dang-xuat").status_code == 303

    visitor.read("/")
