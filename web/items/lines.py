"""Checklist items as pages show them: with who holds them, what is wanted as evidence and what
should come first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from events.checklist.dependencies import waited_for
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    EvidenceType,
    ItemCredit,
    Needs,
    Phase,
    Post,
    Unit,
)
from events.models.items import OPEN
from events.people.rights import may_work_on
from web.kit.context import current_person, today


@dataclass(frozen=True, slots=True)
class Line:
    """One item with what stands around it.

    ``first`` are the items it should wait for, done or not, also those of units above.

    ``origin`` is the campaign it belongs to when that is another one: the inner one, or one that it
    counts for too. Of an item that was split, ``parts`` are closed of ``parts_in_all``.
    """

    item: ChecklistItem
    holders: list[str]
    evidence: list[EvidenceType]
    first: list[ChecklistItem]
    origin: Campaign | None = None
    parts: int = 0
    parts_in_all: int = 0

    @property
    def waits_for(self) -> list[ChecklistItem]:
        return [item for item in self.first if item.is_open]


def lines_of(session: Session, campaign: Campaign) -> list[Line]:
    """Return the one checklist of a unit's campaign by phase and due date: its own items, its inner
    campaigns' and integrated ones.

    The number of queries does not depend on its length.
    """
    items = items_of(session, campaign)
    first = waited_for(session, items)
    holders = _holders(
        session,
        {campaign.unit_id, *(item.delegate_unit_id for item in items if item.delegate_unit_id)},
    )
    kinds = evidence_kinds(session)
    parts = _parts(session, items)
    return [
        Line(
            item,
            _in_charge(item, campaign, holders),
            [kind for key in item.evidence if (kind := kinds[key]).needs is not Needs.NOTHING],
            first[item.id],
            item.campaign if item.campaign_id != campaign.id else None,
            *parts.get(item.id, (0, 0)),
        )
        for item in items
    ]


def items_of(session: Session, campaign: Campaign) -> Sequence[ChecklistItem]:
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
    inner = select(Campaign.id).where(
        Campaign.outer_id == campaign.id, Campaign.status != CampaignStatus.CANCELLED
    )
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


def _parts(session: Session, items: Iterable[ChecklistItem]) -> dict[int, tuple[int, int]]:
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


def by_phase(lines: Iterable[Line]) -> list[tuple[Phase, list[Line]]]:
    """Return the lines under their phases; they come in the order of the phases already."""
    groups = groupby(lines, key=lambda line: line.item.phase_key)
    return [(group[0].item.phase, group) for group in (list(lines) for _, lines in groups)]


def evidence_kinds(session: Session) -> dict[str, EvidenceType]:
    return {kind.key: kind for kind in session.scalars(select(EvidenceType))}


def may_tick(session: Session, campaign: Campaign) -> bool:
    """Tell whether the tick is worth showing: to those who may, and to strangers, who are asked to
    sign in.
    """
    person = current_person()
    return person is None or may_work_on(session, person, campaign.unit, today())


def _holders(session: Session, unit_ids: Collection[int]) -> dict[tuple[int, str], list[str]]:
    """Return the names of those who hold posts in the units today, by unit and role."""
    query = (
        select(Post)
        .where(Post.unit_id.in_(unit_ids), Post.on(today()))
        .options(joinedload(Post.person))
    )
    found: dict[tuple[int, str], list[str]] = {}
    for post in session.scalars(query.order_by(Post.id)):
        found.setdefault((post.unit_id, post.role_key), []).append(post.person.full_name)
    return found


def _in_charge(
    item: ChecklistItem, campaign: Campaign, holders: Mapping[tuple[int, str], list[str]]
) -> list[str]:
    """Return who is reminded of an item: its role; where it was delegated to, the chosen post, else
    its role or the level's.
    """
    unit = item.delegate_unit
    if unit is None:
        return holders.get((campaign.unit_id, item.role_key), [])
    usual = dict.fromkeys((item.role_key, unit.level.default_role_key or item.role_key))
    roles = [item.delegate_role_key] if item.delegate_role_key else usual
    return list(dict.fromkeys(name for role in roles for name in holders.get((unit.id, role), [])))
