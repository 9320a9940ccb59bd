"""The command `sumvay` in a process of its own, without the second that Python takes to load it.

Each is forked from a server that has loaded the command and run nothing. That `python -m scheduler`
itself starts, the tests of `sumvay serve` show.
"""

import multiprocessing
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

PATIENCE = 60  # seconds; how long a test waits before it gives up
PRELOADED = ["scheduler.cli", "scheduler.timetable", "scheduler.wsgi", "tests.scheduler.processes"]
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(PRELOADED)


def environment(**variables: str) -> dict[str, str]:
    """Return this process's environment without settings of the service, and with those given."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SUMVAY_")}
    return kept | {"PYTHONPATH": str(Path(__file__).parents[2]), **variables}


def sumvay(
    home: Path, *arguments: str, typed: str = "", **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in the folder ``home`` and return what it said."""
    with ExitStack() as stack:
        typed_in, out, err = (
            stack.enter_context(tempfile.NamedTemporaryFile("w+", encoding="utf-8"))
            for _ in range(3)
        )
        typed_in.write(typed)
        typed_in.flush()
        names = (typed_in.name, out.name, err.name)
        process = _SERVER.Process(
            target=_run, args=(home, arguments, environment(**variables), names)
        )
        process.start()
        process.join(PATIENCE)
        if process.exitcode is None:
            process.kill()
            raise subprocess.TimeoutExpired(arguments, PATIENCE)
        return subprocess.CompletedProcess(arguments, process.exitcode, out.read(), err.read())


def _run(
    home: Path,
    arguments: tuple[str, ...],
    variables: dict[str, str],
    names: tuple[str, str, str],
) -> None:
    from scheduler.cli import main

    os.chdir(home)
    os.environ.clear()
    os.environ.update(variables)
    for name, number, mode in zip(names, range(3), ("r", "w", "w"), strict=True):
        file = open(name, mode, encoding="utf-8")  # noqa: SIM115 - it stays open until the end
        os.dup2(file.fileno(), number)
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, encoding="utf-8", closefd=False)
        for number, mode in enumerate(("r", "w", "w"))
    )
    try:
        main(list(arguments))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
