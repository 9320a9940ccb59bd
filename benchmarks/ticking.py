"""Fifty people who each tick about every ten seconds, beside the clock opening a year, against the
median of one of them alone, on a real server: the slowest ticks but one in a hundred.

People tick an item, and open it again the next time. In the middle of it the time of every round of
the next year comes, and the clock of the same process opens them.
"""

import itertools
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import func, select, update

from benchmarks.measure import Measured, report, seconds
from events.models import Campaign, Template
from tests.reliability.storm import Browser, Storm
from tests.reliability.storm.deeds import SENT
from tests.reliability.storm.province import OFFICERS, Work
from tests.reliability.storm.server import database_of

LIMIT = 12.0
PEOPLE, PAUSE = 50, 10.0  # seconds
TICK = 30  # seconds, as config.toml says
ALONE = 30  # ticks
AHEAD = 400  # days: the rounds of the next year have come then


def run() -> Iterator[Measured]:
    """Measure two minutes on both databases."""
    for kind in ("sqlite", "postgresql"):
        yield _measure(kind, 120)


def run_short() -> Iterator[Measured]:
    """Measure half a minute on SQLite."""
    yield _measure("sqlite", 30)


def _measure(kind: str, length: float) -> Measured:
    home = Path(tempfile.mkdtemp(prefix="sumvay-bench-"))
    with database_of(kind, home) as url:
        storm = Storm(home, url, 1)
        work = storm.prepare(PEOPLE + OFFICERS)
        # the clock looks for rounds at its start and then; for all else as often as it is shipped
        storm.server.start(hour=length / 2, tick=TICK)
        try:
            return _tick_for(f"{PEOPLE} people tick, {kind}", length, storm, work)
        finally:
            storm.server.kill()
            storm.engine.dispose()
            shutil.rmtree(home, ignore_errors=True)


def _tick_for(name: str, length: float, storm: Storm, work: Work) -> Measured:
    ticks = [_ticks_of(storm, work, OFFICERS + number) for number in range(PEOPLE)]
    for tick in ticks:
        tick()  # what every server does once is nobody's wait
    alone = statistics.median(seconds(ticks[0]) for _ in range(ALONE))
    before = _campaigns(storm)
    _let_the_year_come(storm)
    taken: list[float] = []
    failed: list[Exception] = []
    end = time.monotonic() + length
    people = [
        threading.Thread(target=_work, args=(number, tick, end, taken, failed), daemon=True)
        for number, tick in enumerate(ticks)
    ]
    for person in people:
        person.start()
    for person in people:
        person.join()
    opened = _campaigns(storm) - before
    if failed or not opened:
        raise RuntimeError(f"{len(failed)} of {len(taken)} failed, {opened} opened: {failed[:1]}")
    slow = statistics.quantiles(taken, n=100)[98]
    middle = statistics.median(taken)
    detail = (
        f"{slow * 1000:.0f} ms of {len(taken)} to {alone * 1000:.0f} ms alone; half of them below "
        f"{middle * 1000:.0f} ms, the slowest {max(taken) * 1000:.0f} ms; {opened} campaigns opened"
    )
    return report(name, slow / alone, LIMIT, detail)


def _ticks_of(storm: Storm, work: Work, number: int) -> Callable[[], None]:
    """Return what somebody does next, each time it is called: tick an item, or open it again."""
    browser = Browser(storm.server.port)
    browser.sign_in(f"nguoi{number}@example.org")
    turns = itertools.cycle((kind, item) for item in work.ticks[number] for kind in _TURNS)

    def tick() -> None:
        kind, item = next(turns)
        status = SENT[kind](browser, item, work)
        if status != 303:
            raise RuntimeError(f"{kind} was answered with {status}")

    return tick


def _work(
    number: int,
    tick: Callable[[], None],
    end: float,
    taken: list[float],
    failed: list[Exception],
) -> None:
    chance = random.Random(number)  # noqa: S311 - when people tick is no secret
    time.sleep(chance.uniform(0, PAUSE))
    while (now := time.monotonic()) < end:
        try:
            taken.append(seconds(tick))
        except Exception as error:
            failed.append(error)
        time.sleep(max(0, now + chance.uniform(0.8, 1.2) * PAUSE - time.monotonic()))


def _let_the_year_come(storm: Storm) -> None:
    with storm.factory.begin() as session:
        session.execute(update(Template).values(generate_ahead_days=AHEAD))


def _campaigns(storm: Storm) -> int:
    with storm.factory() as session:
        return session.scalar(select(func.count()).select_from(Campaign)) or 0


_TURNS = ("tick", "reopen")
