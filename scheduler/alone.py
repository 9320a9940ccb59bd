"""One start at a time: whoever prepares or migrates a database waits for the one before.

PostgreSQL has locks that go with their connection, for SQLite a file beside the database is locked,
which the system lets go when the process ends, however it ends.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, text

from events.errors import N_, CannotRunError

try:
    import fcntl
except ImportError:  # Windows, where a second start is refused by the open file instead
    fcntl = None  # type: ignore[assignment]

_LOCK = 0x53_56_01  # a number of our own among PostgreSQL's advisory locks
_PATIENCE = 300.0  # seconds: the longest migration of the largest province, many times
_MOMENT = 0.2


class StillStartingError(CannotRunError):
    """Raised when another start goes on for longer than anybody waits."""

    msgid = N_("Another start of this service still prepares the database; please try again later.")


@contextmanager
def alone(engine: Engine, patience: float = _PATIENCE) -> Iterator[None]:
    """Wait until nobody else prepares this database, and keep others waiting meanwhile.

    Raises ``StillStartingError`` after ``patience`` seconds.
    """
    file = engine.url.database
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            _wait(
                lambda: bool(
                    connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK})
                ),
                patience,
            )
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
    elif file and file != ":memory:" and fcntl is not None:
        with _beside(Path(file)).open("w") as lock:
            _wait(lambda: _locked(lock.fileno()), patience)
            yield
    else:
        yield


def _beside(database: Path) -> Path:
    database.parent.mkdir(parents=True, exist_ok=True)
    return database.with_name(f"{database.name}.start")


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(got: Callable[[], bool], patience: float) -> None:
    deadline = time.monotonic() + patience
    while not got():
        if time.monotonic() > deadline:
            raise StillStartingError
        time.sleep(_MOMENT)
