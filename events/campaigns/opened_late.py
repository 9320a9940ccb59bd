"""Which items would come into being after their day, told before somebody opens them.

It is found by doing what was asked and taking it back, so that it never differs from what is then
done.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.days.reasons import Cause
from events.models import Campaign, ChecklistItem, Level, Round, Unit
from events.units.start_lines import start_line

_LATE = (Cause.LATE_OPENING, Cause.WAITS)  # what waits for a late one is late with it


@dataclass(frozen=True, slots=True)
class LateItems:
    """An item whose day has passed, in ``units`` units of one level: its day, and the new one."""

    campaign: str
    summary: str
    level: Level
    was: date
    due: date
    units: int


def late_if(session: Session, act: Callable[[], object]) -> Sequence[LateItems]:
    """Return the items that would be opened late by ``act``, the first due first. Nothing stays of
    it. Raises what ``act`` raises.
    """
    if start_line(session) is None:
        return []  # everything keeps its days
    last = session.scalar(select(func.max(ChecklistItem.id))) or 0
    savepoint = session.begin_nested()
    try:
        act()
        session.flush()
        return _late_since(session, last)
    finally:
        savepoint.rollback()


def number_of(late: Sequence[LateItems]) -> int:
    """Return how many items that are, over all units."""
    return sum(one.units for one in late)


def _late_since(session: Session, last: int) -> list[LateItems]:
    item = ChecklistItem
    query = (
        select(item, Round.summary, Unit.level_key)
        .join(item.campaign)
        .join(Campaign.round)
        .join(Campaign.unit)
        .where(item.id > last, item.born.is_not(None), item.nominal_due < item.born, item.is_owed())
        .order_by(item.due, item.position, item.id)
    )
    levels = {level.key: level for level in session.scalars(select(Level))}
    found: dict[tuple[str, str, str, date, date], int] = {}
    for one, campaign, level in session.execute(query):
        if one.due_reason is not None and one.due_reason.cause in _LATE:
            same = campaign, one.summary, level, one.nominal_due, one.due
            found[same] = found.get(same, 0) + 1
    return [
        LateItems(campaign, summary, levels[level], was, due, units)
        for (campaign, summary, level, was, due), units in found.items()
    ]
