"""The clock: which job runs how often.

The only place that knows APScheduler, which only ticks; the database knows what is due.

Jobs live in memory, run one at a time, and ask the database what is due, so a restart loses
nothing. A wall clock that is set back would stop interval jobs; a watchdog on the monotonic clock
sees the silence and wakes them. Of several clocks one leads and does what is done once; all of them
send mail.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from sqlalchemy import Connection

from events.calendars.publishing import Publisher
from events.calendars.renewing import Renewer, mark_everything, write_missing
from events.database.sessions import reading
from events.locks import through_collisions
from scheduler.backups.keeping import make_daily
from scheduler.logs import log
from scheduler.service import Service, utc_now
from scheduler.watch.heartbeats import beat, forget_the_dead
from scheduler.watch.jumps import jump_of
from scheduler.watch.lead import Lead
from scheduler.watch.watchdog import Progress, Watchdog, threads_of
from scheduler.workers.noticing import on_work
from scheduler.workers.queues import MAIL
from scheduler.workers.waking import WakeUps

_HOURLY, _DAILY = 3600, 24 * 3600
_MAIL = 5  # seconds: somebody waits for a link to sign in
_SOON = 0.2  # seconds after a mail was written: it is committed then
_AGAIN = 60  # seconds after which a job that failed is tried again
# Seconds after each round that the clock opens. Who waits for SQLite asks again every tenth of a
# second, and would find the clock at the next round already.
_FOR_OTHERS = 0.2


@dataclass(frozen=True, slots=True)
class Tick:
    """A job of the clock: what runs, and how many seconds lie between two runs.

    Jobs of one ``thread`` run one after the other. Mail has its own, so that a mail server which
    hangs holds up nothing else. What is done ``once`` is left to the clock that leads; what goes
    ``by_day`` waits after a jump of the time.
    """

    name: str
    run: Callable[[datetime], object]
    seconds: int
    thread: str = "default"
    once: bool = True
    by_day: bool = False


def ticks(service: Service) -> list[Tick]:
    """Return the jobs of a service."""
    every = service.settings.scheduler.tick_seconds
    return [
        Tick("open", lambda now: service.open_ahead(now, pause=_FOR_OTHERS), _HOURLY, by_day=True),
        Tick("remind", service.remind, every, by_day=True),
        Tick("relay", _relay_of(service), min(every, _MAIL), "mail", once=False),
        Tick("subscribers", service.tell_subscribers, min(every, 2 * _MAIL), by_day=True),
        Tick("calendars", service.fetch_calendars, 2 * every),
        Tick("forget", service.forget, _DAILY, by_day=True),
        Tick("tidy", lambda _now: service.tidy(), 10 * every),
        Tick("sweep", service.sweep_files, _HOURLY, by_day=True),
        Tick("bounces", service.take_in_bounces, 4 * every, "bounces"),
        Tick("report", service.report, _HOURLY // 4),
        Tick("backup", lambda now: make_daily(service, now=now), _HOURLY // 4),
    ]


def _relay_of(service: Service) -> Callable[[datetime], object]:
    """Return what sends mail here: this clock, or whoever it wakes."""
    return WakeUps(service).look if service.settings.scheduler.workers else service.relay


class Clock:
    """Runs the ticks of a service in threads of its own, from ``start`` to ``stop``."""

    def __init__(
        self,
        service: Service,
        now: Callable[[], datetime] = utc_now,
        give_up: Callable[[], None] | None = None,
    ) -> None:
        self._service = service
        self._now = now
        self._ticks = ticks(service)
        self._by_name = {tick.name: tick for tick in self._ticks}
        self._deaf: Callable[[], None] = lambda: None
        self._lead = Lead(service.session_factory)
        self._give_up = give_up
        self._stopping = threading.Event()
        self._renewer = Renewer(
            service.session_factory, service.settings.web.address, now, self._besides
        )
        self._misses_none = False
        folder = service.settings.web.publish_feeds
        self._publisher = Publisher(service.session_factory, folder) if folder else None
        self._scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={name: ThreadPoolExecutor(1) for name in {one.thread for one in self._ticks}},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    def start(self) -> None:
        """Start ticking; every job runs once at once."""
        self._service.pump.start()
        try:
            self._lead.begin()
            forget_the_dead(self._service.session_factory)
            mark_everything(self._service.session_factory)
        except Exception:  # a database that is away now is asked again by every job
            log.exception("what clocks before left could not be looked at")
        every = threads_of([(tick.thread, tick.seconds) for tick in self._ticks])
        self._progress = Progress(every, lambda: self._service.pump.moved)
        self._watchdog = Watchdog(
            self._service.session_factory,
            self._lead,
            self._progress,
            now=self._now,
            wake=self.wake,
            give_up=self._give_up,
        )
        for tick in self._ticks:
            self._scheduler.add_job(
                self._run,
                "interval",
                args=[tick],
                seconds=tick.seconds,
                id=tick.name,
                executor=tick.thread,
                next_run_time=datetime.now(UTC),
            )
        self._scheduler.start()
        if not self._service.settings.scheduler.workers:
            self._deaf = on_work(self._service.engine, self._hurry)
        self._watchdog.start()
        self._renewer.start()

    def stop(self) -> None:
        """Stop after the job that is running, if any."""
        self._stopping.set()
        self._deaf()
        self._renewer.stop()
        self._service.pump.stop()
        self._watchdog.stop()
        self._scheduler.shutdown(wait=True)
        self._watchdog.join()
        try:
            self._lead.end()
        except Exception:  # the next one waits for a while
            log.exception("the lead could not be left to another clock")

    def _hurry(self, _connection: Connection, queues: Sequence[str]) -> None:
        """Let mail that this process has written leave as soon as it is committed."""
        relay = self._by_name.get("relay")
        if MAIL in queues and relay and not self._stopping.is_set():
            self._once("relay, soon", relay, _SOON)

    def _besides(self) -> None:
        """Let the first client of each calendar find it written, and the server in front too."""
        factory, web = self._service.session_factory, self._service.settings.web
        if not self._misses_none:
            written = write_missing(factory, now=self._now(), public_url=web.address)
            self._misses_none = written == 0
        if self._publisher:
            self._publisher.look(self._now())

    def _run(self, tick: Tick) -> None:
        self._progress.begins(tick.thread, tick.name)
        try:
            self._run_now(tick)
        finally:
            self._progress.ends(tick.thread)

    def _run_now(self, tick: Tick) -> None:
        """Run one job; a failure is recorded, and tried again within a minute."""
        if tick.once and not self._lead.is_mine:
            return
        now, error = self._now(), ""
        try:
            if not (tick.by_day and self._has_jumped(now)):
                through_collisions(lambda: tick.run(now))
        except Exception as problem:
            log.exception("job %s failed", tick.name)
            error = _in_a_line(problem)
            self._try_again(tick)
        try:
            name = self._lead.name
            beat(self._service.session_factory, tick.name, now=now, error=error, clock=name)
        except Exception:
            log.exception("the heartbeat of job %s could not be written", tick.name)

    def _try_again(self, tick: Tick) -> None:
        """Let a job that comes seldom run once in between; others come soon anyway."""
        if tick.seconds <= _AGAIN or self._stopping.is_set():
            return
        self._once(f"{tick.name}, again", tick, _AGAIN)

    def _once(self, name: str, tick: Tick, seconds: float) -> None:
        """Run a job once more, in so many seconds; asked again meanwhile, it still runs once."""
        self._scheduler.add_job(
            self._run,
            "date",
            args=[tick],
            executor=tick.thread,
            run_date=datetime.now(UTC) + timedelta(seconds=seconds),
            id=name,
            replace_existing=True,
        )

    def _has_jumped(self, now: datetime) -> bool:
        with reading(self._service.session_factory)() as session:
            return jump_of(session, now) is not None

    def wake(self) -> None:
        """Run every job now and count the intervals from here."""
        for tick in self._ticks:
            self._scheduler.modify_job(tick.name, next_run_time=datetime.now(UTC))


def _in_a_line(problem: Exception) -> str:
    """Return what went wrong without what followed: a statement, or the values of a row."""
    first, *_rest = str(problem).splitlines() or [""]
    return f"{type(problem).__name__}: {first}"
