"""A simulated year of the whole province, in a process of its own: seconds and megabytes against
what an officer would wait for.
"""

import os
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measure import Measured, report, seconds

SECONDS = 10
MEGABYTES = 300


def run() -> Iterator[Measured]:
    """Measure the year before and the year after the reform."""
    for year in (2021, 2026):
        yield from _measured(1, "--year", str(year))
    for play, years in (("2021", 1), ("2025", 2), ("2026-2027", 2)):
        yield from _measured(years, "--play", play)


def _measured(years: int, *options: str) -> Iterator[Measured]:
    peaks: list[float] = []
    took = seconds(lambda: peaks.append(_simulate(*options)))
    name, limit, peak = f"simulate {' '.join(options)}", MEGABYTES * years, max(peaks)
    yield report(
        f"{name}, share of {years} × {SECONDS} s", took / years / SECONDS, 1, f"{took:.1f} s"
    )
    yield report(f"{name}, share of {limit} MB", peak / limit, 1, f"{peak:.0f} MB")


def _simulate(*options: str) -> float:
    """Run the command and return the most memory it took, in megabytes."""
    command = [sys.executable, "-m", "scheduler", "simulate", *options, "--format", "json"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return used.ru_maxrss / 1024
