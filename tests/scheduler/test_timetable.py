import threading
from datetime import UTC, date, datetime, timedelta

import psycopg.errors
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from events.campaigns.opening import open_due_round
from events.catalog.importing import import_catalog
from events.database.sessions import create_engine, create_session_factory, reading
from events.installation import day_here
from events.models import Campaign
from events.units.office import office_of
from events.working_calendar import work_calendar
from scheduler import jobs, timetable
from scheduler.config import load_settings
from scheduler.service import Service
from scheduler.tables import metadata
from scheduler.timetable import Clock, Tick
from scheduler.watch.heartbeats import PULSE, beat, beats, forget_the_dead
from scheduler.watch.lead import this_clock
from tests.scheduler.workers.test_noticing import write

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
PATIENCE = 30


def a_service(tmp_path, more=""):
    text = f"[database]\nurl = 'sqlite:///{tmp_path / 'clock.db'}'\n[scheduler]\ntick_seconds = 1\n"
    (tmp_path / "config.toml").write_text(text + more)
    service = Service(load_settings(tmp_path / "config.toml"))
    metadata.create_all(service.engine)
    return service


def test_every_job_runs_at_once_and_again(tmp_path):
    service, ran = a_service(tmp_path), threading.Semaphore(0)
    clock = Clock(service, now=lambda: NOW)
    clock._ticks = [Tick("test", lambda now: ran.release(), 1)]

    clock.start()
    assert all(ran.acquire(timeout=PATIENCE) for _ in range(2))
    clock.stop()

    with service.session_factory() as session:
        assert [(b.job, b.at, b.error) for b in beats(session) if b.job != PULSE] == [
            ("test", NOW, "")
        ]
    service.engine.dispose()


def test_a_failing_job_is_recorded_and_tried_again(tmp_path):
    service, ran = a_service(tmp_path), threading.Semaphore(0)

    def fail(now):
        ran.release()
        raise ValueError("the disk is full")

    clock = Clock(service, now=lambda: NOW)
    clock._ticks = [Tick("test", fail, 1)]

    clock.start()
    assert all(ran.acquire(timeout=PATIENCE) for _ in range(2))
    clock.stop()

    with service.session_factory() as session:
        assert [b.error for b in beats(session) if b.job != PULSE] == [
            "ValueError: the disk is full"
        ]
    service.engine.dispose()


def test_a_job_that_the_database_ended_for_another_is_done_again_in_the_same_tick(tmp_path):
    service, ran, left = (
        a_service(tmp_path),
        threading.Semaphore(0),
        [psycopg.errors.DeadlockDetected()],
    )

    def work(now):
        if left:
            raise OperationalError("UPDATE", None, left.pop())
        ran.release()

    clock = Clock(service, now=lambda: NOW)
    clock._ticks = [Tick("test", work, 3600)]

    clock.start()
    assert ran.acquire(timeout=PATIENCE)
    clock.stop()

    with service.session_factory() as session:
        assert [b.error for b in beats(session) if b.job != PULSE] == [""]
    service.engine.dispose()


def test_an_hourly_job_that_failed_is_tried_again_within_a_minute(tmp_path, monkeypatch):
    monkeypatch.setattr(timetable, "_AGAIN", 1)
    service, ran = a_service(tmp_path), threading.Semaphore(0)
    left = [ValueError("the network is away")]

    def work(now):
        ran.release()
        if left:
            raise left.pop()

    clock = Clock(service, now=lambda: NOW)
    clock._ticks = [Tick("test", work, 3600)]

    clock.start()
    assert all(ran.acquire(timeout=PATIENCE) for _ in range(2))
    clock.stop()

    with service.session_factory() as session:
        assert [b.error for b in beats(session) if b.job != PULSE] == [""]
    service.engine.dispose()


def test_a_woken_clock_runs_its_jobs_whatever_the_wall_clock_says(tmp_path):
    service, ran = a_service(tmp_path), threading.Semaphore(0)
    clock = Clock(service, now=lambda: NOW)
    clock._ticks = [Tick("test", lambda now: ran.release(), 3600)]

    clock.start()
    assert ran.acquire(timeout=PATIENCE)
    # a wake while the first run is still at work is passed over
    while not ran.acquire(timeout=0.2):
        clock.wake()
    clock.stop()
    service.engine.dispose()


