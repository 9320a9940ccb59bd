"""What holds between two writings of all calendars, asked a second time and by other code than what
writes them.
"""

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from events.calendars.check.versions import between
from events.calendars.check.whole import check
from events.calendars.kept import Kept

_STAMPS = re.compile(rb"(DTSTAMP|LAST-MODIFIED|SEQUENCE|CREATED)[:;]")


def hold(before: Mapping[str, Kept], after: Mapping[str, Kept], now: datetime) -> Iterator[str]:
    """Say what is broken: by a calendar, from one writing to the next, and among all calendars."""
    for key in before.keys() & after.keys():
        old, new = before[key], after[key]
        if old.body == new.body:
            if (old.etag, old.last_modified) != (new.etag, new.last_modified):
                yield f"{key}: the same bytes have other validators"
            continue
        if new.last_modified <= old.last_modified or new.etag == old.etag:
            yield f"{key}: other bytes, and Last-Modified does not rise"
        yield from (f"{key}: {wrong}" for wrong in _stamps(old.body, new.body))
        yield from (
            f"{key}: {one.rule.key} {one.uid} {one.facts}"
            for one in between(old.body, new.body, now=now)
        )
        yield from (f"{key}: {one.rule.key} {one.uid} {one.facts}" for one in check(new.body))
    yield from _twice(after)


@dataclass(frozen=True)
class Read:
    """An event as its lines say it, without any library."""

    lines: tuple[bytes, ...]

    def value(self, name: str) -> str:
        """Return the value of a property, whatever its parameters; nothing where it is missing."""
        for line in self.lines:
            if re.match(rb"%s[:;]" % name.encode(), line):
                return line.partition(b":")[2].decode()
        return ""

    @property
    def seen(self) -> tuple[bytes, ...]:
        """What people see of it."""
        return tuple(line for line in self.lines if not _STAMPS.match(line))


@cache
def events_of(body: bytes) -> Mapping[str, Sequence[Read]]:
    """Return the events of a calendar by UID, those of moved times beside their rule."""
    found = defaultdict(list)
    for part in body.replace(b"\r\n ", b"").split(b"BEGIN:VEVENT\r\n")[1:]:
        event = Read(tuple(part.partition(b"END:VEVENT")[0].splitlines()))
        found[event.value("UID")].append(event)
    return found


def _stamps(before: bytes, after: bytes) -> Iterator[str]:
    old, new = events_of(before), events_of(after)
    for uid in old.keys() & new.keys():
        reads_otherwise = _digest(old[uid]) != _digest(new[uid])
        was, is_now = _stamp(old[uid]), _stamp(new[uid])
        if reads_otherwise and not (is_now[0] > was[0] and is_now[1] > was[1]):
            yield f"{uid} reads otherwise, and its stamps do not rise: {was} {is_now}"
        if not reads_otherwise and was != is_now:
            yield f"{uid} reads as before, and its stamps moved: {was} {is_now}"


def _stamp(events: Sequence[Read]) -> tuple[int, str]:
    [stamp] = {(int(one.value("SEQUENCE")), one.value("LAST-MODIFIED")) for one in events}
    return stamp


def _digest(events: Sequence[Read]) -> bytes:
    texts = sorted(b"\n".join(one.seen) for one in events)
    return hashlib.sha256(b"\n\n".join(texts)).digest()


def _twice(feeds: Mapping[str, Kept]) -> Iterator[str]:
    """A UID names one thing in the world: once in a calendar, and with the same days in all."""
    days: dict[str, tuple[str, str]] = {}
    for key, kept in feeds.items():
        for uid, events in events_of(kept.body).items():
            times = Counter(one.value("RECURRENCE-ID") for one in events)
            if times[""] != 1 or max(times.values()) > 1:
                yield f"{key}: {uid} stands there twice"
            if "@" not in uid:
                yield f"{key}: {uid} does not say where it comes from"
            [shown] = {
                (one.value("DTSTART"), one.value("DTEND"))
                for one in events
                if not one.value("RECURRENCE-ID")
            }
            if days.setdefault(uid, shown) != shown:
                yield f"{key}: {uid} is of {shown}, and elsewhere of {days[uid]}"
