"""How long a round runs: one rule, for everybody who asks whether it is over or its year is closed.

A round goes on to the last of its own days, or to its main event where that is held later
(``Campaign.over_on``). Units that are entered until then take part, also after its key day, and owe
what is due from their first day on; those that come afterwards owe nothing in it. It can be changed
for longer: through its year, and after that while it goes on or has open work that is not due yet,
such as the figures of the fourth quarter on 5 January. From then on its year is closed, and nothing
moves into or in it. Work that is overdue keeps no year open, or none would ever close.
"""

from datetime import date

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from events.errors import N_, ConflictError
from events.models import Campaign, CampaignStatus, ChecklistItem, Round
from events.models.campaigns import of_rounds, same_round
from events.models.items import OPEN


def goes_on(today: date) -> ColumnElement[bool]:
    """Return the condition on a campaign that it is not over yet: ``Campaign.over_on`` in SQL."""
    return of_rounds(_has_days_left(today))


def is_closed(session: Session, root: Campaign, today: date) -> bool:
    """Tell whether the round of ``root`` belongs to a closed year."""
    if root.year >= today.year or root.over_on > today:
        return False
    due = select(ChecklistItem.id).join(ChecklistItem.campaign)
    due = due.where(same_round(root))
    return (
        session.scalar(
            due.where(ChecklistItem.status.in_(OPEN), ChecklistItem.due >= today).limit(1)
        )
        is None
    )


def rounds_not_closed(today: date) -> Select[int]:
    """Return the query for the id of every round that is not called off and whose year is not
    closed: ``is_closed`` in SQL, for all rounds at once.
    """
    on_its_way = select(Campaign.round_id).join(Campaign.items)
    on_its_way = on_its_way.where(
        ChecklistItem.status.in_(OPEN),
        ChecklistItem.due >= today,
    )
    runs = or_(Round.year >= today.year, _has_days_left(today), Round.id.in_(on_its_way))
    return select(Round.id).where(Round.status != CampaignStatus.CANCELLED, runs)


def _has_days_left(today: date) -> ColumnElement[bool]:
    return or_(Round.dtend > today, Round.event_date >= today)


def require_running(session: Session, root: Campaign, today: date) -> None:
    """Raise ``ConflictError`` for a round that does not change any more: it was cancelled, or its
    year is closed.
    """
    if root.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("The campaign “%(campaign)s” was cancelled."), campaign=root.summary)
    if is_closed(session, root, today):
        raise ConflictError(
            N_("The year %(year)s is closed; its dates do not move any more."), year=root.year
        )
