"""What a catalogue's texts say of the unit at the top: "UBND tỉnh" here, "UBND thành phố" there.

A text says ``{type}`` where the kind of that unit stands, in English also ``{of_type}`` for its
adjective, and ``{Type}`` with a large letter. It is filled in before anything is stored, so that
what people read and edit, and what they send as a file, is plain text. A province that becomes a
city gets new versions of the templates that name it, and open rounds keep theirs.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from events.catalog.entries import TemplatesFile, TypeEntry, UnitsFile
from events.catalog.whole import Catalog
from events.models import Unit

_Words = Mapping[str, str]


def worded(catalog: Catalog, made_here: Unit | None = None) -> Catalog:
    """Return the catalogue with the words for its unit at the top, or for the one that a change of
    units entered here made.
    """
    kind = _kind_at_the_top(catalog, made_here)
    vi, en = _vietnamese(kind), _english(kind)
    units = catalog.units.model_dump(exclude_unset=True, exclude={"unit"})
    templates = catalog.templates.model_dump(exclude_unset=True)
    named = UnitsFile.model_validate(_filled(units | {"unit": []}, vi, en))
    return replace(
        catalog,
        units=catalog.units.model_copy(update={"level": named.level}),
        templates=TemplatesFile.model_validate(_filled(templates, vi, en)),
    )


def _kind_at_the_top(catalog: Catalog, made_here: Unit | None) -> TypeEntry | None:
    """Return what the unit at the top is; where its level does not list that, by its full name."""
    tops = [unit for unit in catalog.units.unit if not unit.parent]
    tops.sort(key=lambda unit: unit.valid_to is None)
    top = made_here or (tops[-1] if tops else None)
    if top is None:
        return None
    level = top.level_key if isinstance(top, Unit) else top.level
    types = [kind for each in catalog.units.level if each.key == level for kind in each.types]
    listed = {kind.key: kind for kind in types}
    in_full = top.full_name.removesuffix(top.name).strip()
    return listed.get(top.type) or TypeEntry(key=top.type, title=in_full)


def _vietnamese(kind: TypeEntry | None) -> _Words:
    return _both({"type": kind.title if kind else ""})


def _english(kind: TypeEntry | None) -> _Words:
    """Return the English words; a kind that has none is called as in Vietnamese."""
    if kind is None:
        return _both({"type": "", "of_type": ""})
    title = kind.title_en or kind.title
    return _both({"type": title, "of_type": kind.of_it_en or title})


def _both(words: _Words) -> _Words:
    """Return what stands for each placeholder, small and with a large letter."""
    small = {f"{{{name}}}": word.lower() for name, word in words.items()}
    large = {f"{{{name.capitalize()}}}": word.capitalize() for name, word in words.items()}
    return small | large


def _filled(value: Any, vi: _Words, en: _Words) -> Any:
    """Return tables, lists and texts with the words filled in, by the language of their key; where
    the Vietnamese title stands for the English one, with the Vietnamese words.
    """
    if isinstance(value, list):
        return [_filled(each, vi, en) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _with_words(each, en if _is_english(key, value) else vi)
        if isinstance(each, str)
        else _filled(each, vi, en)
        for key, each in value.items()
    }


def _is_english(key: str, table: Mapping[str, Any]) -> bool:
    return key.endswith("_en") and table[key] != table.get(f"{key[:-3]}_vi")


def _with_words(text: str, words: _Words) -> str:
    for place, word in words.items():
        text = text.replace(place, word)
    return text.strip()
