"""A round's checklists beside what they should be: the lines that differ, and the one way to write them.

Re-anchoring and new versions both come here, so that they never disagree about a date and can be done in any order. A line is
worked out without writing; what is written is exactly the lines that were shown. Done items never move, columns that somebody
edited by hand stay, and inside a unit nothing is due before what it waits for.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from events.duedates import WAITS, DueDates, due_dates, later_ones, planned_day
from events.errors import N_, ConflictError
from events.history import frozen, state_of
from events.issues import Issues, issue_dates, plan_keys
from events.models import (
    Anchor,
    Campaign,
    CampaignStatus,
    Change,
    ChecklistItem,
    Person,
    Template,
    TemplateItem,
    Unit,
)
from events.models.history import Door
from events.recurrence import Occurrence
from events.rounds import Anchors
from events.units import UnitNode
from events.workdays import WorkCalendar

DATES = ("dtstart", "nominal_due", "due", "due_reason")
_ONE_DATE = {"due", "nominal_due", "due_reason"}  # a hand on one of them holds all three
_STATE = ("status", "not_done", "reason")
_TEXT = ("summary", "phase_key", "role_key", "support_roles", "weight", "required")
_PROOF = ("evidence", "evidence_min", "without_evidence", "depends_on")
COLUMNS = (*_TEXT, *_PROOF)
_WRITTEN = (*DATES, *_STATE, *COLUMNS, "anchor_version", "sequence", "last_modified")
_Row = dict[str, Any]


class Fate(StrEnum):
    """What happens to an item, or why nothing does."""

    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"
    REWORDED = "reworded"
    KEPT_DONE = "kept-done"
    KEPT_BY_HAND = "kept-by-hand"
    KEPT_OWN = "kept-own"


CHANGES = frozenset({Fate.ADDED, Fate.REMOVED, Fate.MOVED, Fate.REWORDED})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One unit's campaign of a round with its items by key. ``node.parent_id`` is None for the campaign's owner."""

    campaign: Campaign
    node: UnitNode
    items: dict[str, ChecklistItem]


@dataclass(frozen=True, slots=True)
class Difference:
    """A column with its value before and after; lists stand as tuples, so that lines that say the same are found."""

    name: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class Line:
    """One item of one unit: its fate, its date before and after, the columns that change and those that a hand holds."""

    fate: Fate
    unit: UnitNode
    campaign_id: int
    key: str
    summary: str
    item: ChecklistItem | None
    old_due: date | None
    new_due: date | None
    reason: str | None
    values: _Row
    told: bool = False  # somebody was reminded of the date that moves
    differences: tuple[Difference, ...] = ()  # beside the due date
    held: frozenset[str] = frozenset()

    @property
    def item_id(self) -> int | None:
        return self.item.id if self.item else None

    @property
    def is_change(self) -> bool:
        return self.fate in CHANGES


@dataclass(frozen=True, slots=True)
class Group:
    """The same change in many units: how a preview shows it."""

    fate: Fate
    key: str
    summary: str
    level: str
    old_due: date | None
    new_due: date | None
    reason: str | None
    differences: tuple[Difference, ...]
    held: frozenset[str]
    units: tuple[str, ...]
    told: int


def grouped(lines: Iterable[Line]) -> list[Group]:
    """Return lines that say the same in one, changes before what is kept."""
    groups: dict[tuple[Any, ...], list[Line]] = {}
    for line in lines:
        groups.setdefault(_said(line), []).append(line)
    found = [_group(lines_of) for lines_of in groups.values()]
    return sorted(found, key=lambda group: list(Fate).index(group.fate))


def lock_round(session: Session, root: Campaign) -> None:
    """Let one opener, version or re-anchoring at a time work on the rounds of a template."""
    session.execute(select(Template.id).where(Template.id == root.template_id).with_for_update())


