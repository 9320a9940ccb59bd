"""PostgreSQL that hangs, behind a wire that can be cut."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from sqlalchemy import Engine, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from events.database import postgresql
from events.database.sessions import AwayErrors, create_engine

pytestmark = pytest.mark.postgresql
SOON = 10  # seconds; without limits all of this waits for ever


class Wire:
    """Carries bytes between a port and the socket of a server, until it is cut: then it takes what
    is sent and carries nothing.
    """

    def __init__(self, server: str) -> None:
        self.cut = threading.Event()
        self._server = server
        self._ends: list[socket.socket] = []
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(self._server)
            self._ends += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        try:
            while data := one.recv(65536):
                if not self.cut.is_set():
                    other.sendall(data)
        except OSError:
            pass
        with suppress(OSError):
            other.shutdown(socket.SHUT_RDWR)  # a reader in another thread keeps it from closing

    def close(self) -> None:
        for end in (self._door, *self._ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.fixture
def wire(postgresql_url: str) -> Iterator[Wire]:
    folder = make_url(postgresql_url).query.get("host")
    if not isinstance(folder, str) or not folder.startswith("/"):
        pytest.skip("the server listens on no socket of this machine")
    wire = Wire(f"{folder}/.s.PGSQL.5432")
    yield wire
    wire.close()


@pytest.fixture
def engine(wire: Wire, postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    for name, seconds in {"_CONNECT": 2, "_PING": 0.5, "_ANSWER": 1.0, "_REST": 1}.items():
        monkeypatch.setattr(postgresql, name, seconds)
    url = make_url(postgresql_url).set(host="127.0.0.1", port=wire.port, query={})
    engine = create_engine(url.render_as_string(hide_password=False))
    yield engine
    engine.dispose()


def ask(engine: Engine) -> object:
    with engine.connect() as connection:
        return connection.scalar(text("SELECT 1"))


def test_a_statement_that_is_never_answered_ends(engine: Engine, wire: Wire):
    with engine.connect() as connection:
        connection.scalar(text("SELECT 1"))
        wire.cut.set()
        begun = time.monotonic()
        with pytest.raises(OperationalError, match="does not answer"):
            connection.scalar(text("SELECT 2"))
    assert time.monotonic() - begun < SOON


def test_whoever_asks_next_is_told_at_once_until_the_server_is_back(engine: Engine, wire: Wire):
    ask(engine)
    wire.cut.set()
    begun = time.monotonic()
    with pytest.raises(AwayErrors):
        ask(engine)
    assert time.monotonic() - begun < SOON
    begun = time.monotonic()
    for _ in range(20):
        with pytest.raises(AwayErrors):
            ask(engine)
    assert time.monotonic() - begun < 1
    wire.cut.clear()
    time.sleep(1.1)
    assert ask(engine) == 1


@pytest.mark.parametrize("setting", ["statement_timeout", "lock_timeout"])
def test_the_server_is_told_how_long_it_may_take(postgresql_url: str, setting: str):
    engine = create_engine(postgresql_url)
    with engine.connect() as connection:
        assert connection.scalar(text(f"SHOW {setting}")) in ("30s", "10s")
    engine.dispose()


def test_a_failed_statement_says_nothing_of_its_values(postgresql_url: str):
    engine = create_engine(postgresql_url)
    with engine.connect() as connection, pytest.raises(DBAPIError) as failed:
        connection.execute(text("SELECT :email FROM nowhere"), {"email": "thi@example.org"})
    assert "thi@example.org" not in str(failed.value)
    engine.dispose()
