"""Two versions of one calendar: what may not fall, what must rise, what may not go."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from events.calendars.check.lines import Component, read
from events.calendars.check.rules import Breach, breach
from events.calendars.check.values import rule_of, when_of
from events.calendars.check.whole import events_in

_STAMPS = ("DTSTAMP", "LAST-MODIFIED", "SEQUENCE")
_UNSEEN = (*_STAMPS, "CREATED")
_A_LONG_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_A_DAY = timedelta(days=1)
_STAMP = re.compile(r"[0-9]{8}T[0-9]{6}Z")

_Name = tuple[str, str]


def between(before: bytes, after: bytes, *, now: datetime) -> list[Breach]:
    """Return what is wrong with how one version followed another; lines are those of ``after``.

    ``now`` tells what has passed, and so may go.
    """
    old, new = _by_name(before), _by_name(after)
    found = list(_gone(old, new, now))
    restless = _uids_with_other_times(old, new)
    for name in old.keys() & new.keys():
        found += _of_event(old[name], new[name], may_move=name[0] in restless)
    found += _of_calendar(before, after)
    if not found and before != after and _what_is_seen(before) == _what_is_seen(after):
        found.append(breach("bytes-moved"))
    return sorted(found, key=lambda one: (one.line or 0, one.uid, one.rule.key))


def _by_name(body: bytes) -> dict[_Name, Component]:
    return {(one.uid, one.value("RECURRENCE-ID")): one for one in events_in(body)}


def _gone(
    old: Mapping[_Name, Component], new: Mapping[_Name, Component], now: datetime
) -> Iterator[Breach]:
    """An event that went may have been cancelled or have passed; with another UID it is back twice
    in clients that keep what they have.
    """
    come = {_looks(event): event for name, event in new.items() if name not in old}
    for name in old.keys() - new.keys():
        event = old[name]
        again = come.get(_looks(event))
        if again is not None:
            yield breach("uid-kept", again.number, again.uid, before=event.uid)
        elif not name[1] and event.value("STATUS") != "CANCELLED" and _last(event) > now:
            yield breach("gone", None, event.uid)


def _uids_with_other_times(
    old: Mapping[_Name, Component], new: Mapping[_Name, Component]
) -> set[str]:
    """Return the events of which any time reads otherwise, came or went: clients take a rule and
    its moved times as one thing, so the stamps of all of them may rise.
    """
    both = old.keys() & new.keys()
    found = {uid for uid, _time in old.keys() ^ new.keys()}
    return found | {name[0] for name in both if _changed(old[name], new[name])}


def _looks(event: Component) -> tuple[str, str, str]:
    return event.value("SUMMARY"), event.value("DTSTART"), event.value("RECURRENCE-ID")


def _last(event: Component) -> datetime:
    """Return the instant when an event is over for good."""
    line, rule = event.one("DTEND") or event.one("DTSTART"), event.one("RRULE")
    try:
        if rule:
            until = rule_of(rule).get("UNTIL", [_A_LONG_TIME])[0]
            return until if isinstance(until, datetime) and until.tzinfo else _A_LONG_TIME
        return when_of(line).instant if line else _A_LONG_TIME
    except (ValueError, OverflowError, TypeError):
        return _A_LONG_TIME


def _of_event(old: Component, new: Component, *, may_move: bool) -> Iterator[Breach]:
    uid, at = new.uid, new.number
    changed = _changed(old, new)
    before, after = (_number(one.value("SEQUENCE")) for one in (old, new))
    if after < before:
        yield breach("sequence-fell", at, uid, before=before, after=after)
    elif changed and after == before:
        yield breach("sequence-stayed", at, uid, what=", ".join(changed))
    was, is_now = (one.value("LAST-MODIFIED") for one in (old, new))
    if _falls(was, is_now):
        yield breach("modified-fell", at, uid, before=was, after=is_now)
    elif changed and was == is_now:
        yield breach("modified-stayed", at, uid, what=", ".join(changed))
    moved = [name for name in _STAMPS if old.value(name) != new.value(name)]
    if moved and not changed and not may_move:
        yield breach("stamps-moved", at, uid, what=", ".join(moved))


def _of_calendar(before: bytes, after: bytes) -> Iterator[Breach]:
    heads = [read(body)[0][:1] for body in (before, after)]
    if not all(heads):
        return
    was, line = heads[0][0].value("LAST-MODIFIED"), heads[1][0].one("LAST-MODIFIED")
    if line and _falls(was, line.value):
        yield breach("calendar-fell", line.number)


def _falls(before: str, after: str) -> bool:
    both = _STAMP.fullmatch(before) and _STAMP.fullmatch(after)
    return bool(both) and after < before


def _changed(old: Component, new: Component) -> list[str]:
    """Return the names of the properties that people see and that are not as they were."""
    lines = set(_seen(old)) ^ set(_seen(new))
    return sorted({re.split("[;:]", line)[0] for line in lines})


def _seen(component: Component) -> Iterator[str]:
    for line in component.lines:
        if line.name not in _UNSEEN:
            yield line.text
    for inner in component.inside:
        yield f"{inner.name}:{sorted(_seen(inner))}"


def _what_is_seen(body: bytes) -> list[list[str]]:
    return [sorted(_seen(one)) for one in read(body)[0]]


def _number(text: str) -> int:
    return int(text) if re.fullmatch("[0-9]{1,12}", text) else 0
