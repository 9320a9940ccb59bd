"""Pages and calendars from several processes: `sumvay web`, as it runs."""

import http.client
import importlib
import inspect
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, request
from sqlalchemy import select
from werkzeug.test import create_environ, run_wsgi_app

from events.database import sessions as database
from events.models import Observance
from scheduler.serving.workers import calendars_first, guarded
from tests.scheduler.processes import PATIENCE, serving, sumvay
from web.calendars.answers import Answer
from web.kit.sizes import LARGEST_FORM

FEED = "/lich/ngay-quoc-te-hanh-phuc.ics"
SLUG = "ngay-quoc-te-hanh-phuc"
VISIBLE = 5  # seconds after a change

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workers")
    (folder / "config.toml").write_text("")
    assert sumvay(folder, "init").returncode == 0
    return folder


@pytest.fixture(scope="module")
def web(home: Path) -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with serving(home, "web", "--workers", "2") as served:
        deadline = time.monotonic() + PATIENCE
        while len(workers_of(served[1].pid)) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        yield served


@pytest.fixture
def address(web: tuple[str, "subprocess.Popen[bytes]"]) -> tuple[str, int]:
    port = urllib.parse.urlsplit(web[0]).port
    assert port
    return "127.0.0.1", port


def workers_of(parent: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]


