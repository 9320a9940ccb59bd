"""One truth for stamps: they rise exactly when what a feed shows of an event changes.

It does not matter which row the change came from: what is compared is what is written. So what
nobody sees (work begun, head counts) raises nothing, and a role renamed, a round cancelled or a new
way of writing raises all that say it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from events.calendars.ical import CalendarEvent, shown, stamp_of, write_event

_A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a feed last showed of an event (a digest), and its stamps then."""

    digest: str
    sequence: int
    last_modified: datetime


@dataclass(frozen=True, slots=True)
class Stamped:
    """An event as it is written, with the stamps that it has now."""

    event: CalendarEvent
    text: bytes
    stamp: Stamp


def stamp_all(
    events: Iterable[CalendarEvent], known: Mapping[str, Stamp], now: datetime
) -> Iterator[Stamped]:
    """Give each event its stamps: those it had, or higher ones if it reads otherwise.

    One that was never shown begins with those of its row.
    """
    for event in events:
        before = known.get(event.uid)
        if before is None:
            text = write_event(event)
            first = Stamp(shown(text), event.sequence, stamp_of(event))
            yield Stamped(event, text, first)
            continue
        as_before = _with(event, before)
        text = write_event(as_before)
        if shown(text) == before.digest:
            yield Stamped(as_before, text, before)
            continue
        later = Stamp(shown(text), before.sequence + 1, next_moment(before.last_modified, now))
        raised = _with(event, later)
        yield Stamped(raised, write_event(raised), later)


def next_moment(last: datetime, now: datetime) -> datetime:
    """Return ``now`` in whole seconds, or the second after ``last`` if that is later: HTTP and
    iCalendar know no smaller step, and a clock may be set back.
    """
    floor = last.astimezone(UTC).replace(microsecond=0)
    return max(now.astimezone(UTC).replace(microsecond=0), floor + _A_SECOND)


def _with(event: CalendarEvent, stamp: Stamp) -> CalendarEvent:
    return replace(event, sequence=stamp.sequence, last_modified=stamp.last_modified)
