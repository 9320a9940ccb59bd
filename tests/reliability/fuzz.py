"""Odd numbers, dates, texts and sizes, sent to every address and into every field of the service by
strangers, officials and an administrator.

`make fuzz REQUESTS=20000 SEED=7` prints what came of it as JSON. Nothing it sends may end in a
mistake of the program (500): what cannot be is refused in words.
"""

import html
import json
import logging
import random
import re
import secrets
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from events.database.sessions import SessionFactory
from events.models import (
    Activity,
    Campaign,
    ChecklistItem,
    Document,
    Evidence,
    Observance,
    Post,
    Template,
    Unit,
)
from events.people.persons import find_person
from web.accounts import devices
from web.accounts.models import Account, account_of

HOST = "https://lich.example.org"
NUMBERS = (
    "0", "-1", "1", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808",
    "9" * 30, "9" * 5000, "1e9", "٣", "１２", "²", "+5", "0x10", "1_000", "NaN", "1.5", "00000000001",
)  # fmt: skip
DAYS = (
    "0000-00-00", "0001-01-01", "9999-12-31", "31/02/2026", "29/02/2100", "2026-13-01", "1/1/1",
    "01/01/1900", "31/12/2099", "2100-01-01", "1799-12-31", "2026-06-28", "28/06/2026", "2026-W01",
    "0001-01", "9999-12", "1900-01", "2099-12", "24:00", "23:59", "7 giờ", "-0001-01-01", "02-30",
)  # fmt: skip
TEXTS = (
    "", " ", "\t\r\n", "\0", "a\0b", "\x01\x02", "\x7f", "\u202eabc", "\u2066\u2069", "\u200b\u200d",
    "\u3164", "\ufeff", "\u0301", "e\u0301" * 300, "👨\u200d👩\u200d👧", "\U0010ffff", "\ufffe", "'", '"',
    "';--", "%", "%s%n%(x)s", "{}", "{{7*7}}", "<script>alert(1)</script>", "a" * 300, "a" * 5000,
    "ữ" * 600, "\ufdfa" * 80, ":", ",", "/", "//x", "..", "http://[", "https://[::1", "https://a",
    "https://" + "a" * 3000, "mailto:x", "x@y", "a@b.vn", "@", "on", "off", "None", "null", "[]",
    '{"a": 1}', "đ" * 70_000,
)  # fmt: skip
_EVERYWHERE = ("/dang-xuat", "/ngon-ngu")  # forms of every page, asked often enough by themselves
_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
_ACTION = re.compile(r'<form\b[^>]*\baction="([^"]*)"')
_FIELD = re.compile(r'<(?:input|select|textarea|button)\b[^>]*\bname="([^"]+)"[^>]*>')
_VALUE = re.compile(r'\bvalue="([^"]*)"')
_NUMBERED = re.compile(r"(?<=/)[^/]*[\d@][^/]*")
_CHOICE = re.compile(r'<option\b[^>]*\bvalue="([^"]*)"')


@dataclass
class Report:
    """What came of the requests: how many of each status, and each mistake of the program once."""

    seed: int
    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    mistakes: dict[str, str] = field(default_factory=dict)  # by what went wrong, one request

    @property
    def plain(self) -> dict[str, Any]:
        wrong = sum(count for status, count in self.statuses.items() if status >= 500)
        statuses = {str(status): count for status, count in sorted(self.statuses.items())}
        return {"seed": self.seed, "requests": self.requests, "errors_500": wrong} | {
            "statuses": statuses,
            "mistakes": self.mistakes,
        }


def fuzz(
    app: Flask, session_factory: SessionFactory, emails: tuple[str, ...], requests: int, seed: int
) -> Report:
    """Send ``requests`` requests as a stranger and as each of the persons with these addresses;
    the first is made an administrator.
    """
    report, chance = Report(seed), random.Random(seed)
    last = [""]
    notes = _Notes(report, last)
    with session_factory.begin() as session:
        _make_accounts(session, emails)
    was_testing, app.testing = app.testing, False
    app.logger.addHandler(notes)
    try:
        for ask in _requests(app, session_factory, emails, requests, chance, last):
            report.requests += 1
            report.statuses[ask()] += 1
    finally:
        app.testing = was_testing
        app.logger.removeHandler(notes)
    return report


class _Notes(logging.Handler):
    """Keeps the mistakes that the application writes into its log."""

    def __init__(self, report: Report, last: list[str]) -> None:
        super().__init__()
        self._report, self._last = report, last

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and (error := record.exc_info[1]) is not None:
            steps = traceback.extract_tb(error.__traceback__)
            ours = [step for step in steps if "site-packages" not in step.filename] or steps
            where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}"
            said = f"{type(error).__name__}: {str(error)[:120]} at {where}"
            self._report.mistakes.setdefault(said, self._last[0])


