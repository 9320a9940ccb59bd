"""The proxies of deploy/, in front of the web server of the service."""

import http.client
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
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask, request
from waitress.server import BaseWSGIServer
from werkzeug.middleware.proxy_fix import ProxyFix

from scheduler.config import WebSettings
from scheduler.serving import server as serving
from tests.scheduler.processes import PATIENCE, free_port
from web.kit.uploads import LARGEST_UPLOAD

DEPLOY = Path(__file__).parents[2] / "deploy"
VIEWS = (DEPLOY.parent / "web" / "accounts" / "views.py").read_text(encoding="utf-8")
Command = Callable[[str, int, int, tuple[Path, Path]], list[str]]
CUT_OFF = 0  # in place of a status, where a proxy hangs up while somebody still sends
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")  # folders that nginx writes into


def documented(file: str) -> str:
    return (DEPLOY / file).read_text(encoding="utf-8")


def program(name: str) -> str:
    return shutil.which(name) or pytest.skip(f"{name} is not on this machine")


@pytest.fixture
def behind() -> Iterator[BaseWSGIServer]:
    """A page that says what reached it, through the server and the proxies it trusts."""
    app = Flask("pages")
    app.add_url_rule(
        "/dang-nhap/<door>/<token>",
        "link",
        lambda door, token: f"{request.remote_addr} {request.scheme} {request.host}",
    )
    app.add_url_rule(
        "/minh-chung", "items.give", lambda: str(len(request.get_data())), methods=["POST"]
    )
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=0)  # type: ignore[method-assign]
    server = serving.listen(app, WebSettings(port=0, trusted_proxies=1))
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    yield server
    server.close()
    loop.join(PATIENCE)


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    asked = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lich.example.org"]
    asked += ["-addext", "subjectAltName=DNS:lich.example.org", "-out", cert, "-keyout", key]
    subprocess.run([program("openssl"), *asked], check=True, capture_output=True)
    return cert, key


@pytest.fixture(params=["nginx", "caddy"])
def proxy(
    request: pytest.FixtureRequest,
    behind: BaseWSGIServer,
    certificate: tuple[Path, Path],
) -> Iterator[str]:
    """A documented proxy, with ports and files of this test."""
    command = nginx if request.param == "nginx" else caddy
    with running(command, program(request.param), behind.effective_port, certificate) as address:
        yield address


@contextmanager
def running(
    command: Command, program: str, behind: int, certificate: tuple[Path, Path]
) -> Iterator[str]:
    """Run a proxy before whatever listens at the port ``behind``, and yield its address."""
    port, folder = free_port(), certificate[0].parent
    folder.chmod(0o755)
    with (folder / "output.log").open("wb") as output:
        process = subprocess.Popen(
            command(program, behind, port, certificate),
            stdout=output,
            stderr=output,
            cwd=folder,
            env=os.environ | {"HOME": str(folder), "XDG_DATA_HOME": str(folder)},
        )
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    assert process.poll() is None, (folder / "output.log").read_text()
    yield f"https://127.0.0.1:{port}"
    process.terminate()
    process.wait(PATIENCE)


def nginx(program: str, behind: int, port: int, certificate: tuple[Path, Path]) -> list[str]:
    """Return the command that runs the documented nginx, with published calendars in ``feeds``
    beside the certificate.
    """
    folder = certificate[0].parent
    inner = replaced(
        documented("nginx.conf"),
        {
            "/etc/ssl/certs/lich.example.org.pem": str(certificate[0]),
            "/etc/ssl/private/lich.example.org.key": str(certificate[1]),
            "/var/log/nginx/": f"{folder}/",
            "/var/lib/sumvay/feeds/": f"{folder}/feeds/",
            "listen 80;": f"listen 127.0.0.1:{plain_port(folder)};",
            "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "127.0.0.1:8000": f"127.0.0.1:{behind}",
        },
    )
    folders = "".join(f"{name}_temp_path {folder}/{name};\n" for name in TEMPORARY)
    user = "user root;\n" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 1;\npid {folder}/pid;\n"
        f"events {{}}\nhttp {{\n{folders}{inner}\n}}\n"
    )
    return [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]


def caddy(program: str, behind: int, port: int, certificate: tuple[Path, Path]) -> list[str]:
    """Return the command that runs the documented Caddy, with a certificate of ours in place of the
    one that it would fetch.
    """
    folder = certificate[0].parent
    bound, plain = "bind 127.0.0.1", plain_port(folder)
    tls = f"{bound}\n\ttls {certificate[0]} {certificate[1]}"
    ours = "admin off\n\tauto_https off\n\tdefault_sni lich.example.org"
    (folder / "Caddyfile").write_text(
        replaced(
            documented("Caddyfile"),
            {
                "{\n\tservers {": f"{{\n\t{ours}\n\tservers {{",
                "\nlich.example.org {": f"\nhttps://lich.example.org:{port} {{\n\t{tls}",
                "http://lich.example.org {": f"http://lich.example.org:{plain} {{\n\t{bound}",
                "/var/log/caddy/": f"{folder}/",
                "127.0.0.1:8000": f"127.0.0.1:{behind}",
            },
        )
    )
    return [program, "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]


def plain_port(folder: Path) -> int:
    """Return the port at which a proxy listens for http, and write it down for the test."""
    port = free_port()
    (folder / "plain").write_text(str(port))
    return port


def replaced(text: str, here: dict[str, str]) -> str:
    for documented, ours in here.items():
        assert documented in text
        text = text.replace(documented, ours)
    return text


def everything_logged(folder: Path) -> str:
    """Return all that a proxy has written so far."""
    return "".join(file.read_text() for file in sorted(folder.glob("*.log")))


def ask(address: str, body: bytes | None = None) -> tuple[int, str]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    forged = {
        "Host": "lich.example.org",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "elsewhere.example.org",
        "Forwarded": "for=192.0.2.2",
        "Cookie": "session=somebody",
    }
    asked = urllib.request.Request(address, body, forged)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE, context=trusting) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, ""
    except urllib.error.URLError:
        return CUT_OFF, ""


