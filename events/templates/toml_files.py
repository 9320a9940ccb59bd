"""One template as a file that people can send each other: TOML in the words of the catalogue.

The standard library reads TOML and does not write it, so this writes the few kinds of values that
the catalogue's models have.
"""

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.installation import day_here
from events.models import Person, Template, TemplateVersion
from events.models.templates import VersionSource
from events.people.rights import Capability, require_for_all
from events.templates.checks import problem_in_words
from events.templates.editing import add_template, edit_header, edit_template, template_entry
from events.templates.entries import IF_NO_LEVEL_BEFORE, TemplateEntry

_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}

_PLAN = "plan"  # how the keys of plans begin in files that do not say which items are plans
_LINE = re.compile(r"at line ([0-9]+)")  # how the reader says where it stopped


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file became, and what of it was new."""

    version: TemplateVersion
    is_new: bool
    header_changed: bool


def export_template(template: Template) -> str:
    """Return a template with its newest items as TOML that ``import_template`` reads."""
    return to_toml(template_entry(template))


def import_template(session: Session, text: str, *, by: Person, now: datetime) -> Imported:
    """Take in a file: a new template, or a new version of the one that it names with its titles,
    lead times and lead unit.

    The same file again changes nothing. Raises ``InvalidInputError`` for a file that cannot be read
    or stored, ``ConflictError`` and ``NotFoundError`` for an observance that a new template cannot
    have.
    """
    require_for_all(session, by, Capability.KEEP_TEMPLATES, now)
    entry = from_toml(text)
    template = session.scalar(select(Template).where(Template.key == entry.key))
    if template is None:
        return Imported(
            add_template(session, entry, by=by, now=now).current, is_new=True, header_changed=True
        )
    before = template.current.number
    changed = edit_header(session, template, entry, by=by, on=day_here(session, now))
    version = edit_template(
        session, template, entry.item, source=VersionSource.FILE, by=by, now=now
    )
    return Imported(version, is_new=version.number != before, header_changed=changed)


def from_toml(text: str) -> TemplateEntry:
    """Read one template. Raises ``InvalidInputError`` that says where the file is wrong."""
    try:
        data = tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        found = _LINE.search(str(error))
        line = found[1] if found else len(text.splitlines())
        raise InvalidInputError(
            N_("This is not a template file: line %(line)s cannot be read."), line=line
        ) from error
    tables = data.get("template")
    if (
        not isinstance(tables, list)
        or len(tables) != 1
        or data.keys() - {"template", "schema_version"}
    ):
        raise InvalidInputError(N_("A template file holds exactly one template and nothing else."))
    table = _with_plans(tables[0])
    try:
        return TemplateEntry.model_validate(table)
    except ValidationError as error:
        raise problem_in_words(error, table) from error


def _with_plans(table: dict[str, Any]) -> dict[str, Any]:
    """Return a template whose items say whether they are plans, as a file written before they did
    means it: it still calls a level by its name.
    """
    items = table.get("item")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return table
    if not any(IF_NO_LEVEL_BEFORE in item for item in items):
        return table
    told = [{"is_plan": str(item.get("key", "")).startswith(_PLAN), **item} for item in items]
    return {**table, "item": told}


def to_toml(entry: TemplateEntry) -> str:
    """Write one template; what is empty is left out."""
    values = entry.model_dump(mode="python", exclude={"item"}, exclude_none=True)
    blocks = [_table("template", values)]
    blocks += [
        _table("template.item", item.model_dump(mode="python", exclude_none=True))
        for item in entry.item
    ]
    return "\n".join(blocks)


def _table(name: str, values: dict[str, Any]) -> str:
    lines = [f"{_key(key)} = {_value(value)}" for key, value in values.items()]
    return "\n".join([f"[[{name}]]", *lines, ""])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _string(value.value if isinstance(value, StrEnum) else value)
    if isinstance(value, dict):
        return (
            "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }"
            if value
            else "{}"
        )
    return "[" + ", ".join(_value(one) for one in value) + "]"


def _key(key: str) -> str:
    return (
        key
        if key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key)
        else _string(key)
    )


def _string(text: str) -> str:
    """Return a basic string (TOML 1.0): quotes, backslashes and control characters escaped."""
    return (
        '"'
        + "".join(
            _ESCAPES.get(c) or (f"\\u{ord(c):04X}" if ord(c) < 0x20 or ord(c) == 0x7F else c)
            for c in text
        )
        + '"'
    )
