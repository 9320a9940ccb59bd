"""Bring a database to the newest version, and tell how far it is."""

from enum import Enum
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from events.database.sessions import rebuilding
from events.errors import N_, CannotRunError
from scheduler.tables import metadata

FOLDER = Path(__file__).with_name("migrations")


class NewerDatabaseError(CannotRunError):
    """Raised when the database was written by a newer version of this service; nothing is
    touched.
    """

    msgid = N_(
        "The database was made by a newer version (%(revision)s). Please install that version; "
        "nothing was changed."
    )


class Version(Enum):
    """How a database stands to this version of the service."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"


def newest() -> str:
    """Return the version that this program works with."""
    return ScriptDirectory(str(FOLDER)).get_current_head() or ""


def version_of(engine: Engine) -> Version:
    """Tell how old the database is, whoever writes. Raises ``NewerDatabaseError``."""
    with engine.execution_options(read_only=True).connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        return Version.EMPTY
    require_known(revision)
    return Version.CURRENT if revision == head() else Version.OLDER


def head() -> str:
    """Return the revision of this version of the service."""
    return ScriptDirectory(str(FOLDER)).get_current_head() or ""


def require_known(revision: str) -> None:
    """Raise ``NewerDatabaseError`` for a revision of another version of this service."""
    if revision not in {known.revision for known in ScriptDirectory(str(FOLDER)).walk_revisions()}:
        raise NewerDatabaseError(revision=revision)


def require_current(engine: Engine) -> None:
    """Raise ``CannotRunError`` for a database that is not made yet or older than this version."""
    if version_of(engine) is not Version.CURRENT:
        raise CannotRunError(N_("The database is not ready. Please run: sumvay init"))


def upgrade(engine: Engine) -> bool:
    """Bring the database to the newest version; return whether there was anything to do."""
    if version_of(engine) is Version.CURRENT:
        return False
    with rebuilding(engine) as connection:
        command.upgrade(_config(connection), "head")
    return True


def differences(engine: Engine) -> list[Any]:
    """Return what the models say and the migrated database does not have; empty when both agree."""
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "compare_server_default": False,
                "include_name": _is_ours,
            },
        )
        return list(compare_metadata(context, metadata))


def _is_ours(name: str | None, kind: str, _parents: object) -> bool:
    """Leave out the queues of workers, whose library looks after its tables itself."""
    return kind != "table" or not (name or "").startswith("procrastinate_")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.attributes["connection"] = connection
    return config
