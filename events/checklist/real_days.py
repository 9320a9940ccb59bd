"""The real day: on it a thing was done, whenever that was recorded.

On time or late is judged by it. History keeps both days, and figures of a past day count what was
recorded by then. It lies neither after today nor before its round would have opened by its
template; one that lies far back is marked, and listed for the unit above.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.rounds import round_of
from events.checklist.evidence import kinds_wanted, proving_papers
from events.errors import N_, RealDayError
from events.installation import zone_of
from events.localtime import local_day
from events.models import Campaign, ChecklistItem, Template
from events.working_calendar import work_calendar


@dataclass(frozen=True, slots=True)
class RealDay:
    """A real day; ``recorded_after`` are the working days until it was recorded, where these are
    more than the template lets pass.
    """

    day: date
    recorded_after: int | None = None

    @property
    def columns(self) -> dict[str, Any]:
        """The day as an item's state has it in history."""
        return {"completed_on": self.day.isoformat(), "recorded_after": self.recorded_after}


def real_day(session: Session, item: ChecklistItem, done_on: date | None, today: date) -> RealDay:
    """Return the real day of an item; None is today, which is always possible.

    Raises ``RealDayError``.
    """
    if done_on is None or done_on == today:
        return RealDay(today)
    if done_on > today:
        raise RealDayError(
            N_("%(day)s is still to come: what is done was done today or before."),
            day=_text(done_on),
        )
    first = first_days(session, [item.campaign])[item.campaign_id]
    if done_on < first:
        raise RealDayError(
            N_("%(day)s is too early: “%(campaign)s” is worked on from %(first)s."),
            day=_text(done_on),
            campaign=item.campaign.summary,
            first=_text(first),
        )
    return RealDay(done_on, _recorded_after(session, item, done_on, today))


def first_days(session: Session, campaigns: Collection[Campaign]) -> dict[int, date]:
    """Return by campaign id the first day on which its items can have been done, the
    one on which its round would have opened by its template, before its days moved or since, or the
    one on which it did open where that was earlier.
    """
    ids = {campaign.template_id for campaign in campaigns}
    _known = session.scalars(select(Template).where(Template.id.in_(ids))).all()
    zone = zone_of(session)
    return {
        campaign.id: min(
            campaign.opens, local_day(campaign.round.created, zone), round_of(campaign).opens
        )
        for campaign in campaigns
    }


def proposed_day(item: ChecklistItem, first: date, today: date) -> date | None:
    """Return the day that an item's evidence speaks for: that of its newest document or photo,
    among those on which it can have been done.
    """
    if not item.evidence_given and not item.papers:
        return None
    wanted = kinds_wanted(item)
    given = {piece.dated for piece in item.evidence_given if piece.kind_key in wanted}
    papers = {paper.issued for paper in proving_papers(item)}
    return max((day for day in given | papers if day and first <= day <= today), default=None)


def _recorded_after(
    session: Session, item: ChecklistItem, done_on: date, today: date
) -> int | None:
    within = item.campaign.template.record_within_workdays
    if (today - done_on).days <= within:
        return None  # nor are there more working days
    passed = work_calendar(session).workdays_between(done_on, today)
    return passed if passed > within else None


def _text(day: date) -> str:
    return f"{day:%d/%m/%Y}"
