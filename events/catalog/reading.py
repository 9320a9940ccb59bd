"""The shipped catalogue: observances, templates, units and calendar decisions, read from TOML and
checked as a whole.

Everything is checked before anything is stored. The first mistake is reported with its file, its
line, the entry and the reason, because the person who edits these files is an officer and not a
programmer.
"""

import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from events.catalog.entries import (
    BasisEntry,
    CalendarFile,
    LevelEntry,
    ObservanceEntry,
    ObservancesFile,
    RoleEntry,
    TemplatesFile,
    ThemeEntry,
    TitleEntry,
    UnitEntry,
    UnitsFile,
)
from events.days.recurrence import rule_from
from events.errors import CatalogError
from events.templates.checks import Known, find_cycle, problem_of_header, problem_of_item
from events.templates.entries import Entry

_File = TypeVar("_File", bound="Entry")

SHIPPED = Path(__file__).with_name("data")
FILES = ("units.toml", "templates.toml", "observances.toml", "calendar.toml")
_IN_WORDS = {"extra_forbidden": "there is no such key", "missing": "is missing"}


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalogue, every reference of which holds."""

    units: UnitsFile
    templates: TemplatesFile
    observances: ObservancesFile
    calendar: CalendarFile


def read_catalog(folder: Path = SHIPPED) -> Catalog:
    """Read and check the four files of ``folder``. Raises ``CatalogError`` for the first
    mistake.
    """
    files = {name: _SourceFile.read(folder / name) for name in FILES}
    catalog = Catalog(
        files["units.toml"].parse(UnitsFile),
        files["templates.toml"].parse(TemplatesFile),
        files["observances.toml"].parse(ObservancesFile),
        files["calendar.toml"].parse(CalendarFile),
    )
    _check_units(catalog.units, files["units.toml"])
    _check_roles(catalog, files["templates.toml"])
    _check_observances(catalog, files["observances.toml"])
    _check_templates(catalog, files["templates.toml"])
    _check_calendar(catalog.calendar, files["calendar.toml"])
    return catalog


@dataclass(frozen=True, slots=True)
class _SourceFile:
    """A file with its text, so that an error can name the line where the entry begins."""

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> "_SourceFile":
        try:
            return cls(path.name, path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogError(
                file=path.name, key="file", reason=f"cannot be read ({error})"
            ) from error

    def parse(self, model: type[_File]) -> _File:
        try:
            return model.model_validate(tomllib.loads(self.text))
        except tomllib.TOMLDecodeError as error:
            raise CatalogError(file=self.name, key="TOML", reason=str(error)) from error
        except ValidationError as error:
            raise self._explain(error) from error

    def error(self, table: str, index: int, key: str, reason: str) -> CatalogError:
        """Return the error for the ``index``-th ``[[table]]`` of this file."""
        lines = [
            n for n, line in enumerate(self.text.splitlines(), 1) if line.strip() == f"[[{table}]]"
        ]
        where = f"{self.name}:{lines[index]}" if index < len(lines) else self.name
        return CatalogError(file=where, key=key, reason=reason)

    def _explain(self, error: ValidationError) -> CatalogError:
        """Turn the first mistake of a file into one line: location ("template", 3, "item", 2,
        "weight") and message.
        """
        problems = error.errors(include_url=False, include_context=False)
        # a misspelt key before its absence
        first = min(problems, key=lambda problem: problem["type"] != "extra_forbidden")
        path = list(first["loc"])
        table, index, entry = self._find(path)
        field = ".".join(
            str(part)
            for part in path[2 if len(path) > 2 else 0 :]
            if isinstance(part, str) and part != "item"
        )
        reason = _IN_WORDS.get(first["type"]) or f"{first['msg']} (got {first['input']!r})"
        return self.error(table, index, _name_of(entry), f"{field}: {reason}")

    def _find(self, path: list[int | str]) -> tuple[str, int, Mapping[str, Any]]:
        data = tomllib.loads(self.text)
        match path:
            case ["template", int(t), "item", int(i), *_]:
                before = sum(len(template.get("item", ())) for template in data["template"][:t])
                return "template.item", before + i, data["template"][t]["item"][i]
            case [str(table), int(index), *_]:
                return table, index, data[table][index]
        return "", 0, {}


def _name_of(entry: Mapping[str, Any]) -> str:
    return str(
        next(
            (
                entry[name]
                for name in ("key", "id", "observance", "year", "name", "day_off")
                if name in entry
            ),
            "file",
        )
    )


def _known(catalog: Catalog) -> Known:
    source = catalog.templates
    roles, phases, evidence = (
        {entry.key for entry in table}
        for table in (source.role, source.phase, source.evidence_type)
    )
    return Known(roles, phases, evidence, {level.key for level in catalog.units.level})


def _check_units(units: UnitsFile, source: _SourceFile) -> None:
    _refuse_duplicates(source, "level", [level.key for level in units.level])
    _refuse_duplicates(source, "unit", [unit.id for unit in units.unit])
    _refuse_duplicates(source, "unit", [unit.slug for unit in units.unit], what="slug")
    ranks = {level.key: level.rank for level in units.level}
    for index, level in enumerate(units.level):
        problem = _problem_of_level(level, units.level, ranks)
        if problem:
            raise source.error("level", index, level.key, problem)
    by_id = {unit.id: unit for unit in units.unit}
    for index, unit in enumerate(units.unit):
        problem = _problem_of_unit(unit, by_id, ranks)
        if problem:
            raise source.error("unit", index, unit.id, problem)


def _problem_of_level(
    level: LevelEntry, levels: Sequence[LevelEntry], ranks: Mapping[str, int]
) -> str | None:
    """Return what is wrong with a level whose units people enter; None if nothing is."""
    above = level.entered_by
    if above is None:
        return None
    if above not in ranks:
        return f"unknown level {above!r} in entered_by; known: {', '.join(ranks)}"
    if ranks[above] >= level.rank:
        return f"entered_by: {above!r} is not a higher level"
    if not level.types:
        return "types: a level whose units people enter says what they are called"
    if [other.entered_by for other in levels].count(above) > 1:
        return f"entered_by: {above!r} enters the units of another level already"
    return None


def _problem_of_unit(
    unit: UnitEntry, by_id: Mapping[str, UnitEntry], ranks: Mapping[str, int]
) -> str | None:
    if unit.level not in ranks:
        return f"unknown level {unit.level!r}; known: {', '.join(ranks)}"
    if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
        return f"ends on {unit.valid_to}, before it begins on {unit.valid_from}"
    for other in (*unit.successors, *unit.predecessors):
        if other not in by_id:
            return f"unknown successor or predecessor {other!r}"
    if not unit.parent:
        return None
    parent = by_id.get(unit.parent)
    if parent is None:
        return f"unknown parent {unit.parent!r}"
    if parent.level not in ranks or ranks[parent.level] >= ranks[unit.level]:
        return f"parent {parent.id!r} is not of a higher level (a unit cannot stand below itself)"
    if (unit.valid_from or date.min) < (parent.valid_from or date.min) or (
        unit.valid_to or date.max
    ) > (parent.valid_to or date.max):
        lives = f"{parent.valid_from or '…'} to {parent.valid_to or '…'}"
        return f"lives outside the validity of its parent {parent.id!r} ({lives})"
    return None


def _check_roles(catalog: Catalog, source: _SourceFile) -> None:
    templates, levels = catalog.templates, {level.key for level in catalog.units.level}
    _refuse_duplicates(source, "phase", [phase.key for phase in templates.phase])
    _refuse_duplicates(source, "evidence_type", [kind.key for kind in templates.evidence_type])
    roles = [role.key for role in templates.role]
    _refuse_duplicates(source, "role", roles)
    for index, role in enumerate(templates.role):
        problem = _problem_of_role(role, roles, levels)
        if problem:
            raise source.error("role", index, role.key, problem)
    follows = {role.key: [role.successor] if role.successor else [] for role in templates.role}
    _refuse_cycle(source, "role", follows, "cycle of successors")
    for level, key in templates.level_default_role.items():
        if level not in levels or key not in roles:
            raise CatalogError(
                file=source.name,
                key="level_default_role",
                reason=f"unknown level or role: {level} = {key!r}",
            )


def _problem_of_role(
    role: RoleEntry, known: Collection[str], levels: Collection[str]
) -> str | None:
    if role.level not in {*levels, "any"}:
        return f"unknown level {role.level!r}; known: {', '.join(sorted(levels))}, any"
    if role.successor and role.successor not in known:
        return f"unknown successor {role.successor!r}"
    if role.valid_from and role.valid_to and role.valid_to < role.valid_from:
        return f"ends on {role.valid_to}, before it begins on {role.valid_from}"
    return None


def _check_observances(catalog: Catalog, source: _SourceFile) -> None:
    observances = catalog.observances
    keys = [entry.key for entry in observances.observance]
    _refuse_duplicates(source, "observance", keys)
    slugs, taken = [entry.slug for entry in observances.observance], catalog.units.unit
    _refuse_duplicates(source, "observance", slugs, [unit.slug for unit in taken], what="slug")
    _check_rules(observances.observance, source)
    _check_containers(observances.observance, source)
    _check_dated("title_history", observances.title_history, keys, source)
    _check_dated("basis", observances.basis, keys, source)
    _check_dated("theme", observances.theme, keys, source)
    _check_periods("title_history", observances.title_history, source)
    _check_periods("basis", observances.basis, source)
    titles = [f"{title.observance} {title.from_year}" for title in observances.title_history]
    _refuse_duplicates(source, "title_history", titles)
    bases = [f"{basis.observance} {basis.number}" for basis in observances.basis]
    _refuse_duplicates(source, "basis", bases)
    _refuse_duplicates(source, "theme", [f"{t.observance} {t.year}" for t in observances.theme])


def _check_rules(observances: Sequence[ObservanceEntry], source: _SourceFile) -> None:
    for index, entry in enumerate(observances):
        try:
            rule_from(entry.rule)
        except ValueError as error:
            raise source.error("observance", index, entry.key, f"rule: {error}") from error


def _check_containers(observances: Sequence[ObservanceEntry], source: _SourceFile) -> None:
    known = [entry.key for entry in observances]
    for index, entry in enumerate(observances):
        if entry.inside is not None and entry.inside not in known:
            problem = f"inside: unknown observance {entry.inside!r}"
            raise source.error("observance", index, entry.key, problem)
    inside = {entry.key: [entry.inside] if entry.inside else [] for entry in observances}
    _refuse_cycle(source, "observance", inside, "cycle of inside")


def _check_dated(
    table: str,
    entries: Sequence[TitleEntry | BasisEntry | ThemeEntry],
    known: Collection[str],
    source: _SourceFile,
) -> None:
    """Refuse a title, a legal basis or a theme of an observance that is not there."""
    for index, entry in enumerate(entries):
        if entry.observance not in known:
            problem = f"unknown observance {entry.observance!r}"
            raise source.error(table, index, entry.observance, problem)


def _check_periods(
    table: str, entries: Sequence[TitleEntry | BasisEntry], source: _SourceFile
) -> None:
    for index, entry in enumerate(entries):
        first, last = entry.from_year, entry.to_year
        if first is not None and last is not None and last < first:
            problem = f"ends in {last}, before it begins in {first}"
            raise source.error(table, index, entry.observance, problem)


def _refuse_cycle(
    source: _SourceFile, table: str, follows: Mapping[str, Sequence[str]], what: str
) -> None:
    cycle = find_cycle(follows)
    if cycle:
        way = " → ".join(cycle)
        raise source.error(table, list(follows).index(cycle[0]), cycle[0], f"{what}: {way}")


def _check_templates(catalog: Catalog, source: _SourceFile) -> None:
    templates = catalog.templates.template
    _refuse_duplicates(source, "template", [template.key for template in templates])
    observances = {entry.key for entry in catalog.observances.observance}
    known = _known(catalog)
    line = 0
    for index, template in enumerate(templates):
        if template.observance and template.observance not in observances:
            raise source.error(
                "template", index, template.key, f"unknown observance {template.observance!r}"
            )
        wrong = problem_of_header(template, known)
        if wrong:
            raise source.error("template", index, template.key, str(wrong))
        for item in template.item:
            problem = problem_of_item(item, template, known)
            if problem:
                raise source.error(
                    "template.item", line, f"{template.key}.{item.key}", str(problem)
                )
            line += 1
        cycle = find_cycle({item.key: item.depends_on for item in template.item})
        if cycle:
            raise source.error(
                "template", index, template.key, f"cycle of depends_on: {' → '.join(cycle)}"
            )


def _check_calendar(calendar: CalendarFile, source: _SourceFile) -> None:
    _refuse_duplicates(source, "tet_break", [str(entry.year) for entry in calendar.tet_break])
    for index, entry in enumerate(calendar.tet_break):
        if not 3 <= (entry.last_day_off - entry.first_day_off).days + 1 <= 20:
            raise source.error(
                "tet_break",
                index,
                str(entry.year),
                f"{entry.first_day_off} to {entry.last_day_off} is no Tết break",
            )
    seen: set[date] = {day for entry in calendar.tet_break for day in entry.days}
    for index, swap in enumerate(calendar.swap):
        for day in (swap.day_off, swap.working_day):
            if day in seen:
                raise source.error("swap", index, str(swap.day_off), f"{day} is decided twice")
            seen.add(day)


def _refuse_duplicates(
    source: _SourceFile,
    table: str,
    keys: Sequence[str],
    taken: Iterable[str] = (),
    *,
    what: str = "key",
) -> None:
    counts = Counter([*keys, *taken])
    for index in range(len(keys) - 1, -1, -1):
        if counts[keys[index]] > 1:
            raise source.error(table, index, keys[index], f"this {what} stands twice")
