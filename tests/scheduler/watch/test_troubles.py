"""Somebody is told when the clock or mail stands still, or too much has piled up."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from events.database.sessions import reading
from events.models import Person
from events.people.persons import add_person
from notifications.outbox import pausing
from notifications.outbox.suppression import Suppression, SuppressionReason
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from scheduler import jobs
from scheduler.timetable import Clock, Tick
from scheduler.watch import watchdog
from scheduler.watch.heartbeats import PULSE, beat
from scheduler.watch.troubles import STANDS, Limits, troubles
from scheduler.watch.watchdog import Progress
from tests.scheduler.test_timetable import PATIENCE, a_service
from web.app import create_app

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def service(tmp_path):
    service = a_service(tmp_path)
    yield service
    service.engine.dispose()


def found(service, at=NOW, limits=None):
    with reading(service.session_factory)() as session:
        return [one.short for one in troubles(session, at, limits or Limits())]


def write(service, number=1, **columns):
    with service.session_factory.begin() as session:
        for each in range(number):
            message = enqueue(
                session,
                key=f"m{each}",
                kind=MessageKind.SIGN_IN,
                rcpt_to=f"a{each}@example.org",
                language="vi",
                now=NOW,
            )
            for name, value in columns.items():
                setattr(message, name, value)


def test_a_service_whose_clock_never_ran_is_well(service):
    assert found(service) == []


def test_a_silent_clock_is_noticed_within_fifteen_seconds(service):
    assert STANDS + timedelta(seconds=2) <= timedelta(seconds=15)
    beat(service.session_factory, PULSE, now=NOW, clock="a:1")

    assert found(service, NOW + timedelta(seconds=5)) == []
    assert found(service, NOW + STANDS + timedelta(seconds=1)) == ["clock stands still"]


def test_a_pulse_of_a_time_to_come_does_not_hide_that_the_clock_is_silent(service):
    beat(service.session_factory, PULSE, now=NOW + timedelta(days=31), clock="a:1")

    assert found(service) == ["clock stands still"]


def test_one_clock_of_two_that_lives_is_enough(service):
    beat(service.session_factory, PULSE, now=NOW - MINUTE, clock="a:1")
    beat(service.session_factory, PULSE, now=NOW, clock="b:1", error="relay")
    beat(service.session_factory, PULSE, now=NOW, clock="c:1")

    assert found(service) == []


@pytest.mark.parametrize(
    ("error", "short"), [("relay", "mail stands still"), ("open", "clock stands still")]
)
def test_a_job_that_does_not_get_on_is_named(service, error, short):
    beat(service.session_factory, PULSE, now=NOW, clock="a:1", error=error)

    assert found(service) == [short]


def test_a_pause_that_a_server_made_is_told(service):
    with service.session_factory.begin() as session:
        pausing.pause(session, now=NOW, said=pausing.Said(535, "bad password", "auth"))

    assert found(service) == ["mail is refused"]


def test_what_piles_up_is_told_beyond_its_limit_and_not_before(service):
    write(service, 3)
    limits = Limits(waiting=3, oldest=timedelta(hours=1), failed=0, suppressed=0)

    assert found(service, NOW + MINUTE, limits) == []
    assert found(service, NOW + MINUTE, replace(limits, waiting=2)) == ["too much mail waits"]
    assert found(service, NOW + 61 * MINUTE, limits) == ["mail is late"]
    assert found(service, NOW + 61 * MINUTE, replace(limits, oldest=timedelta())) == []


def test_refused_mails_of_today_and_addresses_without_mail_are_counted(service):
    write(service, 2, state=MessageState.FAILED, next_attempt=None)
    with service.session_factory.begin() as session:  # one came back after it was taken
        session.scalars(select(Message)).first().state = MessageState.BOUNCED
    with service.session_factory.begin() as session:
        row = {"reason": SuppressionReason.NO_MAILBOX, "words": "", "times": 1}
        for name in ("a@example.org", "b@example.org"):
            session.add(Suppression(address=name, since=NOW, until=NOW + 9 * MINUTE, **row))
    limits = Limits(failed=1, suppressed=1)

    assert found(service, limits=limits) == [
        "too much mail failed",
        "too many addresses without mail",
    ]
    assert found(service, NOW + timedelta(days=2), limits) == []


def test_the_health_page_is_red_for_work_and_green_for_pages(service, monkeypatch):
    settings = replace(service.web_config, version="", files=None, clock=lambda: NOW)
    client = create_app(service.session_factory, settings).test_client()
    assert client.get("/khoe").status_code == 200
    beat(service.session_factory, PULSE, now=NOW - MINUTE, clock="a:1")
    monkeypatch.setattr("web.kit.troubles._FOR", 0)

    answer = client.get("/khoe")

    assert (answer.status_code, answer.text) == (503, "clock stands still\n")
    assert client.get("/khoe/trang").status_code == 200


def test_a_clock_pulses_and_names_a_relay_that_hangs(service, monkeypatch):
    monkeypatch.setattr(watchdog, "EVERY", 0.1)
    monkeypatch.setattr(watchdog, "_MAIL_MOVES", 0.5)
    over, began = threading.Event(), threading.Event()
    clock = Clock(service, now=lambda: NOW)

    def hang(now):
        began.set()
        over.wait(PATIENCE)

    clock._ticks = [Tick("relay", hang, 5, "mail", once=False), Tick("x", lambda now: None, 1)]
    clock.start()
    try:
        assert began.wait(PATIENCE)
        ends = time.monotonic() + PATIENCE
        while found(service) != ["mail stands still"]:
            assert time.monotonic() < ends
            time.sleep(0.1)
    finally:
        over.set()
        clock.stop()


def test_a_thread_that_no_tick_reaches_any_more_stands_still(monkeypatch):
    progress = Progress({"default": 1, "mail": 5}, lambda: 0)
    progress.started -= 60
    progress.begins("mail", "relay")
    progress.ends("mail")

    assert list(progress.standing_still()) == ["default"]


def test_administrators_get_one_mail_a_day_with_what_is_wrong(service):
    with service.session_factory.begin() as session:
        add_person(session, "Hoa", "hoa@example.org").is_administrator = True
        add_person(session, "Thi", "thi@example.org")
    beat(service.session_factory, PULSE, now=NOW - MINUTE, clock="a:1")

    for at in (NOW - timedelta(hours=4), NOW, NOW + MINUTE):
        service.report(at)

    with service.session_factory() as session:
        (message,) = session.scalars(select(Message)).all()
        assert session.get_one(Person, message.person_id).full_name == "Hoa"
        mail = service.composer.compose(session, message)
    assert b"Auto-Submitted: auto-generated" in mail


def test_nobody_gets_a_mail_where_all_is_well(service):
    with service.session_factory.begin() as session:
        add_person(session, "Hoa", "hoa@example.org").is_administrator = True

    limits = service.settings.watch.limits
    assert jobs.report(service.session_factory, now=NOW, limits=limits, send_at=NOW.time()) == 0
