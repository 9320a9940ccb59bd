"""The nginx of deploy/ that answers polls of calendars from files: as the service itself does."""

import gzip
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from email.message import Message
from email.utils import format_datetime
from pathlib import Path

import pytest

from events.calendars.feeds import serve_feed
from events.calendars.publishing import publish
from events.catalog.importing import import_catalog
from events.database import sessions as database
from events.database.sessions import Base
from events.observances.occurrences import extend_horizon
from scheduler.config import WebSettings
from scheduler.serving import server as serving
from tests.scheduler.processes import PATIENCE
from tests.scheduler.test_documented_proxy import certificate, nginx, program, running
from web.app import create_app
from web.kit.config import WebConfig

__all__ = ["certificate"]  # a fixture

NOON = datetime(2026, 3, 1, 5, tzinfo=UTC)
URL = "https://lich.example.org"
FILES = ["/lich/ngay-quoc-te-hanh-phuc.ics", "/lich/chung/ngay-trong-tam.ics"]
UNWRITTEN = "/lich/en/ngay-quoc-te-hanh-phuc.ics"  # nobody asked for it before
NAMES = [
    "Content-Type",
    "Content-Length",
    "Cache-Control",
    "Last-Modified",
    "X-Robots-Tag",
    "X-Content-Type-Options",
    "Referrer-Policy",
]
OUTLOOK = "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)"

Both = tuple[str, str]


@pytest.fixture
def both(catalog, tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Both]:
    """The address of nginx, before a service whose calendars are published, and that of the
    service.
    """
    engine = database.create_engine(f"sqlite:///{tmp_path / 'sumvay.db'}")
    Base.metadata.create_all(engine)
    factory = database.create_session_factory(engine)
    with factory.begin() as session:
        import_catalog(session, catalog, now=NOON)
        extend_horizon(session, now=NOON)
    for path in FILES:
        key = path.removeprefix("/lich/").removesuffix(".ics")
        serve_feed(factory, key, now=NOON, public_url=URL)
    publish(factory, tmp_path / "feeds")
    config = WebConfig("0123456789abcdef", URL, trusted_proxies=1, testing=True)
    server = serving.listen(create_app(factory, config), WebSettings(port=0, trusted_proxies=1))
    loop = threading.Thread(target=server.run, daemon=True)
    loop.start()
    port = server.effective_port
    with running(nginx, program("nginx"), port, certificate) as address:
        yield address, f"http://127.0.0.1:{port}"
    server.close()
    loop.join(PATIENCE)
    engine.dispose()


def ask(address: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    body = b"x" if method == "PUT" else None
    asked = urllib.request.Request(address, body, method=method, headers=names)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE, context=trusting) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES)
def test_nginx_answers_from_a_file_what_the_service_answers(both: Both, path):
    said = [ask(f"{one}{path}") for one in both]

    assert said[0][0] == said[1][0] == 200
    assert said[0][2] == said[1][2]
    assert [said[0][1].get(name) for name in NAMES] == [said[1][1].get(name) for name in NAMES]
    assert said[0][1]["ETag"] != said[1][1]["ETag"]  # or nginx had asked the service
    assert "Set-Cookie" not in said[0][1]
    for one in both:
        head = ask(f"{one}{path}", "HEAD")
        assert (head[0], head[2]) == (200, b"")
        assert [head[1].get(name) for name in NAMES] == [said[0][1].get(name) for name in NAMES]
        put = ask(f"{one}{path}", "PUT")
        assert (put[0], put[1]["Allow"]) == (405, "GET, HEAD")


@pytest.mark.slow
def test_whoever_has_a_calendar_already_is_told_so_by_both(both: Both):
    for one in both:
        feed = f"{one}{FILES[0]}"
        _status, had, _body = ask(feed)
        earlier = format_datetime(datetime(2020, 1, 1, tzinfo=UTC), usegmt=True)
        later = format_datetime(datetime(2030, 1, 1, tzinfo=UTC), usegmt=True)

        for headers in (
            {"If_None_Match": had["ETag"]},
            {"If_None_Match": f"W/{had['ETag']}"},
            {"If_None_Match": f'"x", {had["ETag"]}'},
            {"If_None_Match": had["ETag"], "If_Modified_Since": had["Last-Modified"]},
            {"If_Modified_Since": had["Last-Modified"]},
            {"If_Modified_Since": later},
        ):
            status, said, body = ask(feed, **headers)
            assert (status, body) == (304, b""), headers
            assert said["ETag"] == had["ETag"]
            assert said["Cache-Control"] == "public, max-age=300"
        for headers in (
            {"If_None_Match": '"other"', "If_Modified_Since": had["Last-Modified"]},
            {"If_Modified_Since": earlier},
        ):
            assert ask(feed, **headers)[0] == 200, headers


@pytest.mark.slow
def test_an_etag_of_one_way_never_passes_for_one_of_the_other(both: Both):
    front, behind = (f"{one}{FILES[0]}" for one in both)

    assert ask(front, If_None_Match=ask(behind)[1]["ETag"])[0] == 200
    assert ask(behind, If_None_Match=ask(front)[1]["ETag"])[0] == 200


@pytest.mark.slow
def test_both_pack_for_whoever_asks_and_can_read_it(both: Both):
    for one in both:
        feed = f"{one}{FILES[0]}"
        plain = ask(feed)

        _status, headers, body = ask(feed, Accept_Encoding="gzip")

        assert (headers["Content-Encoding"], gzip.decompress(body)) == ("gzip", plain[2])
        assert headers["Vary"] == plain[1]["Vary"] == "Accept-Encoding"
        assert headers["Content-Type"] == plain[1]["Content-Type"]
        assert headers["ETag"] != plain[1]["ETag"]
        assert ask(feed, Accept_Encoding="gzip", If_None_Match=headers["ETag"])[0] == 304
        assert ask(feed, Accept_Encoding="gzip", User_Agent=OUTLOOK)[2] == plain[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        UNWRITTEN,
        "/lich/khong-co.ics",
        "/lich/chung/",
        "/lich/chung",
        "/lich/ngay-quoc-te-hanh-phuc.ics.gz",
        "/lich/.part-x.ics",
        "/lich/../sumvay.db",
        "/f/khong-co/viec-cua-toi.ics",
    ],
)
def test_nginx_asks_the_service_for_what_is_no_file(both: Both, tmp_path: Path, path):
    (tmp_path / "feeds" / ".part-x.ics").write_bytes(b"half")
    front, behind = (ask(f"{one}{path}") for one in both)

    assert front[0] == behind[0] == (200 if path == UNWRITTEN else 404)
    assert front[1].get("Content-Type") == behind[1].get("Content-Type")
    assert front[1].get("Cache-Control") == behind[1].get("Cache-Control")
    assert front[1].get("ETag") == behind[1].get("ETag")


@pytest.mark.slow
def test_a_calendar_that_is_away_from_the_folder_still_comes_from_the_service(
    both: Both, tmp_path: Path
):
    front, _behind = both
    before = ask(f"{front}{FILES[0]}")[2]

    for name in ("ngay-quoc-te-hanh-phuc.ics", "ngay-quoc-te-hanh-phuc.ics.gz"):
        (tmp_path / "feeds" / name).unlink()

    assert ask(f"{front}{FILES[0]}")[2] == before
