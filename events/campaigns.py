"""Open campaigns ahead of time: from an observance's template to every unit's checklist.

Opening is one pass over the template, not one per unit: dates and roles are worked out once for each level, and units only
multiply the rows. The number of SQL statements does not depend on the number of units.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from events.database import new_uid
from events.errors import NotFoundError
from events.localtime import VIETNAM, local_day
from events.models import (
    Anchor,
    Campaign,
    CampaignStatus,
    Cascade,
    ChecklistItem,
    IfNoLevel,
    Observance,
    Template,
    TemplateItem,
    TemplateVersion,
    TodoStatus,
)
from events.people import RoleBook
from events.recurrence import Occurrence
from events.units import UnitNode, UnitTree, level_keys, load_tree
from events.workdays import WorkCalendar

_WRAP_UP = timedelta(days=30)  # after its last day a campaign still has reports to write
_DISTRICT = "district"  # the level that `if_no_district` speaks of
_Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """What one run of the opener added for an observance in a year."""

    observance: str
    year: int
    campaigns: int
    items: int


def open_campaigns(
    session: Session, *, now: datetime, calendar: WorkCalendar, zone: ZoneInfo = VIETNAM, year: int | None = None
) -> list[Opened]:
    """Open the campaign of every observance whose time has come, in every unit that its template names.

    Its time has come ``generate_ahead_days`` before it starts; campaigns of the running calendar year are opened however late
    the service was started. With ``year``, only that year's campaigns. Safe to run as often as you like and in two
    processes at once: a unit that has its campaign is passed over, one that was added later gets its own.
    """
    today = local_day(now, zone)
    opened = []
    for template in _templates(session):
        assert template.observance is not None
        for candidate in [year] if year else range(today.year - 1, today.year + 3):
            dates = template.observance.recurrence.occurrence(candidate)
            if _is_time(dates, template, candidate, today):
                opened.append(open_campaign(session, template, candidate, now=now, calendar=calendar))
    return [result for result in opened if result.campaigns]


def open_campaign(session: Session, template: Template, year: int, *, now: datetime, calendar: WorkCalendar) -> Opened:
    """Open one observance's campaign of ``year`` in all units, whether or not its time has come."""
    observance = template.observance
    assert observance is not None
    session.execute(select(Observance.id).where(Observance.id == observance.id).with_for_update())  # one opener at a time
    dates = observance.recurrence.occurrence(year)
    tree = load_tree(session, dates.dtstart)
    copies = _copies_by_level(template.current, tree)
    have = _campaign_ids(session, observance, year)
    missing = [node for root in tree.roots for node in _involved(tree, root, copies) if node.id not in have]
    if not missing:
        return Opened(observance.key, year, 0, 0)
    ids = _insert_campaigns(session, template, year, dates, missing, now)
    makers = _ItemMaker(template.current, dates, calendar, RoleBook.load(session), now)
    rows = [row for node in missing for row in makers.rows(node, copies, ids[node.id])]
    if rows:
        session.connection().execute(insert(ChecklistItem), rows)
    return Opened(observance.key, year, len(missing), len(rows))


def opening_day(template: Template, year: int) -> date:
    """Return the day on which the template's campaign of ``year`` opens."""
    assert template.observance is not None
    return template.observance.recurrence.occurrence(year).dtstart - timedelta(days=template.generate_ahead_days)


def get_campaign(session: Session, uid: str) -> Campaign:
    """Return the campaign with this UID. Raises ``NotFoundError``."""
    campaign = session.scalar(select(Campaign).where(Campaign.uid == uid))
    if campaign is None:
        raise NotFoundError(kind="campaign", key=uid)
    return campaign


def _templates(session: Session) -> Sequence[Template]:
    return session.scalars(select(Template).join(Template.observance).where(Observance.enabled).order_by(Template.position)).all()


def _is_time(dates: Occurrence, template: Template, year: int, today: date) -> bool:
    opens = dates.dtstart - timedelta(days=template.generate_ahead_days)
    return opens <= today and (year >= today.year or today < dates.dtend + _WRAP_UP)


def _same(observance: Observance, year: int) -> Any:
    return (Campaign.observance_id == observance.id) & (Campaign.year == year)


@dataclass(frozen=True, slots=True)
class _Copies:
    """Which template items a unit gets: ``each`` by level, ``one`` for the campaign's owner alone."""

    each: dict[str, list[TemplateItem]]
    one: list[TemplateItem]

    def of(self, node: UnitNode) -> list[TemplateItem]:
        own = self.one if node.parent_id is None else []
        return sorted([*own, *self.each.get(node.level, ())], key=lambda item: item.position)


def _copies_by_level(version: TemplateVersion, tree: UnitTree) -> _Copies:
    present = level_keys(tree.nodes.values())
    each: dict[str, list[TemplateItem]] = defaultdict(list)
    for item in version.items:
        if item.cascade is Cascade.EACH:
            for level in _levels_of(item, present):
                each[level].append(item)
    return _Copies(dict(each), [item for item in version.items if item.cascade is Cascade.ONE])


