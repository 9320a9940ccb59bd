"""Run all benchmarks, or those named: python -m benchmarks opening feed."""

import sys

from benchmarks import (
    feed,
    mailing,
    moving,
    opening,
    polling,
    renewing,
    rollup,
    simulation,
    ticking,
    uploading,
)

# The simulation first: a process is said to have used at least the memory of the one that started
# it.
BENCHMARKS = {
    "simulation": simulation.run,
    "moving": moving.run,
    "opening": opening.run,
    "feed": feed.run,
    "polling": polling.run,
    "renewing": renewing.run,
    "mailing": mailing.run,
    "rollup": rollup.run,
    "uploading": uploading.run,
    "ticking": ticking.run,
}
SHORT = {"ticking-short": ticking.run_short}  # instead of the whole one, when it is named


def main(names: list[str]) -> int:
    """Print a line a measurement; exit code 1 when one is over its limit."""
    results = [
        measured for name in names or BENCHMARKS for measured in (BENCHMARKS | SHORT)[name]()
    ]
    return 0 if all(measured.ok for measured in results) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
