"""Items that have come to a step before or after their day: told to whoever is in charge; those
that are late, to the chiefs above.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Date, ScalarSelect, Select, bindparam, func, or_, select
from sqlalchemy.orm import aliased

from events.checklist.charge import doing_unit_id
from events.checklist.listing import is_to_do
from events.models import Campaign, ChecklistItem, ItemKind, Phase, Round
from notifications.notices.recipients import Recipient
from notifications.notices.steps import Dates, Step, Told
from notifications.notices.table import Notice, NoticeKind
from notifications.notices.tellings import Moment, Telling, item_columns


@dataclass(frozen=True, slots=True)
class DueTellings:
    """What is to be told of items: ``tell``, and the older steps that it makes needless."""

    tell: Sequence[Telling]
    needless: Sequence[Telling]


def due_tellings(moment: Moment) -> DueTellings:
    """Return what is to be told to whoever is in charge of an item, and to the chiefs above."""
    tell, needless = list[Telling](), list[Telling]()
    for row, dates in _rows(moment):
        due = _due(moment, row, dates)
        for to in moment.directory.charge_of(row) if due else ():
            assert due is not None
            tell.append(_of_item(row, to, NoticeKind.DUE, due.step))
            needless += [
                _of_item(row, to, NoticeKind.DUE, step)
                for step in due.collapsed
                if row.told_due is None or row.told_due < step.at
            ]
        for number, step in _late(moment, row, dates):
            chiefs = moment.directory.chiefs(moment.directory.above(row.unit_id, number))
            tell += [_of_item(row, to, NoticeKind.LATE, step) for to in chiefs]
    return DueTellings(tell, needless)


def _of_item(row: Any, to: Recipient, kind: NoticeKind, step: Step) -> Telling:
    return Telling(
        kind,
        to,
        f"{row.item_id}|{step.rule}|{row.anchor_version}",
        step,
        item_id=row.item_id,
        anchor_version=row.anchor_version,
        unit_id=row.unit_id,
    )


def _due(moment: Moment, row: Any, dates: Dates) -> Told | None:
    """Return the newest step of an item, unless it was told already."""
    due = moment.clockwork.due_step(dates, moment.now)
    return due if due and _is_untold(moment, due.step, row.told_due) else None


def _late(moment: Moment, row: Any, dates: Dates) -> list[tuple[int, Step]]:
    """Return the hops at which chiefs are to be told that an item is late."""
    if row.due >= moment.today:
        return []
    hops = enumerate(moment.clockwork.hops(dates), 1)
    return [(number, step) for number, step in hops if _is_untold(moment, step, row.told_late)]


def _is_untold(moment: Moment, step: Step, told_at: datetime | None) -> bool:
    return (told_at is None or told_at < step.at) and moment.is_time(step.at)


def _rows(moment: Moment) -> Iterator[tuple[Any, Dates]]:
    """Yield items of which there is something to tell, with their dates.

    Items of many units share their dates: on most mornings these alone say that there is no news.
    """
    first, last = moment.clockwork.window(moment.now, moment.book.rhythms)
    asked: dict[str, Any] = {"first": first, "last": last}
    grouped = _within(moment, _groups(moment.book.is_by_unit))
    groups = moment.session.execute(grouped, asked).all()
    news = {row.due for row in groups if _is_news(moment, row, _dates_of(moment, row))}
    if not news:
        return
    rows = moment.session.execute(_within(moment, _items()), asked | {"news": sorted(news)}).all()
    for row in rows:
        dates = _dates_of(moment, row)
        if _is_news(moment, row, dates):
            yield row, dates


def _is_news(moment: Moment, row: Any, dates: Dates) -> bool:
    return _due(moment, row, dates) is not None or bool(_late(moment, row, dates))


def _dates_of(moment: Moment, row: Any) -> Dates:
    kind = ItemKind.of(is_the_day=row.is_the_day, sums_up=row.sums_up)
    unit_id = row.unit_id if moment.book.is_by_unit else None
    rhythm = moment.book.rhythm(unit_id, row.template_id, kind)
    return Dates(row.due, row.dtstart, row.is_the_day, rhythm)


def _within(moment: Moment, query: Select[Any]) -> Select[Any]:
    """Look at the work of the units alone that are asked about."""
    return query if moment.units is None else query.where(doing_unit_id().in_(moment.units))


@cache  # every morning asks both, and building them takes longer than asking
def _groups(is_by_unit: bool) -> Select[Any]:
    """Return the query for the dates of open items, with the newest steps told already."""
    unit = (doing_unit_id().label("unit_id"),) if is_by_unit else ()
    return _open_ones().with_only_columns(*_dates(), *unit).distinct()


@cache
def _items() -> Select[Any]:
    """Return the query for open items that are due on the days ``news``."""
    query = _open_ones().with_only_columns(*item_columns(), *_dates())
    chosen = query.where(ChecklistItem.due.in_(bindparam("news", expanding=True, type_=Date)))
    return chosen.order_by(ChecklistItem.due, ChecklistItem.id)


def _dates() -> tuple[Any, ...]:
    """Return the columns that steps depend on, with the newest steps that were told already."""
    return (
        ChecklistItem.due,
        ChecklistItem.dtstart,
        Phase.is_the_day,
        Phase.sums_up,
        Round.template_id,
        _told_at(NoticeKind.DUE).label("told_due"),
        _told_at(NoticeKind.LATE).label("told_late"),
    )


def _open_ones() -> Select[Any]:
    """Return the query for items that are open and owed and start or are due from ``first`` to
    ``last``.
    """
    first, last = bindparam("first", type_=Date), bindparam("last", type_=Date)
    in_window = or_(ChecklistItem.due <= last, ChecklistItem.dtstart.between(first, last))
    return (
        select(ChecklistItem.id)
        .join(Campaign, Campaign.id == ChecklistItem.campaign_id)
        .join(Campaign.round)
        .join(ChecklistItem.phase)
        .where(is_to_do(), ChecklistItem.due >= first, in_window)
    )


def _told_at(kind: NoticeKind) -> ScalarSelect[datetime]:
    """Return when the newest step of an item was that somebody was told of, on its dates."""
    told = aliased(Notice)
    return (
        select(func.max(told.at))
        .where(
            told.item_id == ChecklistItem.id,
            told.anchor_version == ChecklistItem.anchor_version,
            told.kind == kind,
        )
        .correlate(ChecklistItem)
        .scalar_subquery()
    )