def ask(
    address: tuple[str, int], path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE)
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, headers=names)
        answer = connection.getresponse()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def said_to(address: tuple[str, int], sent: bytes) -> bytes:
    """Return what the server says when so much has been sent and no more."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        connection.sendall(sent)
        return connection.recv(1000)


def head(length: str, *more: str) -> bytes:
    lines = ("POST /dang-nhap HTTP/1.1", "Host: x", length, *more, "", "")
    return "\r\n".join(lines).encode()


def test_a_calendar_is_answered_as_by_the_other_server(address):
    status, headers, body = ask(address, FEED)

    assert (status, headers["content-length"]) == (200, str(len(body)))
    assert headers["content-type"] == "text/calendar; charset=utf-8"
    assert "set-cookie" not in headers
    assert ask(address, FEED, If_None_Match=headers["etag"])[::2] == (304, b"")
    same = ask(address, FEED, "HEAD")
    assert (same[0], same[1]["content-length"], same[2]) == (200, str(len(body)), b"")
    assert ask(address, FEED, "PUT")[0] == 405


def test_a_change_is_seen_from_every_process_within_five_seconds(address, home: Path):
    before = ask(address, FEED)[2]
    for _ in range(20):  # so that every process has it
        assert ask(address, FEED)[2] == before
    factory = database.create_session_factory(
        database.create_engine(f"sqlite:///{home / 'var' / 'sumvay.db'}")
    )
    with factory.begin() as session:
        session.scalars(select(Observance).where(Observance.slug == SLUG)).one().title_vi = "Mới"

    time.sleep(VISIBLE)

    seen = {ask(address, FEED)[2] for _ in range(20)}
    factory.kw["bind"].dispose()
    assert len(seen) == 1
    assert b"X-WR-CALNAME:M\xe1\xbb\x9bi\r\n" in seen.pop()


@pytest.mark.parametrize(
    ("length", "more", "status"),
    [
        (f"Content-Length: {100 * LARGEST_FORM}", [], b" 413 "),
        ("Content-Length: 20000000", ["Cookie: sumvay=x"], b" 413 "),
        ("Transfer-Encoding: chunked", [], b" 411 "),
    ],
)
def test_a_body_that_no_form_has_is_refused_before_it_is_read(address, length, more, status):
    assert status in said_to(address, head(length, *more))


def test_a_form_that_is_a_little_too_large_gets_a_page_that_says_so(address):
    answer = said_to(
        address, head(f"Content-Length: {LARGEST_FORM + 1}") + b"x" * (LARGEST_FORM + 1)
    )

    assert b" 413 " in answer
    assert b"text/html" in answer


def test_a_form_that_breaks_off_is_no_form():
    app = Flask("pages")
    app.config["SESSION_COOKIE_NAME"] = "sumvay"
    app.add_url_rule("/", "note", lambda: request.form["note"], methods=["POST"])
    whole = b"note=half+of+what+was+written"
    as_granian_says = {
        "wsgi.input_terminated": True,
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(whole)),
    }

    def status_of(body: bytes) -> str:
        environ = create_environ(method="POST", input_stream=BytesIO(body))
        return run_wsgi_app(guarded(app, 0), environ | as_granian_says)[1]

    assert status_of(whole) == "200 OK"
    assert status_of(whole[:10]) == "400 BAD REQUEST"


def test_a_head_that_no_browser_sends_is_refused(address):
    assert b" 431 " in said_to(address, b"GET /khoe HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 80_000)
    assert b" 200 " in said_to(
        address, b"GET /khoe HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 10_000 + b"\r\n\r\n"
    )


def test_where_something_listens_it_does_not_start_beside_it(address, home: Path):
    ended = sumvay(home, "web", SUMVAY_WEB__PORT=str(address[1]))

    assert ended.returncode == 1
    assert str(address[1]) in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_a_process_that_dies_is_replaced(web, address):
    parent = web[1].pid
    before = workers_of(parent)

    os.kill(before[0], signal.SIGKILL)

    deadline = time.monotonic() + PATIENCE
    while len(set(workers_of(parent)) - set(before)) < 1 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert len(set(workers_of(parent)) - set(before)) == 1
    assert web[1].poll() is None
    assert ask(address, FEED)[0] == 200


def test_who_asks_while_it_stops_gets_a_whole_answer_or_none(home: Path):
    statuses: list[int] = []
    broken: list[Exception] = []
    stopping = threading.Event()

    def poll(address: str) -> None:
        while not stopping.is_set():
            try:
                with urllib.request.urlopen(f"{address}{FEED}", timeout=PATIENCE) as answer:
                    body = answer.read()
                    assert body.endswith(b"END:VCALENDAR\r\n")
                    statuses.append(answer.status)
            except http.client.IncompleteRead as error:
                broken.append(error)
            except OSError:
                if stopping.is_set():
                    return
                time.sleep(0.01)

    with serving(home, "web") as (address, process):
        pollers = [threading.Thread(target=poll, args=[address]) for _ in range(8)]
        for one in pollers:
            one.start()
        time.sleep(1)
        process.terminate()
        assert process.wait(PATIENCE) == 0
        stopping.set()
        for one in pollers:
            one.join()

    assert set(statuses) == {200}
    assert broken == []
    assert "Traceback" not in (home / "said").read_text()


def test_when_it_is_killed_its_processes_end_too_and_the_port_is_free(home: Path):
    with serving(home, "web") as (_address, process):
        workers = workers_of(process.pid)
        process.kill()
        process.wait(PATIENCE)

    deadline = time.monotonic() + PATIENCE
    while any(map(lives, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(lives, workers))


def lives(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    return False


class Client:
    """The end of a connection, as granian gives it."""

    def __init__(self) -> None:
        self.got: list[object] = []

    def response_bytes(self, *said: object) -> None:
        self.got.append(said)


def test_a_calendar_is_given_away_before_a_request_is_made_for_the_pages():
    asked: list[str] = []

    def pages(_client: object, scope: dict[str, Any]) -> int:
        asked.append(scope["PATH_INFO"])
        return 404

    def calendars(scope: Mapping[str, Any]) -> Answer | None:
        return Answer("200 OK", [("ETag", "1")], b"x", 200) if scope["PATH_INFO"] == "/a" else None

    run, client = calendars_first(calendars, pages), Client()

    assert run(client, {"PATH_INFO": "/a"}) == 200
    assert run(client, {"PATH_INFO": "/b"}) == 404
    assert run(client, {"PATH_INFO": "/a", "CONTENT_LENGTH": "9"}) == 404  # as pages refuse it

    assert client.got == [(200, [("ETag", "1")], b"x")]
    assert asked == ["/b", "/a"]


def test_granian_is_asked_under_the_name_that_it_looks_up():
    """Where another version has none of it, polls would go the long way without a word."""
    module = importlib.import_module("granian.server.mp")
    worker = inspect.getsource(module.MPServer._spawn_wsgi_worker)

    assert "_wsgi_call_wrap(callback, " in worker
    assert "proto.response_bytes(resp.status, resp.headers, " in inspect.getsource(
        module._wsgi_call_wrap
    )
