from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.database import sessions as database
from events.database.sessions import Base
from tests.scheduler.processes import sumvay

pytestmark = pytest.mark.slow  # every test starts processes

SHIPPED = Path(__file__).parents[2] / "config.toml"
# the command asks the clock, and a change is entered at most a year after its day
YEAR = datetime.now(UTC).year + 1
FIRST_DAY = f"{YEAR}-01-01"
MERGE = ["unit", "merge", "23356-2025", "23365-2025", "--name", "Xã Đăk Mới", "--on", FIRST_DAY]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the shipped configuration and a made database."""
    (tmp_path / "config.toml").write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    engine = database.create_engine(f"sqlite:///{tmp_path / 'var' / 'sumvay.db'}")
    Base.metadata.create_all(engine)
    with database.create_session_factory(engine).begin() as session:
        import_catalog(session, read_catalog(), now=datetime(2025, 12, 1, tzinfo=UTC))
    engine.dispose()
    return tmp_path


def test_a_preview_changes_nothing_the_change_happens_once_and_then_says_so(home):
    preview, done, again = (
        sumvay(home, *MERGE, "--preview"),
        sumvay(home, *MERGE),
        sumvay(home, *MERGE),
    )

    assert (preview.returncode, done.returncode, again.returncode) == (0, 0, 1)
    for said in (preview.stdout, done.stdout):
        assert f"Xã Đăk Mới (23356-{YEAR})" in said
        assert "23365-2025" in said
    assert f"31/12/{YEAR - 1}" in again.stderr
    assert "Traceback" not in again.stderr


def test_a_change_entered_by_mistake_is_taken_back_by_the_code_of_a_unit_that_was_to_end(home):
    sumvay(home, *MERGE)

    preview, done, again = (
        sumvay(home, "unit", "take-back", "23365-2025", *options)
        for options in (["--preview"], [], [])
    )

    assert (preview.returncode, done.returncode, again.returncode) == (0, 0, 1)
    assert f"23356-{YEAR}" in done.stdout
    assert "23365-2025" in again.stderr
    assert sumvay(home, *MERGE).returncode == 0


def test_a_unit_that_does_not_exist_is_named(home):
    result = sumvay(home, "unit", "rename", "khong-co", "--name", "Xã X", "--on", FIRST_DAY)

    assert result.returncode == 1
    assert "khong-co" in result.stderr


def test_handing_over_may_be_repeated(home):
    first, second = (
        sumvay(home, "unit", "hand-over"),
        sumvay(home, "unit", "hand-over", "--preview"),
    )

    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stdout.splitlines()[0].count("0") >= 2
