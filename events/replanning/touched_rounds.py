"""When the working calendar changes: the running rounds that it touches, beside what they should be
now.

A decision on days off comes to the same dates as re-anchoring would, because both ask the same
functions: parts follow their whole, deadlines keep their distance to a late plan, done items and
what a hand set stay. A round that is touched follows altogether, so that afterwards there is
nothing left to re-anchor. Rounds that no changed day is near are not even read.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.campaigns.due_dates import DueDates
from events.campaigns.unit_checklists import UnitChecklist, load_unit_checklists
from events.campaigns.wanted_dates import dates_now
from events.checklist.history import Stamp
from events.days.workdays import WorkCalendar
from events.locks import lock_templates
from events.models import Campaign, ChecklistItem, Round
from events.models.campaigns import takes_place
from events.models.items import OPEN
from events.replanning.date_lines import lines_of
from events.replanning.preview import Fate, Group, Line, grouped, write

_A_DAY = timedelta(days=1)
_NEAR = timedelta(days=31)  # no break moves a date so far

_Dates = Mapping[tuple[int, str], DueDates]


@dataclass(frozen=True, slots=True)
class RoundChange:
    """What a new calendar does to one round: the items that move, and those that stay although
    their day moved, with why.
    """

    root: Campaign
    lines: tuple[Line, ...]

    @property
    def moved(self) -> list[Line]:
        return [line for line in self.lines if line.fate is Fate.MOVED]

    def groups(self, today: date) -> list[Group]:
        return grouped(self.lines, today)


def changed_rounds(
    session: Session, old: WorkCalendar, new: WorkCalendar, *, lock: bool = False
) -> list[RoundChange]:
    """Return the rounds in which the calendars give different dates, by their days. Writes
    nothing.
    """
    found, near = [], _near(session, old, new)
    if lock:
        lock_templates(session, {root.template_id for root in near})
    for root in near:
        checklists = load_unit_checklists(session, root, lock=lock)
        before, after = dates_now(session, checklists, old), dates_now(session, checklists, new)
        if before != after:
            found.append(RoundChange(root, tuple(_lines(checklists, before, after))))
    return sorted(
        (one for one in found if one.lines), key=lambda one: (one.root.dtstart, one.root.id)
    )


def write_rounds(session: Session, rounds: Iterable[RoundChange], *, stamp: Stamp) -> None:
    """Move what was shown, with its history, in two statements however many rounds there are."""
    write(session, [line for one in rounds for line in one.lines], stamp=stamp)


def _lines(checklists: Sequence[UnitChecklist], before: _Dates, after: _Dates) -> list[Line]:
    """Return what changes, and what stays only where the calendar would have moved it."""
    places = (
        (checklist, key, (checklist.campaign.id, key))
        for checklist in checklists
        for key in checklist.items
    )
    touched = {
        checklist.items[key].id
        for checklist, key, place in places
        if before.get(place) != after.get(place)
    }
    return [line for line in lines_of(checklists, after) if line.is_change or _is_of(line, touched)]


def _is_of(line: Line, touched: Collection[int]) -> bool:
    return line.item is not None and (line.item.split_from_id or line.item.id) in touched


def _near(session: Session, old: WorkCalendar, new: WorkCalendar) -> Sequence[Campaign]:
    """Return the root campaigns of the rounds with open items and a changed day near their
    dates,.
    """
    spans = _spans(session)
    if not spans:
        return ()
    first, last = min(span[0] for span in spans.values()), max(span[1] for span in spans.values())
    days = [
        day
        for n in range((last - first).days + 1)
        if old.day_off(day := first + n * _A_DAY) != new.day_off(day)
    ]
    near = [
        round_ for round_, (begin, end) in spans.items() if any(begin <= day <= end for day in days)
    ]
    same = Campaign.round_id.in_(near)
    roots = select(Campaign).where(same, Campaign.parent_id.is_(None), takes_place())
    return session.scalars(roots.order_by(Campaign.id)).all() if near else ()


def _spans(session: Session) -> dict[int, tuple[date, date]]:
    """Return by round from when to when a day off can matter to it, of the rounds with open
    items.
    """
    open_ones = (
        select(Campaign.round_id)
        .join(Campaign.items)
        .where(ChecklistItem.status.in_(OPEN))
        .distinct()
    )
    firsts = (Round.opens, ChecklistItem.dtstart, ChecklistItem.nominal_due, ChecklistItem.due)
    lasts = (ChecklistItem.nominal_due, ChecklistItem.due)
    query = (
        select(Round.id, *map(func.min, firsts), *map(func.max, lasts))
        .join(Campaign, Campaign.round_id == Round.id)
        .join(Campaign.items)
        .where(Round.id.in_(open_ones))
    )
    return {
        round_id: (min(filter(None, days)) - _NEAR, max(filter(None, days)) + _NEAR)
        for round_id, *days in session.execute(query.group_by(Round.id))
    }
