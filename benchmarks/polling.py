"""Polls of calendars of 20 KB, 200 and 304, from one and from 16 connections, on the loopback.

The server of `make run` against a function that returns the same bytes in the same server; `sumvay
web` with 100,000 calendars in the database against nginx with the same bytes as files; nginx with
published calendars, as in deploy/, against bare nginx. Each pair in turns, the median of ratios.

Beside them stands how much of the processor a request takes of each server and its workers: where
others use the machine too, that ratio is the steadier one. What cannot be reached: a function in
granian that returns ready bytes, called without WSGI, takes two to three times what nginx takes for
a 304 (20 to 25 µs to 7 to 10), so 0.5 of nginx is out of reach there from one connection.
"""

import gzip
import hashlib
import os
import random
import secrets
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import delete, insert

from benchmarks.load import Load, load
from benchmarks.measure import Measured, report
from events.calendars.kept import look_up
from events.database import sessions as database
from events.localtime import VIETNAM, local_day
from events.models import Feed, FeedMark
from tests.scheduler.processes import environment, free_port, serving, sumvay

FEEDS = int(os.environ.get("FEEDS", 100_000))
REQUESTS = int(os.environ.get("REQUESTS", 1_000_000))  # over which memory stays as it is
HOT = 1_000  # that are asked for most
SIZE = 20_000  # bytes of a calendar
ROUNDS, SECONDS = 3, 2
CONNECTIONS = (1, 16)
LEAST_OF_BARE, LEAST_OF_NGINX, LEAST_OF_REST, LEAST_PUBLISHED = 0.8, 0.5, 0.15, 0.9
MOST_LATER = 20.0  # milliseconds at 16 connections
MOST_GROWTH = 1.1
MOST_OF_MANY = 1.3
_LOOK_UPS = 3_000
_AT_ONCE = 500  # rows

Asked = Sequence[tuple[str, str]]
Where = tuple[str, int]  # an address, and the process that serves it


def run() -> Iterator[Measured]:
    """Measure everything; the large database is made once."""
    home = Path(tempfile.mkdtemp(prefix="sumvay-bench-"))
    home.chmod(0o755)
    (home / "config.toml").touch()
    if sumvay(home, "init").returncode:
        raise RuntimeError("no database")
    try:
        yield from _beside_bare(home)
        few = _fill(home, HOT)
        among_few = _cost(home, few)
        rows = few + _fill(home, FEEDS - HOT)
        among_many = _cost(home, rows)
        detail = f"{among_many * 1e6:.0f} µs to {among_few * 1e6:.0f} µs of processor time"
        name = f"a look-up among {FEEDS:,} calendars, to one among {HOT:,}"
        yield report(name, among_many / among_few, MOST_OF_MANY, detail)
        yield from _beside_nginx(home, rows)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _beside_bare(home: Path) -> Iterator[Measured]:
    with ExitStack() as stack:
        address, process = stack.enter_context(serving(home, "serve"))
        served = address, process.pid
        bare = stack.enter_context(_bare())
        time.sleep(10)  # until the clock has written all calendars anew
        [row] = _fill(home, 1)
        for has_it in (False, True):
            asked = [_asked(row, has_it)]
            for connections in CONNECTIONS:
                pairs = _in_turns(served, asked, bare, asked, connections)
                name = f"make run, {_name(has_it, connections)}"
                yield _at_least(f"{name}, of a bare function", pairs, LEAST_OF_BARE)
                if connections > 1:
                    later = statistics.median(
                        mine.load.p99 - other.load.p99 for mine, other in pairs
                    )
                    yield report(f"{name}, p99 later by ms", later, MOST_LATER, _of_p99(pairs))


def _beside_nginx(home: Path, rows: Sequence["_Row"]) -> Iterator[Measured]:
    hot, rest = rows[:HOT], rows[HOT:]
    with ExitStack() as stack:
        address, process = stack.enter_context(serving(home, "web", "--workers", "2"))
        served = address, process.pid
        plain, published = stack.enter_context(_nginx(home, rows, address))
        load(address, [_asked(row, False) for row in hot], 16, SECONDS)
        for has_it in (False, True):
            for connections in CONNECTIONS:
                for which, some, least in (
                    (f"the {HOT:,} most asked for", hot, LEAST_OF_NGINX),
                    (f"the rest of {len(rows):,}", rest, LEAST_OF_REST),
                ):
                    mine = [_asked(row, has_it) for row in some]
                    files = [_asked(row, has_it, of_nginx=True) for row in some]
                    pairs = _in_turns(served, mine, plain, files, connections)
                    name = f"sumvay web, {which}, {_name(has_it, connections)}, of nginx"
                    yield _at_least(name, pairs, least)
                files = [_asked(row, has_it, of_nginx=True) for row in hot]
                pairs = _in_turns(published, files, plain, files, connections)
                name = f"published, {_name(has_it, connections)}, of bare nginx"
                yield _at_least(name, pairs, LEAST_PUBLISHED)
        yield _memory(address, process.pid, hot)