def test_the_jobs_carry_a_campaign_from_the_catalogue_to_the_calendar(tmp_path, catalog):
    service = a_service(tmp_path)
    with service.session_factory.begin() as session:
        import_catalog(session, catalog, now=NOW)

    service.open_ahead(NOW)

    with service.session_factory() as session:
        assert len(session.scalars(select(Campaign)).all()) == 5 * 97
    service.engine.dispose()


def test_each_round_that_the_clock_opens_stays_whatever_becomes_of_the_next(
    tmp_path, catalog, monkeypatch
):
    service, opened = a_service(tmp_path), []
    with service.session_factory.begin() as session:
        import_catalog(session, catalog, now=NOW)

    def two_and_no_more(session, name, **rest):
        if len(opened) == 2:
            raise OSError("the power is gone")
        opened.append(open_due_round(session, name, **rest))
        return opened[-1]

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "open_due_round", two_and_no_more)
        with pytest.raises(OSError, match="the power is gone"):
            service.open_ahead(NOW)
    with service.session_factory() as session:
        assert len(session.scalars(select(Campaign)).all()) == 2 * 97
    service.open_ahead(NOW)

    with service.session_factory() as session:
        assert len(session.scalars(select(Campaign)).all()) == 5 * 97
    service.engine.dispose()


def test_whoever_writes_or_reads_counts_days_as_the_configuration_says(tmp_path, catalog):
    service = a_service(tmp_path, "[events]\ncount_announced = false\ntime_zone = 'Asia/Tokyo'\n")
    with service.session_factory.begin() as session:
        import_catalog(session, catalog, now=NOW)

    for factory in (service.session_factory, reading(service.session_factory)):
        with factory() as session:
            assert work_calendar(session).is_working(date(2028, 11, 24))
            assert day_here(session, datetime(2026, 11, 23, 16, tzinfo=UTC)) == date(2026, 11, 24)
    service.engine.dispose()


def test_the_clock_lets_dates_follow_when_the_setting_of_announced_days_is_switched(
    tmp_path, catalog
):
    service = a_service(tmp_path, "[events]\ncount_announced = true\n")
    with service.session_factory.begin() as session:
        import_catalog(session, catalog, now=NOW)
    service.open_ahead(NOW)
    service.engine.dispose()

    service = a_service(tmp_path, "[events]\ncount_announced = false\n")
    service.open_ahead(NOW)

    with service.session_factory() as session:
        assert office_of(session).counts_announced is False
    service.engine.dispose()


def test_the_last_beat_of_a_job_replaces_the_one_before(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    metadata.create_all(engine)
    factory = create_session_factory(engine)

    beat(factory, "relay", now=NOW, error="x")
    beat(factory, "relay", now=NOW)

    with factory() as session:
        assert [(b.job, b.error) for b in beats(session) if b.job != PULSE] == [("relay", "")]
    engine.dispose()


def test_each_clock_has_its_own_beat_until_it_has_been_silent_for_long(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    metadata.create_all(engine)
    factory = create_session_factory(engine)

    def clocks():
        with factory() as session:
            return {b.clock for b in beats(session)}

    beat(factory, "relay", now=NOW, clock="a:1")
    beat(factory, "relay", now=NOW + timedelta(minutes=1), clock="b:1")
    assert clocks() == {"a:1", "b:1"}
    beat(factory, "relay", now=NOW + timedelta(hours=2, minutes=1), clock="b:1")
    assert clocks() == {"b:1"}
    engine.dispose()


def test_a_clock_that_begins_again_forgets_the_one_that_ended(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    metadata.create_all(engine)
    factory = create_session_factory(engine)
    ended = f"{this_clock().partition(':')[0]}:{2**22 + 1}"  # above all numbers of processes
    for clock in (ended, this_clock(), "elsewhere:1"):
        beat(factory, "relay", now=NOW, clock=clock)

    forget_the_dead(factory)

    with factory() as session:
        assert {b.clock for b in beats(session)} == {this_clock(), "elsewhere:1"}
    engine.dispose()


def test_mail_that_is_written_beside_the_clock_leaves_at_once(tmp_path):
    """Somebody waits for a link to sign in."""
    service, ran = a_service(tmp_path), threading.Semaphore(0)
    clock = Clock(service, now=lambda: NOW)
    relay = Tick("relay", lambda now: ran.release(), 3600, "mail")
    clock._ticks, clock._by_name = [relay], {"relay": relay}
    clock.start()
    assert ran.acquire(timeout=PATIENCE)

    with service.session_factory.begin() as session:
        write(session, "one")

    assert ran.acquire(timeout=PATIENCE)
    clock.stop()
    service.engine.dispose()
