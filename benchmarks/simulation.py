"""A simulated year of the whole province, in a process of its own: seconds and megabytes against what an officer would wait for."""

import resource
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
    took = seconds(lambda: _simulate(*options))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    name = f"simulate {' '.join(options)}"
    yield report(f"{name}, share of {years} × {SECONDS} s", took / years / SECONDS, 1, f"{took:.1f} s")
    yield report(f"{name}, share of {MEGABYTES} MB", peak / MEGABYTES, 1, f"{peak:.0f} MB at most so far")


def _simulate(*options: str) -> None:
    command = [sys.executable, "-m", "scheduler", "simulate", *options, "--format", "json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
