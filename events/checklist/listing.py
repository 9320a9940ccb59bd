"""What stands on a unit's list: the one checklist of a campaign, line by line, and the open work
that is due first.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from events.checklist.charge import doing_unit_id, people_in_charge
from events.checklist.dependencies import waited_for
from events.checklist.real_days import first_days, proposed_day
from events.errors import NotFoundError
from events.models import (
    Campaign,
    ChecklistItem,
    EvidenceType,
    ItemCredit,
    Needs,
    Person,
    Phase,
    Unit,
)
from events.models.campaigns import takes_place
from events.models.items import OPEN
from events.templates.vocabulary import evidence_types


@dataclass(frozen=True, slots=True)
class Line:
    """One item with what stands around it.

    ``first`` are the items it should wait for, done or not, also those of units above.

    ``origin`` is the campaign it belongs to when that is another one: the inner one, or one that it
    counts for too. Of an item that was split, ``parts`` are closed of ``parts_in_all``. It
    can have been done from ``done_from`` on; ``proposed`` is the real day that its evidence speaks
    for.
    """

    item: ChecklistItem
    in_charge: tuple[Person, ...]
    evidence: tuple[EvidenceType, ...]
    first: tuple[ChecklistItem, ...]
    origin: Campaign | None = None
    parts: int = 0
    parts_in_all: int = 0
    done_from: date = date.min
    proposed: date | None = None

    @property
    def waits_for(self) -> list[ChecklistItem]:
        """Return what is owed first and not done yet; what is for reference waits for nothing, and
        nothing waits for it.
        """
        if self.item.for_reference:
            return []
        return [item for item in self.first if item.is_open and not item.for_reference]


@dataclass(frozen=True, slots=True)
class DueFirst:
    """Some open items, by due date, out of ``total``."""

    items: Sequence[ChecklistItem]
    total: int


def get_item(session: Session, item_id: int) -> ChecklistItem:
    """Return an item with its campaign, its unit and the unit's level. Raises ``NotFoundError``."""
    to_unit = joinedload(ChecklistItem.campaign).joinedload(Campaign.unit).joinedload(Unit.level)
    item = session.scalar(select(ChecklistItem).where(ChecklistItem.id == item_id).options(to_unit))
    if item is None:
        raise NotFoundError(kind="checklist item", key=item_id)
    return item


def lines_of(session: Session, campaign: Campaign, on: date) -> list[Line]:
    """Return the one checklist of a unit's campaign by phase and due date: its own items, its inner
    campaigns' and integrated ones, with who is in charge of them on the day ``on``.

    The number of queries does not depend on its length.
    """
    items = items_of(session, campaign)
    people, first = people_in_charge(session, items, on), waited_for(session, items)
    kinds, parts = evidence_types(session), _parts(session, items)
    done_from = first_days(session, {item.campaign for item in items})
    return [
        Line(
            item,
            people[item.id],
            tuple(kind for key in item.evidence if (kind := kinds[key]).needs is not Needs.NOTHING),
            tuple(first[item.id]),
            item.campaign if item.campaign_id != campaign.id else None,
            *parts.get(item.id, (0, 0)),
            done_from[item.campaign_id],
            proposed_day(item, done_from[item.campaign_id], on) if item.is_open else None,
        )
        for item in items
    ]


def items_of(session: Session, campaign: Campaign) -> Sequence[ChecklistItem]:
    """Return what stands on the list of a unit's campaign: its own items, those of the campaigns
    inside it that take place, and what counts for it too.
    """
    load = (
        joinedload(ChecklistItem.phase),
        joinedload(ChecklistItem.role),
        joinedload(ChecklistItem.completed_by),
        joinedload(ChecklistItem.delegate_unit).joinedload(Unit.level),
        joinedload(ChecklistItem.delegate_role),
        joinedload(ChecklistItem.campaign),
        selectinload(ChecklistItem.evidence_given),
        selectinload(ChecklistItem.papers),
    )
    inner = select(Campaign.id).where(Campaign.outer_id == campaign.id, takes_place())
    integrated = select(ItemCredit.item_id).where(ItemCredit.campaign_id == campaign.id)
    shown = or_(
        ChecklistItem.campaign_id == campaign.id,
        ChecklistItem.campaign_id.in_(inner),
        ChecklistItem.id.in_(integrated),
    )
    query = select(ChecklistItem).where(shown).join(ChecklistItem.phase).options(*load)
    return session.scalars(
        query.order_by(Phase.position, ChecklistItem.due, ChecklistItem.position, ChecklistItem.id)
    ).all()


def by_phase(lines: Iterable[Line]) -> list[tuple[Phase, list[Line]]]:
    """Return the lines under their phases; they come in the order of the phases already."""
    groups = groupby(lines, key=lambda line: line.item.phase_key)
    return [(group[0].item.phase, group) for group in (list(lines) for _, lines in groups)]


def open_in(session: Session, unit: Unit, *, limit: int) -> DueFirst:
    """Return what a unit has to do, also what was delegated to it, the first ``limit`` items."""
    return due_first(session, doing_unit_id() == unit.id, limit=limit)


def due_first(
    session: Session, *conditions: ColumnElement[bool], limit: int, offset: int = 0
) -> DueFirst:
    """Return the items to do that meet ``conditions`` over items and their campaigns: ``limit`` of
    them after ``offset`` others, with campaign, unit and role.
    """
    found = select(ChecklistItem).join(ChecklistItem.campaign).where(is_to_do(), *conditions)
    total = session.scalar(
        select(func.count()).select_from(found.with_only_columns(ChecklistItem.id).subquery())
    )
    load = (
        joinedload(ChecklistItem.campaign).joinedload(Campaign.unit),
        joinedload(ChecklistItem.role),
    )
    by_due = found.options(*load).order_by(ChecklistItem.due, ChecklistItem.id)
    return DueFirst(session.scalars(by_due.limit(limit).offset(offset)).all(), total or 0)


def is_to_do() -> ColumnElement[bool]:
    """Return the condition that an item is open and owed, in a campaign that takes place."""
    return and_(ChecklistItem.status.in_(OPEN), ChecklistItem.is_owed(), takes_place())


def _parts(session: Session, items: Collection[ChecklistItem]) -> dict[int, tuple[int, int]]:
    """Return by item how many of its parts are closed, and how many there are."""
    closed = func.sum(case((ChecklistItem.status.in_(OPEN), 0), else_=1))
    query = select(ChecklistItem.split_from_id, closed, func.count()).group_by(
        ChecklistItem.split_from_id
    )
    rows = session.execute(
        query.where(
            ChecklistItem.split_from_id.in_([item.id for item in items]), ChecklistItem.is_given()
        )
    )
    return {item_id: (number, in_all) for item_id, number, in_all in rows if item_id is not None}
