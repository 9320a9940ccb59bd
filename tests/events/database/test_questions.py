"""A question of polls is answered as a session would answer it, also when a connection fails."""

import sqlite3
import threading
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import bindparam, insert, select

from events.database import questions
from events.database.questions import Question
from events.database.sessions import Base, create_session_factory, reading
from events.models import Feed

NOON = datetime(2021, 3, 1, 5, tzinfo=UTC)
WHEN = Question(
    select(Feed.etag, Feed.last_modified, Feed.gone).where(Feed.key == bindparam("key"))
)


@pytest.fixture
def engine(blank_engine):
    """A database with one calendar, as those who read ask it."""
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    with factory.begin() as session:
        columns = {"etag": "1", "last_modified": NOON, "body": b"", "packed": b"", "gone": True}
        session.execute(insert(Feed).values(key="a", as_of=date(2021, 3, 1), **columns))
    return reading(factory).kw["bind"]


def test_columns_come_back_as_a_session_gives_them(engine):
    assert WHEN.ask(engine, "a") == ("1", NOON, True)
    assert WHEN.ask(engine, "b") is None


def test_what_was_committed_since_is_seen(engine):
    WHEN.ask(engine, "a")
    with engine.begin() as connection:
        connection.execute(Feed.__table__.update().values(etag="2"))

    row = WHEN.ask(engine, "a")

    assert row is not None
    assert row[0] == "2"


def test_nobody_waits_for_a_connection_of_the_pool(engine):
    """Each thread keeps its own, and the pool has as many as before."""
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(WHEN.ask(engine, "a"))) for _ in range(60)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert done == [("1", NOON, True)] * 60
    assert engine.pool.checkedout() == 0


def test_a_connection_that_fails_is_left_and_the_question_asked_again(engine, monkeypatch):
    if engine.dialect.name != "sqlite":
        pytest.skip("a connection of the pool, which looks after that itself")
    WHEN.ask(engine, "a")
    questions._mine.kept[1].close()

    assert WHEN.ask(engine, "a") == ("1", NOON, True)
    assert WHEN.ask(engine, "a") == ("1", NOON, True)


def test_an_engine_that_let_go_of_its_connections_is_asked_by_a_new_one(engine):
    if engine.dialect.name != "sqlite":
        pytest.skip("the pool does that")
    WHEN.ask(engine, "a")
    before = questions._mine.kept[1]
    engine.dispose()

    WHEN.ask(engine, "a")

    assert isinstance(before, sqlite3.Connection)
    assert questions._mine.kept[1] is not before
