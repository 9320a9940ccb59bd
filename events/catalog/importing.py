"""Put a catalogue into the database, as often as you like, without undoing what people edited.

Each row remembers the values of its last import (``catalog_base``). A column that still has that
value follows the catalogue; one that differs was edited here and stays. A template whose items
changed gets a new version; campaigns keep theirs.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.catalog.entries import (
    EvidenceTypeEntry,
    LevelEntry,
    PhaseEntry,
    RoleEntry,
    UnitEntry,
)
from events.catalog.whole import Catalog
from events.catalog.wording import worded
from events.days.reasons import Cause, DayReason
from events.days.workdays import swap
from events.installation import day_here
from events.models import (
    CalendarDay,
    DecidedYear,
    Duty,
    EvidenceType,
    LegalBasis,
    Level,
    Needs,
    Observance,
    ObservanceStatus,
    Phase,
    ProposedHoliday,
    ReminderRule,
    Role,
    Template,
    TemplateItem,
    TemplateVersion,
    Theme,
    TitlePeriod,
    Unit,
    UnitSuccession,
)
from events.models.reminders import rule_key
from events.templates.entries import Entry, ItemEntry, TemplateEntry
from events.templates.evidence_kinds import forget_kinds
from events.words.texts import folded
from events.working_calendar import stamp_what_reads_otherwise, work_calendar

_Row = TypeVar("_Row", bound=Any)

# Columns that catalogues of before say nothing of, with what they are by themselves. Where a file
# leaves one out, what a migration filled in stays.
_NEWER: Mapping[type[Any], Mapping[str, Any]] = {
    Level: {
        "is_optional": False,
        "together_vi": None,
        "together_en": None,
        "entered_by": None,
        "types": [],
        "issuer": None,
    },
    Role: {"issues_papers": False, "duty": Duty.ORGANISER},
    Phase: {"is_the_day": False, "sums_up": False, "late_workdays": 5},
    EvidenceType: {"needs": Needs.WORDS},
    Template: {"record_within_workdays": 15},
}


@dataclass(slots=True)
class ImportResult:
    """What an import did, by kind of row."""

    added: int = 0
    updated: int = 0
    kept: list[str] = field(default_factory=list)  # "unit 62: name", edited here and left alone

    @property
    def changed(self) -> bool:
        return bool(self.added or self.updated)


def import_catalog(session: Session, catalog: Catalog, *, now: datetime) -> ImportResult:
    """Add and update the rows the catalogue owns, in the caller's transaction."""
    result, before = ImportResult(), work_calendar(session)
    catalog = worded(catalog, made_here=_top_made_here(session, now))
    _import_roles(session, catalog, result)
    _import_units(session, catalog, result, now)
    _import_observances(session, catalog, result)
    _import_templates(session, catalog, result, now)
    _import_calendar(session, catalog, result)
    session.flush()
    stamp_what_reads_otherwise(session, before, work_calendar(session), now=now)
    return result


def _import_roles(session: Session, catalog: Catalog, result: ImportResult) -> None:
    source = catalog.templates
    _merge_all(
        session, result, Role, ((r.key, _role_values(r, n)) for n, r in enumerate(source.role))
    )
    session.flush()
    defaults = source.level_default_role
    levels = ((e.key, _level_values(e, defaults.get(e.key))) for e in catalog.units.level)
    _merge_all(session, result, Level, levels)
    phases = ((e.key, _ordered_values(Phase, e, n)) for n, e in enumerate(source.phase, 1))
    _merge_all(session, result, Phase, phases)
    kinds = enumerate(source.evidence_type, 1)
    values = ((e.key, _ordered_values(EvidenceType, e, n)) for n, e in kinds)
    _merge_all(session, result, EvidenceType, values)
    forget_kinds(session)
    session.flush()


def _import_units(session: Session, catalog: Catalog, result: ImportResult, now: datetime) -> None:
    entries = catalog.units.unit
    known = set(session.scalars(select(Unit.id)))
    units = _merge_all(
        session, result, Unit, ((e.id, _unit_values(e, n)) for n, e in enumerate(entries))
    )
    session.flush()
    for entry in entries:
        _merge(
            units[entry.id],
            {"parent_id": units[entry.parent].id if entry.parent else None},
            f"unit {entry.id}",
            result,
        )
    pairs = {(e.id, s) for e in entries for s in e.successors} | {
        (p, e.id) for e in entries for p in e.predecessors
    }
    links = {
        (row.predecessor_id, row.successor_id) for row in session.scalars(select(UnitSuccession))
    }
    for old, new in sorted(pairs):
        ids = units[old].id, units[new].id
        if ids not in links:
            session.add(UnitSuccession(predecessor_id=ids[0], successor_id=ids[1]))
    if known:  # what joins is followed from now on; what follows others goes on with their work
        heirs = {units[new].id for _old, new in pairs}
        for unit in units.values():
            if unit.id not in known | heirs:
                unit.followed_from = day_here(session, now)