@pytest.mark.slow
def test_the_proxy_tells_who_the_visitor_is_and_hands_on_no_forged_header(proxy: str):
    assert ask(f"{proxy}/dang-nhap/lien-ket/secret") == (200, "127.0.0.1 https lich.example.org")


@pytest.mark.slow
@pytest.mark.parametrize("is_up", [True, False])
@pytest.mark.parametrize("door", ["lien-ket", "mat-khau"])
def test_the_proxy_writes_no_link_of_a_mail_and_no_query_into_its_log(
    proxy: str, behind: BaseWSGIServer, tmp_path: Path, door: str, *, is_up: bool
):
    if not is_up:
        behind.close()

    status, _ = ask(f"{proxy}/dang-nhap/{door}/secret?q=word")

    assert status == (200 if is_up else 502)
    deadline = time.monotonic() + PATIENCE
    while f"/dang-nhap/{door}/" not in everything_logged(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert f"/dang-nhap/{door}/" in everything_logged(tmp_path)
    assert "secret" not in everything_logged(tmp_path)
    assert "word" not in everything_logged(tmp_path)


@pytest.mark.slow
def test_the_proxy_writes_no_secret_of_a_calendar_into_its_log(proxy: str, tmp_path: Path):
    ask(f"{proxy}/f/secret/viec-cua-toi.ics")

    deadline = time.monotonic() + PATIENCE
    while "/f/" not in everything_logged(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert "/f/" in everything_logged(tmp_path)
    assert "secret" not in everything_logged(tmp_path)


@pytest.mark.slow
def test_people_are_led_from_http_to_https_and_programs_with_a_secret_are_not(
    proxy: str, tmp_path: Path
):
    port = int((tmp_path / "plain").read_text())

    def answer(path: str) -> tuple[int, str | None]:
        with closing(http.client.HTTPConnection("127.0.0.1", port)) as plain:
            plain.request("GET", path, headers={"Host": "lich.example.org"})
            found = plain.getresponse()
            return found.status, found.getheader("Location")

    assert answer("/don-vi/?q=1") == (301, "https://lich.example.org/don-vi/?q=1")
    assert answer("/f/secret/viec-cua-toi.ics") == (404, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("newest", "ciphers", "is_taken"),
    [
        (ssl.TLSVersion.TLSv1_3, "DEFAULT", True),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AESGCM", True),
        (ssl.TLSVersion.TLSv1_2, "AES128-SHA:AES256-SHA:@SECLEVEL=0", False),
        (ssl.TLSVersion.TLSv1_2, "ECDHE+AES:!AESGCM:!AESCCM:@SECLEVEL=0", False),
    ],
)
def test_the_proxy_speaks_with_ciphers_that_keep_secrets_alone(proxy, newest, ciphers, is_taken):
    """Forward secrecy and authenticated encryption (ASVS 12.1.2; RFC 9325, 4.2)."""
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    client.maximum_version = newest
    client.set_ciphers(ciphers)
    port = int(proxy.rpartition(":")[2])

    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as line:
        try:
            with client.wrap_socket(line, server_hostname="lich.example.org"):
                taken = True
        except (ssl.SSLError, ConnectionError):
            taken = False

    assert taken is is_taken


@pytest.mark.slow
def test_the_proxy_lets_through_the_largest_upload_and_refuses_what_is_larger(proxy: str):
    largest = b"x" * LARGEST_UPLOAD

    assert ask(f"{proxy}/minh-chung", largest) == (200, str(LARGEST_UPLOAD))
    assert ask(f"{proxy}/minh-chung", largest + b"x" * 2 * 1024 * 1024)[0] in (413, CUT_OFF)


@pytest.mark.parametrize("file", ["nginx.conf", "Caddyfile"])
def test_every_example_knows_every_address_that_opens_something(file: str):
    written = documented(file)
    secret = {rule.split("<token>")[0] for rule in re.findall(r'"(/[^"]*<token>)"', VIEWS)}

    assert secret == {"/dang-nhap/lien-ket/", "/dang-nhap/mat-khau/"}
    for address in secret:
        assert all(part in written for part in address.strip("/").split("/"))


def test_the_example_lets_through_what_the_service_takes():
    [size] = re.findall(r"client_max_body_size\s+(\d+)m;", documented("nginx.conf"))

    assert LARGEST_UPLOAD < int(size) * 1024 * 1024 < LARGEST_UPLOAD * 1.1
