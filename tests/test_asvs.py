"""docs/asvs.md names every requirement of ASVS 5.0.0, levels 1 and 2, once, and tests that exist."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "asvs.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| ([0-9.]+) \| ([12]) \| (.+?) \| (.+) \|$", PAGE, re.MULTILINE)
REASON = re.compile(r"(does not apply|decided otherwise): (.+)")
WRITTEN = re.compile(r"written: \[.+\]\((.+)\)")
NAMED = re.compile(r"`(tests/[^`]+\.py)::(\w+)`")


@cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef))


def test_every_requirement_stands_there_once_with_its_level():
    wanted = (ROOT / "tests" / "data" / "asvs-5.0.0.txt").read_text(encoding="utf-8").split("\n")

    assert [f"{number} {level}" for number, level, *_rest in ROWS] == wanted[:-1]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_holds_a_requirement_is_there(row: tuple[str, str, str, str]):
    _number, _level, words, held = row

    assert words
    if REASON.fullmatch(held):
        return
    if written := WRITTEN.fullmatch(held):
        page, _hash, heading = written[1].partition("#")
        text = (ROOT / "docs" / page).read_text(encoding="utf-8")
        assert not heading or re.search(rf"^#+ {heading.replace('-', ' ')}$", text, re.I | re.M)
        return
    named = NAMED.findall(held)
    assert named
    for path, test in named:
        assert test in names_in(path)


def test_the_sums_are_right():
    counted = Counter(held.partition(":")[0] if held[0] != "`" else "test" for *_rest, held in ROWS)

    said = (
        "{test} are held by tests, {written} are written, {does not apply} do not apply, "
        "{decided otherwise} were decided otherwise."
    )
    assert said.format_map(counted) in PAGE
