"""Addresses that people type, asked over sockets of this machine in the place of the internet."""

import gzip
import http.server
import socket
import ssl
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from events.calendars import fetching
from events.calendars.fetching import ask, checked_address, fetch, is_public
from events.calendars.refusals import CalendarRefusedError, Refused

CALENDAR = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"


class Handler(http.server.BaseHTTPRequestHandler):
    """A server whose paths say what it does."""

    def do_GET(self):
        what = getattr(self, "at_" + self.path.strip("/").partition("?")[0].replace("-", "_"), None)
        what() if what else self.give(b"", 404)

    def give(self, body, status=200, **headers):
        self.send_response(status)
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in ({"Content-Length": str(len(body))} | said).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def at_calendar(self):
        if self.headers.get("If-None-Match") == '"a"':
            self.give(b"", 304)
        else:
            self.give(CALENDAR, ETag='"a"')

    def at_zipped(self):
        self.give(gzip.compress(CALENDAR), Content_Encoding="gzip")

    def at_bomb(self):
        self.give(gzip.compress(b"X" * 50_000_000), Content_Encoding="gzip")

    def at_large(self):
        self.give(b"X" * (fetching.LARGEST + 1))

    def at_endless(self):
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"X" * 65536)
        except OSError:
            pass

    def at_slow(self):
        self.send_response(200)
        self.send_header("Content-Length", "100")
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b"X")
                self.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    def at_short(self):
        self.give(b"BEGIN:VCAL", Content_Length="100")

    def at_moved(self):
        self.give(b"", 302, Location="/calendar")

    def at_round(self):
        self.give(b"", 302, Location="/round")

    def at_inside(self):
        self.give(b"", 302, Location=f"http://127.0.0.2:{self.server.server_port}/calendar")

    def at_file(self):
        self.give(b"", 302, Location="file:///etc/passwd")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server():
    """A server that listens at all addresses of this machine's own network."""
    with http.server.ThreadingHTTPServer(("0.0.0.0", 0), Handler) as running:
        loop = threading.Thread(target=running.serve_forever, daemon=True)
        loop.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def public(address):
    """In these tests 127.0.0.1 is the internet, and all else is inside."""
    return address == "127.0.0.1"


def refused(url, **more):
    with pytest.raises(CalendarRefusedError) as error:
        fetch(url, may=public, **more)
    return error.value.why


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::",
        "64:ff9b::a9fe:a9fe",
        "2001:db8::1",
    ],
)
def test_no_address_inside_is_public(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["203.113.131.1", "8.8.8.8", "2606:4700:4700::1111"])
def test_addresses_of_the_internet_are_public(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "lịch của bộ",
        "ftp://example.org/a.ics",
        "file:///etc/passwd",
        "https://",
        "https://user:secret@example.org/a.ics",
        "https://example.org:25/a.ics",
        "https://example.org:99999/a.ics",
        "https://example.org/a\r\nHost: b",
        "https://[::1/a.ics",
        "https://" + "a" * 3000,
        "javascript:alert(1)",
        "gopher://example.org",
    ],
)
def test_what_cannot_be_the_address_of_a_calendar_is_refused(text):
    with pytest.raises(CalendarRefusedError) as error:
        checked_address(text)

    assert error.value.why is Refused.ADDRESS


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "[::1]", "169.254.169.254", "a.localhost"]
)
def test_an_address_that_is_plainly_inside_is_refused_before_it_is_asked(host):
    with pytest.raises(CalendarRefusedError) as error:
        checked_address(f"http://{host}/a.ics")

    assert error.value.why is Refused.PRIVATE


def test_an_address_is_kept_as_it_is_asked_for():
    assert (
        checked_address(" webcal://example.org/lịch.ics#a ")
        == "https://example.org/l%E1%BB%8Bch.ics"
    )
    assert (
        checked_address("https://lịch.example.org/a?b=c d")
        == "https://xn--lch-llz.example.org/a?b=c%20d"
    )


