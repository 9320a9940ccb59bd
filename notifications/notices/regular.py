"""What comes round by itself: on the first working day of a week what is due in it, for everybody
in charge and whoever supports them; on the first one of a month the figures of the last, for
leaders.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from events.checklist.charge import doing_unit_id
from events.checklist.listing import is_to_do
from events.models import Campaign, ChecklistItem
from notifications.notices.recipients import Directory, Recipient
from notifications.notices.steps import Step
from notifications.notices.table import NoticeKind
from notifications.notices.tellings import Moment, Telling, item_columns


def week_tellings(moment: Moment) -> Iterator[Telling]:
    """Yield who has, or supports, something to do in the week that has begun."""
    monday = moment.today - timedelta(days=moment.today.weekday())
    step = Step(f"week-{monday.isoformat()}", moment.clockwork.first_morning(monday))
    if not moment.is_time(step.at):
        return
    for to, unit_id in week_people(moment, monday).items():
        yield Telling(NoticeKind.WEEK, to, monday.isoformat(), step, unit_id=unit_id)


def month_tellings(moment: Moment) -> Iterator[Telling]:
    """Yield the leaders who get the figures of the month that is over."""
    first = moment.today.replace(day=1)
    step = Step(f"month-{first:%Y-%m}", moment.clockwork.first_morning(first))
    if not moment.is_time(step.at):
        return
    for unit_id, leaders in moment.directory.leaders.items():
        for to in leaders:
            what = f"{first:%Y-%m}|{unit_id}"
            yield Telling(NoticeKind.MONTH, to, what, step, about_id=unit_id, unit_id=unit_id)


def week_people(
    moment: Moment, monday: date, directory: Directory | None = None
) -> Mapping[Recipient, int]:
    """Return who has, or supports, something to do in the week of ``monday`` in a unit of theirs,
    with that unit.
    """
    found: dict[Recipient, int] = {}
    directory = directory or moment.directory
    for row in _week_rows(moment, monday):
        here = directory.people.get(row.unit_id, ())
        for to in (*directory.charge_of(row), *directory.supporting(row)):
            if to in here:
                found.setdefault(to, row.unit_id)
    return found


def _week_rows(moment: Moment, monday: date) -> Sequence[Any]:
    query = (
        select(*item_columns())
        .join(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .where(is_to_do(), in_week(monday))
        .order_by(ChecklistItem.due, ChecklistItem.id)
    )
    if moment.units is not None:
        query = query.where(doing_unit_id().in_(moment.units))
    return moment.session.execute(query).all()


def in_week(monday: date) -> ColumnElement[bool]:
    """Return the condition that an item is due, or begins, in the week of ``monday``."""
    sunday = monday + timedelta(days=6)
    begins = and_(ChecklistItem.dtstart >= monday, ChecklistItem.dtstart <= sunday)
    return or_(ChecklistItem.due.between(monday, sunday), begins)


def day_in_week(item: ChecklistItem, monday: date) -> date:
    """Return the day of the week of ``monday`` on which an item is due, or else begins."""
    is_due = item.due <= monday + timedelta(days=6)
    return item.due if is_due or item.dtstart is None else item.dtstart
