"""What a template may say: anchors that go together, roles and levels that exist, items that wait
for nothing in a circle.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from events.days.recurrence import period_from
from events.errors import N_, InvalidInputError
from events.models.templates import DROP, Anchor
from events.templates.entries import ItemEntry, TemplateEntry

ANCHORS = {  # that items may count from, beside a plan, by what their template counts from
    Anchor.DAY: {Anchor.DAY, Anchor.EVENT},
    Anchor.START: {Anchor.START, Anchor.END, Anchor.EVENT},
    Anchor.END: {Anchor.START, Anchor.END, Anchor.EVENT},
    Anchor.EVENT: {Anchor.EVENT},
    Anchor.CUTOFF: {Anchor.CUTOFF},
}

FIELDS = {  # as forms call them
    "key": N_("Short name without accents"),
    "title_vi": N_("Name in Vietnamese"),
    "title_en": N_("Name in English"),
    "phase": N_("Phase"),
    "anchor": N_("Days count from"),
    "offset_days": N_("Days before (–) or after"),
    "level_offsets": N_("Days at the levels"),
    "end_offset_days": N_("Last day, for work over a period"),
    "level_end_offsets": N_("Last day at the levels"),
    "levels": N_("Levels"),
    "cascade": N_("Who gets it"),
    "role": N_("Role"),
    "support_roles": N_("Supporting roles"),
    "evidence": N_("Evidence"),
    "evidence_min": N_("Least number of pieces"),
    "without_evidence": N_("may be done without evidence"),
    "weight": N_("Weight"),
    "required": N_("required"),
    "shift": N_("On a day off it moves"),
    "if_no_level": N_("If a level is missing it goes to"),
    "depends_on": N_("After which items"),
    "note": N_("Note"),
    "is_plan": N_("the unit issues its plan in it"),
    "kind": N_("Kind"),
    "observance": N_("Observance"),
    "owner_role": N_("Lead unit"),
    "cutoffs": N_("Reporting periods"),
    "generate_ahead_days": N_("So many days ahead it opens"),
    "late_plan_workdays": N_("Working days that a late plan leaves the units below"),
    "record_within_workdays": N_("Working days within which what is done is to be recorded"),
    "item": N_("Items"),
}
_MISSING = N_("“%(field)s” is missing.")
_OTHERWISE = N_("“%(value)s” cannot stand in “%(field)s”.")
_SAID = {  # pydantic's kinds of mistakes
    "missing": _MISSING,
    "string_too_short": _MISSING,
    "too_short": _MISSING,
    "string_too_long": N_("“%(field)s” takes at most %(max_length)s characters."),
    "too_long": N_("“%(field)s”: at most %(max_length)s are possible."),
    "greater_than_equal": N_("“%(field)s” is at least %(ge)s, and not %(value)s."),
    "less_than_equal": N_("“%(field)s” is at most %(le)s, and not %(value)s."),
    "int_parsing": N_("“%(field)s” is a whole number, and not “%(value)s”."),
    "int_type": N_("“%(field)s” is a whole number, and not “%(value)s”."),
    "string_pattern_mismatch": N_(
        "“%(field)s” takes small letters without accents and digits, with “_” between words."
    ),
    "extra_forbidden": N_("Templates know nothing called “%(field)s”."),
}
_UNKNOWN_ROLE = N_("unknown role '%(key)s'")
_UNKNOWN_PHASE = N_("unknown phase '%(key)s'")
_UNKNOWN_EVIDENCE = N_("unknown evidence kind '%(key)s'")
_UNKNOWN_LEVEL = N_("unknown level '%(key)s'")
_UNKNOWN_BEFORE = N_("unknown depends_on '%(key)s'")
_LONGEST_QUOTE = 60


@dataclass(frozen=True, slots=True)
class Known:
    """The keys that a template may name."""

    roles: Collection[str]
    phases: Collection[str]
    evidence: Collection[str]
    levels: Collection[str]


def problem_in_words(error: ValidationError, data: Mapping[str, Any]) -> InvalidInputError:
    """Return the first mistake in ``data``, an item or a whole template, with its field and its
    item by name.

    A misspelt key comes before the absence that it causes.
    """
    first = min(
        error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden"
    )
    path, facts = list(first["loc"]), dict[str, object]()
    if len(path) > 1 and path[0] == "item":
        data, path = data["item"][path[1]], path[2:]
        facts["item"] = _name_of(data)
    field = str(path[0]) if path else "item"
    value = "" if first["input"] is None else first["input"]
    sentence = _MISSING if value == "" else _SAID.get(first["type"], _OTHERWISE)
    facts |= {
        "field": FIELDS.get(field, field),
        "value": str(value)[:_LONGEST_QUOTE],
        **first.get("ctx", {}),
    }
    return InvalidInputError(sentence, **facts)


def _name_of(item: Any) -> str:
    """Return what people call an item by, as far as it has a name."""
    names = (item.get("title_vi"), item.get("key")) if isinstance(item, Mapping) else ()
    return next((str(name)[:_LONGEST_QUOTE] for name in names if name), "?")


def problem_of_header(template: TemplateEntry, known: Known) -> InvalidInputError | None:
    """Return what is wrong with a template beside its items; None if nothing is."""
    if (template.anchor is Anchor.CUTOFF) != bool(template.cutoffs):
        return InvalidInputError(N_("the anchor cutoff and the list cutoffs go together"))
    for cutoff in template.cutoffs:
        try:
            period_from(cutoff.first, cutoff.last)
        except ValueError:
            sentence = N_("cutoffs, %(name)s: “%(first)s” and “%(last)s” are no two days MM-DD")
            return InvalidInputError(sentence, **cutoff.model_dump())
    if template.owner_role not in known.roles:
        return InvalidInputError(
            N_("unknown role '%(key)s' in owner_role"),
            key=template.owner_role,
            allowed=", ".join(sorted(known.roles)),
        )
    return None


def problem_of_item(
    item: ItemEntry, template: TemplateEntry, known: Known
) -> InvalidInputError | None:
    """Return what is wrong with one item of ``template``, as an error that can be said in any
    language; None if nothing is.
    """
    keys = [other.key for other in template.item]
    if keys.count(item.key) > 1:
        return InvalidInputError(N_("this key stands twice in the template"))
    return _problem_of_dates(item, template) or _unknown(item, keys, known)


def _problem_of_dates(item: ItemEntry, template: TemplateEntry) -> InvalidInputError | None:
    """Return what is wrong with an item's days and evidence in themselves."""
    if item.anchor is Anchor.PLAN and not item.depends_on:
        return InvalidInputError(N_("an item that counts from a plan needs the plan in depends_on"))
    if item.anchor not in ANCHORS[template.anchor] | {Anchor.PLAN}:
        facts = {"anchor": item.anchor.value, "template": template.anchor.value}
        return InvalidInputError(
            N_("anchor '%(anchor)s' does not go with the template's anchor '%(template)s'"), **facts
        )
    if _ends_before_it_starts(item):
        return InvalidInputError(N_("end_offset_days lies before offset_days"))
    if item.evidence_min and not item.evidence:
        return InvalidInputError(N_("evidence_min needs a kind of evidence"))
    if item.end_offset_days is None and item.level_end_offsets:
        return InvalidInputError(N_("level_end_offsets needs an end_offset_days"))
    return None