def _cost(home: Path, rows: Sequence["_Row"]) -> float:
    """Return the seconds of the processor that a look-up takes."""
    engine = database.create_engine(f"sqlite:///{home / 'var' / 'sumvay.db'}")
    factory = database.reading(database.create_session_factory(engine))
    chance = random.Random(1)  # noqa: S311 - which are asked for is no secret
    begun = time.process_time()
    for _ in range(_LOOK_UPS):
        if look_up(factory, chance.choice(rows).key) is None:
            raise RuntimeError("a calendar is not there")
    engine.dispose()
    return (time.process_time() - begun) / _LOOK_UPS


def _memory(served: str, parent: int, hot: Sequence["_Row"]) -> Measured:
    asked, done = [_asked(row, False) for row in hot], 0
    load(served, asked, 16, 5)
    before = _resident(parent)
    while done < REQUESTS:
        done += load(served, asked, 16, 20, done + 1).requests
    after = _resident(parent)
    detail = f"{done:,} requests, {before / 1024:.0f} MB to {after / 1024:.0f} MB in two workers"
    return report("memory after many requests, to before", after / before, MOST_GROWTH, detail)


def _resident(parent: int) -> int:
    """Return the kilobytes that the workers of a process hold."""
    each = (Path(f"/proc/{one}/status") for one in _workers(parent))
    lines = [file.read_text().splitlines() for file in each]
    sizes = [line.split()[1] for some in lines for line in some if line.startswith("VmRSS")]
    return sum(map(int, sizes))


@dataclass(frozen=True, slots=True)
class _Turn:
    """What came back from one server, and the microseconds of the processor that a request took."""

    load: Load
    cost: float


def _in_turns(
    mine: Where, mine_asked: Asked, other: Where, other_asked: Asked, connections: int
) -> list[tuple[_Turn, _Turn]]:
    return [
        (
            _turn(mine, mine_asked, connections, seed),
            _turn(other, other_asked, connections, seed),
        )
        for seed in range(1, ROUNDS + 1)
    ]


def _turn(where: Where, asked: Asked, connections: int, seed: int) -> _Turn:
    address, process = where
    before = _used(process)
    found = load(address, asked, connections, SECONDS, seed)
    return _Turn(found, (_used(process) - before) / found.requests * 1e6)


def _used(process: int) -> float:
    """Return the seconds of the processor that a process and its workers have used."""
    ticks = 0
    for one in (process, *_workers(process)):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])  # in the program, and in the system for it
    return ticks / os.sysconf("SC_CLK_TCK")


def _workers(parent: int) -> Sequence[str]:
    return Path(f"/proc/{parent}/task/{parent}/children").read_text().split()


def _at_least(name: str, pairs: Sequence[tuple[_Turn, _Turn]], least: float) -> Measured:
    """Report how many times slower it is, which may be so much at most."""
    slower = statistics.median(
        other.load.per_second / mine.load.per_second for mine, other in pairs
    )
    mine, other = (max(one.load.per_second for one in side) for side in zip(*pairs, strict=True))
    costs = [statistics.median(one.cost for one in side) for side in zip(*pairs, strict=True)]
    detail = (
        f"{1 / slower:.2f} of it; {mine:,.0f} to {other:,.0f} a second; of the processor "
        f"{costs[0]:.0f} µs to {costs[1]:.0f} µs, {costs[1] / costs[0]:.2f}"
    )
    return report(f"{name}: times slower", slower, 1 / least, detail)


def _of_p99(pairs: Sequence[tuple[_Turn, _Turn]]) -> str:
    return "; ".join(f"{mine.load.p99:.1f} to {other.load.p99:.1f}" for mine, other in pairs)


def _name(has_it: bool, connections: int) -> str:
    return f"{304 if has_it else 200} from {connections}"


class _Row:
    """A calendar that is kept."""

    __slots__ = ("etag", "key", "moment")

    def __init__(self, key: str, etag: str, moment: datetime) -> None:
        self.key, self.etag, self.moment = key, etag, moment


def _asked(row: _Row, has_it: bool, *, of_nginx: bool = False) -> tuple[str, str]:
    etag = f"{int(row.moment.timestamp()):x}-{SIZE:x}" if of_nginx else row.etag
    return f"/lich/{row.key}.ics", f'"{etag}"' if has_it else ""


def _body(key: str) -> bytes:
    head = f"BEGIN:VCALENDAR\r\nX-WR-CALNAME:{key}\r\n".encode()
    return (head + _FILLING)[: SIZE - 15] + b"END:VCALENDAR\r\n"


