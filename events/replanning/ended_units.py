"""The units of a round that have ended, and what those that follow them have from them."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.unit_checklists import UnitChecklist
from events.models import (
    Campaign,
    ChecklistItem,
    ClosedBecause,
    Unit,
    UnitSuccession,
)
from events.models.campaigns import same_round


def ended_of(session: Session, checklists: Sequence[UnitChecklist], today: date) -> set[int]:
    """Return the units of a round that have ended."""
    units = [checklist.node.id for checklist in checklists]
    return set(session.scalars(select(Unit.id).where(Unit.id.in_(units), Unit.valid_to < today)))


def successions(session: Session) -> list[tuple[int, int]]:
    """Return each unit that ended with one made from it, in their order: a unit begins before it
    ends.
    """
    link = UnitSuccession
    return [
        (old, new)
        for old, new in session.execute(
            select(link.predecessor_id, link.successor_id).order_by(link.id)
        )
    ]


def left_by(
    session: Session, root: Campaign, links: Sequence[tuple[int, int]]
) -> dict[int, set[str]]:
    """Return by unit the keys of the items of those it was made from, whatever became of them
    unless a version took one away.
    """
    columns = Campaign.unit_id, ChecklistItem.key, ChecklistItem.closed_because
    query = select(*columns).join(Campaign.items)
    query = query.where(same_round(root))
    had: dict[int, dict[str, bool]] = defaultdict(dict)
    for unit_id, key, because in session.execute(
        query.where(Campaign.unit_id.in_({old for old, _new in links}))
    ):
        had[unit_id][key] = because is not ClosedBecause.VERSION
    left: dict[int, dict[str, bool]] = defaultdict(dict)
    for old, new in links:
        for key, stays in (left[old] | had[old]).items():
            left[new][key] = stays and left[new].get(key, True)
    return {
        unit_id: {key for key, stays in keys.items() if stays} for unit_id, keys in left.items()
    }


def followed_of(links: Sequence[tuple[int, int]], living: Collection[int]) -> set[int]:
    """Return the units that ended and whose work one of ``living`` does now."""
    found = set(living)
    for old, new in reversed(links):
        if new in found:
            found.add(old)
    return found - set(living)
