"""Every row that an older version left, its documents and their files are there after the upgrade.

``python -m tests.reliability.older`` makes such installations anew and does the same.
"""

from datetime import date
from pathlib import Path

import pytest

from tests.reliability.older.accounting import compared, upgraded
from tests.reliability.older.making import unpack
from tests.reliability.upgraded import DATA

KEPT = sorted(DATA.glob("*.tar.xz"))
LARGEST = 200_000  # bytes, of one that is kept


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.name.removesuffix(".tar.xz"))
def test_every_row_and_file_of_an_older_version_is_there_after_the_upgrade(
    file: Path, tmp_path: Path
):
    unpack(file, tmp_path)

    account = upgraded(tmp_path)

    assert account.is_balanced, account.plain
    assert account.documents > 0
    assert account.files > 0


def test_there_are_older_versions_and_they_are_small():
    assert len(KEPT) > 3
    assert all(file.stat().st_size < LARGEST for file in KEPT)


def test_a_row_that_is_gone_and_a_day_that_differs_are_accounted_for():
    before = {"campaign": {(1,): {"day": date(2026, 11, 25)}, (2,): {"day": date(2026, 6, 28)}}}

    account = compared(before, {"campaign": {(1,): {"day": date(2026, 11, 26)}}})

    assert account.missing == ["campaign (2,)"]
    assert len(account.changed) == 1
    assert not account.is_balanced


def test_what_a_migration_takes_away_is_explained():
    account = compared({"heartbeat": {("open",): {"job": "open"}}}, {"heartbeat": {}})

    assert account.is_balanced
    assert account.explained.total() == 1