def load_sheets(session: Session, root: Campaign, *, lock: bool = False, units: Collection[int] | None = None) -> list[Sheet]:
    """Return the round's campaigns from ``root`` down, parents first, in three queries. Cancelled ones are left alone.

    With ``units``, only those of the units with these ids, which must include all units between them and the root's.
    """
    same = [Campaign.template_id == root.template_id, Campaign.period == root.period]
    same += [Campaign.unit_id.in_(units)] if units is not None else []
    columns = (Unit.id, Unit.key, Unit.level_key, Unit.parent_id, Unit.full_name)
    campaigns = select(Campaign, *columns).join(Campaign.unit).where(*same, Campaign.status != CampaignStatus.CANCELLED)
    fresh = {"populate_existing": True}
    children: dict[int | None, list[Any]] = {}
    for row in session.execute(campaigns.order_by(Unit.position, Unit.id).execution_options(**fresh)):
        children.setdefault(None if row.Campaign.id == root.id else row.Campaign.parent_id, []).append(row)
    items = select(ChecklistItem).join(ChecklistItem.campaign).where(*same).order_by(ChecklistItem.position, ChecklistItem.id)
    items = items.with_for_update(of=ChecklistItem) if lock else items
    by_campaign: dict[int, dict[str, ChecklistItem]] = {}
    for item in session.scalars(items.execution_options(**fresh)):
        by_campaign.setdefault(item.campaign_id, {})[item.key] = item
    rows = [row for row in children.get(None, []) if row.Campaign.id == root.id]
    for row in rows:
        rows.extend(children.get(row.Campaign.id, ()))
    return [Sheet(row.Campaign, _node(row, root), by_campaign.get(row.Campaign.id, {})) for row in rows]


def template_items(session: Session, version_ids: Collection[int]) -> dict[int, dict[str, TemplateItem]]:
    """Return the items of versions by version id and key."""
    found: dict[int, dict[str, TemplateItem]] = {version_id: {} for version_id in version_ids}
    query = select(TemplateItem).where(TemplateItem.version_id.in_(version_ids)).order_by(TemplateItem.position)
    for item in session.scalars(query):
        found[item.version_id][item.key] = item
    return found


def made_from(session: Session, sheets: Sequence[Sheet]) -> dict[int, dict[str, TemplateItem]]:
    """Return by campaign id the template items that its items were made from, of the version that each campaign has."""
    versions = template_items(session, {sheet.campaign.version_id for sheet in sheets})
    return {
        sheet.campaign.id: {key: item for key, item in versions[sheet.campaign.version_id].items() if key in sheet.items}
        for sheet in sheets
    }


def wanted_dates(
    sheets: Sequence[Sheet],
    made_from: Mapping[int, Mapping[str, TemplateItem]],
    anchors: Anchors,
    calendar: WorkCalendar,
    *,
    issued: Issues,
    late_workdays: int,
    reopened: Collection[int] = (),
) -> dict[tuple[int, str], DueDates]:
    """Return the dates of every item by campaign id and key. ``made_from`` gives each campaign's template items.

    ``reopened`` are items that are closed now and will be open.
    """
    items = {key: item for of_campaign in made_from.values() for key, item in of_campaign.items()}
    work = _Dates(sheets, items, anchors, calendar, issued, late_workdays, set(reopened))
    found: dict[tuple[int, str], DueDates] = {}
    for sheet in sheets:
        dates = work.of(sheet, made_from[sheet.campaign.id])
        found |= {(sheet.campaign.id, key): value for key, value in dates.items()}
    return found


def dates_now(
    session: Session, sheets: Sequence[Sheet], calendar: WorkCalendar, *, reopened: Collection[int] = ()
) -> dict[tuple[int, str], DueDates]:
    """Return the dates of every item by campaign id and key, as the campaign's days and the plans issued so far give them."""
    root, origins = sheets[0].campaign, made_from(session, sheets)
    anchors, late = Anchors(Occurrence(root.dtstart, root.dtend), root.event_date), root.template.late_plan_workdays
    issued = issue_dates(session, root)
    return wanted_dates(sheets, origins, anchors, calendar, issued=issued, late_workdays=late, reopened=reopened)


def values_of(item: ChecklistItem, wanted: Mapping[str, Any]) -> tuple[_Row, frozenset[str]]:
    """Return the columns of ``wanted`` that differ and may be written, and the names of those that a hand holds."""
    held = set(item.edited) | (_ONE_DATE if _ONE_DATE & set(item.edited) else set())
    differing = {name: value for name, value in wanted.items() if getattr(item, name) != value}
    values = {name: value for name, value in differing.items() if name not in held}
    return _in_order(item, values), frozenset(held & set(differing))


