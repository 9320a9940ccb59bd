"""Wake-ups in PostgreSQL: in the transaction that leaves the work, taken over from the dead."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from procrastinate import App, PsycopgConnector
from sqlalchemy import Engine, text

from events.database.sessions import create_session_factory
from scheduler import migrate
from scheduler.workers import procrastinate, schema, waking
from tests.scheduler.workers.test_noticing import write

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("blank_engine", ["postgresql"], indirect=True),
]
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
TODO = text("SELECT queue_name FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id")


@pytest.fixture
def engine(blank_engine: Engine) -> Engine:
    migrate.upgrade(blank_engine)
    schema.ensure(blank_engine)
    return blank_engine


@pytest.fixture
def address(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


@pytest.fixture
def factory(engine, address):
    procrastinate.hear(engine, address)
    return create_session_factory(engine)


def waiting(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [*connection.scalars(TODO)]


def test_a_wake_up_is_there_when_its_mail_is_and_not_before(engine, factory):
    with factory() as session:
        write(session, "one")
        assert waiting(engine) == []
        session.commit()
    assert waiting(engine) == ["mail"]

    with factory() as session:
        write(session, "two")
        session.rollback()
    assert waiting(engine) == ["mail"]


def test_there_are_as_many_wake_ups_as_workers_may_share_and_no_more(engine, address):
    with procrastinate.Deferring(address) as deferring:
        deferring.top_up("mail")
        deferring.top_up("mail")
        assert deferring.is_full("mail")

    assert waiting(engine) == ["mail"] * 4


def test_a_wake_up_of_a_worker_that_died_is_given_to_another(engine, address):
    with procrastinate.Deferring(address) as deferring:
        deferring.top_up("mail")
    with engine.begin() as connection:
        worker = connection.scalar(
            text(
                "INSERT INTO procrastinate_workers (last_heartbeat)"
                " VALUES (now() - interval '1 minute') RETURNING id"
            )
        )
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker"),
            {"worker": worker},
        )
    assert waiting(engine) == []

    async def take_over() -> None:
        app = App(connector=PsycopgConnector(conninfo=procrastinate._as_libpq(address)))
        async with app.open_async():
            await procrastinate._take_over(app)

    asyncio.run(take_over())

    assert waiting(engine) == ["mail"] * 4


def test_the_tables_are_made_once_and_tell_of_which_version_they_are(engine):
    schema.ensure(engine)
    schema.require(engine)

    with engine.begin() as connection:
        connection.execute(text("COMMENT ON TABLE procrastinate_jobs IS '0.1'"))
    with pytest.raises(Exception, match="not ready"):
        schema.require(engine)


def test_the_tables_of_workers_are_no_difference_to_the_models(engine):
    assert migrate.differences(engine) == []


class Service:
    """As much of one as the clock needs to wake workers."""

    def __init__(self, factory, address: str) -> None:
        self.session_factory, self.sent = factory, []
        self.settings = type("Settings", (), {"database": type("Database", (), {"url": address})})

    def relay(self, now: datetime) -> None:
        self.sent.append(now)


def test_the_clock_wakes_workers_for_mail_and_sends_it_itself_when_nobody_comes(
    engine, factory, address
):
    service = Service(factory, address)
    wake_ups = waking.WakeUps(service)
    wake_ups.look(NOW)
    assert waiting(engine) == []
    with factory.begin() as session:
        write(session, "one")

    for seconds in (0, 30, 60):
        wake_ups.look(NOW + timedelta(seconds=seconds))
        assert waiting(engine) == ["mail"] * 4
    assert service.sent == []
    wake_ups.look(NOW + timedelta(seconds=90))

    assert service.sent == [NOW + timedelta(seconds=90)]
