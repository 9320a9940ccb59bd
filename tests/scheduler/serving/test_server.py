"""The web server before the pages, asked over its own sockets."""

import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from flask import Flask

from events.database.sessions import create_engine
from scheduler.config import WebSettings
from scheduler.serving import server as serving
from tests.scheduler.processes import PATIENCE, sumvay
from tests.scheduler.processes import serving as serving_process
from web.kit.sizes import LARGEST_FORM

MANY = 60


@pytest.fixture
def app() -> Flask:
    """Pages that answer at once, at addresses that real ones have."""
    app = Flask("pages")
    app.config["SESSION_COOKIE_NAME"] = "sumvay"
    app.add_url_rule(
        "/viec/<int:n>/hoan-thanh", "items.complete", lambda n: "done", methods=["POST"]
    )
    app.add_url_rule("/", "home", lambda: "here", methods=["GET", "POST"])
    return app


@pytest.fixture
def address(app: Flask) -> Iterator[tuple[str, int]]:
    server = serving.listen(app, WebSettings(port=0))
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    yield "127.0.0.1", server.effective_port
    server.close()
    loop.join(PATIENCE)


def answer_to(address: tuple[str, int], sent: bytes) -> bytes:
    """Return what the server says when so much has been sent and no more."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(sent)
        return connection.recv(1000)


def head(path: str, length: int, *more: str) -> bytes:
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {length}", *more, "", "")
    return "\r\n".join(lines).encode()


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/", []),
        ("/", ["Cookie: sumvay=x"]),
        ("/viec/1/hoan-thanh", []),
        ("/viec/x/hoan-thanh", ["Cookie: sumvay=x"]),
    ],
)
def test_a_body_that_no_form_has_is_refused_before_it_is_read(address, path, more):
    assert b" 413 " in answer_to(address, head(path, 20_000_000, *more))


def test_a_form_that_is_a_little_too_large_is_read_so_that_its_page_can_say_so(address):
    sent = head("/", LARGEST_FORM + 1) + b"x" * (LARGEST_FORM + 1)

    assert b" 200 " in answer_to(address, sent)


def test_whoever_may_be_signed_in_sends_photos(address):
    sent = head("/viec/1/hoan-thanh", 3_000_000, "Cookie: sumvay=x") + b"x" * 3_000_000

    assert b" 200 " in answer_to(address, sent)


def test_a_head_that_no_browser_sends_is_refused(address):
    assert b" 431 " in answer_to(address, b"GET / HTTP/1.1\r\nX: " + b"x" * 40_000)


BOTH_LENGTHS = "POST / HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n"


@pytest.mark.parametrize(
    "lines",
    [
        "Content-Length: 4\r\nContent-Length: 6",
        "Content-Length: 4, 6",
        "Content-Length: +4",
        "Content-Length: 4_0",
        "Content-Length: -1",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding:\x0bchunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: gzip, chunked",
        "Content-Length : 4",
        "Content-Length: 46\r\nTransfer-Encoding: chunked",
    ],
)
def test_nobody_can_say_in_two_ways_where_a_message_ends(address, lines):
    """Else a proxy and this server could each see another request (ASVS 4.2.1; RFC 9112, 6.3)."""
    hidden = "GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"

    answers = all_of_the_answers(address, BOTH_LENGTHS.format(lines) + hidden)

    assert re.match(rb"HTTP/1\.[01] (400|411|413|501) ", answers), answers
    assert answers.count(b"HTTP/1.") == 1


def all_of_the_answers(address: tuple[str, int], sent: str) -> bytes:
    """Return what the server says until it closes the connection, or nothing comes any more."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(sent.encode("latin-1"))
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(10_000), b""))


def test_many_who_say_nothing_stop_nobody(address, monkeypatch):
    monkeypatch.setattr(serving, "_MOST_CONNECTIONS", MANY // 2)
    silent = [socket.create_connection(address, timeout=PATIENCE) for _ in range(MANY)]

    answer = answer_to(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    for one in silent:
        one.close()
    assert b" 200 " in answer


def test_more_may_be_silent_than_stopped_the_service_before(address):
    silent = [socket.create_connection(address, timeout=PATIENCE) for _ in range(150)]

    answer = answer_to(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    for one in silent:
        one.close()
    assert b" 200 " in answer


def test_a_head_that_comes_drop_by_drop_is_not_waited_for(address, monkeypatch):
    monkeypatch.setattr(serving, "_FOR_A_HEAD", 0.5)
    with socket.create_connection(address, timeout=0.2) as connection:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                connection.sendall(b"x")
                if connection.recv(1) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        else:
            pytest.fail("the server waited")


class Visitor:
    """Somebody who has links mailed by a real process, as a proxy tells of them."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.web = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def tries_of(self, *sources: str) -> list[int]:
        page = self.web.open(f"{self.base}/dang-nhap", timeout=PATIENCE).read().decode()
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found
        statuses = []
        for number, source in enumerate(sources):
            form = {"email": f"x{number}@example.org", "csrf_token": found[1]}
            asked = urllib.request.Request(
                f"{self.base}/dang-nhap/lien-ket",
                urllib.parse.urlencode(form).encode(),
                {"X-Forwarded-For": source, "Referer": f"{self.base}/"},
            )
            try:
                statuses.append(self.web.open(asked, timeout=PATIENCE).status)
            except urllib.error.HTTPError as error:
                statuses.append(error.code)
        return statuses


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    (folder / "config.toml").write_text("")
    assert sumvay(folder, "init").returncode == 0
    return folder


@pytest.fixture
def visitor(home: Path, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    command, proxies = request.param
    with serving_process(home, *command, SUMVAY_WEB__TRUSTED_PROXIES=proxies) as (address, _):
        with create_engine(f"sqlite:///{home / 'var' / 'sumvay.db'}").begin() as connection:
            connection.exec_driver_sql("DELETE FROM tries")
        yield Visitor(address)


SERVERS = [("serve",), ("web", "--workers", "2")]
A_HOUSE = [f"192.0.2.{number}" for number in range(1, 31)]


@pytest.mark.slow
@pytest.mark.parametrize("visitor", [(one, "1") for one in SERVERS], indirect=True)
def test_visitors_behind_a_proxy_share_no_limit_and_cannot_name_another_source(visitor):
    assert 429 not in visitor.tries_of(*A_HOUSE)
    assert 429 in visitor.tries_of(*(f"{forged}, 198.51.100.1" for forged in A_HOUSE))


@pytest.mark.slow
@pytest.mark.parametrize("visitor", [(one, "0") for one in SERVERS], indirect=True)
def test_without_a_proxy_nobody_is_believed_and_all_processes_count_together(visitor):
    assert 429 in visitor.tries_of(*A_HOUSE)
