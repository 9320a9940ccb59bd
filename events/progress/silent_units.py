"""Silent units: something is expected of them, and they reported nothing at all.

What people enter about a unit's work is its report, also when they do it on its behalf: a state,
evidence, an item of its own, a document of an item. What is decided about its work is none: dates,
wording, versions, division, delegation, reforms. Work done for another unit counts for both, and
what the units said that a unit was made from is its report too, in the same round. What was taken
back as a mistake by the end of the day was none.

Where there is a start line, something is expected of a unit once the first day has passed on which
it owed anything: nobody is silent who has had no reason to speak yet.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, case, func, select, true
from sqlalchemy.orm import Session, aliased

from events.models import Campaign, Change, ChecklistItem, Document, Unit
from events.progress.as_of import AsOf, Conditions, Day, by_then, items_on
from events.progress.figures import is_expected
from events.units.lineage import line_of, predecessors
from events.units.start_lines import start_line


def silent_units(session: Session, day: Day, *conditions: ColumnElement[bool]) -> Sequence[Unit]:
    """Return the silent units in the campaigns that meet ``conditions``, in official order."""
    rounds, expected = _taking_part(session, day, conditions)
    said = _reports(session, day, set().union(*rounds.values()))
    before = predecessors(session)
    silent = [
        unit_id
        for unit_id in expected
        if not any(rounds[unit_id] & said[one] for one in line_of(unit_id, before))
    ]
    return session.scalars(
        select(Unit).where(Unit.id.in_(silent)).order_by(Unit.position, Unit.id)
    ).all()


def _taking_part(
    session: Session, day: Day, conditions: Conditions
) -> tuple[dict[int, set[int]], set[int]]:
    """Return by unit id the rounds that a unit takes part in, and the units of which something is
    expected.
    """
    item = items_on(session, day, conditions)
    one = item.c.unit_id, item.c.round_id
    number = func.count(case((is_expected(item) & _has_come_due(session, item, day), 1)))
    rounds, expected = defaultdict[int, set[int]](set), set[int]()
    for unit_id, round_id, is_any in session.execute(select(*one, number).group_by(*one)):
        rounds[unit_id].add(round_id)
        expected |= {unit_id} if is_any else set()
    return rounds, expected


def _has_come_due(session: Session, item: Subquery, day: Day) -> ColumnElement[bool]:
    """Tell whether the day of an item has passed; without a start line that never mattered."""
    today, known = (day.day, day.end) if isinstance(day, AsOf) else (day, None)
    if start_line(session, before=known) is None:
        return true()
    has_passed: ColumnElement[bool] = item.c.due < today
    return has_passed


def _reports(session: Session, day: Day, rounds: Collection[int]) -> dict[int, set[int]]:
    """Return by unit id the rounds on which a unit reported."""
    said = defaultdict[int, set[int]](set)
    for query in _what_was_said(day):
        asked = query.where(Campaign.round_id.in_(rounds)).distinct()
        for round_id, *units in session.execute(asked):
            for unit_id in units:
                said[unit_id].add(round_id)
    return said


def _what_was_said(day: Day) -> Iterator[Select[Any]]:
    """Yield the queries for the rounds on which something was said, with the unit whose item it was
    and whose report it is.
    """
    item: Any = select(Campaign.round_id, Campaign.unit_id).join(Campaign.items)
    yield (
        item.add_columns(Change.reported_id)
        .join(Change, Change.item_id == ChecklistItem.id)
        .where(*_is_report(day))
    )
    yield item.join(Document, Document.item_id == ChecklistItem.id).where(
        by_then(Document.entered, day)
    )


def _is_report(day: Day) -> Conditions:
    """Return the conditions that a change was a report that stands: no undo, and not undone by the
    end of the day.
    """
    undo = aliased(Change)
    taken_back = (
        select(undo.id)
        .where(undo.undoes_id == Change.id, by_then(undo.at, day))
        .correlate(Change)
        .exists()
    )
    said = Change.reported_id.is_not(None), Change.undoes_id.is_(None)
    return *said, by_then(Change.at, day), ~taken_back
