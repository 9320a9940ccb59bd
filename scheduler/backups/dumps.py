"""A database copied while others write in it, and a copy brought into an empty one.

SQLite copies itself (its online backup); PostgreSQL's own programs do it, of the server's version.
Both copies are of one moment, in which the files were asked for too.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, inspect, text
from sqlalchemy.orm import Session

from events.database.sessions import create_engine, create_session_factory, reading
from events.errors import N_, ConflictError, DomainError
from events.files.disk import make_folder, part_of, sync_file

_LONGEST = 4 * 3600  # seconds
_COPY = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
_Asked = Callable[[Session], set[str]]


class DumpError(DomainError):
    """Raised when a database could not be copied or brought back."""

    msgid = N_("The copy of the database failed: %(reason)s")


def dump(engine: Engine, folder: Path, ask: _Asked) -> tuple[str, set[str]]:
    """Copy a database into a folder; return the name of the copy, and what ``ask`` finds in it.

    Nobody who writes is held up. Raises ``DumpError``.
    """
    name = _COPY[engine.dialect.name]
    with part_of(folder / name) as part:
        if engine.dialect.name == "sqlite":
            found = _copy_sqlite(file_of(engine), part, ask)
        else:
            found = _dump_postgresql(engine, part, ask)
        sync_file(part)
    return name, found


def load(engine: Engine, copy: Path) -> None:
    """Bring a copy into the empty database of ``engine``. Raises ``DumpError``."""
    if engine.dialect.name == "sqlite":
        engine.dispose()
        place = file_of(engine)
        make_folder(place.parent)
        with part_of(place) as part:
            shutil.copyfile(copy, part)
            sync_file(part)
        return
    options = ["--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run(engine, "pg_restore", *options, "--dbname", _address(engine), str(copy))


def check_copy(copy: Path, backend: str) -> None:
    """Raise ``DumpError`` for a copy that cannot be read."""
    if backend == "sqlite":
        with closing(sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)) as database:
            _require_sound(database)
        return
    _run(None, "pg_restore", "--list", str(copy))


def require_empty(engine: Engine) -> None:
    """Raise ``ConflictError`` for a database that has something in it."""
    if engine.dialect.name == "sqlite":
        file = file_of(engine)
        # a log without its database would be played into the one that is brought back
        is_empty = not any(Path(f"{file}{end}").exists() for end in ("", "-wal", "-journal"))
    else:
        is_empty = not inspect(engine).get_table_names()
    if not is_empty:
        raise ConflictError(
            N_("The database is not empty. A backup is only brought into an empty place.")
        )


def file_of(engine: Engine) -> Path:
    """Return the file of an SQLite database. Raises ``DumpError``."""
    name = engine.url.database
    if not name or name == ":memory:":
        raise DumpError(reason="the database is in memory")
    return Path(name)


def _copy_sqlite(file: Path, copy: Path, ask: _Asked) -> set[str]:
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # in one step: begun anew after every write it might never end
    engine = create_engine(f"sqlite:///{copy}")
    with reading(create_session_factory(engine))() as session:
        found = ask(session)
    engine.dispose()
    with closing(sqlite3.connect(copy)) as target:
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without its log
        _require_sound(target)
    return found


def _require_sound(database: sqlite3.Connection) -> None:
    try:
        found = database.execute("PRAGMA integrity_check(1)").fetchone()[0]
        astray = database.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as error:
        raise DumpError(reason=error) from error
    if found != "ok" or astray is not None:
        raise DumpError(reason=found if astray is None else f"a row of {astray[0]} is astray")


def _dump_postgresql(engine: Engine, copy: Path, ask: _Asked) -> set[str]:
    options = engine.execution_options(isolation_level="REPEATABLE READ")
    with Session(options) as session:
        found = ask(session)
        snapshot = session.scalar(text("SELECT pg_export_snapshot()"))
        how = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
        _run(engine, "pg_dump", *how, "--file", str(copy), "--dbname", _address(engine))
    return found


def _run(engine: Engine | None, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL; the password is where no list of processes shows it."""
    found = shutil.which(program)
    if found is None:
        raise DumpError(reason=f"{program} is not installed")
    password = (engine.url.password if engine else None) or ""
    variables = os.environ | ({"PGPASSWORD": str(password)} if password else {})
    done = subprocess.run(  # noqa: S603 - the database's own program, no words of strangers
        [found, *arguments],
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LONGEST,
    )
    if done.returncode:
        raise DumpError(reason=" ".join(done.stderr.split()) or f"{program} ended with an error")


def _address(engine: Engine) -> str:
    url = engine.url.set(drivername="postgresql", password=None)
    return url.render_as_string(hide_password=False)
