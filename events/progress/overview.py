"""An installation at one look: what runs in it, how far that has come, and what is due next.

Over the rounds that are not closed: a year that is over is no news, and what is overdue in it is
named in its own figures.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from events.campaigns.lifetime import rounds_not_closed
from events.models import Campaign, ChecklistItem
from events.models.items import OPEN
from events.progress.figures import Progress, own_progress, sum_of
from events.progress.silent_units import silent_units


@dataclass(frozen=True, slots=True)
class NextDeadline:
    """The next day on which something is due, and how many items are."""

    day: date
    items: int


@dataclass(frozen=True, slots=True)
class Overview:
    """How many rounds are not closed, what their items have come to, how many units are silent."""

    open_rounds: int
    progress: Progress
    silent_units: int
    next_deadline: NextDeadline | None


def overview(session: Session, today: date) -> Overview:
    """Return the figures of ``today`` over all units."""
    rounds = session.execute(rounds_not_closed(today)).all()
    counted = Campaign.round_id.in_(rounds_not_closed(today))
    return Overview(
        open_rounds=len(rounds),
        progress=sum_of(own_progress(session, today, counted).values()),
        silent_units=len(silent_units(session, today, counted)),
        next_deadline=_next_deadline(session, today, counted),
    )


def _next_deadline(
    session: Session, today: date, counted: ColumnElement[bool]
) -> NextDeadline | None:
    query = (
        select(ChecklistItem.due, func.count())
        .join(ChecklistItem.campaign)
        .where(counted)
        .where(ChecklistItem.status.in_(OPEN), ChecklistItem.due >= today)
        .group_by(ChecklistItem.due)
        .order_by(ChecklistItem.due)
        .limit(1)
    )
    found = session.execute(query).first()
    return NextDeadline(*found) if found else None
