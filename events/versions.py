"""Templates as versions: people change a template's items by making a new version, and choose when a running round takes it.

A campaign remembers the version it was opened from. Saving a version touches no campaign; applying one changes a whole round, from
the campaign at the top to the last village, exactly as its preview showed. What is done stays, what was edited by hand stays, and
what the new version no longer has is closed as not required: history is never deleted.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from sqlalchemy import bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session, aliased, selectinload

from events.campaigns import ItemMaker, copies_by_level
from events.catalog import ItemEntry, Known, TemplateEntry, find_cycle, problem_of_item
from events.database import nfc
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.localtime import VIETNAM, local_day
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    Evidence,
    EvidenceType,
    Level,
    NotDone,
    Person,
    Phase,
    Role,
    Template,
    TemplateItem,
    TemplateVersion,
    TodoStatus,
    Unit,
    UnitSuccession,
)
from events.people import RoleBook
from events.recurrence import Occurrence
from events.redating import (
    COLUMNS,
    DATES,
    Fate,
    Line,
    Sheet,
    expect,
    fingerprint,
    issue_dates,
    load_sheets,
    lock_round,
    template_items,
    values_of,
    wanted_dates,
    write,
)
from events.rounds import Anchors, key_day
from events.units import load_tree
from events.workdays import WorkCalendar

_GONE = "Không còn trong mẫu"  # how the reason of an item begins that a version took away, and another may bring back
_LONGEST_NOTE = 500
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


def get_template(session: Session, key: str) -> Template:
    """Return the template with this key. Raises ``NotFoundError``."""
    load = selectinload(Template.versions).selectinload(TemplateVersion.items)
    template = session.scalar(select(Template).where(Template.key == key).options(load))
    if template is None:
        raise NotFoundError(kind="template", key=key)
    return template


def get_version(session: Session, template: Template, number: int) -> TemplateVersion:
    """Return a version by its number. Raises ``NotFoundError``."""
    of_template = select(TemplateVersion).where(TemplateVersion.template_id == template.id, TemplateVersion.number == number)
    version = session.scalar(of_template)
    if version is None:
        raise NotFoundError(kind="template", key=f"{template.key}, {number}")
    return version


def item_entry(item: TemplateItem) -> ItemEntry:
    """Return an item as the catalogue writes it."""
    names = [name for name in ItemEntry.model_fields if name not in ("phase", "role")]
    return ItemEntry(phase=item.phase_key, role=item.role_key, **{name: getattr(item, name) for name in names})


def template_entry(template: Template, items: Sequence[ItemEntry] | None = None) -> TemplateEntry:
    """Return a template with its current items, or with ``items``, as the catalogue writes it."""
    names = ("key", "kind", "title_vi", "title_en", "anchor", "generate_ahead_days", "late_plan_workdays", "cutoffs", "note")
    observance = template.observance.key if template.observance else None
    entries = [item_entry(item) for item in template.current.items] if items is None else list(items)
    values = {name: getattr(template, name) for name in names}
    try:
        return TemplateEntry(observance=observance, owner_role=template.owner_role_key, item=entries, **values)
    except ValidationError as error:
        raise InvalidInputError(N_("A template needs at least one item.")) from error


def edit_template(
    session: Session, template: Template, items: Sequence[ItemEntry], *, note: str | None = None, by: Person, now: datetime
) -> TemplateVersion:
    """Save changed items as a new version and return it; the same items again give the version that has them.

    Running campaigns stay as they are. Raises ``InvalidInputError`` for an item that names what does not exist, a key that stands
    twice or items that wait for each other in a circle; nothing is saved then.
    """
    session.execute(select(Template.id).where(Template.id == template.id).with_for_update())
    check_items(session, template_entry(template, items))
    session.refresh(template, ["versions"])
    latest = template.current
    if [_compared(item_entry(item)) for item in latest.items] == [_compared(item) for item in items]:
        return latest
    text = nfc(note or "")[:_LONGEST_NOTE] or None
    made = {"number": latest.number + 1, "created": now, "digest": "", "created_by_id": by.id, "note": text}
    version = TemplateVersion(template_id=template.id, **made)
    for position, entry in enumerate(items, 1):
        values = entry.model_dump(exclude={"phase", "role"})
        version.items.append(TemplateItem(**values, phase_key=entry.phase, role_key=entry.role, position=position))
    session.add(version)
    session.flush()
    session.refresh(template, ["versions"])
    return version


def _compared(entry: ItemEntry) -> ItemEntry:
    """Return an item with its sets in one order: ticking the same boxes is no change."""
    return entry.model_copy(update={"levels": sorted(entry.levels), "evidence": sorted(entry.evidence)})


def check_items(session: Session, entry: TemplateEntry) -> None:
    """Raise ``InvalidInputError`` for the first item that cannot be."""
    keys = {model: set(session.scalars(select(model.key))) for model in (Role, Phase, EvidenceType, Level)}
    known = Known(keys[Role], keys[Phase], keys[EvidenceType], keys[Level])
    for item in entry.item:
        problem = problem_of_item(item, entry, known)
        if problem:
            problem.facts["item"] = item.title_vi
            raise problem
    cycle = find_cycle({item.key: item.depends_on for item in entry.item})
    if cycle:
        raise InvalidInputError(N_("These items wait for each other in a circle: %(cycle)s"), cycle=" → ".join(cycle))


def compare(session: Session, root: Campaign, version: TemplateVersion, *, calendar: WorkCalendar, now: datetime) -> VersionDiff:
    """Say what ``version`` would change in a round, unit by unit. Writes nothing.

    Raises ``ConflictError`` for a campaign that is not the top one, is over since last year or was cancelled.
    """
    _require_fitting(root, version, now)
    return _Comparison(session, load_sheets(session, root), version, calendar, now).diff()


def apply_version(
    session: Session,
    root: Campaign,
    version: TemplateVersion,
    *,
    expected_fingerprint: str,
    by: Person,
    now: datetime,
    calendar: WorkCalendar,
) -> VersionDiff:
    """Change a round as the preview showed and return what was done. Applying a version twice changes nothing.

    The number of statements does not depend on the number of units. Raises ``ConflictError`` when the preview would differ now.
    """
    lock_round(session, root)
    sheets = load_sheets(session, root, lock=True)
    _require_fitting(root, version, now)
    comparison = _Comparison(session, sheets, version, calendar, now)
    diff = comparison.diff()
    if diff.is_empty:
        return diff
    expect(expected_fingerprint, diff.fingerprint)
    write(session, diff.lines, by=by, now=now)
    if diff.rows:
        session.connection().execute(insert(ChecklistItem), diff.rows)
    _renumber(session, comparison.positions)
    _remember(session, sheets, version)
    return diff


def _require_fitting(root: Campaign, version: TemplateVersion, now: datetime, zone: ZoneInfo = VIETNAM) -> None:
    today = local_day(now, zone)
    if root.template_id != version.template_id:
        raise ConflictError(N_("This version belongs to another template."))
    if root.parent_id is not None:
        raise ConflictError(N_("A version is applied in the campaign at the top, for all units together."))
    if root.status is CampaignStatus.CANCELLED:
        raise ConflictError(N_("The campaign “%(campaign)s” was cancelled."), campaign=root.summary)
    if root.year < today.year and root.dtend <= today:
        raise ConflictError(N_("The year %(year)s is closed; its dates do not move any more."), year=root.year)


class _Comparison:
    """A round beside a version: what each unit should have, and what it has."""

    def __init__(
        self, session: Session, sheets: list[Sheet], version: TemplateVersion, calendar: WorkCalendar, now: datetime
    ) -> None:
        root = sheets[0].campaign
        anchors = Anchors(Occurrence(root.dtstart, root.dtend), root.event_date)
        tree = load_tree(session, min(key_day(root.template, anchors.dates), max(root.opens, local_day(root.created))))
        versions = template_items(session, {version.id, *(sheet.campaign.version_id for sheet in sheets)})
        self.sheets, self.version = sheets, version
        self._items = versions[version.id]
        self._touched = _touched(session, root)
        self._closed = _closed(session, sheets, local_day(now))
        self._left_by = _left_by(session, root)
        copies = {version_id: copies_by_level(list(items.values()), tree) for version_id, items in versions.items()}
        self._copies = copies[version.id]
        self._wanted = {s.campaign.id: self._wanted_of(s) for s in sheets}
        self._had = {s.campaign.id: {item.key for item in copies[s.campaign.version_id].of(s.node)} for s in sheets}
        self._back = {
            item.id for s in sheets for key, item in s.items.items() if key in self._wanted[s.campaign.id] and _was_taken_away(item)
        }
        self._dates = wanted_dates(
            sheets,
            self._wanted,
            anchors,
            calendar,
            issued=issue_dates(session, sheets),
            late_workdays=root.template.late_plan_workdays,
            reopened=self._back,
        )
        self._maker = ItemMaker(version, anchors, calendar, RoleBook.load(session), now)
        self.positions: list[_Row] = []

    def diff(self) -> VersionDiff:
        lines: list[Line] = []
        rows: list[_Row] = []
        self.positions.clear()
        for sheet in self.sheets:
            wanted = self._wanted[sheet.campaign.id]
            rows_of_level = self._maker.rows(sheet.node, self._copies, sheet.campaign.id)
            for row in (row for row in rows_of_level if row["key"] in wanted):
                line, new = self._line(sheet, row)
                lines.extend(line)
                rows.extend(new)
            lines.extend(self._gone(sheet, item) for key, item in sheet.items.items() if self._goes(sheet, key))
        lines.extend(self._parts())
        in_use = all(sheet.campaign.version_id == self.version.id for sheet in self.sheets)
        mark = fingerprint(lines, self.sheets[0].campaign.id, self.version.id)
        return VersionDiff(self.version, tuple(lines), tuple(rows), mark, in_use)

    def _wanted_of(self, sheet: Sheet) -> dict[str, TemplateItem]:
        """Return what a unit should have. One that ended gets nothing new; one that took over nothing that was done before it."""
        if sheet.node.id in self._closed:
            return {key: item for key, item in self._items.items() if key in sheet.items}
        left = self._left_by.get(sheet.node.id, set())
        return {item.key: item for item in self._copies.of(sheet.node) if item.key in sheet.items or item.key not in left}

    def _line(self, sheet: Sheet, row: _Row) -> tuple[list[Line], list[_Row]]:
        item = sheet.items.get(row["key"])
        dates = self._dates[sheet.campaign.id, row["key"]].columns
        if item is None:
            new = {**row, **dates, "first_due": dates["due"]}
            return [_added(sheet, row, dates, {})], [new]
        if item.position != row["position"]:
            self.positions.append({"item_id": item.id, "new_position": row["position"]})
        wanted = {name: row[name] for name in COLUMNS} | {name: dates[name] for name in DATES}
        values, held = values_of(item, wanted)
        if item.id in self._back:
            state = {"status": TodoStatus.NEEDS_ACTION, "not_done": None, "reason": None}
            return [_added(sheet, row, dates, values | state, item)], []
        if not values and not held:
            return [], []
        return [_existing(sheet, item, values)], []

    def _goes(self, sheet: Sheet, key: str) -> bool:
        """Tell whether a version takes an item away: it has it no longer, or no longer for this unit's level."""
        if sheet.items[key].is_own or key in self._wanted[sheet.campaign.id]:
            return False
        if not sheet.items[key].is_open and not sheet.items[key].is_done:
            return False
        return key not in self._items or key in self._had[sheet.campaign.id]

    def _gone(self, sheet: Sheet, item: ChecklistItem) -> Line:
        where = (sheet.node, sheet.campaign.id, item.key, item.summary, item, item.due)
        if item.is_done:
            return Line(Fate.KEPT_DONE, *where, item.due, None, {})
        if item.status is not TodoStatus.NEEDS_ACTION or item.id in self._touched or item.edited or item.blocked is not None:
            return Line(Fate.KEPT_BY_HAND, *where, item.due, None, {})
        reason = f"{_GONE} (phiên bản {self.version.number})"
        values = {"status": TodoStatus.CANCELLED, "not_done": NotDone.NOT_REQUIRED, "reason": reason}
        return Line(Fate.REMOVED, *where, None, reason, values)

    def _parts(self) -> Iterable[Line]:
        """Let the parts of a divided item follow its dates."""
        by_origin = {
            sheet.items[key].id: self._dates[sheet.campaign.id, key]
            for sheet in self.sheets
            for key in self._wanted[sheet.campaign.id]
            if key in sheet.items
        }
        for sheet in self.sheets:
            for item in sheet.items.values():
                dates = by_origin.get(item.split_from_id or 0)
                values, held = values_of(item, dates.columns) if dates else ({}, False)
                if values or held:
                    yield _existing(sheet, item, values)


