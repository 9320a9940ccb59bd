"""Edit an item by hand: its wording, its dates, who does it.

What stands by hand stays when days move and templates change.

A unit may make its own deadline earlier. A later one is given by a unit above, or lateness could be
wished away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from events.checklist.history import (
    EDITED,
    GIVEN,
    Stamp,
    history_of,
    plain,
    write_columns,
)
from events.checklist.origins import OF_THE_WHOLE, missed, of_origin, parts_of
from events.checklist.rights import open_for_choice, require_open
from events.days.recurrence import check_year
from events.days.workdays import WorkCalendar
from events.errors import N_, ConflictError, InvalidInputError
from events.installation import day_here
from events.models import Campaign, Change, ChecklistItem, Person, Unit
from events.people.rights import Capability, may
from events.people.roles import roles_at
from events.words.texts import one_line

LONGEST_SUMMARY = 300
EDITABLE = {
    "summary": N_("the wording"),
    "dtstart": N_("the beginning"),
    "due": N_("the due date"),
    "role_key": N_("who is in charge"),
}
_A_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Edit:
    """An item as somebody wants it.

    ``dtstart`` only counts for an item that runs over a period; ``role`` is a key.
    """

    summary: str
    due: date
    role: str
    dtstart: date | None = None


def edit_item(
    session: Session,
    item_id: int,
    wanted: Edit,
    stamp: Stamp,
    *,
    sequence: int | None = None,
) -> ChecklistItem:
    """Change an open item by hand.

    Asking twice changes nothing; a moved date re-arms the reminders.

    ``sequence`` is the item's when it was shown. Raises ``NotAllowedError`` without a post in the
    unit or above it, ``ConflictError`` when it is closed, was changed since, or would be due later
    than its unit may decide, and ``InvalidInputError`` for what cannot be.
    """
    today = day_here(session, stamp.now)
    item = _open(session, item_id, stamp)
    values = _changes(session, item, wanted, today)
    if not values:
        return item
    if sequence is not None and item.sequence != sequence:
        raise ConflictError(
            N_("“%(item)s” was changed since. Please look at it again."), item=item.summary
        )
    _require_say(session, item, values.get("due", item.due), stamp.person, today)
    edited = sorted({*item.edited, *values})
    if "due" in values:
        values |= {"nominal_due": values["due"], "due_reason": None}
    given = of_origin(session, item) or {}
    notes = {GIVEN: {name: plain(given[name]) for name in values if name in given}}
    write_with_parts(session, item, values | {EDITED: edited}, stamp, **notes)
    return item


def follow_template(session: Session, item_id: int, stamp: Stamp) -> ChecklistItem:
    """Give an item its template's wording, dates and role again, or a part those of the whole.

    Raises ``ConflictError`` for one that has no template.
    """
    item = _open(session, item_id, stamp)
    if not item.edited:
        return item
    values = of_origin(session, item)
    if values is None:
        raise ConflictError(
            N_("“%(item)s” has no template that it could follow."), item=item.summary
        )
    set_by = next(
        (change for change in history_of(session, item) if {EDITED, "due"} <= change.after.keys()),
        None,
    )
    require_say_over(
        session, item, set_by, values["due"], stamp.person, day_here(session, stamp.now)
    )
    write_with_parts(session, item, values | {EDITED: []}, stamp)
    return item


def write_with_parts(
    session: Session, item: ChecklistItem, values: dict[str, Any], stamp: Stamp, **notes: Any
) -> None:
    """Write columns of an item with its history, and let its open parts follow; what a hand set in
    a part stays.
    """
    write_columns(session, item, values, stamp, **notes)
    for part in parts_of(session, item):
        followed = (
            missed(part, {name: getattr(item, name) for name in OF_THE_WHOLE})
            if part.is_open
            else {}
        )
        if followed:
            write_with_parts(session, part, followed, stamp)


def clean_summary(text: str) -> str:
    """Return what is to be done, on one line.

    Raises ``InvalidInputError`` for nothing, or too much.
    """
    summary = one_line(text)
    if not summary or len(summary) > LONGEST_SUMMARY:
        raise InvalidInputError(
            N_("Please say in at most %(longest)s letters what is to be done."),
            longest=LONGEST_SUMMARY,
        )
    return summary


def sets_its_own_date(item: ChecklistItem) -> bool:
    """Tell whether the unit made the item itself; a part of a divided one was given to it."""
    return item.is_own and item.split_from_id is None


def require_say_over(
    session: Session, item: ChecklistItem, edit: Change | None, due: date, by: Person, today: date
) -> None:
    """Raise ``ConflictError`` when a unit undoes the shorter time that one above set by ``edit``;
    its own it may take back.
    """
    above = _above(item)
    if (
        edit is not None
        and above is not None
        and (edit.by is None or may(session, edit.by, Capability.STEER_WORK, above, today))
    ):
        _require_say(session, item, due, by, today)


def require_near(campaign: Campaign, day: date) -> None:
    """Raise ``InvalidInputError`` for a day more than a year before the campaign or after it: a
    slip of the keyboard.

    Years that the tables do not reach would break every page and calendar that counts with the day.
    """
    first, last = campaign.opens - _A_YEAR, campaign.dtend + _A_YEAR
    if not first <= day <= last:
        raise InvalidInputError(
            N_(
                "%(day)s is too far from this campaign; please choose a day from %(first)s until "
                "%(last)s."
            ),
            day=f"{day:%d/%m/}{day.year:04}",
            first=f"{first:%d/%m/%Y}",
            last=f"{last:%d/%m/%Y}",
        )
    check_year(day.year)


def remarks(item: ChecklistItem, calendar: WorkCalendar) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what is odd about an item's date, as sentences with their facts: warnings, not
    locks.
    """
    off = calendar.day_off(item.due)
    if off is not None:
        yield (
            N_("%(day)s is a day off (%(reason)s)."),
            {"day": f"{item.due:%d/%m/%Y}", "reason": off},
        )
    first = [
        one
        for one in item.campaign.items
        if one.key in item.depends_on and one.is_open and one.due > item.due
    ]
    if first:
        yield (
            N_("It is due before what it waits for: %(items)s."),
            {"items": ", ".join(one.summary for one in first)},
        )


