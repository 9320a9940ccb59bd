"""Units that join a round: their deadlines, too, leave time after plans that were issued above
them, or count from those.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.due_dates import DueDates
from events.campaigns.rounds import Round
from events.campaigns.unit_checklists import UnitChecklist, load_unit_checklists
from events.campaigns.wanted_dates import dates_now
from events.days.workdays import WorkCalendar
from events.models import Campaign
from events.models.campaigns import same_round
from events.units.tree import UnitNode, UnitTree


def follow_plans(
    session: Session,
    found: Round,
    tree: UnitTree,
    new: Collection[UnitNode],
    calendar: WorkCalendar,
) -> None:
    """Give the open items of units that just joined a round the dates that those of the units
    beside them have.
    """
    joined = {node.id for node in new}
    units = {above.id for node in new for above in tree.line(node)}
    top = select(Campaign).where(same_round(found))
    for root in session.scalars(
        top.where(Campaign.unit_id.in_(units), Campaign.parent_id.is_(None))
    ).all():
        checklists = load_unit_checklists(session, root, units=units)
        dates = dates_now(session, checklists, calendar) if checklists else {}
        for checklist in checklists:
            if checklist.node.id in joined:
                _give(checklist, dates)
    session.flush()


def _give(checklist: UnitChecklist, dates: Mapping[tuple[int, str], DueDates]) -> None:
    for key, item in checklist.items.items():
        for name, value in dates[checklist.campaign.id, key].columns.items():
            setattr(item, name, value)
        item.first_due = item.due
