"""What keeps the service from running is one line in Vietnamese and English, and an exit code."""

import shutil
import socket
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.scheduler.processes import PATIENCE, environment, sumvay

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    (folder / "config.toml").write_text("")
    assert sumvay(folder, "init").returncode == 0
    return folder


@pytest.fixture
def home(prepared: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(prepared, tmp_path / "home"))


def in_database(home: Path, statement: str, *values: str) -> None:
    database = sqlite3.connect(home / "var" / "sumvay.db")
    with database:
        database.execute(statement, values)
    database.close()


def loaded_by_another_server(home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from scheduler.serving.wsgi import app"],
        cwd=home,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def is_one_line_in_both(refused: subprocess.CompletedProcess[str], vietnamese: str, english: str):
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr
    line = refused.stderr.strip()
    assert len(line.splitlines()) == 1
    assert line.index(vietnamese) < line.index(english)


@pytest.mark.parametrize("key", ["", "short"])
def test_an_empty_or_short_secret_key(home: Path, key: str):
    (home / "var" / "secret_key").write_text(key)

    is_one_line_in_both(sumvay(home, "web"), "quá ngắn", "too short")


def test_a_taken_port(home: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        refused = sumvay(home, "web", SUMVAY_WEB__PORT=str(taken.getsockname()[1]))

    is_one_line_in_both(refused, "Cổng", "is taken")


def test_a_database_of_a_newer_version(home: Path):
    in_database(home, "UPDATE alembic_version SET version_num = '9999'")

    is_one_line_in_both(sumvay(home, "web"), "phiên bản mới hơn", "newer version")
    is_one_line_in_both(loaded_by_another_server(home), "phiên bản mới hơn", "newer version")


def test_an_empty_database_under_another_server(tmp_path: Path):
    (tmp_path / "config.toml").write_text("")

    is_one_line_in_both(loaded_by_another_server(tmp_path), "sumvay init", "is not ready")


def test_a_folder_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "var").write_text("a file in the place of the folder")

    is_one_line_in_both(sumvay(tmp_path, "init"), "Không dùng được", "cannot be used")


def test_another_server_on_a_new_installation_says_where_the_set_up_code_is(home: Path):
    shutil.rmtree(home / "var" / "setup_code", ignore_errors=True)

    said = loaded_by_another_server(home)

    assert said.returncode == 0
    assert len((home / "var" / "setup_code").read_text()) == len("ABCD-EFGH-JKMN")
    assert "setup_code" in said.stderr
    assert (home / "var" / "setup_code").read_text() not in said.stderr


def test_a_clock_that_was_set_back_until_somebody_says_that_it_is_right(home: Path):
    later = datetime.now(UTC) + timedelta(days=3)
    in_database(
        home, "INSERT INTO heartbeat VALUES ('x:1', 'relay', ?, '')", later.isoformat(" ")[:26]
    )

    is_one_line_in_both(sumvay(home, "clock"), "Đồng hồ", "The clock of this machine")
    assert sumvay(home, "init", "--clock-is-right").returncode == 0
    assert "x:1" not in str(
        sqlite3.connect(home / "var" / "sumvay.db").execute("SELECT * FROM heartbeat").fetchall()
    )