def _levels_of(item: TemplateItem, present: set[str]) -> set[str]:
    levels = set(item.levels)
    if _DISTRICT in levels and _DISTRICT not in present:
        levels.remove(_DISTRICT)
        if item.if_no_district is not IfNoLevel.DROP:
            levels.add(item.if_no_district.value)
    return levels


def _involved(tree: UnitTree, root: UnitNode, copies: _Copies) -> list[UnitNode]:
    """Return the units of a tree that take part: those with an item, and all above them, parents first."""
    nodes = tree.below(root)
    wanted = {root.id}
    for node in reversed(nodes):
        if node.id in wanted or copies.each.get(node.level):
            wanted.add(node.id)
            if node.parent_id is not None:
                wanted.add(node.parent_id)
    return [node for node in nodes if node.id in wanted]


def _insert_campaigns(
    session: Session, template: Template, year: int, dates: Occurrence, nodes: Iterable[UnitNode], now: datetime
) -> dict[int | None, int]:
    """Insert one campaign a unit and return the campaign ids by unit id."""
    observance = template.observance
    assert observance is not None
    common: _Row = {
        "observance_id": observance.id,
        "version_id": template.current.id,
        "year": year,
        "owner_role_key": RoleBook.load(session).in_force(template.owner_role_key, dates.dtstart),
        "summary": f"{observance.title_in(year)} năm {year}",
        "opens": opening_day(template, year),
        "dtstart": dates.dtstart,
        "dtend": dates.dtend,
        "status": CampaignStatus.CONFIRMED,
        "sequence": 0,
        "created": now,
        "last_modified": now,
    }
    ids = _campaign_ids(session, observance, year)
    waiting = {node.id: node for node in nodes}
    while waiting:  # level after level, so that parents have their id
        wave = [node for node in waiting.values() if node.parent_id not in waiting]
        rows = [common | {"uid": new_uid(), "unit_id": node.id, "parent_id": ids.get(node.parent_id)} for node in wave]
        session.connection().execute(insert(Campaign), rows)
        ids = _campaign_ids(session, observance, year)
        waiting = {unit_id: node for unit_id, node in waiting.items() if unit_id not in ids}
    return ids


def _campaign_ids(session: Session, observance: Observance, year: int) -> dict[int | None, int]:
    """Return the ids of an observance's campaigns by unit id."""
    return dict(session.execute(select(Campaign.unit_id, Campaign.id).where(_same(observance, year))).all())


class _ItemMaker:
    """Makes the rows of checklist items. Dates are worked out once an item, roles once an item and level."""

    def __init__(self, version: TemplateVersion, dates: Occurrence, calendar: WorkCalendar, roles: RoleBook, now: datetime) -> None:
        self._on = dates.dtstart
        self._roles = roles
        self._common = {item.id: self._row(item, dates, calendar, now) for item in version.items}
        self._by_level: dict[tuple[str, bool], list[_Row]] = {}

    def rows(self, node: UnitNode, copies: _Copies, campaign_id: int) -> list[_Row]:
        """Return the rows of one unit's checklist."""
        kind = node.level, node.parent_id is None
        if kind not in self._by_level:
            self._by_level[kind] = [self._copy(item, node.level) for item in copies.of(node)]
        return [{**row, "campaign_id": campaign_id, "uid": new_uid()} for row in self._by_level[kind]]

    def _copy(self, item: TemplateItem, level: str) -> _Row:
        support = [self._roles.in_force(key, self._on) for key in item.support_roles]
        return self._common[item.id] | {
            "role_key": self._roles.of_copy(item.role_key, level, self._on),
            "support_roles": list(dict.fromkeys(support)),
        }

    def _row(self, item: TemplateItem, dates: Occurrence, calendar: WorkCalendar, now: datetime) -> _Row:
        anchor = dates.last_day if item.anchor is Anchor.END else dates.dtstart
        runs = item.end_offset_days is not None
        offset = item.offset_days if item.end_offset_days is None else item.end_offset_days
        due = calendar.shift(anchor + timedelta(days=offset), item.shift)
        start = calendar.shift(anchor + timedelta(days=item.offset_days), item.shift).effective if runs else None
        return {
            "key": item.key,
            "position": item.position,
            "summary": item.title_vi,
            "phase_key": item.phase_key,
            "dtstart": start,
            "nominal_due": due.nominal,
            "due": due.effective,
            "due_reason": due.reason,
            "anchor_version": 0,
            "weight": item.weight,
            "required": item.required,
            "evidence": item.evidence,
            "evidence_min": item.evidence_min,
            "depends_on": item.depends_on,
            "status": TodoStatus.NEEDS_ACTION,
            "sequence": 0,
            "created": now,
            "last_modified": now,
        }