def _import_observances(session: Session, catalog: Catalog, result: ImportResult) -> None:
    source = catalog.observances
    values = (
        (e.key, _observance_values(e.model_dump(), n)) for n, e in enumerate(source.observance)
    )
    observances = _merge_all(session, result, Observance, values)
    session.flush()
    ids = {key: row.id for key, row in observances.items()}
    titles = (
        ((ids[t.observance], t.from_year), t.model_dump(exclude={"observance", "from_year"}))
        for t in source.title_history
    )
    _merge_all(session, result, TitlePeriod, titles, ("observance_id", "from_year"))
    bases = (
        ((ids[b.observance], b.number), b.model_dump(exclude={"observance", "number"}))
        for b in source.basis
    )
    _merge_all(session, result, LegalBasis, bases, ("observance_id", "number"))
    themes = (
        ((ids[t.observance], t.year), t.model_dump(exclude={"observance", "year"}))
        for t in source.theme
    )
    _merge_all(session, result, Theme, themes, ("observance_id", "year"))


def _import_templates(
    session: Session, catalog: Catalog, result: ImportResult, now: datetime
) -> None:
    observance_ids = {row.key: row.id for row in session.scalars(select(Observance))}
    entries = catalog.templates.template
    values = ((e.key, _template_values(e, observance_ids, n)) for n, e in enumerate(entries))
    known = set(session.scalars(select(Template.key)))
    templates = _merge_all(session, result, Template, values)
    if known:  # what a new release brings does not open for days that are over
        for key in templates.keys() - known:
            templates[key].opens_from = day_here(session, now)
    session.flush()
    _import_reminders(session, catalog, result, templates)
    versions = _latest_versions(session)
    for entry in entries:
        template = templates[entry.key]
        latest = versions.get(template.id)
        digest = _digest(entry)
        if latest is None or not (latest.digest in ("", digest) or _is_known(latest, entry)):
            session.add(
                _new_version(template, entry, latest.number + 1 if latest else 1, digest, now)
            )
            result.updated += latest is not None
        elif latest.digest:
            latest.digest = digest


def _import_reminders(
    session: Session, catalog: Catalog, result: ImportResult, templates: Mapping[str, Template]
) -> None:
    rules = (
        (
            rule_key(one.kind, one.template),
            {
                "kind": one.kind,
                "template_id": templates[one.template].id if one.template else None,
                **one.model_dump(include={"steps", "weeks", "grace"}),
            },
        )
        for one in catalog.templates.reminder
    )
    _merge_all(session, result, ReminderRule, rules)


def _import_calendar(session: Session, catalog: Catalog, result: ImportResult) -> None:
    source = catalog.calendar
    days = [
        (day, {"off": True, "reason": DayReason(Cause.TET), "source": b.source})
        for b in source.tet_break
        for day in b.days
    ]
    days += [
        (day, {"off": True, "reason": DayReason(Cause.HOLIDAY, b.name), "source": b.source})
        for b in source.holiday_break
        for day in b.days
    ]
    for entry in source.swap:
        for day in swap(entry.day_off, entry.working_day):
            days.append((day.day, {"off": day.off, "reason": day.reason, "source": entry.source}))
    _merge_all(session, result, CalendarDay, days, ("day",))
    _merge_all(
        session,
        result,
        DecidedYear,
        ((b.year, {"source": b.source}) for b in source.tet_break),
        ("year",),
    )
    proposed = (
        (
            p.name,
            {"status": p.status, "compensation": p.compensation or p.status, "source": p.source},
        )
        for p in source.proposed_holiday
    )
    _merge_all(session, result, ProposedHoliday, proposed, ("name",))


def _top_made_here(session: Session, now: datetime) -> Unit | None:
    """Return the unit at the top if a change of units entered here made it: a province that has
    become a city.
    """
    query = select(Unit).where(Unit.parent_id.is_(None), Unit.on(day_here(session, now)))
    made = [unit for unit in session.scalars(query) if unit.catalog_base is None]
    return made[0] if made else None


def _role_values(entry: RoleEntry, position: int) -> dict[str, Any]:
    values = entry.model_dump(include={"title_vi", "title_en", "valid_from", "valid_to"})
    own = {
        "level_key": None if entry.level == "any" else entry.level,
        "successor_key": entry.successor,
        "position": position,
    }
    return values | own | _newer_values(Role, entry)


def _level_values(entry: LevelEntry, default_role: str | None) -> dict[str, Any]:
    values = entry.model_dump(include={"rank", "title_vi", "title_en"})
    return values | {"default_role_key": default_role} | _newer_values(Level, entry)


def _ordered_values(
    model: type[Any], entry: PhaseEntry | EvidenceTypeEntry, position: int
) -> dict[str, Any]:
    titles = {"title_vi": entry.title_vi, "title_en": entry.title_en}
    return titles | {"position": entry.order or position} | _newer_values(model, entry)


def _newer_values(model: type[Any], entry: Entry) -> dict[str, Any]:
    """Return what a file says of the columns that catalogues of before do not know."""
    return entry.model_dump(include=set(_NEWER[model]), exclude_unset=True)


