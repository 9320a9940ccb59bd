"""When activities take place, each week anew if they recur, and which of them overlap."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from events.installation import zone_of
from events.localtime import at_local, local_day
from events.models import Activity, ActivityCredit, Campaign, CampaignStatus, Round, Unit
from events.models.campaigns import of_rounds, takes_place
from events.units.tree import ancestors, subtree_ids
from events.words.texts import folded

A_WEEK = timedelta(weeks=1)
_A_YEAR = timedelta(days=365)
_A_DAY = timedelta(days=1)
_A_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Slot:
    """When and where something takes place.

    ``dtend`` is the instant it ends; two that only touch do not overlap.
    """

    unit_id: int
    place: str
    dtstart: datetime
    dtend: datetime
    weekly_until: date | None = None
    # by the local day of a time by the rule: when it takes place instead, None for not at all
    exceptions: Mapping[date, tuple[datetime, datetime] | None] = field(default_factory=dict)

    def occurrences(self, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Yield the start and end of each time it takes place: at the same local hour every week,
        but for those that were called off or moved.
        """
        for start, end in self._by_the_rule(zone):
            if start.date() not in self.exceptions:
                yield start, end
            elif instead := self.exceptions[start.date()]:
                yield instead[0].astimezone(zone), instead[1].astimezone(zone)

    def _by_the_rule(self, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        start, end = self.dtstart.astimezone(zone), self.dtend.astimezone(zone)
        yield start, end
        while self.weekly_until is not None and (start + A_WEEK).date() <= self.weekly_until:
            start, end = start + A_WEEK, end + A_WEEK
            yield start, end


def clash(slot: Slot, other: Slot, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
    """Return the first time ``other`` takes place that overlaps ``slot``; None unless both are of
    one unit or at one place.

    Places are compared by name, so the two must be of units that can share one: every commune has a
    "Hội trường UBND xã".
    """
    if not _same_people_or_place(slot, other):
        return None
    mine = list(slot.occurrences(zone))
    times = (
        (start, end)
        for start, end in other.occurrences(zone)
        if any(a < end and start < b for a, b in mine)
    )
    return next(times, None)


@dataclass(frozen=True, slots=True)
class Happening:
    """One of the times that an activity takes place, in local time.

    ``dtend`` is the instant it ends.
    """

    activity: Activity
    dtstart: datetime
    dtend: datetime

    def covers(self, day: date) -> bool:
        return self.dtstart.date() <= day <= (self.dtend - _A_MOMENT).date()


def overlapping(session: Session, activity: Activity) -> list[Happening]:
    """Return the activities that overlap this one, of the same unit or at the same place: a
    warning, not a lock.

    Each comes with the first of its times that overlaps. A place of the same name is the same place
    for a unit and those above and below it.
    """
    zone = zone_of(session)
    slot, day = _slot(activity), local_day(activity.dtstart, zone)
    last = max((end for _start, end in slot.occurrences(zone)), default=activity.dtend)
    # its last time may end days later
    still_on = or_(Activity.dtend > activity.dtstart, Activity.weekly_until >= day - A_WEEK)
    query = select(Activity).where(Activity.id != activity.id, Activity.dtstart < last, still_on)
    query = query.where(Activity.status != CampaignStatus.CANCELLED).join(Activity.campaign)
    query = query.where(takes_place(), _in_line_with(activity.campaign.unit, day))
    load = joinedload(Activity.campaign).joinedload(Campaign.unit)
    others = session.scalars(query.options(load).order_by(Activity.dtstart, Activity.id))
    found = ((other, clash(slot, _slot(other), zone)) for other in others)
    return [Happening(other, *times) for other, times in found if times is not None]


def happenings(
    session: Session, first: date, last: date, *where: ColumnElement[bool]
) -> list[Happening]:
    """Return each time that public activities take place on the local days ``first`` to ``last``,
    in the order of time.

    What was called off is left out. ``where`` are conditions on ``Activity`` and its ``Campaign``.
    """
    zone = zone_of(session)
    start, end = at_local(first, time.min, zone), at_local(last + _A_DAY, time.min, zone)
    near = (
        Activity.dtstart < end,
        or_(Activity.dtend > start, Activity.weekly_until >= first - A_WEEK),
    )
    held = (
        Activity.status != CampaignStatus.CANCELLED,
        takes_place(),
    )
    query = select(Activity).join(Activity.campaign).where(Activity.public, *held, *near, *where)
    load = contains_eager(Activity.campaign).options(
        joinedload(Campaign.unit), joinedload(Campaign.round).joinedload(Round.observance)
    )
    rows = session.scalars(query.options(load).order_by(Activity.id))
    found = (Happening(row, *times) for row in rows for times in _slot(row).occurrences(zone))
    return sorted(
        (each for each in found if each.dtstart < end and each.dtend > start),
        key=lambda each: each.dtstart,
    )


def coming(session: Session, today: date, *where: ColumnElement[bool]) -> list[Happening]:
    """Return the next time of each public activity in the year from ``today`` on.

    ``where`` is that of ``happenings``.
    """
    found: dict[int, Happening] = {}
    for each in happenings(session, today, today + _A_YEAR, *where):
        found.setdefault(each.activity.id, each)
    return list(found.values())


def at_the_top() -> ColumnElement[bool]:
    """Return the condition that an activity is of a unit that has none above it, usually the
    province.
    """
    return Campaign.unit_id.in_(select(Unit.id).where(Unit.parent_id.is_(None)))


def of_unit(unit: Unit) -> ColumnElement[bool]:
    """Return the condition that an activity is of this unit's campaigns."""
    return Campaign.unit_id == unit.id


def counts_for(observance_id: int) -> ColumnElement[bool]:
    """Return the condition that an activity is of an observance's campaign, or counts for one, as a
    shared launch does.
    """
    other = aliased(Campaign)
    credited = select(ActivityCredit.activity_id).join(
        other, other.id == ActivityCredit.campaign_id
    )
    of_observance = Round.observance_id == observance_id
    return or_(
        of_rounds(of_observance),
        Activity.id.in_(credited.where(of_rounds(of_observance, campaign=other))),
    )


def _slot(activity: Activity) -> Slot:
    return Slot(
        activity.campaign.unit_id,
        activity.location,
        activity.dtstart,
        activity.dtend,
        activity.weekly_until,
        exceptions_of(activity),
    )


def exceptions_of(activity: Activity) -> dict[date, tuple[datetime, datetime] | None]:
    """Return what differs from the rule, as ``Slot`` has it."""
    found: dict[date, tuple[datetime, datetime] | None] = {}
    for day, times in (activity.exceptions or {}).items():
        instead = [datetime.fromisoformat(moment) for moment in times or ()]
        found[date.fromisoformat(day)] = (instead[0], instead[1]) if instead else None
    return found


def _same_people_or_place(one: Slot, other: Slot) -> bool:
    place = _words(one.place)
    return one.unit_id == other.unit_id or (place != [] and place == _words(other.place))


def _words(place: str) -> list[str]:
    """Return the words of a place as it is compared: two people write commas, capitals and accents
    differently.
    """
    return re.findall(r"\w+", folded(place))


def _in_line_with(unit: Unit, on: date) -> ColumnElement[bool]:
    """Return the condition that a campaign is of ``unit``, of a unit above it or of one below
    it.
    """
    above = Campaign.unit_id.in_([other.id for other in ancestors(unit)])
    return or_(above, Campaign.unit_id.in_(subtree_ids(unit.id, on)))