def _unknown(item: ItemEntry, keys: Collection[str], known: Known) -> InvalidInputError | None:
    """Return the first key of an item that names nothing; ``keys`` are the template's items."""
    levels = [*item.levels, *item.level_offsets, *item.level_end_offsets]
    wanted: Sequence[tuple[str, Iterable[str], Collection[str]]] = (
        (_UNKNOWN_ROLE, [item.role, *item.support_roles], known.roles),
        (_UNKNOWN_PHASE, [item.phase], known.phases),
        (_UNKNOWN_EVIDENCE, item.evidence, known.evidence),
        (_UNKNOWN_LEVEL, levels, known.levels),
        (_UNKNOWN_LEVEL, [item.if_no_level], {*known.levels, DROP}),
        (_UNKNOWN_BEFORE, item.depends_on, keys),
    )
    wrong = ((said, key, good) for said, used, good in wanted for key in used if key not in good)
    return next(
        (
            InvalidInputError(said, key=key, allowed=", ".join(sorted(good)))
            for said, key, good in wrong
        ),
        None,
    )


def _ends_before_it_starts(item: ItemEntry) -> bool:
    """Tell whether the copy at some level would end before its first day."""
    if item.end_offset_days is None:
        return False
    levels = [*item.level_offsets, *item.level_end_offsets, ""]
    end, start = item.end_offset_days, item.offset_days
    return any(
        item.level_end_offsets.get(level, end) < item.level_offsets.get(level, start)
        for level in levels
    )


def find_cycle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys of a cycle in ``graph``, first key repeated at the end; an empty list if
    there is none.
    """
    done: set[str] = set()

    def visit(key: str, trail: list[str]) -> list[str]:
        if key in trail:
            return [*trail[trail.index(key) :], key]
        if key in done:
            return []
        for other in graph.get(key, ()):
            found = visit(other, [*trail, key])
            if found:
                return found
        done.add(key)
        return []

    return next((cycle for key in graph if (cycle := visit(key, []))), [])
