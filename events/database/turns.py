"""Whose turn it is: of several processes that share a database, one at a time does a thing.

PostgreSQL has locks that go with their connection, for SQLite a file beside the database is locked,
which the system lets go when the process ends, however it ends. Of threads that share a database in
memory each has its turn.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

from sqlalchemy import Engine, text

try:
    import fcntl
except ImportError:  # Windows, where a second start is refused by the open file instead
    fcntl = None  # type: ignore[assignment]


class Turn(Enum):
    """What only one does at a time: the end of a file's name, and a number of our own among
    PostgreSQL's advisory locks.
    """

    START = ("start", 0x53_56_01)
    RENEW = ("renewing", 0x53_56_02)
    PUBLISH = ("publishing", 0x53_56_03)

    def __init__(self, suffix: str, number: int) -> None:
        self.suffix = suffix
        self.number = number


@contextmanager
def turn(engine: Engine, which: Turn) -> Iterator[bool]:
    """Yield whether nobody else has this turn, and keep it from others meanwhile if so; nobody is
    waited for.
    """
    file = engine.url.database
    if engine.dialect.name == "postgresql":
        yield from _of_a_connection(engine, which.number)
    elif file and file != ":memory:" and fcntl is not None:
        database = Path(file)
        database.parent.mkdir(parents=True, exist_ok=True)
        with database.with_name(f"{database.name}.{which.suffix}").open("w") as lock:
            yield _locked(lock.fileno())
    else:
        yield True


def _of_a_connection(engine: Engine, number: int) -> Iterator[bool]:
    key = {"key": number}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), key))
        try:
            yield mine
        finally:
            if mine:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), key)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
