"""What became of mails, written down, and again until the database takes it.

A mail that a server took must be known as taken, or it goes out twice. So what a connection has to
record is kept in memory while the database is away, and it sends nothing else meanwhile.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from events.database.sessions import AwayErrors, SessionFactory

_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0  # seconds
_log = logging.getLogger(__name__)

Record = Callable[[Session], Any]


@dataclass
class _Job:
    records: Sequence[Record]
    done: threading.Event = field(default_factory=threading.Event)
    results: list[Any] = field(default_factory=list)
    problem: BaseException | None = None


class Recorder:
    """Writes for several threads. Raises what the database says once it was away for ``patience``
    seconds.
    """

    def __init__(self, session_factory: SessionFactory, patience: float = 600) -> None:
        self._session_factory, self._patience = session_factory, patience
        self._many_write = session_factory.kw["bind"].dialect.name != "sqlite"
        self._waiting: list[_Job] = []
        self._gate, self._writer = threading.Lock(), threading.Lock()

    def record(self, *records: Record) -> list[Any]:
        """Call each with a session, in one transaction, and return what they return.

        SQLite has one writer at a time: while one thread writes, those that come gather, and are
        written together by the next. PostgreSQL gathers by itself.
        """
        job = _Job(records)
        if self._many_write:
            (job.results,) = self._through_outages([job])
            return job.results
        with self._gate:
            self._waiting.append(job)
        with self._writer:
            if not job.done.is_set():
                self._write()
        if job.problem:
            raise job.problem
        return job.results

    def _write(self) -> None:
        with self._gate:
            jobs, self._waiting = self._waiting, []
        try:
            for job, results in zip(jobs, self._through_outages(jobs), strict=True):
                job.results = results
        except BaseException as problem:
            for job in jobs:
                job.problem = problem
        finally:
            for job in jobs:
                job.done.set()

    def _through_outages(self, jobs: Sequence[_Job]) -> list[list[Any]]:
        gives_up, pause = time.monotonic() + self._patience, _FIRST_PAUSE
        while True:
            try:
                with self._session_factory.begin() as session:
                    return [[record(session) for record in job.records] for job in jobs]
            except AwayErrors:
                if time.monotonic() >= gives_up:
                    raise
                if pause == _FIRST_PAUSE:
                    _log.warning("What became of mails cannot be recorded; it is tried again")
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