def _closed(session: Session, sheets: Sequence[Sheet], today: date) -> set[int]:
    """Return the units of a round that have ended."""
    units = [sheet.node.id for sheet in sheets]
    return set(session.scalars(select(Unit.id).where(Unit.id.in_(units), Unit.valid_to < today)))


def _left_by(session: Session, root: Campaign) -> dict[int, set[str]]:
    """Return by unit the keys of the items of those it was made from, whatever became of them."""
    link = UnitSuccession
    query = select(link.successor_id, ChecklistItem.key).join(Campaign, Campaign.unit_id == link.predecessor_id)
    same = (Campaign.template_id == root.template_id, Campaign.period == root.period)
    left: dict[int, set[str]] = {}
    for unit_id, key in session.execute(query.join(Campaign.items).where(*same)):
        left.setdefault(unit_id, set()).add(key)
    return left


def _added(sheet: Sheet, row: _Row, dates: _Row, values: _Row, item: ChecklistItem | None = None) -> Line:
    shown = (sheet.node, sheet.campaign.id, row["key"], row["summary"], item, None, dates["due"], dates["due_reason"])
    return Line(Fate.ADDED, *shown, values or {"due": dates["due"], "summary": row["summary"]})


def _existing(sheet: Sheet, item: ChecklistItem, values: _Row) -> Line:
    """Return the line of an item that stays in the round: what it takes over, or why it keeps what it has."""
    if not item.is_open:
        fate, values = Fate.KEPT_DONE, {}
    elif not values:
        fate = Fate.KEPT_BY_HAND
    else:
        fate = Fate.MOVED if {"due", "dtstart"} & set(values) else Fate.REWORDED
    new_due: date = values.get("due", item.due)
    summary = values.get("summary", item.summary)
    shown = (sheet.node, sheet.campaign.id, item.key, summary, item, item.due, new_due, values.get("due_reason"))
    return Line(fate, *shown, values)


