"""One template as a file that people can send each other: TOML in the words of the catalogue.

The standard library reads TOML and does not write it, so this writes the few kinds of values that the catalogue's models have.
"""

import tomllib
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import ValidationError
from sqlalchemy.orm import Session

from events.entries import TemplateEntry
from events.errors import N_, InvalidInputError
from events.models import Person, Template, TemplateVersion
from events.templates import edit_template, get_template, template_entry

_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def export_template(template: Template) -> str:
    """Return a template with its newest items as TOML that ``import_template`` reads."""
    return to_toml(template_entry(template))


def import_template(session: Session, text: str, *, by: Person, now: datetime) -> TemplateVersion:
    """Save the items of a file as a new version of the template that it names; the same items again change nothing.

    Raises ``InvalidInputError`` for a file that cannot be read, ``NotFoundError`` for an unknown template.
    """
    entry = from_toml(text)
    template = get_template(session, entry.key)
    return edit_template(session, template, entry.item, note=entry.note, by=by, now=now)


def from_toml(text: str) -> TemplateEntry:
    """Read one template. Raises ``InvalidInputError`` that says where the file is wrong."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInputError(N_("This is not a template file: %(reason)s"), reason=str(error)) from error
    tables = data.get("template")
    if not isinstance(tables, list) or len(tables) != 1:
        raise InvalidInputError(N_("A template file holds exactly one template."))
    try:
        return TemplateEntry.model_validate(tables[0])
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(N_("“%(where)s” in the file: %(reason)s"), where=where, reason=first["msg"]) from error


def to_toml(entry: TemplateEntry) -> str:
    """Write one template; what is empty is left out."""
    values = entry.model_dump(mode="python", exclude={"item"}, exclude_none=True)
    blocks = [_table("template", values)]
    blocks += [_table("template.item", item.model_dump(mode="python", exclude_none=True)) for item in entry.item]
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
        return "{ " + ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items()) + " }" if value else "{}"
    return "[" + ", ".join(_value(one) for one in value) + "]"


def _key(key: str) -> str:
    return key if key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key) else _string(key)


def _string(text: str) -> str:
    """Return a basic string (TOML 1.0): quotes, backslashes and control characters escaped."""
    return '"' + "".join(_ESCAPES.get(c) or (f"\\u{ord(c):04X}" if ord(c) < 0x20 or ord(c) == 0x7F else c) for c in text) + '"'
