"""`sumvay status`: how the service stands, for people and for programs."""

import json
from datetime import UTC, datetime

import pytest

from events.people.posts import number_in_posts
from notifications.outbox.listing import number_by_state
from notifications.outbox.table import MessageKind, MessageState
from notifications.outbox.writing import enqueue
from scheduler.status import MailStatus, _mail
from tests.scheduler.processes import sumvay
from tests.scheduler.test_cli import home  # noqa: F401 - a fixture

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)


def _send(session, key, state):
    message = enqueue(
        session,
        key=key,
        kind=MessageKind.REMINDER,
        rcpt_to="ai@example.org",
        language="vi",
        now=NOW,
    )
    message.state = state
    session.flush()


def test_messages_are_counted_by_where_they_are(session):
    _send(session, "a", MessageState.READY)
    _send(session, "b", MessageState.FAILED)
    _send(session, "c", MessageState.FAILED)

    assert number_by_state(session) == {MessageState.READY: 1, MessageState.FAILED: 2}


def test_somebody_with_two_posts_is_one_person(session, cast):
    before = number_in_posts(session, NOW.date())
    cast._holder("Cán bộ tỉnh (Hòa)", "hoa@example.org", cast.commune, "ubnd_xa")
    session.flush()

    assert number_in_posts(session, NOW.date()) == before == 3


def test_mail_that_was_refused_is_not_taken_for_mail_that_was_held_back():
    number = {MessageState.READY: 1, MessageState.FAILED: 2, MessageState.SUPPRESSED: 3}

    mail = _mail(number, paused=False)
    assert mail == MailStatus(waiting=1, failed=2, suppressed=3, paused=False)


@pytest.mark.slow
def test_status_is_a_table_for_people_and_keys_that_stay_for_programs(home):  # noqa: F811
    before = sumvay(home, "status")
    sumvay(home, "init")
    table = sumvay(home, "status")
    said = sumvay(home, "status", "--format", "json")

    assert (before.returncode, table.returncode, said.returncode) == (1, 0, 0)
    assert "sumvay init" in before.stderr
    assert "Traceback" not in before.stderr
    status = json.loads(said.stdout)
    assert list(status) == [
        "at",
        "day",
        "open_rounds",
        "items",
        "silent_units",
        "people",
        "mail",
        "backup",
        "next_deadline",
        "jobs",
    ]
    assert set(status["items"]) == {"expected", "done", "late", "overdue", "before_start_line"}
    assert status["items"]["expected"] > status["items"]["overdue"] >= status["items"]["done"] == 0
    assert status["mail"] == {"waiting": 0, "failed": 0, "suppressed": 0, "paused": False}
    assert status["people"] == 0
    assert status["jobs"] == {
        "open": None,
        "remind": None,
        "relay": None,
        "subscribers": None,
        "calendars": None,
        "forget": None,
        "tidy": None,
        "sweep": None,
        "bounces": None,
        "report": None,
        "backup": None,
    }
    assert str(status["items"]["expected"]) in table.stdout


@pytest.mark.slow
def test_status_counts_people_and_names_the_last_beat_of_a_job_and_its_error(home):  # noqa: F811
    from events.database import sessions as database
    from scheduler.watch.heartbeats import beat

    sumvay(home, "init")
    sumvay(home, "demo")
    engine = database.create_engine(f"sqlite:///{home}/var/sumvay.db")
    beat(database.create_session_factory(engine), "relay", now=NOW, error="no route to host")
    engine.dispose()

    said = json.loads(sumvay(home, "status", "--format", "json").stdout)

    assert said["people"] > 0
    assert said["jobs"]["relay"] == {
        "last": "2021-03-04T02:00:00+00:00",
        "error": "no route to host",
    }
