"""The dates that the items of a running round should have, from its days, its template and the
plans issued so far.

Re-anchoring, new versions and days off all come here, so that they never disagree about a date and
can be done in any order. Inside a unit nothing is due before what it waits for, and what counts
from a plan follows that plan wherever it moves.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from sqlalchemy.orm import Session

from events.campaigns.births import Birth, Births
from events.campaigns.due_dates import DueDates, due_dates, in_order, planned_day
from events.campaigns.issued_plans import Issues, issue_dates, plan_keys
from events.campaigns.late import LateRule
from events.campaigns.rounds import Anchors
from events.campaigns.unit_checklists import UnitChecklist, made_from
from events.days.reasons import Cause, DayReason
from events.days.recurrence import Occurrence
from events.days.workdays import WorkCalendar
from events.models import Anchor, ClosedBecause, TemplateItem


def wanted_dates(
    checklists: Sequence[UnitChecklist],
    made_from: Mapping[int, Mapping[str, TemplateItem]],
    anchors: Anchors,
    calendar: WorkCalendar,
    *,
    issued: Issues,
    late_workdays: int,
    late: LateRule,
    reopened: Collection[int] = (),
    births: Births | None = None,
) -> dict[tuple[int, str], DueDates]:
    """Return the dates of every item by campaign id and key.

    ``made_from`` gives each campaign's template items.

    ``reopened`` are items that are closed now and will be open. With ``births``, these and what is
    not there yet come into being today.
    """
    items = {key: item for of_campaign in made_from.values() for key, item in of_campaign.items()}
    work = _Dates(
        checklists, items, anchors, calendar, issued, late_workdays, set(reopened), late, births
    )
    found: dict[tuple[int, str], DueDates] = {}
    for checklist in checklists:
        dates = work.of(checklist, made_from[checklist.campaign.id])
        found |= {(checklist.campaign.id, key): value for key, value in dates.items()}
    return found


def dates_now(
    session: Session,
    checklists: Sequence[UnitChecklist],
    calendar: WorkCalendar,
    *,
    reopened: Collection[int] = (),
) -> dict[tuple[int, str], DueDates]:
    """Return the dates of every item by campaign id and key, as the campaign's days and the plans
    issued so far give them.
    """
    root, origins = checklists[0].campaign, made_from(session, checklists)
    anchors, workdays = (
        Anchors(Occurrence(root.dtstart, root.dtend), root.event_date),
        root.template.late_plan_workdays,
    )
    issued = issue_dates(session, root)
    return wanted_dates(
        checklists,
        origins,
        anchors,
        calendar,
        issued=issued,
        late_workdays=workdays,
        late=LateRule.load(session, anchors, calendar),
        reopened=reopened,
    )


class _Dates:
    """Works out dates: once for a template item and level, then later where an upper plan or an
    earlier item was late.
    """

    def __init__(
        self,
        checklists: Sequence[UnitChecklist],
        items: Mapping[str, TemplateItem],
        anchors: Anchors,
        calendar: WorkCalendar,
        issued: Issues,
        late_workdays: int,
        reopened: set[int],
        late: LateRule,
        births: Births | None,
    ) -> None:
        self._by_campaign = {checklist.campaign.id: checklist for checklist in checklists}
        self._items = items
        self._plans = plan_keys(items.values())
        self._anchors = anchors
        self._calendar = calendar
        self._issued = issued
        self._workdays = late_workdays
        self._reopened = reopened
        self._late, self._births = late, births
        self._counted: dict[tuple[int, str], DueDates] = {}
        self._after: dict[date, date] = {}
        # by campaign id: the checklists above, and when the last plan of theirs was issued
        self._lines: dict[int, list[UnitChecklist]] = {}
        self._issued_above: dict[int, date | None] = {}
        # by campaign id and key the day on which an item is due that units issue
        self._plan_due: dict[tuple[int, str], date] = {}

    def of(
        self, checklist: UnitChecklist, made_from: Mapping[str, TemplateItem]
    ) -> dict[str, DueDates]:
        """Return the dates of one unit's items by key. The units above it come first."""
        self._line_up(checklist)
        waits_for = {key: item.depends_on for key, item in made_from.items()}
        stands = self._stands(checklist)
        dates = in_order(
            waits_for,
            lambda key, days: self._not_too_early(made_from[key], checklist, days),
            stands,
            lambda key, due: self._late.of(
                made_from[key], checklist.node.level, self._birth(checklist, key), due
            ),
        )
        kept = (
            (key, stands.get(key) or one.due)
            for key, one in dates.items()
            if not self._is_gone(checklist, key)
        )
        self._plan_due |= {(checklist.campaign.id, key): day for key, day in kept}
        return dates

    def _birth(self, checklist: UnitChecklist, key: str) -> Birth:
        item = checklist.items.get(key)
        if item is not None and (self._births is None or item.id not in self._reopened):
            return Birth(item.followed_from, item.born)
        return self._births.of(checklist.node.id) if self._births else Birth()

    def _count(self, item: TemplateItem, level: str) -> DueDates:
        kind = item.id, level
        if kind not in self._counted:
            self._counted[kind] = due_dates(item, level, self._anchors, self._calendar)
        return self._counted[kind]

    def _count_from_plan(
        self, item: TemplateItem, checklist: UnitChecklist, days: Mapping[str, date]
    ) -> DueDates:
        """Count from the day the plan was really issued, in the unit or above; until then from the
        day it is due there.
        """
        key, level = item.depends_on[0], checklist.node.level
        plan = self._issued.of(checklist.node.id, key)
        if plan is None:
            plan = (
                days[key]
                if key in days and not self._is_gone(checklist, key)
                else self._plan_above(key, checklist)
            )
        plan = plan or planned_day(item, self._items, level, self._anchors, self._calendar)
        return due_dates(item, level, self._anchors, self._calendar, plan)

    def _plan_above(self, key: str, checklist: UnitChecklist) -> date | None:
        """Return the last day on which units above issued a plan, else the day on which it is due
        in the nearest that has it.
        """
        above = self._lines[checklist.campaign.id]
        issued = _last(self._issued.of(one.node.id, key) for one in above)
        return issued or next(
            (day for one in above if (day := self._plan_due.get((one.campaign.id, key)))), None
        )

    def _is_gone(self, checklist: UnitChecklist, key: str) -> bool:
        """Tell whether a version took an item away: its unit issues nothing for it any more."""
        item = checklist.items.get(key)
        return (
            item is not None
            and item.id not in self._reopened
            and item.closed_because is ClosedBecause.VERSION
        )

    def _not_too_early(
        self, item: TemplateItem, checklist: UnitChecklist, days: Mapping[str, date]
    ) -> DueDates:
        """Leave time after the real issue date of an upper plan: late plans are normal, and no
        reason to be late below.

        What takes place on the day itself stays there, however late the plan was. ``days`` are
        those of what the item waits for.
        """
        dates = (
            self._count_from_plan(item, checklist, days)
            if item.anchor is Anchor.PLAN
            else self._count(item, checklist.node.level)
        )
        issue = (
            None
            if _is_on_the_day(item, checklist.node.level)
            else self._issue_above(item, checklist)
        )
        if issue is None or self._earliest(issue) <= dates.due:
            return dates
        reason = DayReason(Cause.LATE_PLAN, day=issue, workdays=self._workdays)
        return replace(dates, due=self._earliest(issue), due_reason=reason)

    def _issue_above(self, item: TemplateItem, checklist: UnitChecklist) -> date | None:
        """Return when the last plan above the unit was issued: one that others wait for, or the
        paper of this very item.
        """
        here = checklist.campaign.id
        papers = (self._issued.paper(one.node.id, item.key) for one in self._lines[here])
        return _last((self._issued_above[here], *papers))

    def _line_up(self, checklist: UnitChecklist) -> None:
        """Find the checklists above one, the nearest first, and the last plan they issued."""
        here, parent_id = checklist.campaign.id, checklist.campaign.parent_id
        above = self._by_campaign.get(parent_id or 0)
        line = [] if above is None else [above, *self._lines[above.campaign.id]]
        issued = (self._issued.of(one.node.id, key) for one in line for key in self._plans)
        self._lines[here], self._issued_above[here] = line, _last(issued)

    def _earliest(self, issue: date) -> date:
        if issue not in self._after:
            self._after[issue] = self._calendar.add_workdays(issue, self._workdays)
        return self._after[issue]

    def _stands(self, checklist: UnitChecklist) -> dict[str, date | None]:
        """Return the days that others wait for where an item's new date is not it: set by hand, or
        none once it is closed.
        """
        return {
            key: item.due if item.is_open else None
            for key, item in checklist.items.items()
            if item.id not in self._reopened and (not item.is_open or "due" in item.held)
        }


def _is_on_the_day(item: TemplateItem, level: str) -> bool:
    return (
        item.anchor is not Anchor.PLAN and item.offset_at(level) == 0 and item.end_at(level) is None
    )


def _last(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day), default=None)
