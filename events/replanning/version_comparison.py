"""What a version of a template would change in a round: the items of each unit beside what they
should be.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session, aliased

from events.campaigns.births import Births
from events.campaigns.copies import ItemMaker, copies_by_level
from events.campaigns.issued_plans import issue_dates
from events.campaigns.late import LateRule
from events.campaigns.rounds import Anchors, round_of
from events.campaigns.unit_checklists import UnitChecklist, template_items
from events.campaigns.wanted_dates import wanted_dates
from events.checklist.closing_words import by_version
from events.checklist.origins import COLUMNS, DATES, values_of
from events.days.recurrence import Occurrence
from events.days.workdays import WorkCalendar
from events.installation import day_here, domain_of
from events.models import (
    Campaign,
    ChecklistItem,
    ClosedBecause,
    Evidence,
    ItemCredit,
    NotDone,
    TemplateItem,
    TemplateVersion,
    TodoStatus,
)
from events.models.campaigns import same_round
from events.people.roles import RoleBook
from events.replanning.ended_units import ended_of, followed_of, left_by, successions
from events.replanning.preview import (
    Fate,
    Line,
    compare_item,
    fingerprint,
)
from events.units.tree import UnitTree, load_tree

# that parts take over
_OF_THE_WHOLE = tuple(
    name for name in COLUMNS if name not in ("role_key", "support_roles", "depends_on")
)
_NOT_CLOSED = {"closed_because": None, "closing_facts": None, "reason": None}
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What applying a version would do to a round, with the fingerprint that applying asks for."""

    version: TemplateVersion
    lines: tuple[Line, ...]
    rows: tuple[_Row, ...]  # of the items that are added
    fingerprint: str
    is_in_use: bool

    @property
    def is_empty(self) -> bool:
        return self.is_in_use and not any(line.is_change for line in self.lines)

    def of(self, fate: Fate) -> list[Line]:
        return [line for line in self.lines if line.fate is fate]

    def by_unit(self) -> dict[int, list[Line]]:
        """Return the lines by unit id, units in their order."""
        found: dict[int, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.unit.id, []).append(line)
        return found


