"""Sessions, links and limits on the server that is shipped, and of two at once."""

import http.client
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, select, update
from waitress import wasyncore

import scheduler.tables  # noqa: F401 - every table belongs to the metadata
from events.database import sessions as database
from events.database.sessions import Base, SessionFactory
from events.people.persons import add_person
from scheduler import migrate
from scheduler.commands.service import _listen
from scheduler.config import load_settings
from scheduler.service import Service
from web.accounts import devices, links
from web.accounts.models import Device, LinkPurpose, account_of
from web.app import create_app
from web.kit.config import WebConfig

NOW = datetime(2021, 3, 1, 5, 0, tzinfo=UTC)
CONFIG = WebConfig(secret_key="a secret of at least sixteen characters", testing=True)


class Browser:
    """A client over a real socket that keeps its cookie."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        self.port, self.host, self.cookie = port, host, ""

    def ask(self, method: str, path: str, form: dict[str, str] | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Cookie": self.cookie, "Host": self.host, "Referer": f"https://{self.host}/"}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request(method, path, urlencode(form) if form else None, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        connection.close()
        if set_cookie := answer.headers.get("Set-Cookie"):
            [(name, kept)] = SimpleCookie(set_cookie).items()
            self.cookie = f"{name}={kept.value}"
        return answer

    def post(self, path: str, **form: str):
        page = self.ask("GET", "/dang-nhap").text
        token = re.search(r'name="csrf_token" value="([^"]+)"', page)
        assert token
        return self.ask("POST", path, form | {"csrf_token": token[1]})


@pytest.fixture
def served(tmp_path, monkeypatch) -> Iterator[tuple[Service, Browser]]:
    """The shipped server with settings of its own: two hours without a page, a day in all."""
    for name, value in {
        "SUMVAY_DATABASE__URL": f"sqlite:///{tmp_path / 'sumvay.db'}",
        "SUMVAY_SCHEDULER__DATA_DIR": str(tmp_path),
        "SUMVAY_WEB__PORT": "0",
        "SUMVAY_WEB__SESSION_IDLE_HOURS": "2",
        "SUMVAY_WEB__SESSION_HOURS": "24",
        "SUMVAY_WEB__PUBLIC_URL": "https://lich.example.org",
    }.items():
        monkeypatch.setenv(name, value)
    service = Service(load_settings())
    migrate.upgrade(service.engine)
    server = _listen(service)
    closing = threading.Event()

    def run() -> None:
        try:
            server.run()
        except OSError:  # the loop may look once more at a socket that is closed below
            if not closing.is_set():
                raise

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield service, Browser(server.effective_port, "lich.example.org")
    closing.set()
    server.task_dispatcher.shutdown()
    server.close()
    wasyncore.close_all(server._map, ignore_all=True)
    thread.join(timeout=5)
    service.close()


def sign_in(service: Service, browser: Browser) -> None:
    """Let somebody sign in with a link, over the wire."""
    now = datetime.now(UTC)
    with service.session_factory.begin() as session:
        account = account_of(session, add_person(session, "Thi", "thi@example.org"))
        secret = links.make_link(session, account, LinkPurpose.SIGN_IN, now, timedelta(minutes=15))
    assert browser.post(f"/dang-nhap/lien-ket/{secret}").status == 303


@pytest.mark.slow
def test_the_shipped_server_slows_guessing_and_says_for_how_long(served):
    _service, browser = served

    answers = [
        browser.post("/dang-nhap", email="thi@example.org", password="sai") for _ in range(6)
    ]

    assert [answer.status for answer in answers] == [422] * 5 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 31
    assert browser.ask("GET", "/dang-nhap").status == 200


@pytest.mark.slow
def test_the_cookie_of_the_shipped_server_is_for_this_site_and_https_alone(served):
    _service, browser = served

    cookie = browser.ask("GET", "/dang-nhap").headers["Set-Cookie"]

    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(re.split(r";\s*", cookie))


@pytest.mark.slow
def test_a_session_ends_when_the_settings_say_so(served):
    service, browser = served
    sign_in(service, browser)
    assert "Đăng xuất" in browser.ask("GET", "/don-vi/").text

    for column, hours in ((Device.last_seen, 2), (Device.begun, 24)):
        for minutes, is_in in ((-1, True), (1, False)):
            moment = datetime.now(UTC) - timedelta(hours=hours, minutes=minutes)
            fresh = {"last_seen": datetime.now(UTC), "begun": datetime.now(UTC)}
            with service.session_factory.begin() as session:
                session.execute(update(Device).values(fresh | {column.key: moment}))
            assert ("Đăng xuất" in browser.ask("GET", "/don-vi/").text) == is_in, (column, hours)


@pytest.mark.slow
def test_a_copied_cookie_is_dead_on_the_shipped_server_after_signing_out(served):
    service, browser = served
    sign_in(service, browser)
    thief = Browser(browser.port, browser.host)
    thief.cookie = browser.cookie
    assert "Đăng xuất" in thief.ask("GET", "/don-vi/").text

    assert browser.post("/dang-xuat").status == 303

    assert "Đăng xuất" not in thief.ask("GET", "/don-vi/").text


@pytest.fixture
def factory(blank_engine: Engine) -> SessionFactory:
    Base.metadata.create_all(blank_engine)
    return database.create_session_factory(blank_engine)


def test_of_two_who_send_one_link_at_once_one_gets_in(factory):
    app = create_app(factory, CONFIG)
    with factory.begin() as session:
        account = account_of(session, add_person(session, "Thi", "thi@example.org"))
        secret = links.make_link(session, account, LinkPurpose.SIGN_IN, NOW, timedelta(minutes=15))
    ready, got = threading.Barrier(2), []

    def send() -> None:
        ready.wait()
        with app.app_context(), factory.begin() as session:
            got.append(links.use_up(session, secret, LinkPurpose.SIGN_IN, now=NOW) is not None)

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(got) == [False, True]


def test_who_looks_waits_for_nobody_to_be_noted(factory):
    with factory.begin() as session:
        account = account_of(session, add_person(session, "Thi", "thi@example.org"))
        device, _secret = devices.begin(session, account, now=NOW)
        number = device.id

    with factory.begin() as writer:  # somebody holds the row, and on SQLite the database
        writer.execute(update(Device).values(agent="x"))
        start = time.perf_counter()
        devices.note_seen(factory, number, None, NOW + timedelta(hours=1))
        assert time.perf_counter() - start < 1

    devices.note_seen(factory, number, None, NOW + timedelta(hours=2))
    with factory() as session:
        assert session.scalars(select(Device.last_seen)).one() == NOW + timedelta(hours=2)
