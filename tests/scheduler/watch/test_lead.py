"""Of several clocks one leads, however they end or sleep."""

import pytest

from scheduler.watch import lead
from scheduler.watch.lead import Lead, has_ended, this_clock
from tests.scheduler.test_timetable import a_service


@pytest.fixture
def factory(tmp_path):
    service = a_service(tmp_path)
    yield service.session_factory
    service.engine.dispose()


@pytest.fixture
def watch(monkeypatch):
    """A watch that only moves when it is told to."""

    class Watch:
        at = 1000.0

        def monotonic(self):
            return self.at

    monkeypatch.setattr(lead, "time", Watch())
    return lead.time


def test_the_first_clock_leads_at_once_and_a_second_does_not(factory, watch):
    one, two = Lead(factory, "a:1"), Lead(factory, "b:1")
    one.begin()
    two.begin()

    assert (one.is_mine, two.is_mine) == (True, False)


def test_a_clock_that_counts_keeps_the_lead_for_ever(factory, watch):
    one, two = Lead(factory, "a:1"), Lead(factory, "b:1")
    one.begin()
    for _ in range(20):
        watch.at += 3
        one.keep()
        two.keep()

    assert (one.is_mine, two.is_mine) == (True, False)


def test_a_clock_that_sleeps_stops_leading_before_another_begins(factory, watch):
    one, two = Lead(factory, "a:1"), Lead(factory, "b:1")
    one.begin()
    two.keep()
    for _ in range(5):
        watch.at += 3
        two.keep()
        assert not (one.is_mine and two.is_mine)
    assert two.is_mine

    one.keep()  # it wakes up
    assert (one.is_mine, two.is_mine) == (False, True)


def test_a_clock_that_ends_politely_leaves_the_lead_at_once(factory, watch):
    one, two = Lead(factory, "a:1"), Lead(factory, "b:1")
    one.begin()
    one.end()
    two.keep()

    assert (one.is_mine, two.is_mine) == (False, True)


def test_a_killed_clock_of_this_machine_is_followed_at_once(factory):
    machine = this_clock().rpartition(":")[0]
    Lead(factory, f"{machine}:{2**22 + 1}").begin()
    new = Lead(factory)
    new.begin()

    assert new.is_mine
    assert not has_ended(this_clock())
    assert not has_ended("elsewhere:1")


def test_two_that_see_the_same_silence_do_not_both_lead(factory, watch):
    Lead(factory, "a:1").begin()
    one, two = Lead(factory, "b:1"), Lead(factory, "c:1")
    one.keep()
    two.keep()
    watch.at += lead.LEASE
    seen = two._seen
    one.keep()
    two._take(seen)

    assert (one.is_mine, two.is_mine) == (True, False)
