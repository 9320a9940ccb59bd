"""Time a thing next to its limit, in turns, and report the ratio."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """A ratio (or another figure) and the most that it may be."""

    name: str
    value: float
    limit: float
    detail: str

    @property
    def ok(self) -> bool:
        return self.value <= self.limit


def seconds(work: Callable[[], object]) -> float:
    """Return how long ``work`` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ratio(
    name: str,
    ours: Callable[[], float],
    bare: Callable[[], float],
    limit: float,
    rounds: int = ROUNDS,
) -> Measured:
    """Measure both in turns, so that a busy machine slows both, and report the median of the
    ratios.
    """
    pairs = [(ours(), bare()) for _ in range(rounds)]
    value = statistics.median(mine / other for mine, other in pairs)
    best = min(mine for mine, _ in pairs), min(other for _, other in pairs)
    return report(name, value, limit, f"{best[0] * 1000:.0f} ms to {best[1] * 1000:.0f} ms")


def report(name: str, value: float, limit: float, detail: str) -> Measured:
    """Print a measurement and return it."""
    measured = Measured(name, value, limit, detail)
    print(
        f"{'ok  ' if measured.ok else 'OVER'} {name}: {value:.2f} (at most {limit:g}; {detail})",
        flush=True,
    )
    return measured
