"""One start at a time, on both databases."""

import multiprocessing
import os
import threading
from pathlib import Path

import pytest
from sqlalchemy import Engine

from events.database.sessions import create_engine
from scheduler.alone import StillStartingError, alone
from tests.scheduler.processes import sumvay

PATIENCE = 30


def _hold(url: str, held: object) -> None:
    with alone(create_engine(url)):
        held.set()  # type: ignore[attr-defined]
        threading.Event().wait()


def test_a_start_waits_for_another_and_goes_on_when_that_dies(blank_engine: Engine):
    url = blank_engine.url.render_as_string(hide_password=False)
    processes = multiprocessing.get_context("spawn")
    held = processes.Event()
    other = processes.Process(target=_hold, args=[url, held])
    other.start()
    assert held.wait(PATIENCE)

    with pytest.raises(StillStartingError), alone(blank_engine, patience=0.3):
        pass
    other.kill()
    other.join(PATIENCE)
    with alone(blank_engine, patience=PATIENCE):
        pass
    with alone(blank_engine, patience=0):
        pass


@pytest.mark.slow
def test_of_two_who_prepare_together_both_succeed(tmp_path: Path):
    (tmp_path / "config.toml").write_text("")
    done: list[int] = []
    starts = [
        threading.Thread(target=lambda: done.append(sumvay(tmp_path, "init").returncode))
        for _ in range(2)
    ]
    for one in starts:
        one.start()
    for one in starts:
        one.join()

    assert done == [0, 0]
    assert os.path.exists(tmp_path / "var" / "sumvay.db")
