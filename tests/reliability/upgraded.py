"""What a database says to whoever asks: the pages of three people, every feed and every figure.

A database that an older version left is kept as rows (``tests/data/upgrade``) together with what
that version answered. After the migration it must answer the same. Where a page says something else
on purpose, ``python -m tests.reliability.upgraded`` keeps its new words; read the difference first.
"""

import gzip
import html
import json
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alembic import command
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import JSON, Date, DateTime, Engine, MetaData, insert, select, text
from sqlalchemy.orm import Session

import scheduler.tables  # noqa: F401 - every table belongs to the metadata
from events.calendars.feeds import all_slugs
from events.database import sessions as database
from events.database.sessions import SessionFactory, rebuilding
from events.models import Person, Post, Unit
from scheduler import migrate
from web.accounts import devices
from web.accounts.models import account_of
from web.app import create_app
from web.kit.config import WebConfig

HOST = "https://lich.example.org"
NOW = datetime(2027, 11, 22, 2, 0, tzinfo=UTC)  # a Monday morning in Vietnam
MOST_PAGES, MOST_ALIKE = 180, 12  # that one person looks at; of one kind
ROWS, ANSWERS = "2026-11.rows.json.gz", "2026-11.answers.json.gz"
DATA = Path(__file__).parents[1] / "data" / "upgrade"
_PERSONAL = re.compile(r'name="(?:csrf_token|shown|expected|fingerprint)" value="[^"]*"|\?v=\w+')
_NAMES = re.compile(r"(?<=[/=])[^/=?&]*[\d@-][^/=?&]*")
_INLINE = re.compile(r"</?(?:a|b|em|i|small|span|strong)\b[^>]*>")  # do not part words
_LINK = re.compile(r'<a\b[^>]*\bhref="([^"#]+)"')
_NOT_A_PAGE = re.compile(
    r"^/(?:static|lich|dang-xuat|ngon-ngu|favicon|robots|khoe|dang-nhap\?)|\.ics$|tep$|\.toml$"
)


def read(name: str) -> Any:
    return json.loads(gzip.decompress((DATA / name).read_bytes()))


def write(name: str, value: object) -> None:
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
    with gzip.GzipFile(DATA / name, "wb", 9, mtime=0) as file:
        file.write(body)


def fill(engine: Engine, tables: dict[str, Any]) -> None:
    """Put rows as they were kept into the tables of their own version, which are there already."""
    meta = MetaData()
    meta.reflect(engine)
    with rebuilding(engine) as connection:  # rows point at each other in both directions
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in meta.sorted_tables:
            kept = tables.get(table.name)
            if kept is None or not kept["rows"] or table.name == "alembic_version":
                continue
            kinds = [table.c[name].type for name in kept["columns"]]
            for kind in kinds:
                if isinstance(kind, JSON):
                    kind.none_as_null = True
            rows = [
                dict(zip(kept["columns"], map(_typed, row, kinds), strict=True))
                for row in kept["rows"]
            ]
            connection.execute(insert(table), rows)
            if engine.dialect.name == "postgresql" and "id" in table.c:
                after = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), max(id)) "
                connection.execute(text(f'{after} FROM "{table.name}"'))


