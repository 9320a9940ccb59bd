"""The working days of this installation: what the Government decided, as stored, counted as its
settings say.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from events.days.workdays import Decision, DecisionStatus, WorkCalendar
from events.installation import installation_of
from events.models import CalendarDay, ChecklistItem, DecidedYear, ProposedHoliday


def work_calendar(session: Session) -> WorkCalendar:
    """Return the working calendar of this installation: the decisions stored here, counted as its
    sessions say.
    """
    days = session.execute(select(CalendarDay.day, CalendarDay.off, CalendarDay.reason))
    proposed = session.scalars(select(ProposedHoliday)).all()
    of_status = {status: set[str]() for status in DecisionStatus}
    of_lieu = {status: set[str]() for status in DecisionStatus}
    for holiday in proposed:
        of_status[holiday.status].add(holiday.name)
        of_lieu[holiday.compensation].add(holiday.name)
    return WorkCalendar.of(
        (Decision(*row) for row in days),
        decided_years=session.scalars(select(DecidedYear.year)),
        announced=of_status[DecisionStatus.ANNOUNCED],
        count_announced=installation_of(session).count_announced,
        dropped=of_status[DecisionStatus.DROPPED],
        lieu_announced=of_lieu[DecisionStatus.ANNOUNCED],
        lieu_dropped=of_lieu[DecisionStatus.DROPPED],
    )


def stamp_what_reads_otherwise(
    session: Session, old: WorkCalendar, new: WorkCalendar, *, now: datetime
) -> None:
    """Give items new stamps where "dự kiến" is said by one calendar and not by the other.

    Their dates stay and so does what is stored of them, but their text in feeds changes, and
    clients take no other text without a later LAST-MODIFIED.
    """
    item = ChecklistItem
    if old == new:
        return
    moved = select(item.nominal_due).where(item.due_reason.is_not(None)).distinct()
    days = _guessed_otherwise(session.scalars(moved), old, new)
    columns = item.id, item.sequence, item.nominal_due, item.due_reason
    query = select(*columns).where(item.nominal_due.in_(days), item.due_reason.is_not(None))
    stamps = [
        {"id": row.id, "sequence": row.sequence + 1, "last_modified": now}
        for row in session.execute(query)
        if old.told(row.due_reason, row.nominal_due) != new.told(row.due_reason, row.nominal_due)
    ]
    if stamps:
        session.execute(update(item), stamps)


def _guessed_otherwise(days: Iterable[date], old: WorkCalendar, new: WorkCalendar) -> list[date]:
    """Return the days of which the calendars do not say alike whether they are decided."""
    return [day for day in days if old.is_guess(day) != new.is_guess(day)]
