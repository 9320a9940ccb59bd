"""The form of a template, one block an item: its fields as rows of text, and rows as the items they
mean.
"""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from werkzeug.datastructures import MultiDict

from events.templates.checks import problem_in_words
from events.templates.entries import ItemEntry
from web.kit.entries import id_of
from web.kit.language import gettext as _

_TEXTS = (
    "key",
    "title_vi",
    "title_en",
    "phase",
    "anchor",
    "offset_days",
    "cascade",
    "role",
    "evidence_min",
    "weight",
    "shift",
)
_OPTIONAL = ("end_offset_days", "if_no_level", "note")
_TICKS = ("without_evidence", "required", "is_plan")
_LISTS = ("levels", "evidence")
# and what their fields are called in the form
_BY_LEVEL = {"level_offsets": "days", "level_end_offsets": "end"}
_WORDS = ("depends_on", "support_roles")  # typed with commas between
_BLOCK = re.compile(r"([0-9]{1,6})\.")  # how the names of an item's fields begin


def row_of(entry: ItemEntry | None) -> dict[str, Any]:
    """Return an item as the form shows it: texts, and lists of keys. None gives an empty block."""
    if entry is None:
        return dict.fromkeys((*_TEXTS, *_OPTIONAL, *_WORDS, *_TICKS), "") | {
            **{name: [] for name in _LISTS},
            "level_offsets": {},
            "level_end_offsets": {},
            "weight": "1",
            "evidence_min": "0",
        }
    values = entry.model_dump(mode="json")
    row = {
        name: "" if values[name] is None else str(values[name]) for name in (*_TEXTS, *_OPTIONAL)
    }
    words = {name: ", ".join(values[name]) for name in _WORDS}
    offsets = {
        name: {level: str(days) for level, days in values[name].items()} for name in _BY_LEVEL
    }
    return row | words | {name: values[name] for name in (*_LISTS, *_TICKS)} | offsets


def typed_rows(form: MultiDict[str, str]) -> list[dict[str, Any]]:
    """Return the blocks of the form as rows in the order that was asked for; those marked for
    removal are left out.
    """
    numbers = sorted({int(found[1]) for name in form if (found := _BLOCK.match(name))})
    places = {
        number: _place(id_of(form.get(f"{number}.position", "")) or 0, own)
        for own, number in enumerate(numbers, 1)
    }
    kept = [number for number in numbers if f"{number}.remove" not in form]
    return [
        _block(form, f"{number}.") for number in sorted(kept, key=lambda number: places[number])
    ]


def entry_of(row: Mapping[str, Any]) -> ItemEntry:
    """Return a row as an item. Raises ``InvalidInputError`` that names the item and the field."""
    values = {name: value for name, value in row.items() if name not in _OPTIONAL or value}
    values |= {
        name: [word.strip() for word in row[name].split(",") if word.strip()] for name in _WORDS
    }
    try:
        return ItemEntry.model_validate(values)
    except ValidationError as error:
        problem = problem_in_words(error, values)
        problem.facts.setdefault("item", row["title_vi"] or row["key"] or _("New item"))
        raise problem from error


def _place(wanted: int, own: int) -> float:
    """Return where an item goes: before the one whose place it takes on the way up, behind it on
    the way down.
    """
    return float(own) if wanted in (0, own) else wanted - 0.5 if wanted < own else wanted + 0.5


def _block(form: MultiDict[str, str], prefix: str) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: form.get(prefix + name, "").strip() for name in (*_TEXTS, *_OPTIONAL, *_WORDS)
    }
    row |= {name: form.getlist(prefix + name) for name in _LISTS}
    row |= {name: prefix + name in form for name in _TICKS}
    return row | {name: _by_level(form, f"{prefix}{field}.") for name, field in _BY_LEVEL.items()}


def _by_level(form: MultiDict[str, str], start: str) -> dict[str, str]:
    """Return by level what was typed into the fields whose names begin with ``start``."""
    return {
        name.removeprefix(start): text.strip()
        for name, text in form.items()
        if name.startswith(start) and text.strip()
    }
