"""A database that an older version left answers the same after its migration."""

import difflib
from pathlib import Path

import pytest
from alembic import command

from events import database
from scheduler import migrate
from tests.reliability.upgraded import NOW, again, fill, read
from web.app import create_app
from web.config import WebConfig

SECRET = "a secret of at least sixteen characters"
PUBLIC_URL = "https://lich.example.org"


@pytest.mark.slow
def test_pages_and_calendars_of_an_older_database_say_what_they_said(blank_engine, tmp_path: Path):
    """Played through 2021 and 2025 to 2027 by the version of November 2026 (revision 0009)."""
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
    fill(blank_engine, read("2026-11.rows.json.gz"))
    migrate.upgrade(blank_engine)
    said = read("2026-11.answers.json.gz")

    factory = database.create_session_factory(blank_engine)
    app = create_app(
        factory,
        WebConfig(
            secret_key=SECRET,
            public_url=PUBLIC_URL,
            maildir=None,
            setup_code_file=tmp_path / "code",
            testing=True,
            rate_limits=False,
            clock=lambda: NOW,
        ),
    )
    now = again(app, factory, said)

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
