import threading
from datetime import UTC, date, datetime

import psycopg.errors
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from events.catalog.importing import import_catalog
from events.database import create_engine, create_session_factory, reading
from events.installation import day_here
from events.models import Campaign
from events.working_calendar import work_calendar
from scheduler.config import load_settings
from scheduler.heartbeats import beat, beats
from scheduler.service import Service
from scheduler.tables import metadata
from scheduler.timetable import Clock, Tick

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
        assert [(b.job, b.at, b.error) for b in beats(session)] == [("test", NOW, "")]
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
        assert [b.error for b in beats(session)] == ["ValueError: the disk is full"]
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
        assert [b.error for b in beats(session)] == [""]
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


def test_whoever_writes_or_reads_counts_days_as_the_configuration_says(tmp_path, catalog):
    service = a_service(tmp_path, "[events]\ncount_announced = false\ntime_zone = 'Asia/Tokyo'\n")
    with service.session_factory.begin() as session:
        import_catalog(session, catalog, now=NOW)

    for factory in (service.session_factory, reading(service.session_factory)):
        with factory() as session:
            assert work_calendar(session).is_working(date(2028, 11, 24))
            assert day_here(session, datetime(2026, 11, 23, 16, tzinfo=UTC)) == date(2026, 11, 24)
    service.engine.dispose()


def test_the_last_beat_of_a_job_replaces_the_one_before(tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    metadata.create_all(engine)
    factory = create_session_factory(engine)

    beat(factory, "relay", now=NOW, error="x")
    beat(factory, "relay", now=NOW)

    with factory() as session:
        assert [(b.job, b.error) for b in beats(session)] == [("relay", "")]
    engine.dispose()
