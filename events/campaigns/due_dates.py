"""When items are due: so many days from an anchor, not on days off, and never before what they wait
for. Pure.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from events.campaigns.rounds import Anchors
from events.days.reasons import Cause, DayReason
from events.days.workdays import WorkCalendar
from events.models import Anchor, TemplateItem

WAITS = DayReason(Cause.WAITS)  # of a date that follows another item's


@dataclass(frozen=True, slots=True)
class DueDates:
    """When an item starts and is due: as counted, as the working calendar moved it, and why."""

    dtstart: date | None
    nominal_due: date
    due: date
    due_reason: DayReason | None

    @property
    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Late:
    """An item that came into being on the day ``born``, after its own: it is due on ``due``, or
    before, if something else waits for it.
    """

    born: date
    due: date


def due_dates(
    item: TemplateItem,
    level: str,
    anchors: Anchors,
    calendar: WorkCalendar,
    plan: date | None = None,
) -> DueDates:
    """Work out the dates of an item's copy at ``level``: anchor + offset, moved off days on which
    offices are closed.

    ``plan`` is the day that an item counts from whose anchor is a plan.
    """
    anchor = plan if plan is not None and item.anchor is Anchor.PLAN else anchors.of(item.anchor)
    first = calendar.shift(anchor + timedelta(days=item.offset_at(level)), item.shift)
    end = item.end_at(level)
    if end is None:
        return DueDates(None, first.nominal, first.effective, first.reason)
    last = calendar.shift(anchor + timedelta(days=end), item.shift)
    return DueDates(first.effective, last.nominal, last.effective, last.reason)


def planned_day(
    item: TemplateItem,
    items: Mapping[str, TemplateItem],
    level: str,
    anchors: Anchors,
    calendar: WorkCalendar,
) -> date | None:
    """Return the day on which the template has the plan due that an item counts from; None for
    other anchors.
    """
    plan = items.get(item.depends_on[0]) if item.anchor is Anchor.PLAN and item.depends_on else None
    if plan is None:
        return None
    at = level if level in plan.levels else plan.levels[0]
    return due_dates(
        plan, at, anchors, calendar, planned_day(plan, items, at, anchors, calendar)
    ).due


def in_order(
    waits_for: Mapping[str, Collection[str]],
    count: Callable[[str, Mapping[str, date]], DueDates],
    stands: Mapping[str, date | None] | None = None,
    late: Callable[[str, date], Late | None] | None = None,
) -> dict[str, DueDates]:
    """Return the dates of a unit's items by key, none of which is due before what it waits for
    there.

    ``count`` gives the dates of an item by itself, from its key and the days of what it waits for.
    ``stands`` are the days that others wait for where these are not the items' own: one set by
    hand, None for what is closed. ``late`` tells of a key and its day whether that had passed when
    the item came into being: it is then due so much later, but not after what waits for it.
    """
    found = _in_order(waits_for, count, stands)
    too_late = {
        key: one
        for key, dates in found.items()
        if late is not None and (one := late(key, dates.due)) is not None
    }
    if late is None or not too_late:
        return found
    ends = _ends(waits_for, found, too_late)

    def count_late(key: str, days: Mapping[str, date]) -> DueDates:
        dates = count(key, days)
        # a plan's new day, or what an item waits for, may have brought it back into time
        one = late(key, dates.due) if key in too_late else None
        if one is None:
            return dates
        return replace(dates, due=min(one.due, ends[key]), due_reason=_opened_late(one.born))

    return _in_order(waits_for, count_late, stands)


def _in_order(
    waits_for: Mapping[str, Collection[str]],
    count: Callable[[str, Mapping[str, date]], DueDates],
    stands: Mapping[str, date | None] | None,
) -> dict[str, DueDates]:
    found, known = dict[str, DueDates](), stands or {}
    for key in _first_ones_first(waits_for):
        days = {
            first: known.get(first) or found[first].due
            for first in waits_for[key]
            if first in found
        }
        dates = count(key, days)
        last = max((day for first, day in days.items() if known.get(first, day)), default=dates.due)
        found[key] = replace(dates, due=last, due_reason=WAITS) if last > dates.due else dates
    return found


def _ends(
    waits_for: Mapping[str, Collection[str]],
    found: Mapping[str, DueDates],
    too_late: Mapping[str, Late],
) -> dict[str, date]:
    """Return the last day on which each late item may be due, so that nothing that waits for it is
    held up: the first day of those that are due in time, or the last of the late ones.
    """
    ends = {key: one.due for key, one in too_late.items()}
    for key in reversed(_first_ones_first(waits_for)):
        end = ends[key] if key in too_late else found[key].due
        for first in waits_for[key]:
            if first in too_late and end >= too_late[first].born:
                ends[first] = min(ends[first], end)
    return ends


def _opened_late(born: date) -> DayReason:
    return DayReason(Cause.LATE_OPENING, day=born)


def _first_ones_first(waits_for: Mapping[str, Collection[str]]) -> list[str]:
    found, begun = list[str](), set[str]()

    def settle(key: str) -> None:
        begun.add(key)
        for first in waits_for[key]:
            if first in waits_for and first not in begun:
                settle(first)
        found.append(key)

    for key in waits_for:
        if key not in begun:
            settle(key)
    return found
