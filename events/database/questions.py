"""A question that is asked at every poll: one row by a key, with as little as that takes.

A session or even a connection of SQLAlchemy costs several times what SQLite itself needs to find a
row. So each thread keeps a connection of its own that only reads, outside the pool, which others
need; each question is a transaction by itself. Where that fails, as while the database is away, it
is asked as everywhere else, which also says so as everywhere else. PostgreSQL is asked by the pool:
there the way to the server takes the time.
"""

import sqlite3
import threading
from typing import Any

from sqlalchemy import Engine, Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.pool import StaticPool

_SQLITE = sqlite.dialect()
_PAGES = "PRAGMA cache_size = -256"  # kilobytes; the system keeps the file in its own memory

_mine = threading.local()


class Question:
    """A statement with the one parameter ``key``, made into text once."""

    def __init__(self, statement: Select[*tuple[Any, ...]]) -> None:
        self._statement = statement
        self.text = str(statement.compile(dialect=_SQLITE))
        self._readers = [
            column.type.dialect_impl(_SQLITE).result_processor(_SQLITE, None)
            for column in statement.selected_columns
        ]

    def ask(self, engine: Engine, key: str) -> tuple[Any, ...] | None:
        """Return the columns of the row, or None where there is none."""
        if engine.dialect.name == "sqlite" and not isinstance(engine.pool, StaticPool):
            try:
                rows = _connection(engine).execute(self.text, (key,)).fetchall()
            except sqlite3.Error:
                _mine.kept = None
            else:
                return self._read(rows[0]) if rows else None
        with engine.connect() as connection:
            row = connection.execute(self._statement, {"key": key}).one_or_none()
        return tuple(row) if row is not None else None

    def _read(self, row: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            read(value) if read else value for read, value in zip(self._readers, row, strict=True)
        )


def _connection(engine: Engine) -> sqlite3.Connection:
    """Return this thread's connection, a new one after the engine let go of all of its own."""
    kept = getattr(_mine, "kept", None)
    if kept is not None and kept[0] is engine.pool:
        return kept[1]  # type: ignore[no-any-return]
    raw = engine.raw_connection()
    connection: Any = raw.driver_connection
    raw.detach()
    connection.execute(_PAGES)
    _mine.kept = engine.pool, connection
    return connection  # type: ignore[no-any-return]
