"""Work that a transaction leaves is heard when it is committed, and only then."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import column, insert, table, update

from events.models import FeedMark
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from scheduler.workers.noticing import on_work

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)


@pytest.fixture
def heard(engine, blank_session_factory):
    told: list[list[str]] = []
    end = on_work(
        blank_session_factory.kw["bind"], lambda _connection, queues: told.append([*queues])
    )
    yield told
    end()


@pytest.fixture
def engine(blank_engine):
    from scheduler import migrate

    migrate.upgrade(blank_engine)
    return blank_engine


@pytest.fixture
def blank_session_factory(engine):
    from events.database.sessions import create_session_factory

    return create_session_factory(engine)


def write(session, key: str) -> None:
    enqueue(
        session,
        key=key,
        kind=MessageKind.SIGN_IN,
        rcpt_to="a@example.org",
        language="vi",
        now=NOW,
        params={"url": "https://lich.example.org/", "minutes": 15},
    )


def test_each_queue_is_told_once_a_transaction(heard, blank_session_factory):
    with blank_session_factory.begin() as session:
        write(session, "one")
        write(session, "two")
        session.add(FeedMark(what="", row_id=None))

    assert heard == [["feeds", "mail"]]


def test_what_is_undone_leaves_no_work(heard, blank_session_factory):
    with blank_session_factory() as session:
        write(session, "one")
        session.rollback()
        session.commit()
        with session.begin_nested() as savepoint:
            write(session, "two")
            savepoint.rollback()
        assert heard == []


def test_what_became_of_a_mail_wakes_nobody(heard, blank_session_factory):
    with blank_session_factory.begin() as session:
        write(session, "one")
    with blank_session_factory.begin() as session:
        session.execute(update(Message).values(state=MessageState.SENT, next_attempt=None))

    assert heard == [["mail"]]


def test_whoever_cannot_be_told_keeps_the_work_from_being_left(engine, blank_session_factory):
    def fail(_connection, _queues):
        raise RuntimeError("the queue is gone")

    end = on_work(engine, fail)
    with pytest.raises(RuntimeError), blank_session_factory.begin() as session:
        write(session, "one")
    end()

    with blank_session_factory() as session:
        assert session.query(Message).count() == 0


def test_what_a_migration_writes_is_nobodys_work(heard, blank_session_factory):
    named = table("feed_mark", column("what"), column("row_id"))
    with blank_session_factory.begin() as session:
        session.execute(insert(named).values(what="", row_id=None))

    assert heard == []
