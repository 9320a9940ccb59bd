"""Watches over one clock: whether its jobs get on, whether it leads, whether the time jumped.

A thread of its own on a watch that nobody sets. Every few seconds it writes a pulse, which names
the jobs that stand still; where it cannot write one, its silence says so.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from events.database.sessions import SessionFactory
from scheduler.logs import log
from scheduler.watch.heartbeats import PULSE, beat
from scheduler.watch.jumps import Watch
from scheduler.watch.lead import Lead

EVERY = 3.0  # seconds
_LATE = 8.0  # seconds that a job may be late
_LONGEST = 15 * 60.0  # seconds that a job may take
_MAIL_MOVES = 10.0  # seconds within which mail shows that it gets on
_HOPELESS = 5 * 60.0  # seconds after which nothing but another process helps


@dataclass
class Progress:
    """When each thread of the clock last began or ended a job; which one it is at."""

    every: Mapping[str, float]  # seconds between the most frequent jobs of a thread
    moved: Callable[[], float]  # when mail last got on, in monotonic seconds
    _at: dict[str, tuple[str, float]] = field(default_factory=dict)
    started: float = field(default_factory=time.monotonic)

    def begins(self, thread: str, job: str) -> None:
        self._at[thread] = job, time.monotonic()

    def ends(self, thread: str) -> None:
        self._at[thread] = "", time.monotonic()

    def standing_still(self) -> dict[str, float]:
        """Return the threads, or their jobs, that do not get on, and since how many seconds."""
        now, found = time.monotonic(), {}
        for thread, every in self.every.items():
            job, at = self._at.get(thread, ("", self.started))
            if not job:
                allowed = every + _LATE
            elif thread == "mail":
                at, allowed = max(at, self.moved()), _MAIL_MOVES
            else:
                allowed = _LONGEST
            if now - at > allowed:
                found[job or ("relay" if thread == "mail" else thread)] = now - at
        return found


class Watchdog(threading.Thread):
    """``wake`` lets every job run now; ``give_up`` is called when that has not helped for long."""

    def __init__(
        self,
        session_factory: SessionFactory,
        lead: Lead,
        progress: Progress,
        *,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        give_up: Callable[[], None] | None,
    ) -> None:
        super().__init__(name="watchdog", daemon=True)
        self._factory, self._lead, self._progress = session_factory, lead, progress
        self._now, self._wake, self._give_up = now, wake, give_up
        self._watch = Watch(now)
        self._stopping = threading.Event()
        self._woke = 0.0

    def stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        while not self._stopping.wait(EVERY):
            for step in (self._look_at_jobs, self._lead.keep, self._look_at_time, self._pulse):
                try:
                    step()
                except Exception:  # a database that is away; the next round asks again
                    log.exception("the watch over the clock could not do its round")

    def _look_at_jobs(self) -> None:
        still = self._progress.standing_still()
        if not still:
            return
        if time.monotonic() - self._woke > 60:
            self._woke = time.monotonic()
            log.warning("these stand still and are woken: %s", ", ".join(still))
            self._wake()
        if self._give_up and max(still.values()) > _HOPELESS + _LONGEST:
            self._give_up()

    def _look_at_time(self) -> None:
        if self._watch.look(self._factory):
            log.warning("the time of this machine jumped; what goes by the day waits")
            self._wake()  # a clock that was set back would wait until it is as late again

    def _pulse(self) -> None:
        error = " ".join(self._progress.standing_still())
        beat(self._factory, PULSE, now=self._now(), error=error, clock=self._lead.name)


def threads_of(ticks: Sequence[tuple[str, float]]) -> dict[str, float]:
    """Return for each thread how many seconds lie between its most frequent runs."""
    every: dict[str, float] = {}
    for thread, seconds in ticks:
        every[thread] = min(seconds, every.get(thread, seconds))
    return every