def _open(session: Session, item_id: int, stamp: Stamp) -> ChecklistItem:
    item, _stamp = open_for_choice(session, item_id, stamp)
    require_open(item)
    return item


def _changes(session: Session, item: ChecklistItem, wanted: Edit, today: date) -> dict[str, Any]:
    """Return the columns that differ. Raises ``InvalidInputError`` for what cannot be stored."""
    summary = clean_summary(wanted.summary)
    dtstart = (wanted.dtstart or item.dtstart) if item.dtstart else None
    for day in {wanted.due, dtstart or wanted.due} - {item.due, item.dtstart}:
        require_near(item.campaign, day)
    if dtstart and dtstart > wanted.due:
        raise InvalidInputError(N_("It cannot begin after the day on which it is due."))
    if wanted.role != item.role_key and wanted.role not in {
        role.key for role in roles_at(session, item.campaign.unit, today)
    }:
        raise InvalidInputError(
            N_("There is no such post in %(unit)s."), unit=item.campaign.unit.full_name
        )
    values = {"summary": summary, "due": wanted.due, "dtstart": dtstart, "role_key": wanted.role}
    return {name: value for name, value in values.items() if getattr(item, name) != value}


def _require_say(session: Session, item: ChecklistItem, due: date, by: Person, today: date) -> None:
    """Raise ``ConflictError`` when a unit gives itself more time than the one above it gave."""
    above = _above(item)
    if above is None or due <= item.due or may(session, by, Capability.STEER_WORK, above, today):
        return
    raise ConflictError(
        N_(
            "Only %(above)s can give more time than until %(day)s; an earlier day is yours to "
            "choose."
        ),
        above=above.full_name,
        day=f"{item.due:%d/%m/%Y}",
    )


def _above(item: ChecklistItem) -> Unit | None:
    """Return the unit that sets how late an item may be."""
    return None if sets_its_own_date(item) else item.campaign.unit.parent
