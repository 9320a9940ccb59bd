"""PostgreSQL that is asked for so long and no longer.

A server that is gone refuses at once. One that hangs (a stopped machine, a full disk, a lost route)
says nothing, and would hold every thread that asks it, one after the other, for ever. So the
server is told how long a statement and a lock may take, the system how long an unanswered packet,
and the connection itself gives up when nothing comes back at all.
"""

import time
from collections.abc import Callable
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import Engine, event

_CONNECT = 5  # seconds, as all below
_PING = 4  # until an old connection says that it still lives
_LOCK = 10  # until somebody else has changed what one wants to change
_STATEMENT = 30
_ANSWER = _STATEMENT + 5.0  # the server had to give up before
_IDLE = 300  # within a transaction: whoever computes for longer has died and holds its locks
_REST = 3  # after no answer, before it is asked again
_KEPT, _MORE, _WAIT_FOR_ONE = 10, 30, 5  # connections: above the threads of the web server


class _Server:
    """Whether the server answers, as far as is known: ``silent_until`` is monotonic seconds."""

    silent_until = 0.0

    def gave_no_answer(self) -> None:
        self.silent_until = time.monotonic() + _REST

    def ask(self) -> None:
        if time.monotonic() < self.silent_until:
            raise psycopg.OperationalError("the server gave no answer a moment ago")


class _Connection(psycopg.Connection[Any]):
    """A connection that is closed when the server does not answer in time."""

    patience: float | None = _ANSWER
    server = _Server()

    def wait(self, gen: Any, *args: Any, **kwargs: Any) -> Any:
        kwargs.setdefault("timeout", self.patience)
        try:
            return super().wait(gen, *args, **kwargs)
        except psycopg.OperationalError as error:
            if type(error).__name__ == "_WaitTimeout":
                self.server.gave_no_answer()
                self.close()
                raise psycopg.OperationalError("the server does not answer") from error
            raise


def create_postgresql_engine(url: str) -> Engine:
    """Return an engine none of whose questions waits for ever."""
    settings = {
        "statement_timeout": _STATEMENT,
        "lock_timeout": _LOCK,
        "idle_in_transaction_session_timeout": _IDLE,
    }
    engine = sa.create_engine(
        url,
        hide_parameters=True,
        pool_pre_ping=True,
        pool_size=_KEPT,
        max_overflow=_MORE,
        pool_timeout=_WAIT_FOR_ONE,
        connect_args={
            "connect_timeout": _CONNECT,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": int(_ANSWER * 1000),
            "options": " ".join(f"-c {name}={value}s" for name, value in settings.items()),
        },
    )
    server = _Server()

    class Connection(_Connection):
        pass

    Connection.server, Connection.patience = server, _ANSWER

    def connect(_dialect: object, _record: object, cargs: Any, cparams: Any) -> Any:
        server.ask()
        try:
            return Connection.connect(*cargs, **cparams)
        except psycopg.OperationalError:
            server.gave_no_answer()
            raise

    event.listen(engine, "do_connect", connect)
    engine.dialect.do_ping = _quick(engine.dialect.do_ping)  # type: ignore[assignment,method-assign]
    return engine


def without_limits(connection: sa.Connection) -> None:
    """Let the statements of this transaction take as long as they take, as a migration's may."""
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("SET LOCAL lock_timeout = 0")
    dbapi = connection.connection.dbapi_connection
    if isinstance(dbapi, _Connection):
        dbapi.patience = None


def _quick(ping: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """Return a ping that waits shorter than other questions; pooled connections begin with it, and
    so get their patience back.
    """

    def quick(connection: Any) -> bool:
        connection.patience = _PING
        try:
            return ping(connection)
        finally:
            connection.patience = _ANSWER

    return quick
