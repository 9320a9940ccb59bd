"""`sumvay calendar decide`: what it prints, and the files that it takes."""

import json
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.database import sessions as database
from events.database.sessions import Base
from scheduler import migrate
from tests.scheduler.processes import sumvay

pytestmark = pytest.mark.slow  # every test starts processes

SHIPPED = Path(__file__).parents[2] / "config.toml"
CASES = tomllib.loads((Path(__file__).parents[1] / "data" / "decisions.toml").read_text("utf-8"))
TET = "Nghỉ Tết từ ngày 24/01/2028 đến hết ngày 28/01/2028"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder with the shipped configuration and a made database."""
    (tmp_path / "config.toml").write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    engine = database.create_engine(f"sqlite:///{tmp_path / 'var' / 'sumvay.db'}")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(text(f"INSERT INTO alembic_version VALUES ('{migrate.head()}')"))
    with database.create_session_factory(engine).begin() as session:
        import_catalog(session, read_catalog(), now=datetime(2025, 12, 1, tzinfo=UTC))
    engine.dispose()
    return tmp_path


def as_json(home, text, year):
    result = sumvay(
        home,
        *("calendar", "decide", "-", "--year", str(year), "--preview", "--format", "json"),
        typed=text,
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


@pytest.mark.parametrize("case", CASES["line"], ids=lambda case: case["why"])
def test_other_programs_get_what_was_read_as_json(home, case):
    found = as_json(home, case["text"], case["year"])

    assert found["off"] == [day.isoformat() for day in case.get("off", [])]
    assert found["work"] == [day.isoformat() for day in case.get("work", [])]
    assert found["doubtful"] == []
    assert bool(found["unread"]) or not case.get("unread")


@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_a_decision_is_looked_at_before_there_is_a_database_and_none_is_made(tmp_path, options):
    (tmp_path / "config.toml").write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    year = ("--year", "2028", "--preview", *options)

    found = sumvay(tmp_path, "calendar", "decide", "-", *year, typed=TET)

    assert found.returncode == 0, found.stderr
    assert ("2028-01-24" if options else "24/01/2028") in found.stdout
    assert not (tmp_path / "var").exists()


def test_a_decision_is_not_applied_where_no_database_was_made(tmp_path):
    (tmp_path / "config.toml").write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")

    refused = sumvay(tmp_path, "calendar", "decide", "-", "--year", "2028", "--yes", typed=TET)

    assert refused.returncode == 1
    assert "sumvay init" in refused.stderr


def test_doubtful_days_stand_among_the_others_too(home):
    found = as_json(home, "Nghỉ ngày 15/3/2028", 2028)

    assert found == {"off": ["2028-03-15"], "work": [], "unread": [], "doubtful": ["2028-03-15"]}


@pytest.mark.parametrize("case", CASES["swap"], ids=lambda case: case["why"])
@pytest.mark.parametrize("options", [(), ("--format", "json")])
def test_a_swap_that_cannot_be_is_refused_in_words(home, case, options):
    text = (
        f"Hoán đổi ngày làm việc từ ngày {case['off']:%d/%m/%Y} sang ngày {case['work']:%d/%m/%Y}"
    )

    result = sumvay(
        home, "calendar", "decide", "-", "--year", "2027", "--preview", *options, typed=text
    )

    assert result.returncode == 1
    assert "Không thể" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("encoding", "code"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 1), ("utf-16-be", 1)]
)
def test_a_file_is_utf8_or_refused_in_words(home, encoding, code):
    (home / "quyet-dinh.txt").write_bytes(TET.encode(encoding))

    result = sumvay(home, "calendar", "decide", "quyet-dinh.txt", "--year", "2028", "--preview")

    assert result.returncode == code
    assert ("bảng mã UTF-8" in result.stderr) == bool(code)
    assert "Traceback" not in result.stderr


def test_a_configuration_with_a_byte_order_mark_is_read_and_in_utf16_refused(home):
    text = (home / "config.toml").read_text("utf-8")

    for encoding, code in (("utf-8-sig", 0), ("utf-16", 2)):
        (home / "config.toml").write_bytes(text.encode(encoding))
        result = sumvay(home, "calendar", "decide", "-", "--year", "2028", "--preview", typed=TET)
        assert result.returncode == code
        assert ("bảng mã UTF-8" in result.stderr) == bool(code)


def test_a_decision_is_read_from_a_file_shown_and_applied_only_when_told_to(home):
    text = "Kính gửi các cơ quan\nnghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027\n"
    decide = ("calendar", "decide", "-", "--year", "2027")
    preview = sumvay(home, *decide, "--preview", typed=text)
    unasked = sumvay(home, *decide, typed=text)
    done = sumvay(home, *decide, "--yes", typed=text)

    assert (preview.returncode, unasked.returncode, done.returncode) == (0, 2, 0), done.stderr
    for said in (preview.stdout, unasked.stdout, done.stdout):
        assert "Kính gửi các cơ quan" in said
        assert "05/02/2027 trong kỳ nghỉ Tết" in said
    assert "--yes" in unasked.stdout
    assert "2027" in done.stdout.splitlines()[-1]


def test_the_preview_shows_the_months_before_beside_after(home):
    text = "nghỉ Tết từ ngày 26/01/2028 đến hết ngày 28/01/2028"

    result = sumvay(home, "calendar", "decide", "-", "--year", "2028", "--preview", typed=text)

    lines = result.stdout.splitlines()
    first = lines.index("Tháng 01/2028, ngày nghỉ trong ngoặc vuông")
    assert lines[first + 1].split() == ["Trước", "Sau"]
    assert lines[first + 2].split() == ["T2", "T3", "T4", "T5", "T6", "T7", "CN"] * 2
    assert lines[first + 3] == " " * 20 + "[01][02]" + " " * 23 + "[01][02]"
    assert lines[first + 7] == (
        "[24][25][26][27][28][29][30]" + "   " + " 24  25 [26][27][28][29][30]"
    )
    assert [line for line in lines if line.startswith("Tháng ")] == [lines[first]]


def test_a_decision_entered_for_another_year_than_its_dates_is_refused(home):
    text = "nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027"

    result = sumvay(home, "calendar", "decide", "-", "--year", "2028", "--yes", typed=text)

    assert result.returncode == 1
    assert "2028" in result.stderr
    assert "Traceback" not in result.stderr
