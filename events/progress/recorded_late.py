"""What was recorded long after it was done: listed for the units above, which may ask why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from events.models import TodoStatus, Unit
from events.progress.as_of import Day, items_on


@dataclass(frozen=True, slots=True)
class RecordedLate:
    """An item with its real day, and how many working days later it was recorded."""

    item_id: int
    summary: str
    unit: str
    done_on: date
    workdays: int


@dataclass(frozen=True, slots=True)
class AllRecordedLate:
    """Those that took longest to be recorded, out of ``total``."""

    rows: Sequence[RecordedLate]
    total: int


def recorded_late(
    session: Session, day: Day, *conditions: ColumnElement[bool], limit: int = 100
) -> AllRecordedLate:
    """Return what is marked in the campaigns that meet ``conditions``, the longest first, also the
    parts of divided items: they were recorded in other units.
    """
    item = items_on(session, day, conditions)
    marked = (item.c.status == TodoStatus.COMPLETED, item.c.recorded_after.is_not(None))
    columns = item.c.id, item.c.summary, Unit.full_name, item.c.completed_on, item.c.recorded_after
    query = select(*columns).join(Unit, Unit.id == item.c.unit_id).where(*marked)
    longest = item.c.recorded_after.desc(), Unit.position, item.c.id
    total = session.scalar(select(func.count()).select_from(item).where(*marked))
    rows = session.execute(query.order_by(*longest).limit(limit)).all()
    return AllRecordedLate([RecordedLate(*row) for row in rows], total or 0)
