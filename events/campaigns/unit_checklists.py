"""The checklists of a round, unit by unit, with the template items that they were made from."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.locks import FOR_CHANGE
from events.models import Campaign, ChecklistItem, TemplateItem, Unit
from events.models.campaigns import same_round, takes_place
from events.units.tree import UnitNode


@dataclass(frozen=True, slots=True)
class UnitChecklist:
    """One unit's campaign of a round with its items by key.

    ``node.parent_id`` is None for the campaign's owner.
    """

    campaign: Campaign
    node: UnitNode
    items: dict[str, ChecklistItem]


def load_unit_checklists(
    session: Session, root: Campaign, *, lock: bool = False, units: Collection[int] | None = None
) -> list[UnitChecklist]:
    """Return the round's campaigns from ``root`` down, parents first, in three queries.

    Cancelled ones are left alone.

    With ``units``, only those of the units with these ids, which must include all units between
    them and the root's.
    """
    same = [same_round(root)]
    same += [Campaign.unit_id.in_(units)] if units is not None else []
    columns = (Unit.id, Unit.key, Unit.level_key, Unit.parent_id, Unit.full_name)
    campaigns = select(Campaign, *columns).join(Campaign.unit).where(*same, takes_place())
    fresh = {"populate_existing": True}
    children: dict[int | None, list[Any]] = {}
    for row in session.execute(
        campaigns.order_by(Unit.position, Unit.id).execution_options(**fresh)
    ):
        children.setdefault(
            None if row.Campaign.id == root.id else row.Campaign.parent_id, []
        ).append(row)
    items = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(*same)
        .order_by(ChecklistItem.position, ChecklistItem.id)
    )
    items = items.with_for_update(of=ChecklistItem, **FOR_CHANGE) if lock else items
    by_campaign: dict[int, dict[str, ChecklistItem]] = {}
    for item in session.scalars(items.execution_options(**fresh)):
        by_campaign.setdefault(item.campaign_id, {})[item.key] = item
    rows = [row for row in children.get(None, []) if row.Campaign.id == root.id]
    for row in rows:
        rows.extend(children.get(row.Campaign.id, ()))
    return [
        UnitChecklist(row.Campaign, _node(row, root), by_campaign.get(row.Campaign.id, {}))
        for row in rows
    ]


def template_items(
    session: Session, version_ids: Collection[int]
) -> dict[int, dict[str, TemplateItem]]:
    """Return the items of versions by version id and key."""
    found: dict[int, dict[str, TemplateItem]] = {version_id: {} for version_id in version_ids}
    query = (
        select(TemplateItem)
        .where(TemplateItem.version_id.in_(version_ids))
        .order_by(TemplateItem.position, TemplateItem.id)
    )
    for item in session.scalars(query):
        found[item.version_id][item.key] = item
    return found


def made_from(
    session: Session, checklists: Sequence[UnitChecklist]
) -> dict[int, dict[str, TemplateItem]]:
    """Return by campaign id the template items that its items were made from, of the version that
    each campaign has.
    """
    versions = template_items(session, {checklist.campaign.version_id for checklist in checklists})
    return {
        checklist.campaign.id: {
            key: item
            for key, item in versions[checklist.campaign.version_id].items()
            if key in checklist.items
        }
        for checklist in checklists
    }


def _node(row: Any, root: Campaign) -> UnitNode:
    parent_id = None if row.Campaign.id == root.id and root.parent_id is None else row.parent_id
    return UnitNode(row.id, row.key, row.level_key, parent_id, row.full_name)
