"""Work by any number of processes, through queues in PostgreSQL: the only place that knows
Procrastinate.

A wake-up is written in the transaction that leaves the work, so that a rollback leaves neither.
Whoever takes it looks into the tables. A worker that was killed leaves its wake-up "doing"; it is
given to another one as soon as its heart is silent.
"""

import asyncio
import logging
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.connector import BaseConnector
from procrastinate.exceptions import ConnectorException
from sqlalchemy import Connection, Engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from events.locks import through_collisions
from scheduler.service import Service, utc_now
from scheduler.watch.heartbeats import beat
from scheduler.watch.lead import this_clock
from scheduler.workers.noticing import on_work
from scheduler.workers.queues import WORK

_HEART, _SILENCE = 2.0, 10.0  # seconds: between two beats, and after which a worker is dead
_ALIVE = 60.0  # seconds between two lines that say that a worker lives
_MOST = 4  # wake-ups that wait in one queue: as many workers share what is there at once
_KEPT = timedelta(days=2)  # wake-ups that failed, for whoever looks why
_REST, _LONGEST_REST = 1.0, 30.0  # seconds after which a worker without database tries again
_log = logging.getLogger("sumvay")


def hear(engine: Engine, address: str) -> None:
    """Let every transaction of ``engine`` that leaves work wake workers."""
    on_work(engine, Deferring(address).defer)


class Deferring:
    """``defer`` and ``periodic``: wakes workers from within transactions, and again when nobody
    came.
    """

    def __init__(self, address: str) -> None:
        self._app = App(connector=SyncPsycopgConnector(conninfo=_as_libpq(address)))

    def defer(self, connection: Connection, queues: Sequence[str]) -> None:
        """Write a wake-up for each queue into the transaction of ``connection``."""
        raw = connection.connection.driver_connection
        try:
            for queue in queues:
                self._app.configure_task(queue, queue=queue, connection=raw).defer()
        except ConnectorException as error:  # to callers, the database is away as ever
            raise OperationalError("defer", {}, error.__cause__ or error) from error

    def waiting(self, queue: str) -> int:
        """Return how many wake-ups nobody has taken yet."""
        return len(list(self._app.job_manager.list_jobs(queue=queue, status="todo")))

    def is_full(self, queue: str) -> bool:
        """Tell whether as many wake-ups wait as there may be: nobody takes them."""
        return self.waiting(queue) >= _MOST

    def top_up(self, queue: str) -> None:
        """Let as many workers as there may be look into the tables."""
        for _one in range(_MOST - self.waiting(queue)):
            self._app.configure_task(queue, queue=queue).defer()

    def __enter__(self) -> "Deferring":
        self._app.open()
        return self

    def __exit__(self, *_error: object) -> None:
        self._app.close()


def loop(service: Service, queues: Sequence[str]) -> None:
    """Do the work of some queues until SIGTERM or SIGINT; mail that is being handed over is
    finished.

    While the database is away it is asked again: a supervisor that sees the process end well would
    not start it anew.
    """
    asyncio.run(_loop(service, queues))


async def _loop(service: Service, queues: Sequence[str]) -> None:
    stopping, rest = asyncio.Event(), _REST
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    while not stopping.is_set():
        began = asyncio.get_running_loop().time()
        try:
            await _until_stopped(service, queues, stopping)
        except Exception:
            _log.exception("the worker lost its database, and looks for it again")
        lasted = asyncio.get_running_loop().time() - began
        rest = _REST if lasted > _LONGEST_REST else min(2 * rest, _LONGEST_REST)
        with suppress(TimeoutError):
            await asyncio.wait_for(stopping.wait(), rest)


async def _until_stopped(service: Service, queues: Sequence[str], stopping: asyncio.Event) -> None:
    address = service.settings.database.url
    service.pump.start()
    app = _app_of(service, queues, PsycopgConnector(conninfo=_as_libpq(address)))
    async with app.open_async():
        await _take_over(app)
        working = asyncio.create_task(
            app.run_worker_async(
                queues=list(queues),
                concurrency=len(queues),
                name=this_clock(),
                fetch_job_polling_interval=2.0,
                update_heartbeat_interval=_HEART,
                stalled_worker_timeout=_SILENCE,
                delete_jobs="successful",
                install_signal_handlers=False,
            )
        )
        sweeping = asyncio.create_task(_sweep_for_ever(app))
        beating = asyncio.create_task(_beat_for_ever(service, queues))
        told = asyncio.create_task(stopping.wait())
        tasks = {working, sweeping, beating, told}
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        service.pump.stop()
        for task in tasks:
            task.cancel()  # a worker finishes its job first
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result


def _app_of(service: Service, queues: Sequence[str], connector: BaseConnector) -> App:
    app = App(connector=connector)
    for queue in queues:
        app.task(name=queue, queue=queue)(_Task(service, queue).look)
    return app


class _Task:
    """Does the work of one queue in this process, one look after the other: whoever is woken while
    somebody looks leaves it to them to look once more.
    """

    def __init__(self, service: Service, queue: str) -> None:
        self._service, self._queue = service, queue
        self._busy, self._again = threading.Lock(), threading.Event()

    def look(self) -> None:
        """Do what there is; raises what its work raises, and the wake-up counts as failed then."""
        self._again.set()
        more = False
        while self._again.is_set() and self._busy.acquire(blocking=False):
            self._again.clear()
            try:
                more = self._once()
            finally:
                self._busy.release()
        if more:  # for another worker too
            with Deferring(self._service.settings.database.url) as deferring:
                deferring.top_up(self._queue)

    def _once(self) -> bool:
        now, service = utc_now(), self._service
        return through_collisions(lambda: WORK[self._queue](service, now))


async def _sweep_for_ever(app: App) -> None:
    while True:
        await asyncio.sleep(_SILENCE / 2)
        await _take_over(app)


async def _beat_for_ever(service: Service, queues: Sequence[str]) -> None:
    """Write down that this worker lives, also while nobody wakes it."""
    while True:
        for queue in queues:
            job, now, name = f"worker {queue}", utc_now(), this_clock()
            write = partial(beat, service.session_factory, job, now=now, clock=name)
            await asyncio.to_thread(write)
        await asyncio.sleep(_ALIVE)


async def _take_over(app: App) -> None:
    """Give the wake-ups of dead workers to others, and forget those that failed long ago."""
    manager = app.job_manager
    await manager.prune_stalled_workers(_SILENCE)
    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=_SILENCE):
        try:
            await manager.retry_job(job)
        except ConnectorException:  # somebody else was faster
            _log.info("the wake-up %s was taken over by another worker", job.id)
    await manager.delete_old_jobs(
        nb_hours=int(_KEPT / timedelta(hours=1)), include_failed=True, include_cancelled=True
    )


def _as_libpq(address: str) -> str:
    return make_url(address).set(drivername="postgresql").render_as_string(hide_password=False)
