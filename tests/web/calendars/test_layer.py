"""Calendars as programs get them: by key, without cookies, and never waiting."""

import gzip
import threading
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session

from events.calendars.feeds import serve_feed
from events.calendars.kept import Kept
from events.calendars.renewing import Renewer
from events.calendars.tokens import PATH as OWN
from events.calendars.tokens import Options, make_token
from events.catalog.importing import import_catalog
from events.database import sessions as database
from events.database.questions import Question
from events.database.sessions import Base
from events.database.turns import Turn, turn
from events.models import FeedToken, Observance
from events.observances.occurrences import extend_horizon
from events.people.persons import add_person
from tests.web.conftest import NOON, Opened, Visitor
from web.app import create_app
from web.calendars.answers import Answer, Asked, Ready
from web.calendars.memory import Memory
from web.kit.config import WebConfig

PATH = "/lich/ngay-quoc-te-hanh-phuc.ics"
KEY = "ngay-quoc-te-hanh-phuc"
FEED = Kept("x", b"body", b"packed", "abc", datetime(2021, 3, 1, 5, tzinfo=UTC))


def answer(asked: Asked) -> Answer:
    return Ready(FEED, public=True).answer(asked)


def test_a_signed_in_reader_gets_no_cookie_and_nothing_that_depends_on_one(
    leader: Visitor, opened: Opened
):
    response = leader.get(PATH)

    assert response.status_code == 200
    assert "Set-Cookie" not in response.headers
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.headers["Cache-Control"] == "public, max-age=300"
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Content-Disposition"] == f'inline; filename="{KEY}.ics"'
    assert response.headers["Referrer-Policy"] == "no-referrer"


def test_head_says_what_get_says_without_the_body(stranger: Visitor, opened: Opened):
    got = stranger.get(PATH)

    head = stranger.client.head(PATH, base_url="https://lich.example.org")

    assert head.data == b""
    assert dict(head.headers) == dict(got.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PROPFIND", "OPTIONS"])
def test_a_calendar_can_only_be_read(stranger: Visitor, opened: Opened, method):
    response = stranger.client.open(PATH, method=method, base_url="https://lich.example.org")

    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    "path",
    [
        "/lich/khong-co.ics",
        "/lich/.ics",
        "/lich/",
        f"/lich/{KEY}",
        "/lich/%00.ics",
        "/lich/ngày.ics",
        "/lich/tet-nguyen-dan.ics",
        "/lich/" + "x" * 4000 + ".ics",
    ],
)
def test_what_is_no_calendar_is_answered_always_alike(stranger: Visitor, opened: Opened, path):
    response = stranger.get(path)

    other = stranger.get("/lich/khong-co-lich-nay.ics")
    assert response.status_code == 404
    assert (response.data, dict(response.headers)) == (other.data, dict(other.headers))


def test_a_bearer_header_of_outlook_is_ignored(stranger: Visitor, opened: Opened):
    assert stranger.get(PATH, headers={"Authorization": "Bearer x"}).status_code == 200


@pytest.mark.parametrize("none_match", ['"abc"', 'W/"abc"', '"x", W/"abc"', "*"])
def test_whoever_has_the_bytes_is_told_so(none_match):
    got = answer(Asked(none_match=none_match))

    assert (got.status, got.body) == ("304 Not Modified", b"")
    assert ("ETag", '"abc"') in got.headers


@pytest.mark.parametrize(
    "asked",
    [
        Asked(none_match='"other"', modified_since="Mon, 01 Mar 2021 05:00:00 GMT"),
        Asked(modified_since="Mon, 01 Mar 2021 04:59:59 GMT"),
        Asked(modified_since="nonsense"),
        Asked(),
    ],
)
def test_whoever_has_other_bytes_gets_these(asked):
    assert answer(asked).body == b"body"


def test_a_time_alone_is_enough_when_it_is_late_enough():
    since = format_datetime(FEED.last_modified, usegmt=True)

    assert answer(Asked(modified_since=since)).status == "304 Not Modified"


@pytest.mark.parametrize(
    ("encodings", "agent", "packed"),
    [
        ("gzip, deflate, br", "Google-Calendar-Importer", True),
        ("gzip;q=0.5", "ICSx5/2.3", True),
        ("gzip;q=0, identity", "curl", False),
        ("", "curl", False),
        ("gzip", "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0)", False),
        ("gzip", "Microsoft.Exchange/15.20", False),
    ],
)
def test_gzip_goes_to_whoever_asks_for_it_and_can_read_it(encodings, agent, packed):
    got = answer(Asked(encodings=encodings, agent=agent))

    assert got.body == (b"packed" if packed else b"body")
    assert (("Content-Encoding", "gzip") in got.headers) is packed
    assert ("ETag", 'W/"abc"' if packed else '"abc"') in got.headers


def test_both_forms_say_the_same(stranger: Visitor, opened: Opened):
    plain = stranger.get(PATH)

    packed = stranger.get(PATH, headers={"Accept-Encoding": "gzip"})

    assert gzip.decompress(packed.data) == plain.data