def _was_taken_away(item: ChecklistItem) -> bool:
    return item.not_done is NotDone.NOT_REQUIRED and (item.reason or "").startswith(_GONE)


def _touched(session: Session, root: Campaign) -> Collection[int]:
    """Return the ids of the round's items that somebody gave evidence for, delegated or divided."""
    part = aliased(ChecklistItem)
    given = exists().where(Evidence.item_id == ChecklistItem.id)
    divided = exists().where(part.split_from_id == ChecklistItem.id)
    query = select(ChecklistItem.id).join(ChecklistItem.campaign)
    query = query.where(Campaign.template_id == root.template_id, Campaign.period == root.period)
    return set(session.scalars(query.where(or_(given, divided, ChecklistItem.delegate_unit_id.is_not(None)))))


def _renumber(session: Session, positions: Sequence[_Row]) -> None:
    """Bring items into the version's order; the order alone is no change that calendars hear of."""
    if positions:
        statement = update(ChecklistItem).where(ChecklistItem.id == bindparam("item_id"))
        session.connection().execute(statement.values(position=bindparam("new_position")), list(positions))


def _remember(session: Session, sheets: Sequence[Sheet], version: TemplateVersion) -> None:
    session.flush()
    statement = update(Campaign).where(Campaign.id == bindparam("campaign_id")).values(version_id=version.id)
    session.connection().execute(statement, [{"campaign_id": sheet.campaign.id} for sheet in sheets])
    for sheet in sheets:
        session.expire(sheet.campaign)
        for item in sheet.items.values():
            session.expire(item)