class Comparison:
    """A round beside a version: what each unit should have, and what it has."""

    def __init__(
        self,
        session: Session,
        checklists: list[UnitChecklist],
        version: TemplateVersion,
        calendar: WorkCalendar,
        now: datetime,
    ) -> None:
        root = checklists[0].campaign
        anchors = Anchors(Occurrence(root.dtstart, root.dtend), root.event_date)
        tree = load_tree(session, round_of(root).belongs_on(day_here(session, root.created)))
        versions = template_items(
            session, {version.id, *(checklist.campaign.version_id for checklist in checklists)}
        )
        self.checklists, self.version = checklists, version
        self._items = versions[version.id]
        self._touched = _touched(session, root)
        self._closed = ended_of(session, checklists, day_here(session, now))
        links = successions(session)
        self._left_by = left_by(session, root, links)
        self._followed = followed_of(links, {s.node.id for s in checklists} - self._closed)
        self._compare_copies(versions, tree)
        today, late = day_here(session, now), LateRule.load(session, anchors, calendar)
        of_round, for_reference = round_of(root), root.for_reference
        self._births = Births.load(session, of_round, today, for_reference=for_reference)
        self._dates = wanted_dates(
            checklists,
            self._wanted,
            anchors,
            calendar,
            issued=issue_dates(session, root),
            late_workdays=root.template.late_plan_workdays,
            late=late,
            reopened=self._back,
            births=self._births,
        )
        self._maker = ItemMaker(
            version, anchors, calendar, RoleBook.load(session), now, late, domain_of(session)
        )
        self.positions: list[_Row] = []
        # by item id what a whole item should be, which its parts follow
        self._rows: dict[int, _Row] = {}

    def _compare_copies(
        self, versions: Mapping[int, Mapping[str, TemplateItem]], tree: UnitTree
    ) -> None:
        """Find by campaign what the version gives it, what it had, and which items come back."""
        copies = {
            version_id: copies_by_level(list(items.values()), tree)
            for version_id, items in versions.items()
        }
        self._copies = copies[self.version.id]
        self._wanted = {s.campaign.id: self._wanted_of(s) for s in self.checklists}
        self._had = {
            s.campaign.id: {item.key for item in copies[s.campaign.version_id].of(s.node)}
            for s in self.checklists
        }
        self._back = {
            item.id
            for s in self.checklists
            for key, item in s.items.items()
            if key in self._wanted[s.campaign.id] and _was_taken_away(item)
        }

    def diff(self) -> VersionDiff:
        lines: list[Line] = []
        rows: list[_Row] = []
        self.positions.clear()
        for checklist in self.checklists:
            wanted = self._wanted[checklist.campaign.id]
            birth = self._births.of(checklist.node.id)
            rows_of_level = self._maker.rows(
                checklist.node, self._copies, checklist.campaign.id, birth
            )
            for row in (row for row in rows_of_level if row["key"] in wanted):
                line, new = self._line(checklist, row)
                lines.extend(line)
                rows.extend(new)
            lines.extend(
                self._gone(checklist, item)
                for key, item in checklist.items.items()
                if self._goes(checklist, key)
            )
        lines.extend(self._parts())
        in_use = all(
            checklist.campaign.version_id == self.version.id for checklist in self.checklists
        )
        mark = fingerprint(lines, self.checklists[0].campaign.id, self.version.id)
        return VersionDiff(self.version, tuple(lines), tuple(rows), mark, in_use)

    def _wanted_of(self, checklist: UnitChecklist) -> dict[str, TemplateItem]:
        """Return what a unit should have.

        One that took over gets nothing that was done before it, one that ended nothing new.

        What a version took away before a unit ended comes back in the unit that took over, if that
        one is in the round.
        """
        if checklist.node.id not in self._closed:
            left = self._left_by.get(checklist.node.id, set())
            return {
                item.key: item
                for item in self._copies.of(checklist.node)
                if item.key in checklist.items or item.key not in left
            }
        goes_on = checklist.node.id in self._followed
        away = {key for key, item in checklist.items.items() if goes_on and _was_taken_away(item)}
        return {
            key: item for key, item in self._items.items() if key in checklist.items.keys() - away
        }

    def _line(self, checklist: UnitChecklist, row: _Row) -> tuple[list[Line], list[_Row]]:
        item = checklist.items.get(row["key"])
        dates = self._dates[checklist.campaign.id, row["key"]].columns
        if item is None:
            new = {**row, **dates, "first_due": dates["due"]}
            return [_added(checklist, row, dates, {})], [new]
        if item.position != row["position"]:
            self.positions.append({"item_id": item.id, "new_position": row["position"]})
        self._rows[item.id] = row
        wanted = {name: row[name] for name in COLUMNS} | {name: dates[name] for name in DATES}
        if item.id in self._back:
            values, _held = values_of(item, wanted)
            state = {"status": TodoStatus.NEEDS_ACTION, "not_done": None} | _NOT_CLOSED
            state |= {"born": row["born"], "followed_from": row["followed_from"]}
            return [_added(checklist, row, dates, values | state, item)], []
        line = compare_item(checklist, item, wanted)
        return [line] if line else [], []

    def _goes(self, checklist: UnitChecklist, key: str) -> bool:
        """Tell whether a version takes an item away: it has it no longer, or no longer for this
        unit's level.
        """
        if checklist.items[key].is_own or key in self._wanted[checklist.campaign.id]:
            return False
        if not checklist.items[key].is_open and not checklist.items[key].is_done:
            return False
        return key not in self._items or key in self._had[checklist.campaign.id]

    def _gone(self, checklist: UnitChecklist, item: ChecklistItem) -> Line:
        where = (checklist.node, checklist.campaign.id, item.key, item.summary, item, item.due)
        if item.is_done:
            return Line(Fate.KEPT_DONE, *where, item.due, None, {})
        if (
            item.status is not TodoStatus.NEEDS_ACTION
            or item.id in self._touched
            or item.edited
            or item.blocked is not None
        ):
            return Line(Fate.KEPT_BY_HAND, *where, item.due, None, {})
        closing = by_version(self.version.number)
        values = {"status": TodoStatus.CANCELLED, "not_done": NotDone.NOT_REQUIRED}
        return Line(Fate.REMOVED, *where, None, None, values | closing.columns, closing=closing)

    def _parts(self) -> Iterable[Line]:
        """Let the parts of a divided item follow its dates and its words, down to the parts of
        parts. Who does them stays.
        """
        wholes = {
            item.id: item for checklist in self.checklists for item in checklist.items.values()
        }
        wanted: dict[int, _Row] = {}
        for checklist in self.checklists:
            for item in checklist.items.values():
                origin = wholes.get(item.split_from_id or 0)
                if (
                    origin is None
                    or (found := wanted.get(origin.id) or self._of_whole(origin)) is None
                ):
                    continue
                values, _held = values_of(item, found)
                wanted[item.id] = {name: values.get(name, getattr(item, name)) for name in found}
                line = compare_item(checklist, item, found)
                if line:
                    yield line

    def _of_whole(self, item: ChecklistItem) -> _Row | None:
        """Return what the parts of an item take over: the dates and the words that the item will
        have.
        """
        row = self._rows.get(item.id)
        if row is None:
            return None
        wanted = {name: row[name] for name in _OF_THE_WHOLE} | self._dates[
            item.campaign_id, item.key
        ].columns
        values, _held = values_of(item, wanted)
        return {name: values.get(name, getattr(item, name)) for name in wanted}


def _added(
    checklist: UnitChecklist,
    row: _Row,
    dates: _Row,
    values: _Row,
    item: ChecklistItem | None = None,
) -> Line:
    shown = (
        checklist.node,
        checklist.campaign.id,
        row["key"],
        row["summary"],
        item,
        None,
        dates["due"],
        dates["due_reason"],
    )
    return Line(Fate.ADDED, *shown, values or {"due": dates["due"], "summary": row["summary"]})


def _was_taken_away(item: ChecklistItem) -> bool:
    return item.closed_because is ClosedBecause.VERSION


def _touched(session: Session, root: Campaign) -> Collection[int]:
    """Return the ids of the round's items that somebody gave evidence for, delegated, divided, or
    lets count elsewhere too.
    """
    part = aliased(ChecklistItem)
    given = exists().where(Evidence.item_id == ChecklistItem.id)
    divided = exists().where(part.split_from_id == ChecklistItem.id, part.is_given())
    credited = exists().where(ItemCredit.item_id == ChecklistItem.id)
    query = select(ChecklistItem.id).join(ChecklistItem.campaign)
    query = query.where(same_round(root))
    return set(
        session.scalars(
            query.where(or_(given, divided, credited, ChecklistItem.delegate_unit_id.is_not(None)))
        )
    )
