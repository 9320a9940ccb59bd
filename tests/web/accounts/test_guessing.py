"""Guessing gets slow, tells nothing, and begins with no common password."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from events.models import AuditEntry, AuditKind
from tests.web.accounts.conftest import PASSWORD
from tests.web.conftest import Clock, Visitor, app_with
from web.accounts.models import Tries
from web.accounts.passwords import is_easy
from web.accounts.tries import OF_ACCOUNT, OF_ADDRESS, Pace
from web.kit.config import WebConfig

PLACES = ["Tỉnh Quảng Ngãi", "Xã Đăk Glei", "Thành phố Hồ Chí Minh"]


@pytest.fixture
def guesser(session_factory, settings) -> Visitor:
    app = app_with(session_factory, WebConfig(**settings | {"rate_limits": True}))
    return Visitor(app.test_client())


@pytest.fixture
def guess(guesser: Visitor) -> Callable[..., TestResponse]:
    def post(email: str = "thi@example.org", password: str = "sai mật khẩu") -> TestResponse:
        return guesser.post("/dang-nhap", email=email, password=password)

    return post


@pytest.mark.parametrize("email", ["thi@example.org", "ai-do@example.org"])
def test_after_five_wrong_passwords_an_account_waits_known_or_not(
    guess, cast, with_password, email
):
    with_password(cast.thi)

    answers = [guess(email) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 31
    assert "Đã thử quá nhiều lần" in answers[-1].text


def test_who_waits_waits_with_the_right_password_too_and_then_gets_in(
    guess, cast, with_password, clock: Clock
):
    with_password(cast.thi)
    for _ in range(5):
        guess()
    assert guess(password=PASSWORD).status_code == 429

    clock.advance(timedelta(seconds=31))

    assert guess(password=PASSWORD).status_code == 303


def test_every_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour():
    waits = [OF_ACCOUNT.pause(count).total_seconds() for count in range(4, 13)]

    assert waits == [0, 30, 60, 120, 240, 480, 900, 900, 900]
    assert Pace(1, timedelta(seconds=1)).pause(10**6) == timedelta(minutes=15)


def test_the_right_password_lets_the_count_begin_anew(guess, cast, with_password, session):
    with_password(cast.thi)
    for _ in range(4):
        guess()
    guess(password=PASSWORD)

    assert [guess().status_code for _ in range(5)] == [422] * 5


def test_one_address_that_tries_many_accounts_waits_too(guess, guesser, session):
    answers = [
        guess(f"ai-do-{number}@example.org").status_code for number in range(OF_ADDRESS.free + 1)
    ]

    assert answers == [422] * OF_ADDRESS.free + [429]
    guesser.client.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    assert guess("ai-do-khac@example.org").status_code == 422


def test_failures_are_forgotten_after_an_hour(guess, cast, with_password, clock: Clock):
    with_password(cast.thi)
    for _ in range(5):
        guess()
    clock.advance(timedelta(hours=1, seconds=1))

    assert [guess().status_code for _ in range(5)] == [422] * 5


def test_what_people_type_for_an_address_is_not_kept(guess, session):
    guess("mat-khau-cua-toi@example.org")

    assert all("mat-khau" not in key for key in session.scalars(select(Tries.key)))
    [entry] = session.scalars(select(AuditEntry))
    assert (entry.kind, entry.about_name, entry.address) == (AuditKind.REFUSED, None, "127.0.0.1")


def test_the_log_names_who_was_tried_and_says_when_it_got_slow(guess, cast, with_password, session):
    with_password(cast.thi)
    for _ in range(6):
        guess()

    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.kind for entry in entries] == [AuditKind.REFUSED] * 5 + [AuditKind.SLOWED_DOWN]
    assert {entry.about_name for entry in entries} == {"Cán bộ xã (Thi)"}


def test_an_unknown_address_takes_as_long_as_a_known_one(
    app, stranger: Visitor, cast, with_password
):
    with_password(cast.thi)
    stranger.post("/dang-nhap", email="x@example.org", password="sai mật khẩu")  # warm

    def fastest(email: str) -> float:
        times = []
        for _ in range(7):
            start = time.perf_counter()
            stranger.post("/dang-nhap", email=email, password="sai mật khẩu")
            times.append(time.perf_counter() - start)
        return min(times)

    known, unknown, without = (
        fastest("thi@example.org"),
        fastest("ai-do@example.org"),
        fastest("hoa@example.org"),
    )

    assert 0.5 < known / unknown < 2
    assert 0.5 < known / without < 2


def test_asking_for_links_without_end_is_slowed_down(guesser: Visitor, session):
    answers = [
        guesser.post("/dang-nhap/lien-ket", email=f"a{number}@example.org") for number in range(21)
    ]

    assert [answer.status_code for answer in answers] == [303] * 20 + [429]
    assert answers[-1].headers["Retry-After"]


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "iloveyou12345",
        "qwertyuiop12",
        "matkhau123456",
        "anhyeuem12345",
        "Sumvay@2026!!",
        "sumvay sumvay sumvay",
        "quangngai2026",
        "Quảng Ngãi 2026",
        "xadakglei1234",
        "HoChiMinh2026",
        "Gia đình hạnh phúc 2026",
        "aaaaaaaaaaaaaaaa",
    ],
)
def test_what_others_guess_first_is_refused(password):
    assert is_easy(password, PLACES)


@pytest.mark.parametrize(
    "password", [PASSWORD, "ngựa pin đúng ghim", "thịt kho tàu ngon ghê", "kv9!mTq2#zRw"]
)
def test_several_words_of_ones_own_are_taken(password):
    assert not is_easy(password, PLACES)


def test_ones_own_name_and_address_are_refused():
    assert is_easy("nguyenvanan1975", ["Nguyễn Văn An"])
    assert is_easy("van.an.dakglei!", ["van.an.dakglei@example.org"])
    assert not is_easy("nguyenvanan1975", ["Lê Thị Bình"])


def test_the_longest_password_is_read_in_no_time():
    start = time.perf_counter()
    is_easy("một câu rất dài " * 12, [f"Xã số {number}" for number in range(3000)])

    assert time.perf_counter() - start < 2


def test_a_place_of_this_installation_is_refused_on_the_page(signed_in, cast):
    refused = signed_in(cast.thi).post(
        "/tai-khoan", password="Kon Tum 2021 !!", again="Kon Tum 2021 !!"
    )

    assert refused.status_code == 422
    assert "dễ đoán" in refused.text
