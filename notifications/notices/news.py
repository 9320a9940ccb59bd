"""What happened to items: whose they are now, which day they have now, what stands in their way.

It is gathered until the working morning that follows, and only what came of it is told: an item
that was moved there and back did not move.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, or_, select

from events.checklist.history import ADDED, DELEGATE, DELEGATE_TO
from events.checklist.listing import is_to_do
from events.models import Campaign, Change, ChecklistItem
from notifications.notices.recipients import Recipient
from notifications.notices.steps import Step
from notifications.notices.table import Notice, NoticeKind
from notifications.notices.tellings import Moment, Telling, item_columns

_OWNER = ("role_key", DELEGATE_TO, ADDED)  # what says whose an item is
_DUE = "due"


def news_tellings(moment: Moment) -> Iterator[Telling]:
    """Yield what is to be told of changes up to the newest morning."""
    changes = _changes(moment)
    items = {row.item_id: row for row in _items(moment, changes)}
    told = _told(moment, items)
    for item_id, row in items.items():
        mine = changes.get(item_id, ())
        yield from _moved(moment, row, mine, told.get(item_id))
        yield from _assigned(moment, row, mine)
        yield from _blocked(moment, row, mine)
    yield from _parts(moment)


def _changes(moment: Moment) -> dict[int, list[Change]]:
    """Return the changes of the last days by item, the oldest first."""
    until = moment.clockwork.newest_morning(moment.now)
    named = [Change.after[name].as_string().is_not(None) for name in (_DUE, "role_key", ADDED)]
    sides = Change.before, Change.after
    named += [side[DELEGATE].as_string().is_not(None) for side in sides]
    query = (
        select(Change)
        .where(Change.at > moment.fresh_since, Change.at <= until)
        .where(or_(*named, Change.blocked))
        .order_by(Change.id)
    )
    found = defaultdict[int, list[Change]](list)
    for change in moment.session.scalars(query):
        found[change.item_id].append(change)
    return found


def _items(moment: Moment, changes: dict[int, list[Change]]) -> Sequence[Any]:
    columns = (ChecklistItem.due, ChecklistItem.created, ChecklistItem.blocked)
    query = (
        select(*item_columns(), *columns)
        .join(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .where(is_to_do(), ChecklistItem.id.in_(sorted(changes)))
        .order_by(ChecklistItem.due, ChecklistItem.id)
    )
    return moment.session.execute(query).all()


def _told(moment: Moment, items: dict[int, Any]) -> dict[int, datetime]:
    """Return by item when its newest move was told."""
    query = (
        select(Notice.item_id, func.max(Notice.at))
        .where(Notice.kind == NoticeKind.MOVED, Notice.item_id.in_(sorted(items)))
        .group_by(Notice.item_id)
    )
    rows = moment.session.execute(query)
    return {item_id: at for item_id, at in rows if item_id is not None}


def _moved(
    moment: Moment, row: Any, changes: Sequence[Change], told: datetime | None
) -> Iterator[Telling]:
    moves = [
        change
        for change in changes
        if change.before.get(_DUE) and change.after.get(_DUE) != change.before[_DUE]
        if told is None or change.at > told
    ]
    if not moves or row.created > moment.fresh_since:
        return  # what has just come into being has no day that anybody knows
    before = date.fromisoformat(moves[0].before[_DUE])
    step = Step("moved", moment.clockwork.morning_after(moves[-1].at))
    if before == row.due or row.due < moment.today or not moment.is_time(step.at):
        return
    for to in _others(moment, row, moves[-1]):
        what = f"{row.item_id}|{row.anchor_version}"
        yield _of_item(NoticeKind.MOVED, to, what, step, row, {"before": before.isoformat()})


def _assigned(moment: Moment, row: Any, changes: Sequence[Change]) -> Iterator[Telling]:
    given = [change for change in changes if any(name in change.after for name in _OWNER)]
    if not given or not _is_somebody_elses(given):
        return
    step = Step("assigned", moment.clockwork.morning_after(given[-1].at))
    if moment.is_time(step.at):
        for to in _others(moment, row, given[-1]):
            what = f"{row.item_id}|{given[-1].id}"
            yield _of_item(NoticeKind.ASSIGNED, to, what, step, row)


def _is_somebody_elses(given: Sequence[Change]) -> bool:
    """Tell whether the item is not back with whom it was with at first."""
    first, last = given[0].before, given[-1].after
    names = [name for name in _OWNER if name in first or name in last]
    return any(first.get(name) != last.get(name) for name in names)


def _blocked(moment: Moment, row: Any, changes: Sequence[Change]) -> Iterator[Telling]:
    """Yield that something stands in an item's way, for whoever is asked in the unit above."""
    said = [change for change in changes if change.blocked]
    if row.blocked is None or not said:
        return
    step = Step("blocked", moment.clockwork.morning_after(said[-1].at))
    above = moment.directory.above(row.unit_id)
    if above is None or not moment.is_time(step.at):
        return
    for to in moment.directory.contact(above):
        if to.id != said[-1].by_id:
            yield _of_item(NoticeKind.BLOCKED, to, f"{row.item_id}|{said[0].id}", step, row)


def _parts(moment: Moment) -> Iterator[Telling]:
    """Yield the parts of divided items: each is new to whoever does it."""
    until = moment.clockwork.newest_morning(moment.now)
    query = (
        select(*item_columns(), ChecklistItem.created)
        .join(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .where(is_to_do(), ChecklistItem.split_from_id.is_not(None))
        .where(ChecklistItem.created > moment.fresh_since, ChecklistItem.created <= until)
        .order_by(ChecklistItem.due, ChecklistItem.id)
    )
    for row in moment.session.execute(query):
        step = Step("assigned", moment.clockwork.morning_after(row.created))
        if moment.is_time(step.at):
            for to in moment.directory.charge_of(row):
                yield _of_item(NoticeKind.ASSIGNED, to, f"{row.item_id}|0", step, row)


def _others(moment: Moment, row: Any, change: Change) -> list[Recipient]:
    """Return who is in charge, without whoever did it themselves."""
    return [to for to in moment.directory.charge_of(row) if to.id != change.by_id]


def _of_item(
    kind: NoticeKind,
    to: Recipient,
    what: str,
    step: Step,
    row: Any,
    facts: dict[str, Any] | None = None,
) -> Telling:
    return Telling(
        kind,
        to,
        what,
        step,
        item_id=row.item_id,
        anchor_version=row.anchor_version,
        facts=facts,
        unit_id=row.unit_id,
    )
