"""The manual names everything that people can write into a catalogue file, the configuration or a
command line.
"""

import re
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

from events.catalog.entries import CalendarFile, ObservancesFile, TemplatesFile, UnitsFile
from scheduler.cli import cli
from scheduler.config import Settings

ROOT = Path(__file__).parents[1]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def tables_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the tables that a field holds, such as the items in a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for argument in get_args(annotation) for table in tables_in(argument)]


def keys_of(table: type[BaseModel], path: str = "") -> list[str]:
    """Return the keys of a table and of those in it, each with the tables it stands in."""
    found = []
    for name, field in table.model_fields.items():
        inner = tables_in(field.annotation)
        found += [key for one in inner for key in keys_of(one, f"{path}{name}.")] or [
            f"{path}{name}"
        ]
    return found


def commands(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        inner = (
            commands(command, (*path, name))
            if isinstance(command, click.Group)
            else [(*path, name)]
        )
        found += inner
    return found


@pytest.mark.parametrize("file", [UnitsFile, TemplatesFile, ObservancesFile, CalendarFile])
def test_every_key_of_a_catalogue_file_is_in_the_manual(file: type[BaseModel]):
    text = page("catalog.md")

    assert [
        key for key in keys_of(file) if not re.search(rf"\b{key.rpartition('.')[2]}\b", text)
    ] == []


def test_every_setting_is_in_the_manual_and_in_the_shipped_configuration():
    text, shipped = page("operating.md"), (ROOT / "config.toml").read_text(encoding="utf-8")
    names = [key.rpartition(".")[2] for key in keys_of(Settings)]

    assert [name for name in names if f"`{name}`" not in text and f".{name}`" not in text] == []
    assert [name for name in names if not re.search(rf"^{name} = ", shipped, re.MULTILINE)] == []


def test_every_command_is_in_the_manual():
    text, between = page("operating.md"), r"\b[^`\n]*\b"  # "unit merge|split|rename" names three

    assert [
        path
        for path in commands(cli)
        if not re.search(rf"`(?:sumvay )?{between.join(path)}\b", text)
    ] == []