def answers_today(engine: Engine, folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what the database of November 2026 (revision 0009) answered, and what it answers once
    it is migrated into the empty one of ``engine``.
    """
    with engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
    fill(engine, read(ROWS))
    migrate.upgrade(engine)
    factory = database.create_session_factory(engine)
    config = WebConfig(
        secret_key="a secret of at least sixteen characters",
        public_url=HOST,
        maildir=None,
        setup_code_file=folder / "code",
        testing=True,
        rate_limits=False,
        clock=lambda: NOW,
    )
    said = read(ANSWERS)
    return said, again(create_app(factory, config), factory, said)


def keep() -> None:
    """Keep what is answered today."""
    with tempfile.TemporaryDirectory() as name:
        engine = database.create_engine(f"sqlite:///{name}/upgraded.db")
        write(ANSWERS, answers_today(engine, Path(name))[1])
        engine.dispose()


def answers(app: Flask, session_factory: SessionFactory, *first: str) -> dict[str, Any]:
    """Return the texts of pages by person and address, and feeds with their validators.

    ``first`` are addresses that are asked for whatever leads to them.
    """
    with session_factory.begin() as session:
        cookies = _cookies(session)
    pages = {"nobody": crawl(_browser(app, None))}
    pages |= {name: crawl(_browser(app, cookie), *first) for name, cookie in cookies.items()}
    return {"pages": pages, "feeds": feeds(app, session_factory)}


def again(app: Flask, session_factory: SessionFactory, before: dict[str, Any]) -> dict[str, Any]:
    """Return what is answered now at the addresses that were asked before."""
    with session_factory.begin() as session:
        cookies = _cookies(session)
    pages = {}
    for name, known in before["pages"].items():
        client = _browser(app, cookies.get(name))
        pages[name] = {path: _said(client, path)[0] for path in known}
    return {"pages": pages, "feeds": feeds(app, session_factory)}


def crawl(client: FlaskClient, *first: str) -> dict[str, str]:
    """Follow the links of the first page and of those it leads to, each address once."""
    waiting, found, alike = [*first, "/"], dict[str, str](), Counter[str]()
    while waiting and len(found) < MOST_PAGES + len(first):
        path = waiting.pop(0)
        kind = _NAMES.sub("*", path)
        if path in found or (alike[kind] >= MOST_ALIKE and path not in first):
            continue
        alike[kind] += 1
        found[path], links = _said(client, path)
        waiting += [link for link in links if link not in found]
    return found


def feeds(app: Flask, session_factory: SessionFactory) -> dict[str, list[str | None]]:
    """Return each calendar with its validators, as its first client gets it."""
    client = app.test_client()
    with session_factory() as session:
        slugs = sorted(all_slugs(session))
    found = {}
    for slug in slugs:
        answer = client.get(f"/lich/{slug}.ics", base_url=HOST)
        known = answer.headers.get("ETag"), answer.headers.get("Last-Modified")
        found[slug] = [answer.text, *known]
    return found


def _cast(session: Session) -> Iterator[tuple[str, Person]]:
    """Yield somebody of the province and somebody of a commune, who hold posts there."""
    for key in ("51-2025", "23293-2025"):
        posts = select(Post).join(Post.unit).where(Unit.key == key, Post.on(date(2027, 11, 22)))
        yield key, session.scalars(posts.order_by(Post.id)).first().person


def _cookies(session: Session) -> dict[str, str]:
    return {
        name: devices.begin(session, account_of(session, person), now=NOW)[1]
        for name, person in _cast(session)
    }


def _browser(app: Flask, cookie: str | None) -> FlaskClient:
    client = app.test_client()
    if cookie:
        with client.session_transaction(base_url=HOST) as session:
            session["_user_id"] = cookie
    return client


def _said(client: FlaskClient, path: str) -> tuple[str, list[str]]:
    """Return the words of a page, with the addresses that it leads to."""
    answer = client.get(path, base_url=HOST)
    body = _PERSONAL.sub("", answer.text)
    links = [html.unescape(link) for link in _LINK.findall(body)]
    links = [link for link in links if link.startswith("/") and not _NOT_A_PAGE.search(link)]
    words = re.sub(r"<(script|style)\b.*?</\1>", "", body, flags=re.S)
    words = re.sub(r"<[^>]+>", " ", _INLINE.sub("", words))
    words = " ".join(html.unescape(words).split())
    return f"{answer.status_code} {words}", links


def _typed(value: Any, kind: Any) -> Any:
    if isinstance(value, str) and isinstance(kind, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(kind, Date):
        return date.fromisoformat(value)
    return value


if __name__ == "__main__":
    keep()
