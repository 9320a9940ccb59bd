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
        took = seconds(lambda year=year: _simulate(year))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        yield report(f"simulate --year {year}, share of {SECONDS} s", took / SECONDS, 1, f"{took:.1f} s")
        yield report(f"simulate --year {year}, share of {MEGABYTES} MB", peak / MEGABYTES, 1, f"{peak:.0f} MB at most so far")


def _simulate(year: int) -> None:
    command = [sys.executable, "-m", "scheduler", "simulate", "--year", str(year), "--format", "json"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
