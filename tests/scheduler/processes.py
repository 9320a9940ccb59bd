"""The command `sumvay` in a process of its own, without the second that Python takes to load it.

Each is forked from a server that has loaded the command and run nothing. That `python -m scheduler`
itself starts, the tests of `sumvay serve` show.
"""

import multiprocessing
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

PATIENCE = 60  # seconds; how long a test waits before it gives up
PRELOADED = [
    "scheduler.cli",
    "scheduler.timetable",
    "scheduler.serving.wsgi",
    "tests.scheduler.processes",
]
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


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    home: Path, *arguments: str, **variables: str
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Run ``serve`` or ``web`` in the folder ``home``; yield its address and its process, once it
    answers. What it says goes to ``said`` there.
    """
    port = free_port()
    with (home / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "scheduler", *arguments],
            cwd=home,
            env=environment(**{"SUMVAY_WEB__PORT": str(port), **variables}),
            stdout=said,
            stderr=said,
        )
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    try:
        while not _answers(address):
            assert process.poll() is None, (home / "said").read_text()
            assert time.monotonic() < deadline, (home / "said").read_text()
            time.sleep(0.1)
        yield address, process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _answers(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/robots.txt", timeout=5).close()
    except OSError:
        return False
    return True


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
