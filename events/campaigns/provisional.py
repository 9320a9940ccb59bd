"""Dates that rest on a day off nobody has decided yet: they say "dự kiến" until the year's decision
is entered.
"""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session, joinedload

from events.days.workdays import Shift, WorkCalendar
from events.models import Campaign, ChecklistItem, Round, TemplateVersion
from events.models.items import OPEN

_A_DAY = timedelta(days=1)
_BY_HAND = {"due", "nominal_due"}
# days: an item that is open may have begun before, and campaigns open ahead
_LONGEST_ITEM, _AHEAD = 366, 3 * 366


def is_provisional(item: ChecklistItem, calendar: WorkCalendar) -> bool:
    """Tell whether an item's due date, or the day it begins, rests on a day off that is not decided
    yet ("dự kiến").
    """
    held = set(item.edited)
    if not _BY_HAND & held and _rests_on_a_guess(item.nominal_due, item.due, calendar):
        return True
    if item.dtstart is None or "dtstart" in held:
        return False
    start = _nominal_start(item)
    return start is not None and _rests_on_a_guess(start, item.dtstart, calendar)


def provisional_items(
    session: Session, calendar: WorkCalendar, today: date, *of: ColumnElement[bool]
) -> list[ChecklistItem]:
    """Return the open items from ``today`` on whose date rests on a guess, the first due first;
    with conditions ``of`` campaigns only theirs.
    """
    moved = or_(
        ChecklistItem.due_reason.is_not(None),
        ChecklistItem.dtstart.in_(_beside_guesses(calendar, today)),
    )
    query = select(ChecklistItem).where(
        ChecklistItem.status.in_(OPEN), ChecklistItem.due >= today, moved
    )
    query = query.join(ChecklistItem.campaign).where(*of)
    campaign, whole = (
        joinedload(ChecklistItem.campaign),
        joinedload(ChecklistItem.split_from).joinedload(ChecklistItem.campaign),
    )
    versions = (
        load.joinedload(Campaign.round)
        .joinedload(Round.version)
        .selectinload(TemplateVersion.items)
        for load in (campaign, whole)
    )
    units = (load.joinedload(Campaign.unit) for load in (campaign, whole))
    items = session.scalars(
        query.options(*versions, *units).order_by(ChecklistItem.due, ChecklistItem.id)
    )
    return [item for item in items if is_provisional(item, calendar)]


def _rests_on_a_guess(nominal: date, effective: date, calendar: WorkCalendar) -> bool:
    first, last = sorted((nominal, effective))
    days = (first + n * _A_DAY for n in range((last - first).days + 1))
    return any(map(calendar.is_guess, days))


def _nominal_start(item: ChecklistItem) -> date | None:
    """Return the day an item would begin without days off: as long before its nominal due date as
    its template says.
    """
    whole = item.split_from or item
    made_from = next((one for one in whole.campaign.version.items if one.key == whole.key), None)
    end = made_from.end_at(whole.campaign.unit.level_key) if made_from else None
    if made_from is None or end is None:
        return None
    return item.nominal_due - timedelta(
        days=end - made_from.offset_at(whole.campaign.unit.level_key)
    )


def _beside_guesses(calendar: WorkCalendar, today: date) -> set[date]:
    """Return the days from which, or to which, guessed days off move a date."""
    days = (today + n * _A_DAY for n in range(-_LONGEST_ITEM, _AHEAD))
    guessed = [day for day in days if calendar.is_guess(day)]
    return {calendar.shift(day, shift).effective for day in guessed for shift in Shift}
