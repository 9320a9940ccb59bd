"""Rows in sets: those with a new key inserted, many ids in pieces."""

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

_A_CHUNK = 5_000  # ids in one statement; SQLite and PostgreSQL both take more

T = TypeVar("T")


def insert_new(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Insert the rows whose key is not there yet and return the ids of those, by key.

    ``table`` has the columns ``id`` and ``key``.

    A key that another process has inserted but not yet committed is waited for on PostgreSQL;
    SQLite has one writer at a time.
    """
    if not rows:
        return {}
    connection = session.connection()
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = (
        dialect.insert(table)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(table.id, table.key)
    )
    return {row.key: row.id for row in connection.execute(statement, rows)}


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Yield values in pieces that fit into one statement each."""
    return (values[start : start + _A_CHUNK] for start in range(0, len(values), _A_CHUNK))
