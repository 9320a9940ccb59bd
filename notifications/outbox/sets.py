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
    statement = (
        _insert(session, table)
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(table.id, table.key)
    )
    return {row.key: row.id for row in session.connection().execute(statement, rows)}


def insert_once(session: Session, table: Any, row: dict[str, Any]) -> None:
    """Insert a row with its ``id`` unless it is there, whoever does the same at the same time."""
    session.execute(_insert(session, table).values(row).on_conflict_do_nothing())


def _insert(session: Session, table: Any) -> Any:
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table)


def chunks(values: Sequence[T]) -> Iterable[Sequence[T]]:
    """Yield values in pieces that fit into one statement each."""
    return (values[start : start + _A_CHUNK] for start in range(0, len(values), _A_CHUNK))
