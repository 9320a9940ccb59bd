"""The working days of this installation: what the Government decided, as stored, counted as its
settings say.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.days.workdays import Decision, DecisionStatus, WorkCalendar
from events.installation import installation_of
from events.models import CalendarDay, DecidedYear, ProposedHoliday


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
