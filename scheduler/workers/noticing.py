"""Hearing at the engine which queues a transaction leaves work for, just before it is committed.

It is heard where all statements pass, so that no use case can forget it (as `events.models.marking`
does for calendars).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, event

from events.database.sessions import Base

OF_TABLE = {"message": "mail", "feed_mark": "feeds"}  # whom a new row of a table wakes

_LEFT = "queues that are left work"  # where ``Connection.info`` has them

Tell = Callable[[Connection, Sequence[str]], None]


def on_work(engine: Engine, tell: Tell) -> Callable[[], None]:
    """Let ``tell`` be called with the queues of each transaction that leaves work, on its
    connection and before it is committed; what it raises undoes the transaction. Return what ends
    this.
    """

    def after_execute(
        connection: Connection,
        statement: Any,
        _many: Sequence[Mapping[str, Any]],
        _one: Mapping[str, Any],
        _options: Mapping[str, Any],
        _result: object,
    ) -> None:
        if getattr(statement, "is_insert", False) and _is_ours(statement.table):
            connection.info.setdefault(_LEFT, set()).add(OF_TABLE[statement.table.name])

    def commit(connection: Connection) -> None:
        if queues := connection.info.pop(_LEFT, None):
            tell(connection, sorted(queues))

    def rollback(connection: Connection) -> None:
        connection.info.pop(_LEFT, None)

    heard: list[tuple[str, Callable[..., None]]] = [
        ("after_execute", after_execute),
        ("commit", commit),
        ("rollback", rollback),
    ]
    for name, listener in heard:
        event.listen(engine, name, listener)

    def end() -> None:
        for name, listener in heard:
            event.remove(engine, name, listener)

    return end


def _is_ours(table: Any) -> bool:
    """Tell whether a row of this table is left work; a migration writes tables of its own time,
    and some that it only names.
    """
    return getattr(table, "metadata", None) is Base.metadata and table.name in OF_TABLE
