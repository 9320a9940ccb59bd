"""A jump of the wall clock makes everything wait that goes by the day."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from events.working_calendar import work_calendar
from notifications.notices.steps import Clockwork, ReminderRules
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from notifications.pump import Pump
from notifications.transports.replies import Reply
from scheduler.timetable import Clock, ticks
from scheduler.watch.heartbeats import forget_the_future
from scheduler.watch.jumps import Watch, jump_of
from tests.scheduler.test_timetable import a_service

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Time:
    def __init__(self):
        self.wall, self.steady = NOW, 0.0

    def passes(self, seconds, jump=timedelta()):
        self.steady += seconds
        self.wall += timedelta(seconds=seconds) + jump


@pytest.fixture
def service(tmp_path):
    service = a_service(tmp_path)
    yield service
    service.engine.dispose()


def _watch(time):
    return Watch(lambda: time.wall, lambda: time.steady)


def _jump(service, at):
    with service.session_factory() as session:
        return jump_of(session, at)


def test_time_that_only_passes_is_no_jump(service):
    time = Time()
    watch = _watch(time)
    for seconds in (3, 3, 86_400, 3):
        time.passes(seconds, timedelta(seconds=1))
        assert not watch.look(service.session_factory)

    assert _jump(service, time.wall) is None


@pytest.mark.parametrize("by", [HOUR, -HOUR])
def test_a_jump_of_an_hour_makes_the_day_wait_for_an_hour(service, by):
    time = Time()
    watch = _watch(time)
    time.passes(3, by)

    assert watch.look(service.session_factory)
    assert _jump(service, time.wall).seconds == by.total_seconds()
    assert _jump(service, time.wall + HOUR) is None


@pytest.mark.parametrize("by", [31 * DAY, -31 * DAY])
def test_a_jump_of_a_month_waits_until_somebody_says_that_it_is_right(service, by):
    time = Time()
    watch = _watch(time)
    time.passes(3, by)
    watch.look(service.session_factory)
    assert _jump(service, time.wall + 10 * DAY) is not None

    forget_the_future(service.session_factory, time.wall)

    assert _jump(service, time.wall) is None


def test_a_time_that_jumps_back_to_where_it_was_goes_on(service):
    time = Time()
    watch = _watch(time)
    time.passes(3, 31 * DAY)
    watch.look(service.session_factory)
    time.passes(3, -31 * DAY)
    watch.look(service.session_factory)

    assert _jump(service, time.wall) is None


def test_after_a_jump_nothing_is_forgotten_opened_or_told_but_mail_goes_on(service, monkeypatch):
    time, ran = Time(), []
    clock = Clock(service, now=lambda: time.wall)
    clock._lead.begin()
    watch = _watch(time)
    time.passes(3, 31 * DAY)
    watch.look(service.session_factory)
    for tick in ticks(service):
        object.__setattr__(tick, "run", lambda now, name=tick.name: ran.append(name))
        clock._run_now(tick)

    assert ran == ["relay", "calendars", "tidy", "bounces", "report", "backup"]


def test_after_a_jump_no_mail_expires_and_none_is_lost(service):
    late = NOW + 31 * DAY
    with service.session_factory.begin() as session:
        for number, expires in enumerate((NOW + DAY, late + DAY)):
            enqueue(
                session,
                key=f"x{number}",
                kind=MessageKind.SIGN_IN,
                rcpt_to=f"a{number}@example.org",
                language="vi",
                now=NOW,
                params={"url": "https://x.example.org/dang-nhap/lien-ket/a"},
                expires=expires,
            )

    class Postbox:
        def send(self, rcpt_to, mail):
            return Reply(250, "OK")

        def close(self):
            pass

    pump = Pump(service.session_factory, Postbox, service.composer)
    with service.session_factory() as session:
        clockwork = Clockwork(work_calendar(session), ReminderRules(), service.settings.zone)
    pump.drain(now=late, clockwork=clockwork, may_end=False)
    with service.session_factory() as session:
        states = session.execute(select(Message.key, Message.state)).all()
        assert dict(map(tuple, states)) == {"x0": MessageState.READY, "x1": MessageState.SENT}

    pump.drain(now=late + HOUR, clockwork=clockwork)
    pump.close()
    with service.session_factory() as session:
        assert session.scalar(select(Message.state).where(Message.key == "x0")) == "expired"
