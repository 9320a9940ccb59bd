"""A simulated year of the whole province against the bare writing of its rows: every INSERT, UPDATE
and DELETE that it sent, sent once more to an equal database by the driver alone.

Both are counted in processor time, so that a busy machine changes neither. The most memory is that
of a process of its own.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from benchmarks.databases import NOW
from benchmarks.measure import Measured, report
from events.catalog.reading import read_catalog
from events.database.sessions import SessionFactory
from scheduler.memory import copy_of_catalog
from scheduler.simulation.days import simulate
from scheduler.simulation.play import Play, read_play

LIMIT = 20.0
MEGABYTES = 300  # a year
YEARS = {f"--year {year}": Play(title="", year=year) for year in (2021, 2026)}
PLAYS = {f"--play {name}": read_play(name) for name in ("2021", "2025", "2026-2027")}
_KEPT = ("INSERT", "UPDATE", "DELETE", "BEGIN", "SAVEPOINT", "ROLLBACK", "RELEASE")


def run() -> Iterator[Measured]:
    """Measure the year before and the year after the reform, and every play."""
    for options, play in (YEARS | PLAYS).items():
        years = (play.until or play.year) - play.year + 1
        limit, peak = MEGABYTES * years, _peak(*options.split())
        yield report(f"simulate {options}, share of {limit} MB", peak / limit, 1, f"{peak:.0f} MB")
        yield _against_its_writes(options, play)


def _against_its_writes(options: str, play: Play) -> Measured:
    written, played, again = _Written(), _copy(), _copy()
    with written.of(played.kw["bind"]):
        ours = _cost(lambda: simulate(played, play.year, until=play.until, acts=play.act))
    bare = _cost(lambda: written.write(again.kw["bind"]))
    detail = f"{ours:.1f} s to {bare:.1f} s, {len(written.statements)} statements"
    return report(f"simulate {options}", ours / bare, LIMIT, detail)


@dataclass
class _Written:
    """The statements that changed rows, with their values and what was taken back, in their
    order.
    """

    statements: list[tuple[str, Any]] = field(default_factory=list)

    @contextmanager
    def of(self, engine: Engine) -> Iterator[None]:
        """Note what is written meanwhile."""

        def note(_connection: Any, _cursor: Any, sql: str, values: Any, *_rest: Any) -> None:
            if sql.startswith(_KEPT):
                self.statements.append((sql, values))

        event.listen(engine, "before_cursor_execute", note)
        yield
        event.remove(engine, "before_cursor_execute", note)

    def write(self, engine: Engine) -> None:
        """Send them once more."""
        connection = engine.raw_connection()
        cursor = connection.cursor()
        for sql, values in self.statements:
            if sql.startswith("BEGIN"):
                connection.commit()
            (cursor.executemany if isinstance(values, list) else cursor.execute)(sql, values)
            if " RETURNING " in sql:
                cursor.fetchall()
        connection.commit()
        connection.close()


def _copy() -> SessionFactory:
    return copy_of_catalog(read_catalog(), NOW)


def _cost(work: Callable[[], object]) -> float:
    """Return the seconds of the processor that ``work`` takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def _peak(*options: str) -> float:
    """Run the command and return the most memory it took, in megabytes."""
    command = [sys.executable, "-m", "scheduler", "simulate", *options, "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return used.ru_maxrss / 1024
