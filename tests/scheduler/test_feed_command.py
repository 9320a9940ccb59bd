import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response, request

from scheduler.config import WebSettings
from scheduler.serving import server as serving
from tests.scheduler.processes import PATIENCE, sumvay

pytestmark = pytest.mark.slow  # every test starts processes

GOOD = Path(__file__).parents[1] / "data" / "calendars" / "good.ics"


@pytest.fixture
def address() -> Iterator[str]:
    """A server with one calendar that it gives away as clients want it, and one without."""
    app = Flask("calendars")

    @app.get("/lich/mau.ics")
    def calendar() -> Response:
        response = Response(GOOD.read_bytes(), content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = 'inline; filename="mau.ics"'
        response.cache_control.max_age = 300
        response.headers["Last-Modified"] = "Fri, 20 Nov 2026 02:00:00 GMT"
        response.add_etag()
        return response.make_conditional(request)

    app.add_url_rule("/lich/dang-nhap.ics", "page", lambda: "<!doctype html>")
    app.add_url_rule("/robots.txt", "robots", lambda: "User-agent: *\nDisallow: /viec\n")
    server = serving.listen(app, WebSettings(port=0))
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    loop.join(PATIENCE)


def test_a_good_calendar_passes_as_a_file_and_over_a_socket(tmp_path, address):
    file = sumvay(tmp_path, "feed", "check", str(GOOD), "--previous", str(GOOD))
    served = sumvay(tmp_path, "feed", "check", f"{address}/lich/mau.ics")

    assert (file.returncode, file.stderr) == (0, "")
    assert (served.returncode, served.stdout) == (0, "Mọi quy tắc đều đúng với 5 sự kiện.\n")


def test_a_breach_is_told_with_its_line_its_event_and_its_clients(tmp_path):
    broken = tmp_path / "lich.ics"
    broken.write_bytes(GOOD.read_bytes().replace("hóa\\,".encode(), "hóa,".encode()))

    text = sumvay(tmp_path, "feed", "check", str(broken), "--language", "en")
    machine = sumvay(tmp_path, "feed", "check", str(broken), "--format", "json")

    assert text.returncode == machine.returncode == 1
    assert text.stdout.startswith(f"{broken}:51: escape: UID 5f0c-2@example.org LOCATION has")
    [one] = json.loads(machine.stdout)["breaches"]
    assert (one["rule"], one["line"], one["uid"]) == ("escape", 51, "5f0c-2@example.org")
    assert one["clients"] == ["vobject", "Radicale"]


def test_an_event_that_went_is_told_beside_the_version_before(tmp_path):
    after = tmp_path / "sau.ics"
    head, _first, *rest = GOOD.read_bytes().split(b"BEGIN:VEVENT")
    after.write_bytes(b"BEGIN:VEVENT".join([head, *rest]).replace(b"5f0c-3@", b"5f0c-8@"))

    said = sumvay(tmp_path, "feed", "check", str(after), "--previous", str(GOOD))

    assert said.returncode == 1
    assert "uid-kept: UID 5f0c-8@example.org" in said.stdout


def test_what_cannot_be_read_has_an_exit_code_of_its_own(tmp_path, address):
    missing = sumvay(tmp_path, "feed", "check", "khong-co.ics")
    nobody = sumvay(tmp_path, "feed", "check", "http://127.0.0.1:1/lich.ics")
    unknown = sumvay(tmp_path, "feed", "check", f"{address}/khong-co.ics")
    page = sumvay(tmp_path, "feed", "check", f"{address}/lich/dang-nhap.ics")

    assert [missing.returncode, nobody.returncode, unknown.returncode] == [2, 2, 2]
    assert "404" in unknown.stderr
    assert page.returncode == 1
    assert "no-calendar" in page.stdout
    for said in (missing, nobody, unknown, page):
        assert "Traceback" not in said.stderr


def test_ten_breaches_of_a_rule_are_shown_and_the_rest_counted(tmp_path):
    unix = tmp_path / "unix.ics"
    unix.write_bytes(GOOD.read_bytes().replace(b"\r\n", b"\n"))

    said = sumvay(tmp_path, "feed", "check", str(unix)).stdout.splitlines()

    assert sum(": line-ends:" in line for line in said) == 10
    assert any(line.startswith("… line-ends: +") for line in said)
