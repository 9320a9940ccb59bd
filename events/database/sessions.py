"""Tables, engine and sessions. The only place that knows a database dialect.

SQLite needs its transactions spelled out: without ``BEGIN IMMEDIATE`` for writers, processes that
read and then write lose each other's changes, and without ``isolation_level = None`` savepoints
leak. Readers use a plain ``BEGIN``.
"""

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

import sqlalchemy as sa
from sqlalchemy import JSON, Connection, DateTime, Dialect, Engine, Enum, MetaData, event, orm
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, mapped_column, sessionmaker
from sqlalchemy.pool import StaticPool
from sqlalchemy.types import TypeDecorator

from events.database.postgresql import create_postgresql_engine, without_limits
from events.errors import BusyError, NoRoomError
from events.installation import INSTALLATION, Installation

# Two connections that checkpoint at once can reset a WAL file that is still read; mended in these
# releases.
_WAL_RESET_MENDED = ((3, 44, 6), (3, 50, 7), (3, 51, 3))
_PATIENCE = 30.0  # seconds a writer waits for another; pages wait less (`impatient`)
_BUSY, _FULL = {5, 6}, {13}  # SQLite: SQLITE_BUSY, SQLITE_LOCKED; SQLITE_FULL
_WAITED, _NO_SPACE = {"55P03"}, {"53100"}  # PostgreSQL: lock_not_available; disk_full
_ENCODER, _DECODER = json.JSONEncoder(), json.JSONDecoder()
_CONNECTIONS = 40  # at once; a server has fewer threads, and none waits for a connection

# what is raised while the database is away, hangs or keeps somebody waiting for too long
AwayErrors = (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)

# what pages name in their signatures, who ask nothing in SQL themselves
Session = orm.Session
Condition = sa.ColumnElement[bool]
SessionFactory = sessionmaker[Session]


class UtcDateTime(TypeDecorator[datetime]):
    """An instant.

    Refuses naive values and always gives back aware ones in UTC (SQLite itself would drop the
    offset).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """On SQLite write the text in one step: a morning writes instants by the thousand."""
        return _instant_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        """On SQLite read the text in one step."""
        if dialect.name == "sqlite":
            return _instant_of
        return super().result_processor(dialect, coltype)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"an instant needs a time zone: {value!r}")
    return value.astimezone(UTC)


def _instant_text(value: datetime | None) -> str | None:
    """Return an instant as SQLite keeps it: in UTC, with microseconds, without an offset."""
    if value is None:
        return None
    return _utc_text(value if value.tzinfo is UTC else _in_utc(value))


@lru_cache  # the rows of one transaction share a few instants
def _utc_text(value: datetime) -> str:
    return value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _instant_of(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


PrimaryKey = Annotated[int, mapped_column(primary_key=True)]
Uid = Annotated[str, mapped_column(sa.String(255), unique=True)]
Key = Annotated[str, mapped_column(sa.String(64))]


class Base(DeclarativeBase):
    """The declarative base of all packages.

    Every constraint has a name, or a later migration would lose it on SQLite.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: UtcDateTime,
        date: sa.Date,
        dict[str, Any]: JSON,
        list[str]: JSON,
        list[dict[str, Any]]: JSON,
        StrEnum: Enum(
            StrEnum, native_enum=False, length=32, values_callable=lambda e: [m.value for m in e]
        ),
    }


def create_engine(url: str) -> Engine:
    """Return the engine for ``url``; an SQLite file's folder is made if it is missing."""
    if make_url(url).get_backend_name() != "sqlite":
        engine = create_postgresql_engine(url)
        event.listen(engine, "begin", _begin_postgresql)
        return engine
    return _create_sqlite_engine(url)


def create_session_factory(
    engine: Engine, installation: Installation | None = None
) -> SessionFactory:
    """Return the factory of sessions that may write; without an ``installation`` they go by what is
    shipped.
    """
    return sessionmaker(
        engine, expire_on_commit=False, info={INSTALLATION: installation or Installation()}
    )


def reading(session_factory: SessionFactory) -> SessionFactory:
    """Return a factory of sessions that only read, and so never wait for a writer."""
    engine = session_factory.kw["bind"]
    if not isinstance(engine, Engine):  # bound to one connection whose transaction is already open
        return session_factory
    return sessionmaker(**session_factory.kw | {"bind": engine.execution_options(read_only=True)})


def of_one_connection(session_factory: SessionFactory) -> bool:
    """Tell whether all sessions share one connection, which no other thread may use beside them."""
    return not isinstance(session_factory.kw["bind"], Engine)


def impatient(session_factory: SessionFactory, seconds: float) -> SessionFactory:
    """Return a factory of sessions that may write and wait ``seconds`` at most for another writer,
    as people can.
    """
    engine = session_factory.kw["bind"]
    if not isinstance(engine, Engine):
        return session_factory
    return sessionmaker(**session_factory.kw | {"bind": engine.execution_options(patience=seconds)})