@pytest.fixture
def served(blank_engine, catalog, settings):
    """A service with a database of its own, of which one calendar is kept."""
    Base.metadata.create_all(blank_engine)
    factory = database.create_session_factory(blank_engine)
    with factory.begin() as session:
        import_catalog(session, catalog, now=NOON)
        extend_horizon(session, now=NOON)
    serve_feed(factory, KEY, now=NOON, public_url=settings["public_url"])
    app = create_app(factory, WebConfig(**settings | {"testing": False}))
    yield app, factory
    app.wsgi_app.stop()


def test_while_somebody_writes_clients_get_the_old_bytes_at_once(served):
    app, factory = served
    client = app.test_client()
    before = client.get(PATH)
    with factory() as writer:
        writer.connection()  # holds the database
        writer.scalars(select(Observance).where(Observance.slug == KEY)).one().title_vi = "Mới"
        writer.flush()

        begun = datetime.now(UTC)
        during = client.get(PATH)

        assert (datetime.now(UTC) - begun).total_seconds() < 1
        writer.commit()
    assert (during.status_code, during.data) == (200, before.data)


@pytest.fixture
def questions(served, monkeypatch) -> list[str]:
    """What this thread asks the database, by a session or for a poll."""
    asked: list[str] = []
    mine, ask = threading.get_ident(), Question.ask

    def note(statement: str) -> None:
        if threading.get_ident() == mine and not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append(statement)

    def asking(question: Question, engine: Engine, key: str) -> tuple[object, ...] | None:
        if engine.dialect.name == "sqlite":  # else the pool is asked, and notes it
            note(question.text)
        return ask(question, engine, key)

    monkeypatch.setattr(Question, "ask", asking)
    event.listen(
        served[1].kw["bind"],
        "before_cursor_execute",
        lambda _c, _cursor, statement, *_rest: note(statement),
    )
    return asked


def test_a_poll_is_one_question_to_the_database(served, questions):
    app, _factory = served

    for _ in range(3):  # within a second
        app.test_client().get(PATH)

    assert len(questions) == 1
    assert "FROM feed" in questions[0]


def test_whoever_has_what_is_rarely_asked_for_is_told_so_without_reading_it(
    served, questions, monkeypatch
):
    app, _factory = served
    client = app.test_client()
    etag = client.get(PATH).headers["ETag"]
    monkeypatch.setattr(app.wsgi_app, "_memory", Memory(0))
    questions.clear()

    same = client.get(PATH, headers={"If-None-Match": etag})

    assert (same.status_code, same.data, same.headers["ETag"]) == (304, b"", etag)
    assert same.headers["Cache-Control"] == "public, max-age=300"
    assert len(questions) == 1
    assert "body" not in questions[0]
    assert client.get(PATH, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_change_is_polled_within_five_seconds_of_its_commit(served):
    app, factory = served
    client = app.test_client()
    before = client.get(PATH)
    with factory.begin() as session:
        session.scalars(select(Observance).where(Observance.slug == KEY)).one().title_vi = "Mới"

    committed = datetime.now(UTC)
    while client.get(PATH).data == before.data:
        assert (datetime.now(UTC) - committed).total_seconds() < 5
        threading.Event().wait(0.1)

    after = client.get(PATH)
    assert "X-WR-CALNAME:Mới" in after.text
    assert after.headers["Last-Modified"] > before.headers["Last-Modified"]


def test_of_all_who_could_renew_one_does(served):
    app, factory = served
    client = app.test_client()
    before = client.get(PATH).data
    with turn(factory.kw["bind"], Turn.RENEW):  # as another process that renews
        with factory.begin() as session:
            session.scalars(select(Observance).where(Observance.slug == KEY)).one().title_vi = "Mới"
        threading.Event().wait(3)
        assert client.get(PATH).data == before

    waited = 0
    while client.get(PATH).data == before and waited < 50:
        threading.Event().wait(0.1)
        waited += 1
    assert client.get(PATH).data != before


def test_beside_the_clock_in_one_process_it_is_written_down_who_fetched_a_calendar(served):
    app, factory = served
    config = app.extensions["sumvay"].config
    clock = Renewer(factory, config.public_url, config.clock)
    clock.start()
    with factory.begin() as session:
        person = add_person(session, "Cán bộ (Thi)", "thi@example.org")
        token, secret = make_token(session, person, Options("Điện thoại"), now=NOON)
        token_id = token.id

    app.test_client().get(OWN.format(secret=secret), headers={"User-Agent": "ICSx5/2.2"})

    begun, client = datetime.now(UTC), None
    while client is None and (datetime.now(UTC) - begun).total_seconds() < 5:
        threading.Event().wait(0.1)
        with factory() as session:
            client = session.get_one(FeedToken, token_id).client
    clock.stop()
    assert client == "icsx5"


def test_pages_go_through(app: Flask, session: Session, stranger: Visitor):
    assert stranger.get("/robots.txt").status_code == 200
