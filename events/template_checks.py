"""What a template may say: anchors that go together, roles and levels that exist, items that wait for nothing in a circle."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from events.entries import ItemEntry, TemplateEntry
from events.errors import N_, InvalidInputError
from events.models.templates import Anchor

_ANCHORS = {
    Anchor.DAY: {Anchor.DAY, Anchor.EVENT},
    Anchor.START: {Anchor.START, Anchor.END, Anchor.EVENT},
    Anchor.END: {Anchor.START, Anchor.END, Anchor.EVENT},
    Anchor.EVENT: {Anchor.EVENT},
    Anchor.CUTOFF: {Anchor.CUTOFF},
}


@dataclass(frozen=True, slots=True)
class Known:
    """The keys that a template may name."""

    roles: Collection[str]
    phases: Collection[str]
    evidence: Collection[str]
    levels: Collection[str]


def problem_of_item(item: ItemEntry, template: TemplateEntry, known: Known) -> InvalidInputError | None:
    """Return what is wrong with one item of ``template``, as an error that can be said in any language; None if nothing is."""
    keys = [other.key for other in template.item]
    if keys.count(item.key) > 1:
        return InvalidInputError(N_("this key stands twice in the template"))
    if item.anchor is Anchor.PLAN and not item.depends_on:
        return InvalidInputError(N_("an item that counts from a plan needs the plan in depends_on"))
    if item.anchor not in _ANCHORS[template.anchor] | {Anchor.PLAN}:
        facts = {"anchor": item.anchor.value, "template": template.anchor.value}
        return InvalidInputError(N_("anchor '%(anchor)s' does not go with the template's anchor '%(template)s'"), **facts)
    if _ends_before_it_starts(item):
        return InvalidInputError(N_("end_offset_days lies before offset_days"))
    if item.end_offset_days is None and item.level_end_offsets:
        return InvalidInputError(N_("level_end_offsets needs an end_offset_days"))
    wanted: Sequence[tuple[str, Iterable[str], Collection[str]]] = (
        (N_("unknown role '%(key)s'"), [item.role, *item.support_roles], known.roles),
        (N_("unknown phase '%(key)s'"), [item.phase], known.phases),
        (N_("unknown evidence kind '%(key)s'"), item.evidence, known.evidence),
        (N_("unknown level '%(key)s'"), [*item.levels, *item.level_offsets, *item.level_end_offsets], known.levels),
        (N_("unknown depends_on '%(key)s'"), item.depends_on, keys),
    )
    return next((InvalidInputError(said, key=key) for said, used, good in wanted for key in used if key not in good), None)


def _ends_before_it_starts(item: ItemEntry) -> bool:
    """Tell whether the copy at some level would end before its first day."""
    if item.end_offset_days is None:
        return False
    levels = [*item.level_offsets, *item.level_end_offsets, ""]
    end, start = item.end_offset_days, item.offset_days
    return any(item.level_end_offsets.get(level, end) < item.level_offsets.get(level, start) for level in levels)


def find_cycle(graph: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the keys of a cycle in ``graph``, first key repeated at the end; an empty list if there is none."""
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
