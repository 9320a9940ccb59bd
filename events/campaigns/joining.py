"""Units that join a round: which do after its key day, and that their deadlines, too, leave time
after plans that were issued above them, or count from those.
"""

from collections.abc import Collection, Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.due_dates import DueDates
from events.campaigns.rounds import ComingRound
from events.campaigns.unit_checklists import UnitChecklist, load_unit_checklists
from events.campaigns.wanted_dates import dates_now
from events.days.workdays import WorkCalendar
from events.models import Campaign, Unit, UnitSuccession
from events.units.tree import UnitNode, UnitTree


def joined_since(
    session: Session, found: ComingRound, event: date | None, today: date
) -> dict[int, date]:
    """Return the units that were made from none after the round's key day and live ``today``, by
    id with the day from which they are followed; none once the round is over.

    They take part in what is left of it: nobody would look for a new commune's work in a month that
    still runs in vain. A round that is over asks nothing of who was not there.
    """
    goes_on = today < found.dates.dtend or (event is not None and today <= event)
    if today <= found.key_day or not goes_on:
        return {}
    made = select(UnitSuccession.successor_id)
    query = select(Unit.id, Unit.followed_from).where(
        Unit.followed_from > found.key_day, Unit.on(today), Unit.id.not_in(made)
    )
    return {unit_id: day for unit_id, day in session.execute(query) if day}


def follow_plans(
    session: Session,
    round_id: int,
    tree: UnitTree,
    new: Collection[UnitNode],
    calendar: WorkCalendar,
) -> None:
    """Give the open items of units that just joined a round the dates that those of the units
    beside them have.
    """
    joined = {node.id for node in new}
    units = {above.id for node in new for above in tree.line(node)}
    top = select(Campaign).where(Campaign.round_id == round_id)
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
