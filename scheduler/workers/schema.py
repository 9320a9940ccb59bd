"""The tables of Procrastinate in our database: made beside ours, and brought to its version.

They hold wake-ups alone: losing them loses nothing.
"""

from importlib.metadata import version
from pathlib import Path

from procrastinate.schema import SchemaManager
from sqlalchemy import Engine, text

from events.errors import N_, CannotRunError

_WHICH = text("SELECT obj_description(to_regclass('procrastinate_jobs'))")
_THERE = text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")


def ensure(engine: Engine) -> None:
    """Make the tables, or bring those of an older version to this one; doing it again changes
    nothing.
    """
    here = version("procrastinate")
    with engine.begin() as connection:
        there, made_by = connection.scalar(_THERE), connection.scalar(_WHICH)
        if made_by == here:
            return
        raw = connection.connection.driver_connection
        assert raw is not None
        for statements in _migrations(made_by or "") if there else [SchemaManager.get_schema()]:
            raw.execute(statements)
        # which version made them stands where everybody who looks at them sees it
        raw.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{here}'")


def require(engine: Engine) -> None:
    """Raise ``CannotRunError`` where the tables of this version are missing."""
    with engine.connect() as connection:
        if connection.scalar(_WHICH) != version("procrastinate"):
            raise CannotRunError(N_("The database is not ready. Please run: sumvay init"))


def _migrations(made_by: str) -> list[str]:
    """Return what later versions change; a file is called by its version and its turn."""
    folder = Path(SchemaManager.get_migrations_path())
    return [
        file.read_text(encoding="utf-8")
        for file in sorted(folder.glob("*.sql"))
        if _number(file.name.partition("_")[0]) > _number(made_by)
    ]


def _number(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in name.split(".") if part.isdigit())
