"""Checklist items as they are, or as they were at the end of a past local day, for queries that
count them.

An item's state then is that of its last change up to that moment, and before its first change it
was open and due on its first date; its wording, phase and weight are what the first change after
that moment found. A report of last month can so be made again after everything has changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Select,
    Subquery,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session, aliased

from events.localtime import VIETNAM, at_local
from events.models import Campaign, CampaignStatus, Change, ChecklistItem, Round, TodoStatus

Conditions = Sequence[ColumnElement[bool]]
_JSON = {str: "as_string", int: "as_integer", bool: "as_boolean"}  # how history is read


@dataclass(frozen=True, slots=True)
class AsOf:
    """The end of a past local day, at which figures are frozen."""

    day: date
    zone: ZoneInfo = VIETNAM

    @property
    def end(self) -> datetime:
        """The first instant that no longer belongs to the day."""
        return at_local(self.day + timedelta(days=1), time(), self.zone)


Day = date | AsOf  # today's date counts items as they are


def items_on(session: Session, day: Day, conditions: Conditions) -> Subquery:
    """Return the items of the campaigns that meet ``conditions``, as far as they were there on the
    day and as they stood then.
    """
    campaign = (
        Campaign.unit_id,
        Campaign.round_id,
        Round.template_id,
        Round.period,
        Round.year,
        Round.opens,
    )
    item = ChecklistItem.id, ChecklistItem.key, ChecklistItem.position, ChecklistItem.split_from_id
    kept = (
        ChecklistItem.summary,
        ChecklistItem.phase_key,
        ChecklistItem.weight,
        ChecklistItem.required,
    )
    columns = *campaign, *item, *(was(column, day).label(column.key) for column in kept)
    if not isinstance(day, AsOf):
        return _of_campaigns(
            select(*columns, *_state_now()), day, _counted(session, day, conditions)
        ).subquery()
    last = aliased(Change)
    query = _of_campaigns(
        select(*columns, *_state_after(last)), day, _counted(session, day, conditions)
    )
    return query.outerjoin(last, last.id == _last_change(day)).subquery()


def was(column: Any, day: Day) -> Any:
    """Return a column of an item as the first change after the day that names it found it, else as
    it is.
    """
    if not isinstance(day, AsOf):
        return column
    change = aliased(Change)
    found = getattr(change.before[column.key], _JSON[column.type.python_type])()
    query = select(found).where(
        change.item_id == ChecklistItem.id, change.at >= day.end, found.is_not(None)
    )
    first = query.order_by(change.at, change.id).limit(1).correlate(ChecklistItem).scalar_subquery()
    return func.coalesce(first, column)


def by_then(instant: Any, day: Day) -> ColumnElement[bool]:
    return instant < day.end if isinstance(day, AsOf) else true()


def _of_campaigns(query: Select[Any], day: Day, conditions: Conditions) -> Select[Any]:
    items = query.select_from(Campaign).join(Campaign.round).join(Campaign.items)
    return items.where(by_then(ChecklistItem.created, day), *conditions)


def _counted(session: Session, day: Day, conditions: Conditions) -> Conditions:
    """Return ``conditions`` and that a campaign takes place, or did on the day: one that was
    cancelled did before, and between.
    """
    takes_place = Round.status != CampaignStatus.CANCELLED
    if not isinstance(day, AsOf):
        return [takes_place, *conditions]
    was_off = _off(session, day)
    not_off = [Round.id.not_in(was_off)] if was_off else []
    return [or_(takes_place, Round.cancelled >= day.end), *not_off, *conditions]


def _off(session: Session, day: AsOf) -> list[int]:
    """Return the rounds that were cancelled at the end of the day, whatever became of
    them since.
    """
    told = select(Round.id, Round.cancellations).where(Round.cancellations.is_not(None))
    found = []
    for round_id, cancellations in session.execute(told):
        reasons = [
            one["reason"]
            for one in cancellations or ()
            if datetime.fromisoformat(one["at"]) < day.end
        ]
        if reasons and reasons[-1] is not None:  # None: it was opened again
            found.append(round_id)
    return found


def _state_now() -> list[Any]:
    item = ChecklistItem
    return [
        item.status,
        item.not_done,
        item.blocked.is_not(None).label("is_blocked"),
        item.due,
        item.completed_on,
        item.recorded_after,
        (~item.is_owed()).label("for_reference"),
    ]


def _state_after(last: type[Change]) -> list[Any]:
    """Return the same columns after ``last``, a change that need not exist."""
    unchanged = literal(TodoStatus.NEEDS_ACTION, ChecklistItem.status.type)
    due = func.coalesce(last.due, ChecklistItem.first_due)
    followed_from = case(
        (last.id.is_(None), ChecklistItem.first_followed_from), else_=last.followed_from
    )
    return [
        func.coalesce(last.status, unchanged).label("status"),
        last.not_done,
        last.blocked.label("is_blocked"),
        due.label("due"),
        last.completed_on,
        last.recorded_after,
        func.coalesce(due < followed_from, false()).label("for_reference"),
    ]


def _last_change(day: AsOf) -> Any:
    """Return the id of an item's last change up to the end of the day; the index on item and time
    finds it at once.
    """
    change = aliased(Change)
    query = select(change.id).where(change.item_id == ChecklistItem.id, change.at < day.end)
    return (
        query.order_by(change.at.desc(), change.id.desc())
        .limit(1)
        .correlate(ChecklistItem)
        .scalar_subquery()
    )
