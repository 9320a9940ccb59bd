"""What is asked for most is answered without asking anybody, and not for longer than it is true."""

from datetime import UTC, datetime

import pytest

from events.calendars.kept import Kept
from web.calendars.memory import _FRESH, _OF_HEADERS, Memory

NOON = datetime(2021, 3, 1, 5, tzinfo=UTC)
A_MOMENT = 0.5  # seconds


class Now:
    """Seconds, as a test moves them."""

    seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def memory(now: Now) -> Memory:
    return Memory(3 * (10 + _OF_HEADERS), now)


def feed(key: str, etag: str = "1") -> Kept:
    return Kept(key, b"01234", b"56789", etag, NOON)


def put(memory: Memory, *keys: str) -> None:
    for key in keys:
        memory.put(feed(key), public=True)


def test_what_was_read_a_moment_ago_is_not_read_again(memory, now):
    put(memory, "a")
    now.seconds += A_MOMENT

    assert memory.fresh("a").feed == feed("a")
    assert memory.fresh("b") is None


def test_what_nobody_confirmed_is_read_again_but_still_there_while_the_database_is_away(
    memory, now
):
    put(memory, "a")

    now.seconds += _FRESH

    assert memory.fresh("a") is None
    assert memory.get("a").feed == feed("a")


def test_what_is_confirmed_stays_for_as_long_as_somebody_asks_for_it(memory, now):
    put(memory, "a")

    for _ in range(20):
        now.seconds += 1
        assert memory.fresh("a")
        memory.look(lambda _keys: {"a": "1"})


@pytest.mark.parametrize("known", [{"a": "2"}, {}])
def test_what_changed_or_is_gone_is_let_go_of(memory, known):
    put(memory, "a", "b")

    memory.look(lambda _keys: known | {"b": "1"})

    assert memory.fresh("a") is None
    assert memory.get("a") is None
    assert memory.fresh("b")


def test_while_nobody_can_tell_clients_get_what_they_got(memory, now):
    put(memory, "a")
    for _ in range(20):
        now.seconds += 1
        assert memory.fresh("a")
        memory.look(lambda _keys: None)


def test_nobody_is_asked_about_what_no_client_asked_for(memory):
    asked = []
    put(memory, "a", "b")
    memory.look(lambda keys: asked.append(keys))
    memory.fresh("b")

    memory.look(lambda keys: asked.append(keys))
    memory.look(lambda keys: asked.append(keys))

    assert asked == [["a", "b"], ["b"]]


def test_what_is_read_while_somebody_looks_is_not_taken_for_what_was_there_before(memory):
    put(memory, "a")

    def ask(_keys):
        memory.put(feed("a", "2"), public=True)
        return {"a": "3"}

    memory.look(ask)

    assert memory.fresh("a").feed.etag == "2"


def test_so_many_bytes_are_remembered_and_what_is_asked_for_least_makes_room(memory):
    put(memory, "a", "b", "c")
    memory.look(lambda keys: dict.fromkeys(keys, "1"))
    memory.fresh("a")
    memory.look(lambda keys: dict.fromkeys(keys, "1"))

    put(memory, "d", "d")

    assert [key for key in "abcd" if memory.get(key)] == ["a", "c", "d"]


def test_what_many_ask_for_stays_while_each_of_all_others_is_asked_for_once(memory):
    put(memory, "a", "b", "c")

    put(memory, *"defghijkl")

    assert [key for key in "abcdefghijkl" if memory.get(key)] == ["a", "b", "c"]
    assert not memory.deserves("m")
    assert memory.deserves("m")


def test_one_calendar_written_again_and_again_takes_no_more_room(memory):
    put(memory, "a", "b", *["c"] * 50)

    assert all(map(memory.get, "abc"))
