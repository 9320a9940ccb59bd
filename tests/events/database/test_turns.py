"""Of several who share a database, one at a time does a thing."""

import multiprocessing

from sqlalchemy import Engine

from events.database.sessions import create_engine
from events.database.turns import Turn, turn

PATIENCE = 30  # seconds


def _keep(url: str, kept: object) -> None:
    with turn(create_engine(url), Turn.RENEW) as mine:
        assert mine
        kept.set()  # type: ignore[attr-defined]
        multiprocessing.Event().wait()


def test_of_two_one_has_the_turn_and_nobody_waits_for_it(blank_engine: Engine):
    with turn(blank_engine, Turn.RENEW) as mine, turn(blank_engine, Turn.RENEW) as another:
        assert (mine, another) == (True, False)

    with turn(blank_engine, Turn.RENEW) as mine:
        assert mine


def test_turns_of_different_things_are_independent(blank_engine: Engine):
    with turn(blank_engine, Turn.RENEW) as renews, turn(blank_engine, Turn.PUBLISH) as publishes:
        assert (renews, publishes) == (True, True)


def test_whoever_is_killed_has_no_turn_any_more(blank_engine: Engine):
    url = blank_engine.url.render_as_string(hide_password=False)
    processes = multiprocessing.get_context("spawn")
    kept = processes.Event()
    other = processes.Process(target=_keep, args=[url, kept])
    other.start()
    assert kept.wait(PATIENCE)
    with turn(blank_engine, Turn.RENEW) as mine:
        assert not mine

    other.kill()
    other.join(PATIENCE)

    waited = 0
    while not _has_it(blank_engine) and waited < PATIENCE * 10:
        multiprocessing.Event().wait(0.1)
        waited += 1
    assert _has_it(blank_engine)


def _has_it(engine: Engine) -> bool:
    with turn(engine, Turn.RENEW) as mine:
        return mine
