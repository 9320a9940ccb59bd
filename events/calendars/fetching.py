"""Fetch a calendar over HTTP from an address that somebody typed.

Such an address must not lead into the network that the service stands in: a name is looked up
once, every address it has must be public, and the connection goes to one of those that were
looked at, so that a second look-up cannot say something else. A redirect is a new address, asked
the same.
"""

import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import SplitResult, quote, urljoin, urlsplit

from events.calendars.refusals import CalendarRefusedError, Refused

LARGEST = 1024 * 1024  # bytes, also after decompression
PATIENCE = 15.0  # seconds for one request, from the look-up of its name to the last byte
MOST_REDIRECTS = 3
_LONGEST_ADDRESS = 2000  # characters
_WELL_KNOWN = 1024  # ports below belong to other services
_REDIRECTS = (301, 302, 303, 307, 308)
_AGENT = "SumVay-Calendar/1"
# public by their number, and yet inside: NAT64 of private networks, Azure's own server
_INSIDE = (ipaddress.ip_network("64:ff9b::/96"), ipaddress.ip_network("168.63.129.16/32"))
_SAFE = "/%:=&?~#+!$,;'@()*[]"

May = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said; header names are in small letters. ``seconds`` went by before the first
    byte.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def location(self) -> str | None:
        """Return the address that a redirect leads to; None for any other answer."""
        target = self.headers.get("location")
        return urljoin(self.url, target) if target and self.status in _REDIRECTS else None


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the public internet: not of this machine, its network,
    its provider's metadata, or of another network inside one of these.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo and ip.teredo[1])
        if inner:
            return is_public(str(inner))
    inside = any(ip in network for network in _INSIDE if network.version == ip.version)
    return ip.is_global and not (inside or ip.is_multicast or ip.is_reserved)


def checked_address(text: str) -> str:
    """Return the address that somebody typed as it is asked for; webcal means https.

    Raises ``CalendarRefusedError`` for what cannot be one, or is plainly not public.
    """
    parts = _parts(text)
    host = parts.hostname or ""
    try:
        public = is_public(host)
    except ValueError:
        public = host != "localhost" and not host.endswith(".localhost")
    if not public:
        raise CalendarRefusedError(Refused.PRIVATE, host=host)
    return parts.geturl()


def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    may: May = is_public,
    largest: int = LARGEST,
    patience: float = PATIENCE,
) -> Answer:
    """Return the answer behind at most three redirects, its body plain.

    Raises ``CalendarRefusedError``.
    """
    deadline = time.monotonic() + patience
    for _hop in range(MOST_REDIRECTS + 1):
        left = deadline - time.monotonic()
        answer = ask(url, headers=headers, may=may, largest=largest, patience=left)
        if answer.location is None:
            return _plain(answer, largest)
        url = answer.location
    raise CalendarRefusedError(Refused.REDIRECTS, host=_host(url))


def ask(
    url: str,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    may: May = is_public,
    largest: int = LARGEST,
    patience: float = PATIENCE,
) -> Answer:
    """Return the answer to one request, as it came. Raises ``CalendarRefusedError``."""
    parts = _parts(url)
    if patience <= 0:
        raise CalendarRefusedError(Refused.TOO_SLOW)
    connection = _connection(parts, _addresses(parts, may), patience)
    begun = time.monotonic()
    try:
        with _for_at_most(connection, patience) as is_over:
            try:
                _send(connection, method, parts, headers or {})
                # one that is not read to its end holds the socket of a closed connection
                with connection.getresponse() as response:
                    seconds = time.monotonic() - begun
                    body = _read(response, largest, is_over)
            except (OSError, HTTPException, ValueError) as error:
                why = Refused.TOO_SLOW if _is_late(error, is_over) else Refused.UNREACHABLE
                facts = {} if why is Refused.TOO_SLOW else {"host": parts.hostname}
                raise CalendarRefusedError(why, **facts) from error
    finally:
        connection.close()
    said = {name.lower(): value for name, value in response.getheaders()}
    return Answer(parts.geturl(), response.status, said, body, seconds)


