"""When plans were really issued: from the papers, or from the tick where there is no paper.

Only what went out counts: neither a draft nor a plan that another one in force replaced. Where a
plan of another campaign stands for one ("lồng ghép"), its date is that of both. A unit that took
over from others has the issue dates of theirs, so that a reform does not take back the time that a
late plan gave.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from events.models import (
    Campaign,
    ChecklistItem,
    Document,
    DocumentKind,
    ItemCredit,
    NotDone,
    TemplateItem,
    TodoStatus,
)
from events.models.campaigns import same_round, takes_place
from events.models.templates import Anchor, Cascade
from events.units.lineage import predecessors

_Key = tuple[int, str]  # unit, item


@dataclass(frozen=True, slots=True)
class Issues:
    """Issue dates of one round by unit id and item key: those of papers, and those of items that
    were done.
    """

    papers: Mapping[_Key, date]
    done: Mapping[_Key, date]
    forebears: Mapping[int, Sequence[int]]  # by unit id the units that it took over from

    def own(self, unit_id: int, key: str) -> date | None:
        """Return when the unit itself issued an item's plan: the day of its paper, else the day the
        item was done.
        """
        return self.papers.get((unit_id, key)) or self.done.get((unit_id, key))

    def of(self, unit_id: int, key: str) -> date | None:
        """Return the same of the unit or, where it has none, the last day of the units before
        it.
        """
        return self.own(unit_id, key) or self._before(unit_id, key, self.of)

    def paper(self, unit_id: int, key: str) -> date | None:
        """Return the day of the paper alone, of the unit or of those before it."""
        return self.papers.get((unit_id, key)) or self._before(unit_id, key, self.paper)

    def _before(self, unit_id: int, key: str, read: Any) -> date | None:
        forebears = self.forebears.get(unit_id)
        if not forebears:  # as of nearly all units
            return None
        return max((day for unit in forebears if (day := read(unit, key))), default=None)

    def with_paper(self, unit_id: int, key: str, day: date) -> "Issues":
        return Issues({**self.papers, (unit_id, key): day}, self.done, self.forebears)


def issue_dates(session: Session, root: Campaign) -> Issues:
    """Return when the plans of the round of ``root`` were issued, in four queries, and as many for
    each round that stands in.
    """
    return _issue_dates(session, root, frozenset())


def paper_of(session: Session, item: ChecklistItem, issued: date) -> Document | None:
    """Return the plan in force behind an issue date: the item's own, its campaign's, or that of an
    item that stands for it.
    """
    does = select(ItemCredit.item_id).where(ItemCredit.covers_id == item.id)
    there = select(ChecklistItem.campaign_id).where(ChecklistItem.id.in_(does))
    of_item = or_(Document.item_id == item.id, Document.item_id.in_(does))
    of_all = Document.item_id.is_(None) & or_(
        Document.campaign_id == item.campaign_id, Document.campaign_id.in_(there)
    )
    query = plans_in_force().where(Document.issued == issued, or_(of_item, of_all))
    return session.scalars(query.order_by(Document.item_id.is_(None), Document.id)).first()


def plan_keys(items: Iterable[TemplateItem]) -> set[str]:
    """Return the keys of what other units wait for: the plans that come from above, also those that
    ended with their unit.
    """
    known = {item.key: item for item in items}
    return {
        key
        for item in known.values()
        for key in item.depends_on
        if _is_of_others(known.get(key), item)
    }


def counted_from(items: Iterable[TemplateItem]) -> set[str]:
    """Return the keys of the plans that items count from, in their own unit or above it."""
    return {item.depends_on[0] for item in items if item.anchor is Anchor.PLAN}


def plans_in_force() -> Select[Any]:
    """Return the query for the plans that went out and that no other paper in force replaced."""
    newer = aliased(Document)
    replaced = (
        select(newer.id)
        .where(newer.supersedes_id == Document.id, newer.issued.is_not(None))
        .exists()
    )
    return select(Document).where(
        Document.kind == DocumentKind.PLAN, Document.issued.is_not(None), ~replaced
    )


def _issue_dates(session: Session, root: Campaign, asked: frozenset[int]) -> Issues:
    done = select(Campaign.unit_id, ChecklistItem.key, ChecklistItem.completed_on).join(
        ChecklistItem.campaign
    )
    done = done.where(
        same_round(root),
        ChecklistItem.status == TodoStatus.COMPLETED,
        ChecklistItem.completed_on.is_not(None),
    )
    days = {(unit_id, key): day for unit_id, key, day in session.execute(done) if day}
    papers = _papers(session, root)
    asked |= {root.round_id}
    for other, credits in _standing_in(session, root).items():
        # or two rounds that stand in for each other, in different units, would ask for ever
        if other not in asked:
            there = _issue_dates(session, credits[0][0], asked)
            papers = (
                _issued(
                    (unit_id, key, there.paper(unit_id, does))
                    for _campaign, unit_id, key, does in credits
                )
                | papers
            )
            days = (
                _issued(
                    (unit_id, key, there.of(unit_id, does))
                    for _campaign, unit_id, key, does in credits
                )
                | days
            )
    return Issues(papers, days, predecessors(session))


def _issued(days: Iterable[tuple[int, str, date | None]]) -> dict[_Key, date]:
    return {(unit_id, key): day for unit_id, key, day in days if day}


def _standing_in(session: Session, root: Campaign) -> dict[int, list[Any]]:
    """Return by other round which of its items stand for which of this one, unit by unit, as long
    as they do.
    """
    does, there = aliased(ChecklistItem), aliased(Campaign)
    columns = (there, Campaign.unit_id, ChecklistItem.key, does.key.label("does"))
    query = (
        select(*columns)
        .join(Campaign.items)
        .join(ItemCredit, ItemCredit.covers_id == ChecklistItem.id)
    )
    query = query.join(does, does.id == ItemCredit.item_id).join(
        there, there.id == does.campaign_id
    )
    query = query.where(
        same_round(root),
        ChecklistItem.not_done == NotDone.NOT_REQUIRED,
        takes_place(there),
    )
    found: dict[int, list[Any]] = defaultdict(list)
    for row in session.execute(query.order_by(ItemCredit.id)):
        found[row[0].round_id].append(row)
    return found


def _papers(session: Session, root: Campaign) -> dict[_Key, date]:
    """Return the newest issue date by unit and item.

    A plan of a campaign as a whole counts for its items that other units wait for, and for those
    that something counts from.
    """
    query = (
        plans_in_force()
        .join(Campaign, Campaign.id == Document.campaign_id)
        .outerjoin(Document.item)
        .where(same_round(root))
    )
    rows: Any = session.execute(
        query.with_only_columns(Campaign.unit_id, ChecklistItem.key, Document.issued).order_by(
            Document.issued
        )
    )
    found: dict[_Key, date] = {}
    of_all: list[tuple[int, date]] = []
    for unit_id, key, issued in rows:
        if key is None:
            of_all.append((unit_id, issued))
        else:
            found[unit_id, key] = issued
    keys = plan_keys(root.version.items) | counted_from(root.version.items) if of_all else ()
    return {(unit_id, key): issued for unit_id, issued in of_all for key in keys} | found


def _is_of_others(first: TemplateItem | None, item: TemplateItem) -> bool:
    """Tell whether some unit has ``item`` that has not ``first`` itself."""
    if item.cascade is Cascade.ONE or first is None:
        return first is None
    return first.cascade is Cascade.ONE or bool(set(item.levels) - set(first.levels))
