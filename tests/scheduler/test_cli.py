import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.scheduler.processes import PATIENCE, environment, sumvay

pytestmark = pytest.mark.slow  # every test starts processes

SHIPPED = Path(__file__).parents[2] / "config.toml"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An empty folder with the shipped configuration, as a newcomer has it."""
    (tmp_path / "config.toml").write_text(SHIPPED.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _heed_ctrl_c():
    """Undo what a shell does to commands in the background: they ignore ctrl-c, and so would the
    service.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def served(home, port):
    """The service as `make run` starts it, ended by its own process id."""
    command = [sys.executable, "-m", "scheduler", "serve"]
    process = subprocess.Popen(
        command,
        cwd=home,
        env=environment(SUMVAY_WEB__PORT=str(port)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_heed_ctrl_c,
    )
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/khoe", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield process
    if process.poll() is None:
        process.kill()
        process.wait()


def test_the_service_answers_prints_the_code_and_stops_cleanly_on_ctrl_c(home, port, served):
    feed = urllib.request.urlopen(
        f"http://127.0.0.1:{port}/lich/ngay-gia-dinh-viet-nam.ics", timeout=10
    ).read()
    served.send_signal(signal.SIGINT)
    said, _ = served.communicate(timeout=PATIENCE)

    assert served.returncode == 0
    assert feed.startswith(b"BEGIN:VCALENDAR")
    assert f"http://127.0.0.1:{port}" in said
    assert (home / "var" / "setup_code").read_text().strip() in said
    assert "Traceback" not in said


def test_starting_again_loses_and_doubles_nothing(home):
    whole_year = f"{datetime.now(UTC).year}-01-01"
    first = sumvay(home, "init", "--start-line", whole_year)
    second = sumvay(home, "init")
    code = [file.read_text() for file in (home / "var").glob("secret_key")]

    assert (first.returncode, second.returncode) == (0, 0)
    assert "Tháng hành động vì bình đẳng giới" in first.stdout
    assert second.stdout == ""
    assert code == [file.read_text() for file in (home / "var").glob("secret_key")]


def test_a_taken_port_is_one_line_and_exit_code_1(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused = sumvay(home, "serve", SUMVAY_WEB__PORT=port)

    assert refused.returncode == 1
    assert port in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("variables", "arguments", "code", "said"),
    [
        ({"SUMVAY_WEB__PORT": "x"}, ["doctor"], 2, "web.port"),
        ({"SUMVAY_CONFIG": "missing.toml"}, ["doctor"], 2, "missing.toml"),
        ({}, ["simulate", "--year", "2101"], 1, "1900"),
        ({}, ["simulate", "--year", "2021", "--unit", "xa-la"], 1, "xa-la"),
        ({}, ["simulate"], 2, "--year"),
        ({}, ["simulate", "--year", "2027", "--event", "nope=2027-06-20"], 1, "nope"),
        ({}, ["simulate", "--year", "2027", "--event", "report_year=2027-12-20"], 1, "report_year"),
        (
            {},
            ["simulate", "--year", "2027", "--event", "vn_family_day=2029-06-20"],
            1,
            "20/06/2029",
        ),
        (
            {},
            ["simulate", "--year", "2027", "--late-plan", "intl_happiness_day=2028-03-12"],
            1,
            "12/03/2028",
        ),
        ({}, ["web"], 1, "sumvay init"),
        ({"SUMVAY_DATABASE__URL": "postgresql://127.0.0.1:1/none"}, ["init"], 1, "127.0.0.1"),
        ({"SUMVAY_DATABASE__URL": "sqlite:////proc/none/sumvay.db"}, ["init"], 1, "/proc/none"),
    ],
)
def test_bad_input_is_one_clear_line_and_an_exit_code(home, variables, arguments, code, said):
    refused = sumvay(home, *arguments, **variables)

    assert refused.returncode == code
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_broken_catalogue_is_named_and_nothing_is_imported(home):
    (home / "catalog").mkdir()
    for file in (SHIPPED.parent / "events" / "catalog" / "data").glob("*.toml"):
        (home / "catalog" / file.name).write_text(
            file.read_text(encoding="utf-8").replace('role = "mttq"', 'role = "mtqq"'),
            encoding="utf-8",
        )

    refused = sumvay(home, "catalog", "check", "catalog")

    assert refused.returncode == 1
    assert "templates.toml:" in refused.stderr
    assert "mtqq" in refused.stderr


def test_simulate_prints_json_without_a_database(home):
    played = sumvay(home, "simulate", "--year", "2021", "--unit", "618", "--format", "json")

    assert played.returncode == 0
    assert {line["unit"] for line in json.loads(played.stdout)["campaigns"]} == {
        "618",
        "23535",
        "23537",
        "23538",
    }
    assert not (home / "var").exists()


def test_help_shows_examples_and_needs_no_configuration(tmp_path):
    shown = sumvay(tmp_path, "simulate", "--help")

    assert shown.returncode == 0
    assert "sumvay simulate --year 2027" in shown.stdout


def test_demo_people_come_and_go(home):
    sumvay(home, "init")
    added, again, removed = (
        sumvay(home, "demo"),
        sumvay(home, "demo"),
        sumvay(home, "demo", "--remove"),
    )

    assert added.stdout.startswith("97 ") or " 97 " in added.stdout
    assert again.stdout.startswith("0 ") or " 0 " in again.stdout
    assert removed.stdout.startswith("97 ") or " 97 " in removed.stdout


def test_doctor_is_content_after_init_and_not_before(home):
    before = sumvay(home, "doctor")
    sumvay(home, "init")
    after = sumvay(home, "doctor")

    assert (before.returncode, after.returncode) == (1, 0)


def test_feeds_can_be_written_as_files(home):
    sumvay(home, "init")

    written = sumvay(home, "feed", "write", "out", "--slug", "ngay-gia-dinh-viet-nam")

    assert written.returncode == 0
    assert (
        (home / "out" / "ngay-gia-dinh-viet-nam.ics")
        .read_bytes()
        .startswith(b"BEGIN:VCALENDAR\r\n")
    )


def test_init_takes_any_province_by_code_or_name_and_shows_which_there_are(home):
    listed = sumvay(home, "province", "list")
    unknown = sumvay(home, "init", "--province", "Atlantis")
    taken = sumvay(home, "init", "--province", "can tho")
    status = json.loads(sumvay(home, "status", "--format", "json").stdout)
    again = sumvay(home, "init")

    assert (listed.returncode, unknown.returncode, taken.returncode) == (0, 1, 0)
    assert "Thành phố Cần Thơ" in listed.stdout
    assert "Atlantis" in unknown.stderr
    assert "Thành phố Cần Thơ" in taken.stdout
    assert status["silent_units"] == 0  # on the first day nobody has had to speak yet
    assert again.returncode == 0
    assert "mở" not in again.stdout


def test_the_start_line_is_shown_moved_and_taken_back(home):
    first = f"{datetime.now(UTC).year}-01-01"
    sumvay(home, "init", "--start-line", first)

    shown = sumvay(home, "start-line", f"{datetime.now(UTC):%Y-%m-%d}", "--preview")
    asked = sumvay(home, "start-line", f"{datetime.now(UTC):%Y-%m-%d}")
    done = sumvay(home, "start-line", f"{datetime.now(UTC):%Y-%m-%d}", "--yes")
    undone = sumvay(home, "start-line", "--undo")
    counts = sumvay(home, "start-line")

    assert (shown.returncode, asked.returncode, done.returncode) == (0, 2, 0)
    assert undone.returncode == 0
    assert f"01/01/{first[:4]}" in counts.stdout
    assert sumvay(home, "start-line", "--undo").returncode == 1
