"""Checklist items as pages show them: with who holds them, what is wanted as evidence and what should come first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.models import Campaign, ChecklistItem, EvidenceType, Phase, Post
from events.people import held, may_work_on
from events.progress import Progress
from web.context import current_person, today

TICK_ONLY = "tick"


@dataclass(frozen=True, slots=True)
class Line:
    """One item with what stands around it. ``first`` are the items it should wait for, done or not."""

    item: ChecklistItem
    holders: list[str]
    evidence: list[EvidenceType]
    first: list[ChecklistItem]

    @property
    def waits_for(self) -> list[ChecklistItem]:
        return [item for item in self.first if item.is_open]


def lines_of(session: Session, campaign: Campaign) -> list[Line]:
    """Return the checklist of a campaign by phase and due date. The number of queries does not depend on its length."""
    items = items_of(session, campaign)
    by_key = {item.key: item for item in items}
    holders = _holders(session, campaign)
    kinds = evidence_kinds(session)
    return [
        Line(
            item,
            holders.get(item.role_key, []),
            [kinds[key] for key in item.evidence if key != TICK_ONLY],
            [by_key[key] for key in item.depends_on if key in by_key],
        )
        for item in items
    ]


def items_of(session: Session, campaign: Campaign) -> Sequence[ChecklistItem]:
    load = (joinedload(ChecklistItem.phase), joinedload(ChecklistItem.role), joinedload(ChecklistItem.completed_by))
    query = select(ChecklistItem).where(ChecklistItem.campaign_id == campaign.id).join(ChecklistItem.phase).options(*load)
    return session.scalars(query.order_by(Phase.position, ChecklistItem.due, ChecklistItem.position)).all()


def by_phase(lines: Iterable[Line]) -> list[tuple[Phase, list[Line]]]:
    """Return the lines under their phases; they come in the order of the phases already."""
    groups = groupby(lines, key=lambda line: line.item.phase_key)
    return [(group[0].item.phase, group) for group in (list(lines) for _, lines in groups)]


def evidence_kinds(session: Session) -> dict[str, EvidenceType]:
    return {kind.key: kind for kind in session.scalars(select(EvidenceType))}


def may_tick(session: Session, campaign: Campaign) -> bool:
    """Tell whether the tick is worth showing: to those who may, and to strangers, who are asked to sign in."""
    person = current_person()
    return person is None or may_work_on(session, person, campaign.unit, today())


def count(items: Iterable[ChecklistItem]) -> Progress:
    """Return the progress of items that are already loaded; the sums are those of ``events.progress``."""
    return sum((_one(item) for item in items), Progress())


def _one(item: ChecklistItem) -> Progress:
    if not (item.is_open or item.is_done):
        return Progress()
    late = item.completed_on is not None and item.completed_on > item.due
    weight = item.weight if item.required else 0
    return Progress(
        expected=1,
        on_time=int(item.is_done and not late),
        late=int(item.is_done and late),
        overdue=int(item.is_overdue(today())),
        weight=weight,
        weight_done=weight if item.is_done else 0,
    )


def _holders(session: Session, campaign: Campaign) -> dict[str, list[str]]:
    """Return the names of those who hold posts in the campaign's unit today, by role."""
    query = select(Post).where(Post.unit_id == campaign.unit_id, held(today())).options(joinedload(Post.person))
    found: dict[str, list[str]] = {}
    for post in session.scalars(query.order_by(Post.id)):
        found.setdefault(post.role_key, []).append(post.person.full_name)
    return found
