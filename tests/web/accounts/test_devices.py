"""Sessions end: on this device, on others, after a time, with a new password."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.web.accounts.conftest import PASSWORD
from tests.web.conftest import Visitor, app_with
from web.accounts import devices
from web.accounts.models import Device, account_of
from web.kit.config import WebConfig

PAGE = "/tai-khoan/thiet-bi"
A_DAY, A_WEEK = timedelta(days=1), timedelta(days=7)
ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; SM-A155F) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36"
)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0"


@pytest.fixture
def settings(settings):
    """As the service is shipped: a week without a page, a month in all."""
    shipped = WebConfig(secret_key=settings["secret_key"])
    assert (shipped.session_idle, shipped.session_lifetime) == (A_WEEK, 30 * A_DAY)
    return settings | {"session_idle": A_WEEK, "session_lifetime": 30 * A_DAY}


def is_in(visitor: Visitor) -> bool:
    return "Đăng xuất" in visitor.read("/don-vi/")


def copy_of(visitor: Visitor, app) -> Visitor:
    """Return somebody who has stolen the cookie."""
    thief = Visitor(app.test_client())
    cookie = visitor.client.get_cookie("__Host-sumvay", domain="lich.example.org")
    thief.client.set_cookie("__Host-sumvay", cookie.value, domain="lich.example.org")
    return thief


def test_signing_out_kills_every_copy_of_the_cookie(app, signed_in, cast):
    thi = signed_in(cast.thi)
    thief = copy_of(thi, app)
    assert is_in(thief)

    thi.post("/dang-xuat")

    assert not is_in(thi)
    assert not is_in(thief)


def test_a_cookie_is_another_one_after_every_sign_in(stranger, cast, with_password):
    with_password(cast.thi)
    cookies = set()
    for _ in range(2):
        stranger.post("/dang-nhap", email="thi@example.org", password=PASSWORD)
        with stranger.client.session_transaction(base_url="https://lich.example.org") as cookie:
            cookies.add(cookie["_user_id"])

    assert len(cookies) == 2


def test_the_database_holds_nothing_that_a_cookie_could_hold(
    stranger, cast, session, with_password
):
    with_password(cast.thi)
    stranger.post("/dang-nhap", email="thi@example.org", password=PASSWORD)
    stored = session.scalars(select(Device.digest)).one()

    with stranger.client.session_transaction(base_url="https://lich.example.org") as cookie:
        secret = cookie["_user_id"]
        cookie["_user_id"] = stored
    assert stored not in secret
    assert not is_in(stranger)


def test_devices_are_listed_in_words_and_this_one_is_marked(
    app, stranger, cast, session, clock, with_password
):
    account = with_password(cast.thi)
    devices.begin(session, account, now=clock.now, agent=WINDOWS, address="203.0.113.7")
    session.commit()
    stranger.client.environ_base["HTTP_USER_AGENT"] = ANDROID
    stranger.post("/dang-nhap", email="thi@example.org", password=PASSWORD)

    page = stranger.read(PAGE)

    assert "Máy tính Windows, Edge" in page
    assert "203.0.113.7" in page
    assert "Điện thoại Android, Chrome" in page
    assert page.count("thiết bị này</span>") == 1
    this = page.index("thiết bị này</span>")
    assert page.rindex("<li>", 0, this) == page.rindex("<li>", 0, page.index("Điện thoại Android"))


def test_one_device_is_ended_and_the_others_stay(signed_in, cast, session):
    here, lost = signed_in(cast.thi), signed_in(cast.thi)
    number = session.scalars(select(Device.id).order_by(Device.id.desc())).first()

    assert here.post(f"{PAGE}/{number}/dang-xuat").status_code == 303

    assert is_in(here)
    assert not is_in(lost)


def test_nobody_ends_the_device_of_somebody_else(signed_in, cast, session):
    khanh = signed_in(cast.khanh)
    number = session.scalars(select(Device.id)).one()

    signed_in(cast.thi).post(f"{PAGE}/{number}/dang-xuat")

    assert is_in(khanh)
    assert "203" not in signed_in(cast.thi).read(PAGE)


def test_all_devices_are_ended_at_once(signed_in, cast):
    here, there = signed_in(cast.thi), signed_in(cast.thi)

    assert here.post(f"{PAGE}/dang-xuat-het").location == "/dang-nhap"

    assert not is_in(here)
    assert not is_in(there)


def test_a_device_that_nobody_used_is_signed_out(signed_in, cast, clock):
    thi = signed_in(cast.thi)
    for _ in range(3):
        clock.advance(timedelta(days=6))
        assert is_in(thi)  # looking is using

    clock.advance(timedelta(days=7, seconds=1))

    assert not is_in(thi)


def test_however_much_it_is_used_a_device_is_signed_out_in_the_end(signed_in, cast, clock):
    thi = signed_in(cast.thi)
    for _ in range(5):
        clock.advance(timedelta(days=5))
        assert is_in(thi)

    clock.advance(timedelta(days=5, seconds=1))

    assert not is_in(thi)


@pytest.mark.parametrize("limit", ["session_idle", "session_lifetime"])
def test_both_limits_are_settings(settings, limit, session_factory, cast, session, clock):
    app = app_with(session_factory, WebConfig(**settings | {limit: timedelta(hours=2)}))
    _device, secret = devices.begin(session, account_of(session, cast.thi), now=clock.now)
    session.commit()
    visitor = Visitor(app.test_client())
    with visitor.client.session_transaction(base_url="https://lich.example.org") as cookie:
        cookie["_user_id"] = secret
    assert is_in(visitor)

    clock.advance(timedelta(hours=2, seconds=1))

    assert not is_in(visitor)


def test_looking_is_written_down_every_five_minutes_at_most(signed_in, cast, session, clock):
    thi = signed_in(cast.thi)
    begun = clock.now
    for minutes, seen in ((4, 0), (2, 6), (4, 6), (2, 12)):
        clock.advance(timedelta(minutes=minutes))
        thi.read("/")
        [last] = session.scalars(select(Device.last_seen))
        assert last == begun + timedelta(minutes=seen)


def test_an_account_that_is_switched_off_is_out_at_once(signed_in, cast, session):
    thi = signed_in(cast.thi)
    account_of(session, cast.thi).active = False
    session.commit()

    assert not is_in(thi)


def test_a_new_password_signs_out_every_other_device_and_voids_links(
    signed_in, stranger, cast, newest_link
):
    here, elsewhere = signed_in(cast.thi), signed_in(cast.thi)
    stranger.post("/dang-nhap/lien-ket", email="thi@example.org")

    here.post("/tai-khoan", password=PASSWORD, again=PASSWORD)

    assert is_in(here)
    assert not is_in(elsewhere)
    stranger.read(newest_link(), 410)


@pytest.mark.parametrize(
    ("agent", "kind"),
    [
        (ANDROID, ("Android telephone", "Chrome")),
        (WINDOWS, ("Windows computer", "Edge")),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1",
            ("iPhone", "Safari"),
        ),
        (
            "Mozilla/5.0 (Linux; Android 13) Chrome/120 Mobile Zalo android/123",
            ("Zalo on a telephone", "Chrome"),
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14.5; rv:127.0) Firefox/127.0",
            ("Mac", "Firefox"),
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0) coc_coc_browser/126 Chrome/120 Safari",
            ("Windows computer", "Cốc Cốc"),
        ),
        ("curl/8", ("", "")),
        (None, ("", "")),
    ],
)
def test_what_a_browser_calls_itself_is_said_in_words(agent, kind):
    assert devices.kind_of(agent) == kind