def before_writing(session: Session, ask: Callable[[], None]) -> None:
    """Let ``ask`` be called before a session sends anything that changes rows; what it raises keeps
    them as they are.
    """

    def on_flush(_session: Session, _context: object, _instances: object) -> None:
        if session.dirty or session.new or session.deleted:
            ask()

    def on_statement(state: orm.ORMExecuteState) -> None:
        if state.is_insert or state.is_update or state.is_delete:
            ask()

    event.listen(session, "before_flush", on_flush)
    event.listen(session, "do_orm_execute", on_statement)


def is_busy(error: BaseException) -> bool:
    """Tell whether the database refused since another writer was at work."""
    original = getattr(error, "orig", error)
    code = getattr(original, "sqlite_errorcode", 0) & 0xFF
    return code in _BUSY or getattr(original, "sqlstate", None) in _WAITED


@contextmanager
def saying_not_now() -> Iterator[None]:
    """Raise ``BusyError`` or ``NoRoomError`` for what a database cannot write just now."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        if is_busy(error):
            raise BusyError from error
        if _is_full(error.orig):
            raise NoRoomError from error
        raise


def new_uid(domain: str = "sumvay") -> str:
    """Return an identifier for life (RFC 7986, 5.3): random, printable ASCII, never made from a
    title or a date.
    """
    return f"{uuid.uuid4()}@{domain}"


def wal_reset_bug(version: tuple[int, ...] | None = None) -> bool:
    """Tell whether this SQLite can damage a database that two connections checkpoint at once (3.7.0
    to 3.51.2).
    """
    if version is None:
        import sqlite3

        version = sqlite3.sqlite_version_info
    return not any(
        version[:2] == mended[:2] and version >= mended for mended in _WAL_RESET_MENDED
    ) and version < (3, 51, 3)


@contextmanager
def rebuilding(engine: Engine) -> Iterator[Connection]:
    """Yield a connection in a transaction that may rebuild tables, as SQLite must to change one
    that others point at.

    Its foreign keys can only be put aside outside a transaction; they are checked before anything
    is committed.
    """
    with engine.connect() as connection:
        is_sqlite = engine.dialect.name == "sqlite"
        if is_sqlite:
            _pragma(connection, "foreign_keys = OFF")
        try:
            with connection.begin():
                if not is_sqlite:
                    without_limits(connection)
                yield connection
                if is_sqlite and (
                    broken := connection.exec_driver_sql("PRAGMA foreign_key_check").first()
                ):
                    raise sa.exc.IntegrityError(
                        f"{broken[0]} points at a row of {broken[2]} that is gone",
                        None,
                        Exception(),
                    )
        finally:
            if is_sqlite:
                _pragma(connection, "foreign_keys = ON")


def checkpoint(engine: Engine) -> None:
    """Fold SQLite's write-ahead log into the file.

    With the WAL reset bug only the clock does this, never a connection.
    """
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            _pragma(connection, "wal_checkpoint(PASSIVE)")


def _create_sqlite_engine(url: str) -> Engine:
    file = make_url(url).database
    in_memory = not file or file == ":memory:"
    if in_memory:
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
            json_serializer=_ENCODER.encode,
            json_deserializer=_read_json,
        )
    else:
        assert file
        Path(file).parent.mkdir(parents=True, exist_ok=True)
        engine = sa.create_engine(
            url,
            hide_parameters=True,
            connect_args={"check_same_thread": False},
            json_serializer=_ENCODER.encode,
            json_deserializer=_read_json,
            max_overflow=_CONNECTIONS,
        )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _read_json(text: str) -> Any:
    """Return what a JSON column holds. The encoder wrote it, without the blanks around a value for
    which ``json.loads`` looks twice; a list page reads thousands of them.
    """
    return _DECODER.raw_decode(text)[0]


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {_PATIENCE * 1000:.0f}")
    connection.execute("PRAGMA journal_mode = WAL")
    # with NORMAL a power cut takes back what people were told is saved
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    if wal_reset_bug():
        connection.execute("PRAGMA wal_autocheckpoint = 0")


def _pragma(connection: Connection, text: str) -> None:
    """Tell SQLite something outside a transaction."""
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    dbapi.cursor().execute(f"PRAGMA {text}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("read_only", False):
        connection.exec_driver_sql("BEGIN")
        return
    patience = options.get("patience", _PATIENCE)
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_postgresql(connection: Connection) -> None:
    patience = connection.get_execution_options().get("patience")
    if patience is not None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{patience * 1000:.0f}ms'")


def _is_full(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in _FULL or getattr(error, "sqlstate", None) in _NO_SPACE
