"""A file of a catalogue, read from TOML: the first mistake in it is reported with its line, its
entry and the reason, in words of an officer and not of a programmer.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import ValidationError

from events.errors import N_, CatalogError, InvalidInputError
from events.templates.entries import Entry
from events.words.language import Said
from events.words.texts import decoded

_File = TypeVar("_File", bound="Entry")
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


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file with its text, so that an error can name the line where the entry begins."""

    name: str
    text: str

    @classmethod
    def read(cls, path: Path) -> "SourceFile":
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
