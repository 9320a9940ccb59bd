"""Rounds that nobody opened: the clock stood still from the day they were to open until they were
over.
"""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.campaigns.opening import is_worth_opening, self_opening
from events.campaigns.rounds import ComingRound, rounds_of
from events.installation import day_here
from events.models import Round
from events.units.start_lines import start_line


def missed_rounds(session: Session, *, now: datetime) -> list[ComingRound]:
    """Return the rounds of last year and this one that came and went unopened since the first
    campaign was opened here, the oldest first.
    """
    first = session.scalar(select(func.min(Round.created)))
    if first is None:
        return []
    today, begun, line = day_here(session, now), day_here(session, first), start_line(session)
    rows = session.execute(select(Round.template_id, Round.period))
    opened = {(template_id, period) for template_id, period in rows}
    missed = [
        found
        for template in self_opening(session)
        for year in (today.year - 1, today.year)
        for found in rounds_of(template, year)
        if (template.id, found.period) not in opened
        and begun < found.dates.dtend <= today
        and not is_worth_opening(found, line, today)
        and not (template.opens_from and found.dates.dtend <= template.opens_from)
    ]
    return sorted(missed, key=lambda found: found.dates.dtend)
