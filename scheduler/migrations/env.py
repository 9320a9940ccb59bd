"""How Alembic reaches the database: always through a connection that it is given."""

from typing import Any, Literal

import sqlalchemy as sa
from alembic import context

from events.database.sessions import UtcDateTime
from scheduler.tables import metadata


def _render(kind: str, value: Any, _context: Any) -> str | Literal[False]:
    """Write a new migration with plain column types, so that it never depends on code that changes
    later.
    """
    if kind == "type" and isinstance(value, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(value, sa.Enum):
        return f"sa.String(length={value.length})"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
