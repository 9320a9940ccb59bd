"""No rule knows a level, a role, a phase or a kind of evidence by its key: the catalogue says what
each is, so that a province may call them otherwise.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("events", "notifications", "web", "scheduler")
MIGRATIONS = ROOT / "scheduler" / "migrations"  # they turn the keys of their time into properties
QUOTED = re.compile(r"""["']([a-z0-9_]+)["']""")

# words that are keys too, and mean something else where they stand in the code
ELSEWHERE = {
    "count": "how many, in a sentence",
    "event": "the main event that days count from",
    "file": "a field of a form, and what an error says is not there",
    "minutes": "of time; a kind of document",
    "report": "a kind of document; what a play does",
    "tick": "the round box before an item; what a play does",
    "village": "what a play does, and whose name it tells",
}


def test_no_key_of_the_catalogue_stands_in_the_code(catalog):
    rows = (
        *catalog.units.level,
        *catalog.templates.role,
        *catalog.templates.phase,
        *catalog.templates.evidence_type,
    )
    types = {one.key for level in catalog.units.level for one in level.types}
    keys = {row.key for row in rows} | types | {unit.type for unit in catalog.units.unit}

    found = {(word, place) for word, place in _words() if word in keys}

    assert {(word, place) for word, place in found if word not in ELSEWHERE} == set()
    assert {word for word, _place in found} == set(ELSEWHERE), "an excuse that nobody needs"


def test_no_rule_asks_for_the_key_of_a_level_role_phase_or_kind():
    asked = re.compile(
        r"(level_key|role_key|phase_key|kind_key|(level|role|phase|kind|type|commune)\.(key|type))"
        r"\s*(==|!=|(not )?in)\s*\(?[\"']"
    )
    files = [file for file, _text in _files(".py", ".html")]
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file, text in _files(".py", ".html")
        for line in text.splitlines()
        if asked.search(line)
    ]

    assert len(files) > 200
    assert found == []


def _words() -> Iterator[tuple[str, str]]:
    """Yield each quoted word of the code with the file that it stands in."""
    for file, text in _files(".py"):
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, str(file.relative_to(ROOT))
    for file, text in _files(".html"):
        inside = re.findall(r"\{[{%].*?[%}]\}", text, re.DOTALL)
        for word in QUOTED.findall(" ".join(inside)):
            yield word, str(file.relative_to(ROOT))


def _files(*endings: str) -> Iterator[tuple[Path, str]]:
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*")):
            if file.suffix in endings and MIGRATIONS not in file.parents:
                yield file, file.read_text(encoding="utf-8")