def _parts(text: str) -> SplitResult:
    """Return an address in its parts, in ASCII and without its fragment."""
    text = text.strip()
    if not text.isprintable() or len(text) > _LONGEST_ADDRESS:
        raise CalendarRefusedError(Refused.ADDRESS)
    try:
        parts = urlsplit(text)
        host = (parts.hostname or "").encode("idna").decode()
        port = parts.port
    except ValueError as error:  # of which a wrong name (UnicodeError) is one
        raise CalendarRefusedError(Refused.ADDRESS) from error
    scheme = {"webcal": "https", "webcals": "https"}.get(parts.scheme, parts.scheme)
    odd_port = port is not None and port < _WELL_KNOWN and port not in (80, 443)
    if scheme not in ("http", "https") or not host or parts.username is not None or odd_port:
        raise CalendarRefusedError(Refused.ADDRESS)
    where = f"[{host}]" if ":" in host else host
    path = quote(parts.path or "/", safe=_SAFE)
    query = quote(parts.query, safe=_SAFE)
    return SplitResult(scheme, where if port is None else f"{where}:{port}", path, query, "")


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _addresses(parts: SplitResult, may: May) -> list[str]:
    """Return the addresses of a name, if each of them may be asked."""
    host, port = parts.hostname or "", _port(parts)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise CalendarRefusedError(Refused.UNREACHABLE, host=host) from error
    addresses = list(dict.fromkeys(str(where[0]) for *_kind, where in found))
    if not addresses or not all(may(address) for address in addresses):
        raise CalendarRefusedError(Refused.PRIVATE, host=host)
    return addresses


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _connection(parts: SplitResult, addresses: list[str], patience: float) -> HTTPConnection:
    """Return a connection to one of the addresses that were looked at, whatever the name says by
    now; the certificate must be that of the name.
    """
    host, port, deadline = parts.hostname or "", _port(parts), time.monotonic() + patience
    for address in addresses:
        left = max(deadline - time.monotonic(), 0.1)
        try:
            sock = socket.create_connection((address, port), timeout=left)
        except OSError:
            continue
        connection = HTTPConnection(host, port, timeout=left)
        if parts.scheme == "https":
            context = ssl.create_default_context()
            connection = HTTPSConnection(host, port, timeout=left, context=context)
            try:
                sock = context.wrap_socket(sock, server_hostname=host)
            except OSError as error:
                sock.close()
                raise CalendarRefusedError(Refused.UNREACHABLE, host=host) from error
        connection.sock = sock
        return connection
    raise CalendarRefusedError(Refused.UNREACHABLE, host=host)


@contextmanager
def _for_at_most(connection: HTTPConnection, seconds: float) -> Iterator[threading.Event]:
    """End a connection after ``seconds``: a server that sends a byte now and then never times
    out.
    """
    over = threading.Event()
    sock = connection.sock

    def end() -> None:
        over.set()
        with suppress(OSError):  # it may be closed already
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield over
    finally:
        timer.cancel()


def _send(
    connection: HTTPConnection, method: str, parts: SplitResult, headers: Mapping[str, str]
) -> None:
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    connection.putrequest(method, target, skip_accept_encoding=True)
    for name, value in ({"User-Agent": _AGENT, "Connection": "close"} | dict(headers)).items():
        connection.putheader(name, value)
    if method in ("PUT", "POST", "PROPFIND"):
        connection.putheader("Content-Length", "0")
    connection.endheaders()


def _read(response: HTTPResponse, largest: int, is_over: threading.Event) -> bytes:
    body = response.read(largest + 1)
    if len(body) > largest:
        raise CalendarRefusedError(Refused.TOO_LARGE, size=largest // 1024**2)
    if is_over.is_set() or response.length:  # it ended before what it had announced
        raise OSError("the answer broke off")
    return body


def _is_late(error: Exception, is_over: threading.Event) -> bool:
    return is_over.is_set() or isinstance(error, TimeoutError)


def _plain(answer: Answer, largest: int) -> Answer:
    """Return an answer whose body is decompressed, where a server compressed it unasked."""
    if answer.headers.get("content-encoding", "").lower() not in ("gzip", "x-gzip", "deflate"):
        return answer
    unpacked = inflated(answer.body, largest)
    return Answer(answer.url, answer.status, answer.headers, unpacked, answer.seconds)


def inflated(body: bytes, largest: int) -> bytes:
    """Return what gzip or zlib compressed. Raises ``CalendarRefusedError``, also for too much."""
    unpack = zlib.decompressobj(47)  # either of the two forms
    try:
        plain = unpack.decompress(body, largest + 1)
    except zlib.error as error:
        raise CalendarRefusedError(Refused.BROKEN) from error
    if len(plain) > largest:
        raise CalendarRefusedError(Refused.TOO_LARGE, size=largest // 1024**2)
    return plain
