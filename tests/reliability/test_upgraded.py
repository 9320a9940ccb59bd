"""A database that an older version left answers the same after its migration."""

import difflib
from pathlib import Path

import pytest

from tests.reliability.upgraded import answers_today


@pytest.mark.slow
def test_pages_and_calendars_of_an_older_database_say_what_they_said(blank_engine, tmp_path: Path):
    """Played through 2021 and 2025 to 2027 by the version of November 2026."""
    said, now = answers_today(blank_engine, tmp_path)

    assert now["feeds"] == said["feeds"]
    assert _differing(now["pages"], said["pages"]) == []


def _differing(now: dict[str, dict[str, str]], said: dict[str, dict[str, str]]) -> list[str]:
    """Return the pages that say something else, with the first words that differ."""
    return [
        f"{who} {path}: {_difference(page, now[who][path])}"
        for who, pages in said.items()
        for path, page in pages.items()
        if now[who][path] != page
    ]


def _difference(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.split(" "), after.split(" "), n=3, lineterm="")
    return " ".join(list(lines)[3:40])