def differences_of(item: ChecklistItem, values: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Return what ``values`` would change beside the due date."""
    names = (name for name in ("dtstart", *COLUMNS) if name in values)
    return tuple(Difference(name, _hashable(getattr(item, name)), _hashable(values[name])) for name in names)


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def fingerprint(lines: Iterable[Line], *asked: object) -> str:
    """Return what tells two previews apart: items, their sequences and dates, and what was asked."""
    marks = sorted(
        (line.campaign_id, line.key, line.fate, line.item.sequence if line.item else -1, str(line.old_due), repr(line.values))
        for line in lines
    )
    return hashlib.sha256(repr((marks, asked)).encode()).hexdigest()


def expect(expected: str, found: str) -> None:
    """Raise ``ConflictError`` unless the preview would still look the same."""
    if expected != found:
        raise ConflictError(N_("Something changed since this was shown. Please look at what moves once more, then apply it."))


def write(session: Session, lines: Iterable[Line], *, by: Person | None, now: datetime, door: Door = Door.PAGE) -> None:
    """Write the changed lines and their history, in two statements however many units there are."""
    found = [(line, line.item) for line in lines if line.is_change and line.item is not None]
    if not found:
        return
    session.flush()
    changes = [_change_row(line, item, by, now, door) for line, item in found]
    rows = [_item_row(line, item, now) for line, item in found]
    table = ChecklistItem.__table__
    values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in _WRITTEN}
    session.connection().execute(update(ChecklistItem).where(ChecklistItem.id == bindparam("item_id")).values(values), rows)
    session.connection().execute(insert(Change), changes)
    for _line, item in found:
        session.expire(item)


def _in_order(item: ChecklistItem, values: _Row) -> _Row:
    """Let nothing begin after it is due where one of the two days stands by hand and the other moves."""
    start, due = values.get("dtstart", item.dtstart), values.get("due", item.due)
    if start is None or start <= due:
        return values
    rest = {name: value for name, value in values.items() if name != "dtstart"}
    return rest if item.dtstart == due else rest | {"dtstart": due}


def _group(lines: Sequence[Line]) -> Group:
    return Group(*_said(lines[0]), tuple(line.unit.full_name for line in lines), sum(line.told for line in lines))


def _said(
    line: Line,
) -> tuple[Fate, str, str, str, date | None, date | None, str | None, tuple[Difference, ...], frozenset[str]]:
    """Return what a line says, whoever it says it of."""
    what, dates = (line.fate, line.key, line.summary, line.unit.level), (line.old_due, line.new_due, line.reason)
    return (*what, *dates, line.differences, line.held)


def _node(row: Any, root: Campaign) -> UnitNode:
    parent_id = None if row.Campaign.id == root.id and root.parent_id is None else row.parent_id
    return UnitNode(row.id, row.key, row.level_key, parent_id, row.full_name)


class _Dates:
    """Works out dates: once for a template item and level, then later where an upper plan or an earlier item was late."""

    def __init__(
        self,
        sheets: Sequence[Sheet],
        items: Mapping[str, TemplateItem],
        anchors: Anchors,
        calendar: WorkCalendar,
        issued: Issues,
        late_workdays: int,
        reopened: set[int],
    ) -> None:
        self._by_campaign = {sheet.campaign.id: sheet for sheet in sheets}
        self._items = items
        self._plans = plan_keys(items.values())
        self._anchors = anchors
        self._calendar = calendar
        self._issued = issued
        self._workdays = late_workdays
        self._reopened = reopened
        self._counted: dict[tuple[int, str], DueDates] = {}
        self._after: dict[date, date] = {}
        self._issued_above: dict[int, date | None] = {}  # by campaign id

    def of(self, sheet: Sheet, made_from: Mapping[str, TemplateItem]) -> dict[str, DueDates]:
        dates = {key: self._not_too_early(item, sheet) for key, item in made_from.items()}
        waits_for = {key: item.depends_on for key, item in made_from.items()}
        later = later_ones({key: one.due for key, one in dates.items()}, waits_for, self._stands(sheet))
        return dates | {key: replace(dates[key], due=day, due_reason=WAITS) for key, day in later.items()}

    def _count(self, item: TemplateItem, level: str) -> DueDates:
        kind = item.id, level
        if kind not in self._counted:
            self._counted[kind] = due_dates(item, level, self._anchors, self._calendar)
        return self._counted[kind]

    def _count_from_plan(self, item: TemplateItem, sheet: Sheet) -> DueDates:
        """Count from the day the plan was really issued, in the unit or above; until then from the day it is due."""
        key, level = item.depends_on[0], sheet.node.level
        issued = self._issued.of(sheet.node.id, key)
        if issued is None and key not in sheet.items:
            issued = _last(self._issued.of(above.node.id, key) for above in self._above(sheet))
        plan = issued or planned_day(item, self._items, level, self._anchors, self._calendar)
        return due_dates(item, level, self._anchors, self._calendar, plan)

    def _not_too_early(self, item: TemplateItem, sheet: Sheet) -> DueDates:
        """Leave time after the real issue date of an upper plan: late plans are normal, and no reason to be late below.

        What takes place on the day itself stays there, however late the plan was.
        """
        dates = self._count_from_plan(item, sheet) if item.anchor is Anchor.PLAN else self._count(item, sheet.node.level)
        issue = None if _is_on_the_day(item, sheet.node.level) else self._issue_above(item, sheet)
        if issue is None or self._earliest(issue) <= dates.due:
            return dates
        reason = f"trước hạn {self._workdays} ngày làm việc sau khi cấp trên ban hành ({issue:%d/%m/%Y})"
        return replace(dates, due=self._earliest(issue), due_reason=reason)

    def _issue_above(self, item: TemplateItem, sheet: Sheet) -> date | None:
        """Return when the last plan above the unit was issued: one that others wait for, or the paper of this very item."""
        above = self._above(sheet)
        if sheet.campaign.id not in self._issued_above:
            days = (self._issued.of(one.node.id, key) for one in above for key in self._plans)
            self._issued_above[sheet.campaign.id] = _last(days)
        paper = _last(self._issued.paper(one.node.id, item.key) for one in above)
        return _last((self._issued_above[sheet.campaign.id], paper))

    def _above(self, sheet: Sheet) -> list[Sheet]:
        found = []
        above = self._by_campaign.get(sheet.campaign.parent_id or 0)
        while above is not None:
            found.append(above)
            above = self._by_campaign.get(above.campaign.parent_id or 0)
        return found

    def _earliest(self, issue: date) -> date:
        if issue not in self._after:
            self._after[issue] = self._calendar.add_workdays(issue, self._workdays)
        return self._after[issue]

    def _stands(self, sheet: Sheet) -> dict[str, date | None]:
        """Return the days that others wait for where an item's new date is not it: set by hand, or none once it is closed."""
        held = {key: item for key, item in sheet.items.items() if item.id not in self._reopened}
        by_hand = {key: item.due for key, item in held.items() if item.is_open and _ONE_DATE & set(item.edited)}
        return by_hand | {key: None for key, item in held.items() if not item.is_open}


def _is_on_the_day(item: TemplateItem, level: str) -> bool:
    return item.anchor is not Anchor.PLAN and item.offset_at(level) == 0 and item.end_at(level) is None


def _last(days: Iterable[date | None]) -> date | None:
    return max((day for day in days if day), default=None)


def _item_row(line: Line, item: ChecklistItem, now: datetime) -> _Row:
    moves = bool({"due", "dtstart"} & set(line.values))
    row = {name: getattr(item, name) for name in _WRITTEN} | line.values
    row |= {"anchor_version": item.anchor_version + moves, "sequence": item.sequence + 1, "last_modified": now}
    return {"item_id": item.id} | {f"new_{name}": value for name, value in row.items()}


def _change_row(line: Line, item: ChecklistItem, by: Person | None, now: datetime, door: Door) -> _Row:
    after = {name: _plain(value) for name, value in line.values.items()}
    before = {name: _plain(getattr(item, name)) for name in line.values}
    if "status" in after:
        before, after = state_of(item) | before, state_of(item) | after
    who = {"by_id": by.id if by else None, "by_name": by.full_name if by else None, "on_behalf_of_id": None}
    return {"at": now, "item_id": item.id, "door": door, **who, "before": before, "after": after, **frozen(item, line.values)}


def _plain(value: Any) -> Any:
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value
