"""Somebody is told within fifteen seconds when the clock of a real service is stopped; and what the
commands about mail say.
"""

import os
import shutil
import signal
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from events.models import ChecklistItem, Person
from notifications.notices.table import Notice, NoticeKind
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from scheduler.cli import cli
from scheduler.config import load_settings
from scheduler.service import Service
from tests.scheduler.processes import _SERVER, PATIENCE, _run, environment, sumvay

pytestmark = pytest.mark.slow

BOUNCE = Path(__file__).parents[1] / "data" / "mail" / "bounces" / "khong-co.eml"
NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
RED, GREEN = 503, 200
SECONDS = 15


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told")
    (folder / "config.toml").write_text(
        "[notifications.bounces]\naddress = 'thu-ve@bounces.example.org'\n"
    )
    for arguments in (("init", "--start-line", "2026-01-01"), ("demo",)):
        assert sumvay(folder, *arguments).returncode == 0
    return folder


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "home"))


@contextmanager
def running(home: Path, *arguments: str, **variables: str):
    names = tuple(str(home / f"{arguments[0]}.{name}") for name in ("in", "out", "err"))
    Path(names[0]).touch()
    process = _SERVER.Process(target=_run, args=(home, arguments, environment(**variables), names))
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def until(condition, seconds):
    """Return after how many seconds a condition holds; fail if it does not."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds
        time.sleep(0.1)
    return time.monotonic() - began


def test_a_clock_that_is_stopped_is_red_within_fifteen_seconds_and_green_when_it_goes_on(home):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    def asked(path="/khoe"):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    with running(home, "web", SUMVAY_WEB__PORT=str(port)), running(home, "clock") as clock:
        until(lambda: asked() == GREEN and b"pulse" in _heartbeats(home), PATIENCE)
        os.kill(clock.pid, signal.SIGSTOP)
        try:
            assert until(lambda: asked() == RED, PATIENCE) <= SECONDS + 3  # the machine is busy
            assert asked("/khoe/trang") == GREEN
            assert "✗" in sumvay(home, "doctor").stdout
        finally:
            os.kill(clock.pid, signal.SIGCONT)
        until(lambda: asked() == GREEN, PATIENCE)


def _heartbeats(home: Path) -> bytes:
    database = sqlite3.connect(home / "var" / "sumvay.db")
    jobs = database.execute("SELECT job FROM heartbeat").fetchall()
    database.close()
    return " ".join(job for (job,) in jobs).encode()


@pytest.fixture
def service(home: Path, monkeypatch):
    monkeypatch.chdir(home)
    service = Service(load_settings(home / "config.toml"))
    yield service
    service.engine.dispose()


def said(*arguments: str, **options) -> str:
    result = CliRunner().invoke(cli, ["--config", "config.toml", *arguments], **options)
    assert result.exception is None or isinstance(result.exception, SystemExit), result
    return result.output


def test_the_command_says_why_somebody_was_told(service):
    for day in range(300):
        if service.remind(NOW - timedelta(days=day)).notices:
            break
    with service.session_factory() as session:
        told = select(Notice).where(Notice.kind == NoticeKind.DUE).order_by(Notice.id)
        notice = session.scalars(told).first()
        person = session.get_one(Person, notice.person_id)
        item = session.get_one(ChecklistItem, notice.item_id)
        address, name, number = person.email, person.full_name, item.id

    for who in (address, str(person.id)):
        output = said("mail", "why", who, str(number))
        assert name in output
        assert "đang chờ" in output or "bỏ qua" in output


def test_a_mail_server_hands_over_what_came_back(service):
    with service.session_factory.begin() as session:
        message = enqueue(
            session,
            key="x",
            kind=MessageKind.SIGN_IN,
            rcpt_to="gone@example.org",
            language="vi",
            now=NOW,
        )
        message.state, message.next_attempt = MessageState.SENT, None
        number = message.id
    ours = service.return_paths.of(number).encode()
    report = BOUNCE.read_bytes().replace(b"thu-ve+1-24a95de3b8eb7be401cb@bounces.example.org", ours)

    assert "1" in said("mail", "bounce", input=report)
    assert "0" in said("mail", "bounce", input=report)
    assert "0" in said("mail", "bounce", input=b"\xff\x00 nothing of ours")

    with service.session_factory() as session:
        assert session.get_one(Message, number).state is MessageState.BOUNCED


def test_a_copy_lists_what_would_go_and_lets_expire_what_was_due(service, home):
    with service.session_factory.begin() as session:
        for name, at in (("due", NOW), ("later", NOW + timedelta(days=4000))):
            enqueue(
                session,
                key=name,
                kind=MessageKind.SIGN_IN,
                rcpt_to=f"{name}@example.org",
                language="vi",
                now=NOW,
                next_attempt=at,
            )
    (home / "var" / "instance").write_text("elsewhere")

    listed = said("mail", "held")
    said("mail", "resume", "--held", "expire")

    assert "due@example.org" in listed
    assert "later@example.org" in listed
    with service.session_factory() as session:
        states = dict(map(tuple, session.execute(select(Message.key, Message.state)).all()))
        assert (states["due"], states["later"]) == (MessageState.EXPIRED, MessageState.READY)


def test_the_check_up_of_mail_names_what_it_looked_at(service):
    output = said("doctor", "--mail")

    assert all(name in output for name in ("SPF", "DKIM", "DMARC"))