def test_a_calendar_is_fetched_plain_and_again_only_if_it_changed(server):
    first = fetch(f"{server}/calendar", may=public)
    again = fetch(f"{server}/calendar", headers={"If-None-Match": '"a"'}, may=public)

    assert (first.status, first.body, again.status) == (200, CALENDAR, 304)
    assert fetch(f"{server}/zipped", may=public).body == CALENDAR
    assert fetch(f"{server}/moved", may=public).body == CALENDAR


def test_every_hop_is_asked_whether_it_is_public(server):
    assert refused(f"{server}/inside") is Refused.PRIVATE
    assert refused(f"{server}/file") is Refused.ADDRESS
    assert refused(f"{server}/round") is Refused.REDIRECTS


def test_nothing_inside_is_asked_without_leave(server):
    with pytest.raises(CalendarRefusedError) as error:
        fetch(f"{server}/calendar")

    assert error.value.why is Refused.PRIVATE


def test_numbers_that_resolvers_take_for_addresses_lead_nowhere_inside(server):
    port = server.rpartition(":")[2]
    for host in ("2130706433", "0x7f.1", "127.1"):
        with pytest.raises(CalendarRefusedError):
            fetch(f"http://{host}:{port}/calendar")


def test_one_address_inside_is_enough_to_refuse_a_name(server, monkeypatch):
    port = int(server.rpartition(":")[2])
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
        for one in ("127.0.0.1", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    assert refused(f"http://lich.example.org:{port}/calendar") is Refused.PRIVATE


def test_a_name_that_says_something_else_the_second_time_is_asked_once(server, monkeypatch):
    port, asked = int(server.rpartition(":")[2]), []

    def look_up(host, *_, **__):
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    real = socket.create_connection
    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(
        socket, "create_connection", lambda where, timeout: _connect(where, timeout, real)
    )
    answer = ask(f"http://lich.example.org:{port}/calendar", may=public)

    assert answer.body == CALENDAR
    assert asked == ["lich.example.org"]


def _connect(where, timeout, _real):
    """Connect by number, as a name is not to be asked for again."""
    sock = socket.socket()
    sock.settimeout(timeout)
    sock.connect(where)
    return sock


def test_what_is_too_large_or_too_slow_or_breaks_off_is_refused(server):
    assert refused(f"{server}/large") is Refused.TOO_LARGE
    assert refused(f"{server}/endless") is Refused.TOO_LARGE
    assert refused(f"{server}/bomb") is Refused.TOO_LARGE
    assert refused(f"{server}/short") is Refused.UNREACHABLE
    begun = time.monotonic()
    assert refused(f"{server}/slow", patience=0.5) is Refused.TOO_SLOW
    assert time.monotonic() - begun < 5


def test_nobody_there_is_told_as_such():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    assert refused(f"http://127.0.0.1:{port}/calendar") is Refused.UNREACHABLE


@pytest.fixture
def with_tls(tmp_path, monkeypatch):
    """A server whose certificate is for lich.example.org, and that this machine trusts."""
    key, certificate = a_certificate("lich.example.org")
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "certificate.pem").write_bytes(certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate.pem", tmp_path / "key.pem")
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.socket = context.wrap_socket(running.socket, server_side=True)
        running.handle_error = lambda *_: None
        loop = threading.Thread(target=running.serve_forever, daemon=True)
        loop.start()
        port = running.server_port
        here = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: here)
        yield port
        running.shutdown()


def a_certificate(name):
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(who)
        .issuer_name(who)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private, certificate.public_bytes(serialization.Encoding.PEM)


def test_the_certificate_must_be_of_the_name_though_the_connection_goes_to_its_number(with_tls):
    answer = fetch(f"https://lich.example.org:{with_tls}/calendar", may=public)

    assert answer.body == CALENDAR
    assert refused(f"https://khac.example.org:{with_tls}/calendar") is Refused.UNREACHABLE
