"""The proxies of docs/deploying.md, in front of the web server of the service."""

import os
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

from scheduler import server as serving
from scheduler.config import WebSettings
from tests.scheduler.processes import PATIENCE
from web.kit.uploads import LARGEST_UPLOAD

DEPLOYING = Path(__file__).parents[2] / "docs" / "deploying.md"
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # folders that nginx writes into


def example(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", DEPLOYING.read_text(encoding="utf-8"), re.DOTALL)
    assert found, f"no example of {language}"
    return found[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not on this machine")


@pytest.fixture
def behind() -> Iterator[int]:
    """A page that says what reached it, through the server and the proxies it trusts."""
    app = Flask("pages")
    app.add_url_rule(
        "/dang-nhap/lien-ket/<token>",
        "link",
        lambda token: f"{request.remote_addr} {request.scheme} {request.host}",
        methods=["GET", "POST"],
    )
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    server = serving.listen(app, WebSettings(port=0, trusted_proxies=1))
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    yield server.effective_port
    server.close()
    loop.join(PATIENCE)


@pytest.fixture
def proxy(behind: int, tmp_path: Path) -> Iterator[str]:
    """The documented nginx, with ports and files of this test."""
    nginx, openssl, port = program("nginx"), program("openssl"), free_port()
    cert, key, whole = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "nginx.conf"
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lich.example.org"]
    subprocess.run([openssl, *asked, "-out", cert, "-keyout", key], check=True, capture_output=True)
    inner = example("nginx")
    for documented, here in {
        "/etc/ssl/certs/lich.example.org.pem": str(cert),
        "/etc/ssl/private/lich.example.org.key": str(key),
        "/var/log/nginx/": f"{tmp_path}/",
        "listen 80;": f"listen 127.0.0.1:{free_port()};",
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "127.0.0.1:8000": f"127.0.0.1:{behind}",
    }.items():
        assert documented in inner
        inner = inner.replace(documented, here)
    folders = "".join(f"{name}_temp_path {tmp_path}/{name};\n" for name in TEMPORARY)
    user = "user root;\n" if os.getuid() == 0 else ""
    whole.write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {tmp_path}/pid;\n"
        f"events {{}}\nhttp {{\n{folders}{inner}\n}}\n"
    )
    process = subprocess.Popen([nginx, "-p", tmp_path, "-c", whole, "-e", tmp_path / "error.log"])
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    assert process.poll() is None, (tmp_path / "error.log").read_text()
    yield f"https://127.0.0.1:{port}"
    process.terminate()
    process.wait(PATIENCE)


def ask(address: str, body: bytes | None = None) -> tuple[int, str]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    forged = {
        "Host": "lich.example.org",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "elsewhere.example.org",
        "Forwarded": "for=192.0.2.2",
    }
    asked = urllib.request.Request(address, body, forged)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE, context=trusting) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""


@pytest.mark.slow
def test_nginx_tells_who_the_visitor_is_and_hands_on_no_forged_header(proxy: str):
    assert ask(f"{proxy}/dang-nhap/lien-ket/secret") == (200, "127.0.0.1 https lich.example.org")


@pytest.mark.slow
def test_nginx_writes_no_link_of_a_mail_and_no_query_into_its_log(proxy: str, tmp_path: Path):
    ask(f"{proxy}/dang-nhap/lien-ket/secret?q=word")
    log, deadline = tmp_path / "sumvay.log", time.monotonic() + PATIENCE
    while not log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert '"GET /dang-nhap/lien-ket/-" 200' in log.read_text()
    assert "secret" not in log.read_text()
    assert "word" not in log.read_text()


@pytest.mark.slow
def test_nginx_writes_no_secret_of_a_calendar_into_its_log(proxy: str, tmp_path: Path):
    ask(f"{proxy}/f/secret/viec-cua-toi.ics")
    log, deadline = tmp_path / "sumvay.log", time.monotonic() + PATIENCE
    while not log.read_text() and time.monotonic() < deadline:
        time.sleep(0.05)

    assert '"GET /f/-" 404' in log.read_text()
    assert "secret" not in log.read_text()


@pytest.mark.slow
def test_nginx_refuses_what_is_larger_than_all_forms(proxy: str):
    status, _ = ask(f"{proxy}/dang-nhap/lien-ket/x", b"x" * (LARGEST_UPLOAD + 2 * 1024 * 1024))

    assert status == 413


@pytest.mark.parametrize("language", ["nginx", "caddyfile"])
def test_no_example_writes_the_link_of_a_mail_into_its_log(language: str):
    assert "/dang-nhap/lien-ket/" in example(language)
    assert "^/f/" in example(language)


def test_the_example_lets_through_what_the_service_takes():
    [size] = re.findall(r"client_max_body_size\s+(\d+)m;", example("nginx"))

    assert LARGEST_UPLOAD < int(size) * 1024 * 1024 < LARGEST_UPLOAD * 1.1