def _requests(
    app: Flask,
    session_factory: SessionFactory,
    emails: tuple[str, ...],
    count: int,
    chance: random.Random,
    last: list[str],
) -> Iterator[Callable[[], int]]:
    """Yield requests, each drawn when the one before is answered."""
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, str(rule.methods)))
    fields: dict[str, dict[str, list[str]]] = {}  # by address, as pages have shown them
    client, known = app.test_client(), dict[str, str]()
    for number in range(count):
        if number % 100 == 0:
            with session_factory() as session:
                real = _real(session)
        # the administrator, who comes everywhere, as often as all others together
        email = chance.choice((emails[0], chance.choice(("", *emails[1:]))))
        with session_factory.begin() as session:
            _sign_in(client, session, email, known)
        if number % 2 and fields:
            action = _any_form(fields, chance)
            form = _filled(fields[action], chance)
            yield lambda: _send(client, action, form, last)  # noqa: B023 - asked before the next
            continue
        rule = chance.choice(rules)
        address = _address(rule, real, chance)
        if "GET" in (rule.methods or ()):
            address += _query(chance) if chance.random() < 0.5 else ""
            yield lambda: _look(client, address, fields, last)  # noqa: B023
        else:
            form = _filled({name: [""] for name in _any_names(fields, chance)}, chance)
            yield lambda: _send(client, address, form, last)  # noqa: B023


def _look(
    client: FlaskClient, address: str, fields: dict[str, dict[str, list[str]]], last: list[str]
) -> int:
    last[:] = [f"GET {address[:300]}"]
    answer = client.get(address, base_url=HOST, buffered=True)
    if answer.mimetype == "text/html":
        for form in _FORM.findall(answer.text):
            named = _ACTION.search(form)
            action = html.unescape(named[1]) if named else address
            if 'method="post"' in form and action.startswith("/") and action not in _EVERYWHERE:
                fields.setdefault(action, {}).update(_fields_of(form))
    return answer.status_code


def _fields_of(form: str) -> dict[str, list[str]]:
    """Return the names of a form's fields, each with the values that stand in it."""
    found: dict[str, list[str]] = {}
    choices = [html.unescape(value) for value in _CHOICE.findall(form)]
    for tag in _FIELD.finditer(form):
        value = _VALUE.search(tag[0])
        values = [html.unescape(value[1])] if value else choices or [""]
        found.setdefault(html.unescape(tag[1]), []).extend(values)
    return found


def _send(client: FlaskClient, address: str, form: dict[str, Any], last: list[str]) -> int:
    last[:] = [f"POST {address[:200]} {str(form)[:1500]}"]
    token = _token(client)
    return client.post(
        address,
        data=form | {"csrf_token": token},
        base_url=HOST,
        headers={"Referer": f"{HOST}/"},
        buffered=True,
    ).status_code


def _filled(fields: dict[str, list[str]], chance: random.Random) -> dict[str, Any]:
    """Return a form as it stood, with some fields odd."""
    how_odd = chance.choice((0.0, 0.1, 0.3, 0.9))
    return {
        name: _odd(chance)
        if chance.random() < how_odd
        else [chance.choice(values) for _ in range(chance.choice((1, 1, 2)))]
        for name, values in fields.items()
        if chance.random() < 0.95
    }


def _odd(chance: random.Random) -> str:
    return chance.choice(chance.choice((NUMBERS, DAYS, TEXTS)))


def _any_form(fields: dict[str, dict[str, list[str]]], chance: random.Random) -> str:
    """Return the address of a form, each kind as often as any other, however many there are."""
    kinds: dict[str, list[str]] = {}
    for address in sorted(fields):
        kinds.setdefault(_NUMBERED.sub("*", address.partition("?")[0]), []).append(address)
    return chance.choice(kinds[chance.choice(sorted(kinds))])


def _any_names(fields: dict[str, dict[str, list[str]]], chance: random.Random) -> list[str]:
    known = sorted({name for one in fields.values() for name in one}) or ["year"]
    return [chance.choice(known) for _ in range(4)]


def _query(chance: random.Random) -> str:
    names = ("nam", "thang", "trang", "ngay", "so", "viec", "back", "next", "q", "unit", "kieu",
             "chien-dich", "giai-doan", "day", "start", "issued", "bac", "loai", "tu", "den")  # fmt: skip
    return "?" + "&".join(
        f"{chance.choice(names)}={quote(_odd(chance)[:4000])}" for _ in range(chance.choice((1, 3)))
    )


