"""What an item waits for: an item of its own unit, else the nearest one above it in the same round.
This warns and never locks.
"""

from collections.abc import Collection

from sqlalchemy import CTE, literal, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from events.models import Campaign, ChecklistItem
from events.models.campaigns import takes_place


def waited_for(
    session: Session, items: Collection[ChecklistItem]
) -> dict[int, list[ChecklistItem]]:
    """Return by item id what each of them waits for, with campaign and unit, in one query however
    many there are.
    """
    line = _line_above({item.campaign_id for item in items})
    runs = or_(line.c.steps == 0, takes_place())
    query = (
        select(line.c.start, ChecklistItem)
        .join(line, line.c.id == ChecklistItem.campaign_id)
        .join(ChecklistItem.campaign)
        .where(ChecklistItem.key.in_({key for item in items for key in item.depends_on}), runs)
        .options(contains_eager(ChecklistItem.campaign).options(joinedload(Campaign.unit)))
        .order_by(line.c.steps)
    )
    nearest: dict[tuple[int, str], ChecklistItem] = {}
    for start, first in session.execute(query):
        nearest.setdefault((start, first.key), first)
    return {
        item.id: [
            nearest[item.campaign_id, key]
            for key in item.depends_on
            if (item.campaign_id, key) in nearest
        ]
        for item in items
    }


def _line_above(campaign_ids: Collection[int]) -> CTE:
    """Return each campaign with those above it: where the line began, and how many steps up."""
    start = select(
        Campaign.id.label("start"), Campaign.id, Campaign.parent_id, literal(0).label("steps")
    )
    line = start.where(Campaign.id.in_(campaign_ids)).cte("line", recursive=True)
    above = select(line.c.start, Campaign.id, Campaign.parent_id, line.c.steps + 1)
    return line.union_all(above.join(line, line.c.parent_id == Campaign.id))
