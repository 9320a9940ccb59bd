"""The nginx of docs/deploying.md that answers polls of calendars from files."""

import gzip
import os
import re
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response

from scheduler import server as serving
from scheduler.config import WebSettings
from tests.scheduler.processes import PATIENCE
from tests.scheduler.test_documented_proxy import DEPLOYING, TEMPORARY, free_port, program

BODY = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
CHANGED = 1_614_574_800  # Mon, 01 Mar 2021 05:00:00 GMT


@pytest.fixture
def published(tmp_path: Path) -> Iterator[str]:
    """nginx with one calendar as a file, and a service behind it that has one more."""
    app = Flask("pages")
    app.add_url_rule(
        "/lich/en/ngay.ics", "feed", lambda: Response("from the service", mimetype="text/calendar")
    )
    server = serving.listen(app, WebSettings(port=0, trusted_proxies=1))
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    folder = tmp_path / "feeds"
    folder.mkdir()
    for name, body in (("ngay.ics.gz", gzip.compress(BODY, mtime=0)), ("ngay.ics", BODY)):
        (folder / name).write_bytes(body)
        os.utime(folder / name, (CHANGED, CHANGED))
    tmp_path.chmod(0o755)
    nginx, port, whole = program("nginx"), free_port(), tmp_path / "nginx.conf"
    blocks = re.findall(r"```nginx\n(.*?)```", DEPLOYING.read_text(encoding="utf-8"), re.DOTALL)
    inner = blocks[1].replace("/var/lib/sumvay/feeds/", f"{folder}/")
    inner = inner.replace("127.0.0.1:8000", f"127.0.0.1:{server.effective_port}")
    folders = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in TEMPORARY)
    user = "user root;\n" if os.getuid() == 0 else ""
    whole.write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {tmp_path}/pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{folders}server {{\nlisten 127.0.0.1:{port};\n{inner}\n}}\n}}\n"
    )
    process = subprocess.Popen([nginx, "-p", tmp_path, "-c", whole, "-e", tmp_path / "error.log"])
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            ask(f"{address}/lich/ngay.ics")
            break
        except OSError:
            time.sleep(0.05)
    assert process.poll() is None, (tmp_path / "error.log").read_text()
    yield address
    process.terminate()
    process.wait(PATIENCE)
    server.close()
    loop.join(PATIENCE)


def ask(address: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    asked = urllib.request.Request(address, method=method, headers=names)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


@pytest.mark.slow
def test_nginx_answers_a_poll_as_the_service_does(published: str):
    feed = f"{published}/lich/ngay.ics"

    status, headers, body = ask(feed)

    assert (status, body) == (200, BODY)
    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert headers["Last-Modified"] == "Mon, 01 Mar 2021 05:00:00 GMT"
    assert headers["Cache-Control"] == "public, max-age=300"
    assert headers["X-Robots-Tag"] == "noindex"
    assert "Set-Cookie" not in headers
    assert ask(feed, If_None_Match=headers["ETag"])[0] == 304
    assert ask(feed, If_Modified_Since=headers["Last-Modified"])[0] == 304
    assert ask(feed, If_None_Match='"other"', If_Modified_Since=headers["Last-Modified"])[0] == 200
    assert ask(feed, "HEAD")[1]["Content-Type"] == headers["Content-Type"]
    assert ask(feed, "PUT")[0] == 405


@pytest.mark.slow
def test_nginx_packs_for_whoever_asks_and_can_read_it(published: str):
    feed = f"{published}/lich/ngay.ics"

    _status, headers, body = ask(feed, Accept_Encoding="gzip")

    assert (headers["Content-Encoding"], gzip.decompress(body)) == ("gzip", BODY)
    assert headers["Vary"] == "Accept-Encoding"
    assert headers["Content-Type"] == "text/calendar; charset=utf-8"
    agent = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)"
    assert ask(feed, Accept_Encoding="gzip", User_Agent=agent)[2] == BODY


@pytest.mark.slow
def test_nginx_asks_the_service_for_what_is_no_file(published: str):
    assert ask(f"{published}/lich/en/ngay.ics")[2] == b"from the service"
    assert ask(f"{published}/lich/khong-co.ics")[0] == 404