def _unit_values(entry: UnitEntry, position: int) -> dict[str, Any]:
    names = {
        "gso_code",
        "type",
        "name",
        "full_name",
        "name_gso",
        "slug",
        "valid_from",
        "valid_to",
        "note",
    }
    values = entry.model_dump(include=names)
    return values | {
        "gso_code": entry.gso_code or entry.id,
        "level_key": entry.level,
        "position": position,
        "search": folded(entry.full_name, entry.name_gso),
    }


def _observance_values(entry: dict[str, Any], position: int) -> dict[str, Any]:
    del entry["key"]
    enabled = entry["status"] is not ObservanceStatus.OPTIONAL
    if entry["anniversary"] is None:
        del entry["anniversary"]  # then the wording is people's own to choose
    return entry | {"inside_key": entry.pop("inside"), "enabled": enabled, "position": position}


def _template_values(
    entry: TemplateEntry, observance_ids: Mapping[str, int], position: int
) -> dict[str, Any]:
    unsaid = {"key", "observance", "owner_role", "item", *_NEWER[Template]}
    values = entry.model_dump(exclude=unsaid) | _newer_values(Template, entry)
    observance_id = observance_ids[entry.observance] if entry.observance else None
    # observances open by themselves; other kinds are switched on
    values["enabled"] = entry.observance is not None
    return values | {
        "observance_id": observance_id,
        "owner_role_key": entry.owner_role,
        "position": position,
    }


def _latest_versions(session: Session) -> dict[int, TemplateVersion]:
    ordered = session.scalars(select(TemplateVersion).order_by(TemplateVersion.number))
    return {version.template_id: version for version in ordered}


def _new_version(
    template: Template, entry: TemplateEntry, number: int, digest: str, now: datetime
) -> TemplateVersion:
    version = TemplateVersion(template_id=template.id, number=number, created=now, digest=digest)
    for position, item in enumerate(entry.item, 1):
        values = item.model_dump(exclude={"phase", "role"})
        version.items.append(
            TemplateItem(**values, phase_key=item.phase, role_key=item.role, position=position)
        )
    return version


def _is_known(version: TemplateVersion, entry: TemplateEntry) -> bool:
    """Tell whether a version that was imported before files said which items are plans holds just
    these items.
    """
    plans = [item.is_plan for item in version.items] == [item.is_plan for item in entry.item]
    return plans and version.digest == _digest(entry, with_plans=False)


def _digest(entry: TemplateEntry, *, with_plans: bool = True) -> str:
    # What was not there when the first databases were made is left out while it is empty and has
    # the name that it had then, or every template would look changed.
    def unsaid(item: ItemEntry) -> set[str]:
        is_said = {
            "level_end_offsets": bool(item.level_end_offsets),
            "is_plan": item.is_plan and with_plans,
        }
        return {name for name, said in is_said.items() if not said}

    lines = (item.model_dump_json(by_alias=True, exclude=unsaid(item)) for item in entry.item)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _merge_all(
    session: Session,
    result: ImportResult,
    model: type[_Row],
    entries: Iterable[tuple[Any, dict[str, Any]]],
    keys: tuple[str, ...] = ("key",),
) -> dict[Any, _Row]:
    """Merge ``(key, values)`` pairs into the rows of ``model`` and return all of its rows by
    key.
    """

    def key_of(row: _Row) -> Any:
        return tuple(getattr(row, k) for k in keys) if len(keys) > 1 else getattr(row, keys[0])

    rows = {key_of(row): row for row in session.scalars(select(model))}
    for key, values in entries:
        row = rows.get(key)
        if row is None:
            parts = key if isinstance(key, tuple) else (key,)
            row = rows[key] = model(**dict(zip(keys, parts, strict=True)), catalog_base={})
            for column, value in values.items():
                setattr(row, column, value)
            row.catalog_base = {column: _plain(value) for column, value in values.items()}
            session.add(row)
            result.added += 1
        else:
            _merge(row, _unsaid(row) | values, f"{model.__tablename__} {key}", result)
    return rows


def _unsaid(row: Any) -> dict[str, Any]:
    """Return as they are by themselves the newer columns that the last import said something of."""
    base = row.catalog_base or {}
    newer = _NEWER.get(type(row), {})
    return {column: value for column, value in newer.items() if column in base}


def _merge(row: Any, values: dict[str, Any], name: str, result: ImportResult) -> None:
    """Three-way merge: base is what was imported last, ours is in the row, theirs is in the
    catalogue.
    """
    base: dict[str, Any] = dict(row.catalog_base or {})
    changed = False
    for column, theirs in values.items():
        ours = _plain(getattr(row, column))
        if ours == _plain(theirs):
            pass
        elif row.catalog_base is not None and (column not in base or ours == base[column]):
            setattr(row, column, theirs)
            changed = True
        else:
            result.kept.append(f"{name}: {column}")
        base[column] = _plain(theirs)
    if base != row.catalog_base:
        row.catalog_base = base
    result.updated += changed


def _plain(value: Any) -> Any:
    if isinstance(value, DayReason):
        return value.plain
    return value.isoformat() if hasattr(value, "isoformat") else value
