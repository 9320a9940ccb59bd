"""Whether a catalogue holds as a whole: what refers to another entry finds it, nothing stands
twice, dates and days off can be. All raise ``CatalogError`` for the first mistake.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from events.catalog.entries import (
    BasisEntry,
    CalendarFile,
    LevelEntry,
    ObservanceEntry,
    RoleEntry,
    ThemeEntry,
    TitleEntry,
    UnitEntry,
    UnitsFile,
)
from events.catalog.source_files import SourceFile
from events.catalog.whole import Catalog
from events.days.checks import check_break, check_swap
from events.days.reasons import Cause, DayReason
from events.days.recurrence import rule_from
from events.days.workdays import Decision, swap
from events.errors import N_, CatalogError, InvalidInputError
from events.models.reminders import rule_key
from events.templates.checks import Known, find_cycle, problem_of_header, problem_of_item
from events.words.language import Said
from events.words.texts import color_name

_SLUG_TWICE = N_("this slug stands twice")
_RULE = N_(
    "rule: there is no such day, or not such a rule; possible are: %(allowed)s, with days that "
    "exist"
)
_RULES = (
    '{kind = "fixed_day", month, day}, {kind = "fixed_range", from = "MM-DD", to = "MM-DD"}, '
    '{kind = "lunar_day", lunar_month, lunar_day}'
)


def _known(catalog: Catalog) -> Known:
    source = catalog.templates
    roles, phases, evidence = (
        {entry.key for entry in table}
        for table in (source.role, source.phase, source.evidence_type)
    )
    return Known(roles, phases, evidence, {level.key for level in catalog.units.level})


def check_units(units: UnitsFile, source: SourceFile) -> None:
    """Refuse levels and units that do not hold together."""
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


def check_roles(catalog: Catalog, source: SourceFile) -> None:
    """Refuse phases, kinds of evidence and roles that do not hold together."""
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


def check_reminders(catalog: Catalog, source: SourceFile) -> None:
    """Refuse two rules for the same items, and rules of templates that are not there."""
    rules = catalog.templates.reminder
    _refuse_duplicates(source, "reminder", [rule_key(rule.kind, rule.template) for rule in rules])
    templates = {one.key for one in catalog.templates.template}
    for index, rule in enumerate(rules):
        if rule.template is not None and rule.template not in templates:
            raise source.error("reminder", index, rule.kind, _no_template(rule.template))


def _no_template(key: str) -> Said:
    return Said(N_("there is no template '%(key)s'"), {"key": key})


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


def check_observances(catalog: Catalog, source: SourceFile) -> None:
    """Refuse observances, and what is dated in them, that do not hold together."""
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


def _check_rules(observances: Sequence[ObservanceEntry], source: SourceFile) -> None:
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


def _check_containers(observances: Sequence[ObservanceEntry], source: SourceFile) -> None:
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
    source: SourceFile,
) -> None:
    """Refuse a title, a legal basis or a theme of an observance that is not there."""
    for index, entry in enumerate(entries):
        if entry.observance not in known:
            problem = _unknown_observance(entry.observance, known)
            raise source.error(table, index, entry.observance, problem)


def _check_periods(
    table: str, entries: Sequence[TitleEntry | BasisEntry], source: SourceFile
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
    source: SourceFile, table: str, follows: Mapping[str, Sequence[str]], what: str
) -> None:
    cycle = find_cycle(follows)
    if cycle:
        way = " → ".join(cycle)
        index = list(follows).index(cycle[0])
        raise source.error(table, index, cycle[0], Said(what, {"way": way}))


def check_templates(catalog: Catalog, source: SourceFile) -> None:
    """Refuse templates that name what is not there, or wait in a circle."""
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


def check_calendar(calendar: CalendarFile, source: SourceFile) -> None:
    """Refuse days off that cannot be, and days that are decided twice."""
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


def _check_holiday_breaks(calendar: CalendarFile, source: SourceFile) -> None:
    for index, entry in enumerate(calendar.holiday_break):
        if not 1 <= len(entry.days) <= 20 or {day.year for day in entry.days} != {entry.year}:
            first, last = entry.first_day_off, entry.last_day_off
            reason = Said(
                N_("%(first)s to %(last)s is no break of 1 to 20 days in %(year)s"),
                {"first": first, "last": last, "year": entry.year},
            )
            raise source.error("holiday_break", index, entry.name, reason)


def _check_swaps(calendar: CalendarFile, decided: dict[date, Decision], source: SourceFile) -> None:
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
    source: SourceFile,
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