def _address(rule: Rule, real: dict[str, list[str]], chance: random.Random) -> str:
    """Return an address of a rule, with what is there or what is odd in its gaps."""

    def gap(found: re.Match[str]) -> str:
        kind, name = (found[1] or "").rstrip(":"), found[2]
        pool = real.get(name) or (real["id"] if kind == "int" else real["text"])
        return quote(chance.choice(pool) if chance.random() < 0.75 else _odd(chance)[:300], safe="")

    return re.sub(r"<([a-z]+:)?(\w+)>", gap, rule.rule)


def _real(session: Session) -> dict[str, list[str]]:
    """Return what is in the database, by what addresses call it."""

    def some(column: Any) -> list[str]:
        return [str(found) for found in session.scalars(select(column).order_by(column).limit(40))]

    slugs = some(Observance.slug) + some(Unit.slug)
    return {
        "item_id": some(ChecklistItem.id),
        "evidence_id": some(Evidence.id),
        "post_id": some(Post.id),
        "uid": some(Campaign.uid) + some(Document.uid) + some(Activity.uid),
        "slug": slugs,
        "key": some(Template.key),
        "id": some(ChecklistItem.id)[:5],
        "text": slugs,
    }


def _make_accounts(session: Session, emails: tuple[str, ...]) -> None:
    """Give everybody an account, and make the first an administrator."""
    for email in emails:
        person = find_person(session, email)
        assert person is not None
        account_of(session, person)
        person.is_administrator = email == emails[0]


def _sign_in(client: FlaskClient, session: Session, email: str, known: dict[str, str]) -> None:
    """Sign in as whoever has the address, whatever the requests before did; nobody for none.

    ``known`` are the cookies of those who did, as long as nobody ended their devices: each would
    be one form more on their page.
    """
    account = session.scalar(select(Account).where(Account.email == email)) if email else None
    config = client.application.extensions["sumvay"].config
    now = config.clock()
    with client.session_transaction(base_url=HOST) as cookie:
        cookie.clear()
        if account is None:
            return
        if not devices.holder_of(session, known.get(email, ""), config, now=now):
            known[email] = devices.begin(session, account, now=now)[1]
        cookie["_user_id"] = known[email]


def _token(client: FlaskClient) -> str:
    with client.session_transaction(base_url=HOST) as cookie:
        kept = cookie.setdefault("csrf_token", secrets.token_hex(20))
    key = client.application.secret_key
    assert isinstance(key, str)
    signed = URLSafeTimedSerializer(key, salt="wtf-csrf-token").dumps(kept)
    return signed if isinstance(signed, str) else signed.decode()


def main(requests: int, seed: int) -> None:
    """Print the report of some requests to a new province, as JSON."""
    from datetime import UTC, datetime

    from events.catalog.importing import import_catalog
    from events.catalog.reading import read_catalog
    from events.database import sessions as database
    from events.database.sessions import Base
    from events.working_calendar import work_calendar
    from tests.web.conftest import NOON, SECRET, STATES
    from web.app import create_app
    from web.kit.config import WebConfig

    total = Report(seed)
    with tempfile.TemporaryDirectory() as folder:
        # a new province now and then, before the one at hand is reformed and cancelled to pieces
        for part, begun in enumerate(range(0, requests, 2000)):
            engine = database.create_engine(f"sqlite:///{folder}/{part}.db")
            Base.metadata.create_all(engine)
            factory = database.create_session_factory(engine)
            with factory.begin() as session:
                import_catalog(session, read_catalog(), now=datetime(2021, 1, 1, tzinfo=UTC))
                STATES["family_day"](session, work_calendar(session))
            config = WebConfig(
                secret_key=SECRET,
                public_url=HOST,
                files=Path(folder) / str(part),
                rate_limits=False,
                clock=lambda: NOON,
            )
            app = create_app(factory, config)
            app.logger.handlers.clear()  # the report says it
            app.logger.propagate = False
            people = ("hoa@example.org", "thi@example.org", "khanh@example.org")
            count = min(2000, requests - begun)
            found = fuzz(app, factory, people, count, seed + part)
            total.requests += found.requests
            total.statuses += found.statuses
            total.mistakes = found.mistakes | total.mistakes
            engine.dispose()
    print(json.dumps(total.plain, ensure_ascii=False, indent=1))
    sys.exit(bool(total.plain["errors_500"]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