_FILLING = b"".join(f"X-{secrets.token_hex(30)}\r\n".encode() for _ in range(SIZE // 64 + 1))
_PACKED = gzip.compress(_body(""), mtime=0)  # nobody unpacks it here


def _fill(home: Path, count: int) -> list[_Row]:
    """Put so many calendars into the database that nothing renews."""
    factory = database.create_session_factory(
        database.create_engine(f"sqlite:///{home / 'var' / 'sumvay.db'}")
    )
    now = datetime.now(UTC).replace(microsecond=0)
    rows = [_Row(f"{secrets.token_hex(4)}-{n}", "", now) for n in range(count)]
    for at in range(0, count, _AT_ONCE):
        with factory.begin() as session:
            session.execute(delete(FeedMark))
            session.execute(insert(Feed), [_columns(row) for row in rows[at : at + _AT_ONCE]])
    factory.kw["bind"].dispose()
    return rows


def _columns(row: _Row) -> dict[str, object]:
    body = _body(row.key)
    row.etag = hashlib.sha256(body).hexdigest()
    return {
        "key": row.key,
        "etag": row.etag,
        "last_modified": row.moment,
        "body": body,
        "packed": _PACKED,
        "as_of": local_day(datetime.now(UTC), VIETNAM),
        "stale": None,
        "gone": False,
    }


_BARE = """
import sys
from flask import Flask
from scheduler.serving import server
from scheduler.config import WebSettings
body = b"x" * {size}
headers = [("ETag", '"' + "a" * 64 + '"'), ("Last-Modified", "Mon, 01 Mar 2021 05:00:00 GMT"),
    ("Cache-Control", "public, max-age=300"), ("Vary", "Accept-Encoding"),
    ("X-Robots-Tag", "noindex"), ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer")]
whole = headers + [("Content-Type", "text/calendar; charset=utf-8"),
    ("Content-Disposition", 'inline; filename="x.ics"'), ("Content-Length", str(len(body)))]
def bare(environ, start_response):
    if "HTTP_IF_NONE_MATCH" in environ:
        start_response("304 Not Modified", headers)
        return [b""]
    start_response("200 OK", whole)
    return [body]
app = Flask("bare")
app.wsgi_app = bare
server.listen(app, WebSettings(port={port})).run()
"""


@contextmanager
def _bare() -> Iterator[Where]:
    port = free_port()
    code = _BARE.format(size=SIZE, port=port)
    process = subprocess.Popen([sys.executable, "-c", code], env=environment())
    try:
        yield _answering(f"http://127.0.0.1:{port}"), process.pid
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _nginx(home: Path, rows: Sequence[_Row], behind: str) -> Iterator[tuple[Where, Where]]:
    """Yield the addresses of bare nginx and of nginx as deploy/ has it, calendars being files."""
    folder = home / "feeds"
    (folder / "lich").mkdir(parents=True)
    for row in rows:
        for suffix, body in ((".ics", _body(row.key)), (".ics.gz", _PACKED)):
            file = folder / "lich" / f"{row.key}{suffix}"
            file.write_bytes(body)
            os.utime(file, (row.moment.timestamp(),) * 2)
    plain, published = free_port(), free_port()
    documented = (Path(__file__).parents[1] / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for there, here in (
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{published};"),  # as the other: without TLS
        ("/var/log/nginx/", f"{home}/"),
        ("/var/lib/sumvay/feeds/", f"{folder}/lich/"),
        ("http://127.0.0.1:8000", behind),
    ):
        documented = documented.replace(there, here)
    documented = "\n".join(line for line in documented.splitlines() if "ssl_" not in line)
    user = "user root;\n" if os.getuid() == 0 else ""
    (home / "nginx.conf").write_text(
        f"{user}daemon off;\nworker_processes 2;\npid {home}/pid;\nevents {{}}\n"
        f"http {{\nkeepalive_requests 1000000000;\nsendfile on;\ntcp_nopush on;\n"
        f"server {{\nlisten 127.0.0.1:{plain};\naccess_log off;\nroot {folder};\n"
        f'types {{}}\ndefault_type "text/calendar; charset=utf-8";\n}}\n{documented}\n}}\n'
    )
    program = shutil.which("nginx")
    if program is None:
        raise RuntimeError("nginx is missing: apt-get install nginx-light")
    process = subprocess.Popen([program, "-p", home, "-c", home / "nginx.conf", "-e", "stderr"])
    path = f"/lich/{rows[0].key}.ics"
    try:
        yield (
            (_answering(f"http://127.0.0.1:{plain}", path), process.pid),
            (_answering(f"http://127.0.0.1:{published}", path), process.pid),
        )
    finally:
        process.terminate()
        process.wait()


def _answering(address: str, path: str = "/") -> str:
    where = f"{address}{path}"
    _until(lambda: urllib.request.urlopen(where, timeout=5).close())  # noqa: S310 - our own
    return address


def _until(ask: Callable[[], object]) -> None:
    for _ in range(300):
        try:
            ask()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("a server did not answer")
