"""The shipped catalogue: observances, templates, units and calendar decisions, read from TOML and
checked as a whole.

Everything is checked before anything is stored. The first mistake is reported with its file, its
line, the entry and the reason, because the person who edits these files is an officer and not a
programmer.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, get_args

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
from events.days.checks import check_break, check_swap
from events.days.reasons import Cause, DayReason
from events.days.recurrence import rule_from
from events.days.workdays import Decision, DecisionStatus, swap
from events.errors import N_, CatalogError, InvalidInputError
from events.language import Said
from events.templates.checks import Known, find_cycle, problem_of_header, problem_of_item
from events.templates.entries import Entry
from events.texts import color_name, decoded

_File = TypeVar("_File", bound="Entry")

SHIPPED = Path(__file__).with_name("data")
FILES = ("units.toml", "templates.toml", "observances.toml", "calendar.toml")
_LINE = re.compile(r"at line ([0-9]+)")  # how the reader says where it stopped
_OTHERWISE = N_("%(field)s: %(value)s cannot stand here")
_WHOLE_NUMBER = N_("%(field)s: a whole number stands here, and not %(value)s")
_DATE = N_("%(field)s: a date such as 2025-06-30 stands here, and not %(value)s")
_TABLE = N_("%(field)s: a table stands here, and not %(value)s")
_TRUE_OR_FALSE = N_("%(field)s: true or false stands here, and not %(value)s")
_EMPTY = N_("%(field)s: must not be empty")
_SAID = {  # pydantic's kinds of mistakes
    "missing": N_("%(field)s: is missing"),
    "extra_forbidden": N_("%(field)s: there is no such key; possible are: %(allowed)s"),
    "enum": N_("%(field)s: %(value)s cannot stand here; possible are: %(allowed)s"),
    "string_type": N_("%(field)s: text in quotation marks stands here, and not %(value)s"),
    "string_pattern_mismatch": N_(
        "%(field)s: small letters without accents and digits stand here, with “-” or “_” between "
        "words, and not %(value)s"
    ),
    "string_too_short": _EMPTY,
    "too_short": _EMPTY,
    "string_too_long": N_("%(field)s: at most %(max_length)s characters fit here"),
    "too_long": N_("%(field)s: at most %(max_length)s are possible"),
    "greater_than_equal": N_("%(field)s: must be greater than or equal to %(ge)s (got %(value)s)"),
    "less_than_equal": N_("%(field)s: must be less than or equal to %(le)s (got %(value)s)"),
    "list_type": N_("%(field)s: a list in square brackets stands here, and not %(value)s"),
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "bool_type": _TRUE_OR_FALSE,
    "bool_parsing": _TRUE_OR_FALSE,
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "dict_type": _TABLE,
    "model_type": _TABLE,
    "model_attributes_type": _TABLE,
}
_SLUG_TWICE = N_("this slug stands twice")
_RULE = N_(
    "rule: there is no such day, or not such a rule; possible are: %(allowed)s, with days that "
    "exist"
)
_RULES = (
    '{kind = "fixed_day", month, day}, {kind = "fixed_range", from = "MM-DD", to = "MM-DD"}, '
    '{kind = "lunar_day", lunar_month, lunar_day}'
)


@dataclass(frozen=True, slots=True)
class Catalog:
    """A whole catalogue, every reference of which holds."""

    units: UnitsFile
    templates: TemplatesFile
    observances: ObservancesFile
    calendar: CalendarFile

    def as_known_on(self, day: date) -> "Catalog":
        """Return the catalogue without what the authorities announced or put in force after
        ``day``: whoever plays a past year knows no more than people did then.
        """
        known, calendar = {}, self.calendar
        for table in ("swap", "tet_break", "holiday_break"):
            entries = getattr(calendar, table)
            known[table] = [one for one in entries if not one.announced or one.announced <= day]
        known["proposed_holiday"] = [
            one.model_copy(update={"status": DecisionStatus.ANNOUNCED})
            if one.in_force and one.in_force > day
            else one
            for one in calendar.proposed_holiday
        ]
        return replace(self, calendar=calendar.model_copy(update=known))


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
            return cls(path.name, decoded(path.read_bytes()))
        except FileNotFoundError as error:
            reason = Said(N_("cannot be read: there is no such file"))
            raise CatalogError(file=path.name, key="file", reason=reason) from error
        except OSError as error:
            reason = Said(N_("cannot be read (%(reason)s)"), {"reason": error.strerror or error})
            raise CatalogError(file=path.name, key="file", reason=reason) from error
        except InvalidInputError as error:
            raise CatalogError(file=path.name, key="file", reason=Said.of(error)) from error

    def parse(self, model: type[_File]) -> _File:
        try:
            return model.model_validate(tomllib.loads(self.text))
        except tomllib.TOMLDecodeError as error:
            found = _LINE.search(str(error))
            line = found[1] if found else len(self.text.splitlines())
            reason = Said(N_("line %(line)s cannot be read"), {"line": line})
            raise CatalogError(file=self.name, key="TOML", reason=reason) from error
        except ValidationError as error:
            raise self._explain(error, model) from error

    def error(self, table: str, index: int, key: str, reason: Said) -> CatalogError:
        """Return the error for the ``index``-th ``[[table]]`` of this file."""
        lines = [
            n for n, line in enumerate(self.text.splitlines(), 1) if line.strip() == f"[[{table}]]"
        ]
        where = f"{self.name}:{lines[index]}" if index < len(lines) else self.name
        return CatalogError(file=where, key=key, reason=reason)

    def _explain(self, error: ValidationError, model: type[Entry]) -> CatalogError:
        """Turn the first mistake of a file into one line: location ("template", 3, "item", 2,
        "weight") and message.
        """
        # a misspelt key before its absence
        first: Mapping[str, Any] = min(
            error.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden"
        )
        path = list(first["loc"])
        table, index, entry = self._find(path)
        name = ".".join(
            str(part)
            for part in path[2 if len(path) > 2 else 0 :]
            if isinstance(part, str) and part != "item"
        )
        facts = {"field": name, "value": repr(first["input"]), **first.get("ctx", {})}
        facts["allowed"] = _allowed(first, model)
        sentence = _SAID.get(first["type"], _OTHERWISE)
        return self.error(table, index, _name_of(entry), Said(sentence, facts))

    def _find(self, path: list[int | str]) -> tuple[str, int, Mapping[str, Any]]:
        data = tomllib.loads(self.text)
        match path:
            case ["template", int(t), "item", int(i), *_]:
                before = sum(len(template.get("item", ())) for template in data["template"][:t])
                return "template.item", before + i, data["template"][t]["item"][i]
            case [str(table), int(index), *_]:
                return table, index, data[table][index]
        return "", 0, {}


def _allowed(problem: Mapping[str, Any], model: type[Entry]) -> str:
    """Return what may stand where a mistake is: the values, else the keys of the table."""
    if "expected" in problem.get("ctx", {}):
        return ", ".join(re.findall(r"'([^']*)'", problem["ctx"]["expected"]))
    for part in problem["loc"][:-1]:
        if isinstance(part, str) and part in model.model_fields:
            inner = get_args(model.model_fields[part].annotation)
            model = next((one for one in inner if _is_entry(one)), model)
    return ", ".join(model.model_fields)


def _is_entry(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Entry)


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
    _refuse_duplicates(
        source, "unit", [unit.slug for unit in units.unit], what=N_("this slug stands twice")
    )
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
) -> Said | None:
    """Return what is wrong with a level whose units people enter; None if nothing is."""
    above = level.entered_by
    if above is None:
        return None
    if above not in ranks:
        return Said(
            N_("unknown level '%(key)s' in entered_by; possible are: %(allowed)s"),
            {"key": above, "allowed": ", ".join(ranks)},
        )
    if ranks[above] >= level.rank:
        return Said(N_("entered_by: '%(key)s' is not a higher level"), {"key": above})
    if not level.types:
        return Said(N_("types: a level whose units people enter says what they are called"))
    if [other.entered_by for other in levels].count(above) > 1:
        return Said(
            N_("entered_by: '%(key)s' enters the units of another level already"), {"key": above}
        )
    return None


def _problem_of_unit(
    unit: UnitEntry, by_id: Mapping[str, UnitEntry], ranks: Mapping[str, int]
) -> Said | None:
    if unit.level not in ranks:
        return _unknown_level(unit.level, ranks)
    if unit.valid_from and unit.valid_to and unit.valid_to < unit.valid_from:
        return _ends_before(unit.valid_from, unit.valid_to)
    for other in (*unit.successors, *unit.predecessors):
        if other not in by_id:
            return Said(N_("unknown successor or predecessor '%(key)s'"), {"key": other})
    if not unit.parent:
        return None
    parent = by_id.get(unit.parent)
    if parent is None:
        return Said(N_("unknown parent '%(key)s'"), {"key": unit.parent})
    if parent.level not in ranks or ranks[parent.level] >= ranks[unit.level]:
        return Said(
            N_("parent '%(key)s' is not of a higher level (a unit cannot stand below itself)"),
            {"key": parent.id},
        )
    if (unit.valid_from or date.min) < (parent.valid_from or date.min) or (
        unit.valid_to or date.max
    ) > (parent.valid_to or date.max):
        lives = {"first": parent.valid_from or "…", "last": parent.valid_to or "…"}
        return Said(
            N_("lives outside the validity of its parent '%(key)s' (%(first)s to %(last)s)"),
            {"key": parent.id, **lives},
        )
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
    _refuse_cycle(source, "role", follows, N_("cycle of successors: %(way)s"))
    for level, key in templates.level_default_role.items():
        if level not in levels or key not in roles:
            raise CatalogError(
                file=source.name,
                key="level_default_role",
                reason=Said(
                    N_("unknown level or role: %(level)s = '%(role)s'; possible are: %(allowed)s"),
                    {"level": level, "role": key, "allowed": ", ".join([*sorted(levels), *roles])},
                ),
            )


def _problem_of_role(
    role: RoleEntry, known: Collection[str], levels: Collection[str]
) -> Said | None:
    if role.level not in {*levels, "any"}:
        return _unknown_level(role.level, [*sorted(levels), "any"])
    if role.successor and role.successor not in known:
        return Said(N_("unknown successor '%(key)s'"), {"key": role.successor})
    if role.valid_from and role.valid_to and role.valid_to < role.valid_from:
        return _ends_before(role.valid_from, role.valid_to)
    return None


def _check_observances(catalog: Catalog, source: _SourceFile) -> None:
    observances = catalog.observances
    keys = [entry.key for entry in observances.observance]
    _refuse_duplicates(source, "observance", keys)
    slugs, taken = [entry.slug for entry in observances.observance], catalog.units.unit
    _refuse_duplicates(
        source,
        "observance",
        slugs,
        [unit.slug for unit in taken],
        what=N_("this slug stands twice"),
    )
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
            reason = Said(_RULE, {"allowed": _RULES})
            raise source.error("observance", index, entry.key, reason) from error
        try:
            color_name(entry.color)
        except InvalidInputError as error:
            raise source.error("observance", index, entry.key, Said.of(error)) from error


def _check_containers(observances: Sequence[ObservanceEntry], source: _SourceFile) -> None:
    known = [entry.key for entry in observances]
    for index, entry in enumerate(observances):
        if entry.inside is not None and entry.inside not in known:
            problem = Said(N_("inside: unknown observance '%(key)s'"), {"key": entry.inside})
            raise source.error("observance", index, entry.key, problem)
    inside = {entry.key: [entry.inside] if entry.inside else [] for entry in observances}
    _refuse_cycle(source, "observance", inside, N_("cycle of inside: %(way)s"))


def _check_dated(
    table: str,
    entries: Sequence[TitleEntry | BasisEntry | ThemeEntry],
    known: Collection[str],
    source: _SourceFile,
) -> None:
    """Refuse a title, a legal basis or a theme of an observance that is not there."""
    for index, entry in enumerate(entries):
        if entry.observance not in known:
            problem = _unknown_observance(entry.observance, known)
            raise source.error(table, index, entry.observance, problem)


def _check_periods(
    table: str, entries: Sequence[TitleEntry | BasisEntry], source: _SourceFile
) -> None:
    for index, entry in enumerate(entries):
        first, last = entry.from_year, entry.to_year
        if first is not None and last is not None and last < first:
            problem = Said(
                N_("ends in %(last)s, before it begins in %(first)s"),
                {"last": last, "first": first},
            )
            raise source.error(table, index, entry.observance, problem)


def _refuse_cycle(
    source: _SourceFile, table: str, follows: Mapping[str, Sequence[str]], what: str
) -> None:
    cycle = find_cycle(follows)
    if cycle:
        way = " → ".join(cycle)
        index = list(follows).index(cycle[0])
        raise source.error(table, index, cycle[0], Said(what, {"way": way}))


def _check_templates(catalog: Catalog, source: _SourceFile) -> None:
    templates = catalog.templates.template
    _refuse_duplicates(source, "template", [template.key for template in templates])
    observances = {entry.key for entry in catalog.observances.observance}
    known = _known(catalog)
    line = 0
    for index, template in enumerate(templates):
        if template.observance and template.observance not in observances:
            reason = _unknown_observance(template.observance, observances)
            raise source.error("template", index, template.key, reason)
        wrong = problem_of_header(template, known)
        if wrong:
            raise source.error("template", index, template.key, _with_allowed(wrong))
        for item in template.item:
            problem = problem_of_item(item, template, known)
            if problem:
                raise source.error(
                    "template.item", line, f"{template.key}.{item.key}", _with_allowed(problem)
                )
            line += 1
        cycle = find_cycle({item.key: item.depends_on for item in template.item})
        if cycle:
            reason = Said(N_("cycle of depends_on: %(way)s"), {"way": " → ".join(cycle)})
            raise source.error("template", index, template.key, reason)


def _with_allowed(problem: InvalidInputError) -> Said:
    """Return what is wrong with a template, with what may stand there where that is known."""
    if "allowed" not in problem.facts:
        return Said.of(problem)
    facts = {"problem": Said.of(problem), "allowed": problem.facts["allowed"]}
    return Said(N_("%(problem)s; possible are: %(allowed)s"), facts)


def _check_calendar(calendar: CalendarFile, source: _SourceFile) -> None:
    _refuse_duplicates(source, "tet_break", [str(entry.year) for entry in calendar.tet_break])
    decided: dict[date, Decision] = {}
    for index, entry in enumerate(calendar.tet_break):
        if not 3 <= (entry.last_day_off - entry.first_day_off).days + 1 <= 20:
            facts = {"first": entry.first_day_off, "last": entry.last_day_off}
            reason = Said(N_("%(first)s to %(last)s is no Tết break of 3 to 20 days"), facts)
            raise source.error("tet_break", index, str(entry.year), reason)
        try:
            check_break(entry.year, entry.days)
        except InvalidInputError as error:
            raise source.error("tet_break", index, str(entry.year), Said.of(error)) from error
        decided |= {day: Decision(day, True, DayReason(Cause.TET)) for day in entry.days}
    _check_holiday_breaks(calendar, source)
    _check_swaps(calendar, decided, source)


def _check_holiday_breaks(calendar: CalendarFile, source: _SourceFile) -> None:
    for index, entry in enumerate(calendar.holiday_break):
        if not 1 <= len(entry.days) <= 20 or {day.year for day in entry.days} != {entry.year}:
            first, last = entry.first_day_off, entry.last_day_off
            reason = Said(
                N_("%(first)s to %(last)s is no break of 1 to 20 days in %(year)s"),
                {"first": first, "last": last, "year": entry.year},
            )
            raise source.error("holiday_break", index, entry.name, reason)


def _check_swaps(
    calendar: CalendarFile, decided: dict[date, Decision], source: _SourceFile
) -> None:
    for index, entry in enumerate(calendar.swap):
        days = entry.day_off, entry.working_day
        twice = next((day for day in days if day in decided), None)
        if twice is not None:
            reason = Said(N_("%(day)s is decided twice"), {"day": twice})
            raise source.error("swap", index, str(entry.day_off), reason)
        try:
            check_swap(*days, decided)
        except InvalidInputError as error:
            raise source.error("swap", index, str(entry.day_off), Said.of(error)) from error
        decided |= {day.day: day for day in swap(*days)}


def _unknown_level(level: str, levels: Iterable[str]) -> Said:
    facts = {"key": level, "allowed": ", ".join(levels)}
    return Said(N_("unknown level '%(key)s'; possible are: %(allowed)s"), facts)


def _unknown_observance(key: str, known: Collection[str]) -> Said:
    facts = {"key": key, "allowed": ", ".join(sorted(known))}
    return Said(N_("unknown observance '%(key)s'; possible are: %(allowed)s"), facts)


def _ends_before(first: date | None, last: date | None) -> Said:
    facts = {"first": first, "last": last}
    return Said(N_("ends on %(last)s, before it begins on %(first)s"), facts)


def _refuse_duplicates(
    source: _SourceFile,
    table: str,
    keys: Sequence[str],
    taken: Iterable[str] = (),
    *,
    what: str = N_("this key stands twice"),
) -> None:
    counts = Counter([*keys, *taken])
    for index in range(len(keys) - 1, -1, -1):
        if counts[keys[index]] > 1:
            raise source.error(table, index, keys[index], Said(what))
