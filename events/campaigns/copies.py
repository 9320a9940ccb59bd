"""The copies of a template's items: which unit gets which of them, with which dates and roles.

They are worked out once for each level and multiplied by its units, so that a thousand units cost
no more thinking than one.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from events.campaigns.births import Birth
from events.campaigns.due_dates import DueDates, due_dates, in_order, planned_day
from events.campaigns.late import LateRule
from events.campaigns.rounds import Anchors, key_day
from events.database.sessions import new_uid
from events.days.workdays import WorkCalendar
from events.models import (
    Anchor,
    Cascade,
    TemplateItem,
    TemplateVersion,
    TodoStatus,
)
from events.models.templates import DROP
from events.people.roles import RoleBook
from events.units.tree import UnitNode, UnitTree

_Row = dict[str, Any]
_ALWAYS_FOLLOWED = Birth()


@dataclass(frozen=True, slots=True)
class Copies:
    """Which template items a unit gets: ``each`` by level, ``one`` for the campaign's owner
    alone.
    """

    each: dict[str, list[TemplateItem]]
    one: list[TemplateItem]

    def of(self, node: UnitNode) -> list[TemplateItem]:
        own = self.one if node.parent_id is None else []
        return sorted([*own, *self.each.get(node.level, ())], key=lambda item: item.position)


def copies_by_level(items: Collection[TemplateItem], tree: UnitTree) -> Copies:
    """Say which units of a tree get which items.

    Those of a level that the tree does without go where their template says.
    """
    each: dict[str, list[TemplateItem]] = defaultdict(list)
    for item in items:
        if item.cascade is Cascade.EACH:
            for level in _levels_of(item, tree.missing):
                each[level].append(item)
    return Copies(dict(each), [item for item in items if item.cascade is Cascade.ONE])


class ItemMaker:
    """Makes the rows of checklist items.

    Dates are worked out once an item, roles once an item and level.
    """

    def __init__(
        self,
        version: TemplateVersion,
        anchors: Anchors,
        calendar: WorkCalendar,
        roles: RoleBook,
        now: datetime,
        late: LateRule,
        domain: str,
    ) -> None:
        self._on = key_day(version.template, anchors.dates)
        self._anchors = anchors
        self._calendar = calendar
        self._roles = roles
        self._late = late
        self._domain = domain
        self._items = {item.key: item for item in version.items}
        self._common = {item.id: self._row(item, now) for item in version.items}
        self._by_kind: dict[tuple[str, bool, Birth], list[_Row]] = {}

    def rows(
        self, node: UnitNode, copies: Copies, campaign_id: int, birth: Birth = _ALWAYS_FOLLOWED
    ) -> list[_Row]:
        """Return the rows of one unit's checklist."""
        kind = node.level, node.parent_id is None, birth
        if kind not in self._by_kind:
            self._by_kind[kind] = self._copies(copies.of(node), node.level, birth)
        return [
            {**row, "campaign_id": campaign_id, "uid": new_uid(self._domain)}
            for row in self._by_kind[kind]
        ]

    def _copies(self, items: Sequence[TemplateItem], level: str, birth: Birth) -> list[_Row]:
        waits_for = {item.key: item.depends_on for item in items}
        dates = in_order(
            waits_for,
            lambda key, days: self._count(self._items[key], level, days),
            late=lambda key, due: self._late.of(self._items[key], level, birth, due),
        )
        return [self._copy(item, level, dates[item.key], birth) for item in items]

    def _count(self, item: TemplateItem, level: str, days: Mapping[str, date]) -> DueDates:
        """Return the dates of an item.

        For a plan of a unit above, the day stands in that the template has for it.
        """
        plan = days.get(item.depends_on[0]) if item.anchor is Anchor.PLAN else None
        plan = plan or planned_day(item, self._items, level, self._anchors, self._calendar)
        return due_dates(item, level, self._anchors, self._calendar, plan)

    def _copy(self, item: TemplateItem, level: str, dates: DueDates, birth: Birth) -> _Row:
        support = [self._roles.in_force(key, self._on) for key in item.support_roles]
        own: _Row = {
            "first_due": dates.due,
            "born": birth.born,
            "followed_from": birth.followed_from,
            "first_followed_from": birth.followed_from,
            "role_key": self._roles.of_copy(item.role_key, level, self._on),
            "support_roles": list(dict.fromkeys(support)),
        }
        return self._common[item.id] | dates.columns | own

    def _row(self, item: TemplateItem, now: datetime) -> _Row:
        return {
            "key": item.key,
            "position": item.position,
            "summary": item.title_vi,
            "phase_key": item.phase_key,
            "anchor_version": 0,
            "weight": item.weight,
            "required": item.required,
            "evidence": item.evidence,
            "evidence_min": item.evidence_min,
            "without_evidence": item.without_evidence,
            "depends_on": item.depends_on,
            "is_own": False,
            "edited": [],
            "status": TodoStatus.NEEDS_ACTION,
            "sequence": 0,
            "created": now,
            "last_modified": now,
        }


def _levels_of(item: TemplateItem, missing: frozenset[str]) -> set[str]:
    levels = set(item.levels)
    stand_in = {item.if_no_level} - {DROP} if levels & missing else set()
    return (levels - missing) | stand_in
