"""Units that join a round: their deadlines, too, leave time after plans that were issued above them, or count from those."""

from collections.abc import Collection, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.duedates import DueDates
from events.models import Campaign
from events.redating import dates_now
from events.rounds import Round
from events.sheets import Sheet, load_sheets
from events.units import UnitNode, UnitTree
from events.workdays import WorkCalendar


def follow_plans(session: Session, found: Round, tree: UnitTree, new: Collection[UnitNode], calendar: WorkCalendar) -> None:
    """Give the open items of units that just joined a round the dates that those of the units beside them have."""
    joined = {node.id for node in new}
    units = {above.id for node in new for above in tree.line(node)}
    top = select(Campaign).where(Campaign.template_id == found.template.id, Campaign.period == found.period)
    for root in session.scalars(top.where(Campaign.unit_id.in_(units), Campaign.parent_id.is_(None))).all():
        sheets = load_sheets(session, root, units=units)
        dates = dates_now(session, sheets, calendar) if sheets else {}
        for sheet in sheets:
            if sheet.node.id in joined:
                _give(sheet, dates)
    session.flush()


def _give(sheet: Sheet, dates: Mapping[tuple[int, str], DueDates]) -> None:
    for key, item in sheet.items.items():
        for name, value in dates[sheet.campaign.id, key].columns.items():
            setattr(item, name, value)
        item.first_due = item.due
