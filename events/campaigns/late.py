"""When items are due that come into being after their day: a round that somebody opens late is
wanted all the same, and nobody is late in it from the first second.

Such an item gets so many working days from the day it came into being, by its phase, but not beyond
the day that it prepares.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.births import Birth
from events.campaigns.due_dates import Late
from events.campaigns.rounds import Anchors
from events.days.reasons import Cause, DayReason
from events.days.recurrence import Occurrence
from events.days.workdays import Shift, WorkCalendar
from events.models import Anchor, ChecklistItem, Phase, TemplateItem


@dataclass(frozen=True, slots=True)
class LateRule:
    """How late items of one round get their dates. ``workdays`` are by phase."""

    workdays: Mapping[str, int]
    anchors: Anchors
    calendar: WorkCalendar

    @classmethod
    def load(cls, session: Session, anchors: Anchors, calendar: WorkCalendar) -> "LateRule":
        workdays = session.execute(select(Phase.key, Phase.late_workdays))
        return cls(dict(workdays.all()), anchors, calendar)

    def of(self, item: TemplateItem, level: str, birth: Birth, due: date) -> Late | None:
        """Return when an item is due that would have been due on ``due``; None if that day had not
        passed, or nobody owes it.
        """
        if birth.born is None or not birth.is_too_late(due):
            return None
        return Late(birth.born, self.until(item, level, birth.born))

    def until(self, item: TemplateItem, level: str, born: date) -> date:
        """Return when an item is due that came into being on the day ``born``, too late: not after
        the day that it prepares, unless that has passed as well.
        """
        end = self.calendar.add_workdays(born, self.workdays[item.phase_key])
        if item.anchor is Anchor.PLAN or (item.end_at(level) or item.offset_at(level)) >= 0:
            return end
        day = self.calendar.shift(self.anchors.of(item.anchor), Shift.PREVIOUS).effective
        return min(end, day) if day >= born else end


def copied_dates(
    item: ChecklistItem, line: date | None, calendar: WorkCalendar, today: date, level: str
) -> dict[str, Any]:
    """Return the columns in which a copy of an item differs that a unit of ``level`` gets today:
    what is overdue begins anew there, by the same rule by which its round is planned anew.

    Nothing differs where everything is followed: in an installation without a start ``line``.
    """
    if line is None:
        return {}
    birth = Birth(item.followed_from, today)
    if not birth.is_too_late(item.due):
        return {"born": today}
    reason = DayReason(Cause.LATE_OPENING, day=today)
    return {"born": today, "due": _due_anew(item, calendar, today, level), "due_reason": reason}


def _due_anew(item: ChecklistItem, calendar: WorkCalendar, today: date, level: str) -> date:
    campaign = item.campaign
    model = next((one for one in campaign.version.items if one.key == item.key), None)
    if model is None:
        return calendar.add_workdays(today, item.phase.late_workdays)
    anchors = Anchors(Occurrence(campaign.dtstart, campaign.dtend), campaign.event_date)
    rule = LateRule({model.phase_key: model.phase.late_workdays}, anchors, calendar)
    return rule.until(model, level, today)
