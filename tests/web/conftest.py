"""Pages of a province in which one campaign runs, read by the cast."""

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.database.sessions import SessionFactory, reading
from events.days.workdays import WorkCalendar
from events.models import Campaign, ChecklistItem, Duty, Person, Round, Template, Unit
from events.observances.occurrences import extend_horizon
from events.people.persons import add_person
from events.people.posts import give_post
from events.people.roles import add_role
from events.reforms.villages import add_village
from events.words.language import TRANSLATIONS
from tests.conftest import STATES, Cast
from web.accounts import devices
from web.accounts.models import account_of
from web.app import create_app
from web.kit.config import WebConfig, utc_now
from web.kit.context import SumVay
from web.kit.language import COOKIE

NOON = datetime(2021, 3, 1, 5, 0, tzinfo=UTC)  # 12:00 in Vietnam, a Monday
SECRET = "a secret of at least sixteen characters"
YEAR = 2021
A_LONG_TIME = timedelta(days=3650)  # people stay signed in while a test moves its clock


@pytest.fixture(scope="session", autouse=True)
def vietnamese() -> None:
    """Compile the catalogue of translations, which is not kept, if it is missing or old."""
    source = TRANSLATIONS / "vi" / "LC_MESSAGES" / "messages.po"
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    part = target.with_suffix(f".{os.getpid()}")
    with source.open("rb") as po, part.open("wb") as mo:
        write_mo(mo, read_po(po, locale="vi"))
    part.replace(target)


class Clock:
    """A clock that stands still until somebody moves it."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def advance(self, step: timedelta) -> None:
        self.now += step


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings(tmp_path: Path, clock: Clock) -> dict[str, Any]:
    """What the application is made with; a test may change it before it asks for ``app``."""
    return {
        "secret_key": SECRET,
        "public_url": "https://lich.example.org",
        "maildir": tmp_path / "mail",
        "setup_code_file": tmp_path / "setup_code",
        "testing": True,
        "rate_limits": False,
        "clock": clock,
        "session_idle": A_LONG_TIME,
        "session_lifetime": A_LONG_TIME,
    }


_APPS: dict[WebConfig, Flask] = {}


def app_with(session_factory: SessionFactory, config: WebConfig) -> Flask:
    """Return the application on a test's database and settings.

    Those that are built into it share one, since its templates take longer to compile than most
    tests.
    """
    built_in = replace(
        config, maildir=None, setup_code_file=None, files=None, way_out=None, clock=utc_now
    )
    if built_in not in _APPS:
        _APPS[built_in] = create_app(session_factory, config)
    _APPS[built_in].extensions["sumvay"] = SumVay(session_factory, reading(session_factory), config)
    return _APPS[built_in]


@pytest.fixture
def app(session_factory: SessionFactory, settings: dict[str, Any]) -> Flask:
    return app_with(session_factory, WebConfig(**settings))


class Visitor:
    """Somebody with a browser: keeps cookies, and sends forms with the token that a page gave."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.client.get(path, base_url="https://lich.example.org", buffered=True, **kwargs)

    def read(self, path: str, status: int = 200) -> str:
        response = self.get(path)
        assert response.status_code == status, response.text
        return response.text

    def post(self, path: str, **form: Any) -> TestResponse:
        return self.send(path, csrf_token=self._token(), **form)

    def _token(self) -> str:
        """Return the token of a form, as any page writes it, without asking for a page."""
        app = self.client.application
        with self.client.session_transaction(base_url="https://lich.example.org") as cookie:
            cookie.pop("_flashes", None)  # that page would have said what the last form came to
            if "csrf_token" not in cookie:
                cookie["csrf_token"] = secrets.token_hex(20)
            kept = cookie["csrf_token"]
        signed = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(kept)
        return signed if isinstance(signed, str) else signed.decode()

    def in_english(self) -> "Visitor":
        """Let the pages speak English from now on."""
        self.client.set_cookie(f"__Host-{COOKIE}", "en", domain="lich.example.org")
        return self

    def send(self, path: str, **form: Any) -> TestResponse:
        headers = {"Referer": "https://lich.example.org/"}
        return self.client.post(
            path, data=form, base_url="https://lich.example.org", headers=headers
        )


@pytest.fixture
def stranger(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app.test_client())


@pytest.fixture
def signed_in(app: Flask, session: Session, clock: Clock) -> Callable[[Person], Visitor]:
    def sign_in(person: Person) -> Visitor:
        _device, secret = devices.begin(session, account_of(session, person), now=clock.now)
        session.commit()
        visitor = Visitor(app.test_client())
        with visitor.client.session_transaction(base_url="https://lich.example.org") as cookie:
            cookie["_user_id"] = secret
        return visitor

    return sign_in


@pytest.fixture
def leader(signed_in: Callable[[Person], Visitor], session: Session, cast: Cast) -> Visitor:
    """Somebody of the province who reads everything there and below, and changes nothing."""
    role = add_role(session, "Lãnh đạo", "Leader", None, duty=Duty.LEADER, by=None, on=NOON.date())
    person = add_person(session, "Lãnh đạo tỉnh (Lĩnh)", "linh@example.org")
    give_post(session, person, cast.province, role.key, since=date(2020, 1, 1))
    return signed_in(person)


@dataclass(frozen=True)
class Opened:
    """The campaign of the International Day of Happiness 2021, seen from three units."""

    province: Campaign
    commune: Campaign
    other_commune: Campaign

    @property
    def item(self) -> ChecklistItem:
        """Return the commune's first item."""
        return self.commune.items[0]


def _open(session: Session, template_key: str, calendar: WorkCalendar) -> None:
    template = session.scalars(select(Template).where(Template.key == template_key)).one()
    [found] = rounds_of(template, YEAR)
    open_round(session, found, now=NOON, calendar=calendar)


def _opened(session: Session, calendar: WorkCalendar) -> None:
    Cast(session)
    extend_horizon(session, now=NOON)
    _open(session, "happiness_day", calendar)


def _with_family_day(session: Session, calendar: WorkCalendar) -> None:
    _opened(session, calendar)
    _open(session, "vn_family_day", calendar)


STATES |= {"opened": _opened, "family_day": _with_family_day}


@pytest.fixture
def opened(session: Session, cast: Cast) -> Opened:
    return opened_of(session, cast)


def opened_of(session: Session, cast: Cast) -> Opened:
    """Return the campaigns of the cast's units where that of the day is open."""
    happiness_day = Campaign.round.has(Round.template.has(Template.key == "happiness_day"))

    def of(unit_id: int) -> Campaign:
        return session.scalars(
            select(Campaign).where(Campaign.unit_id == unit_id, happiness_day)
        ).one()

    return Opened(of(cast.province.id), of(cast.commune.id), of(cast.other_commune.id))


@pytest.fixture
def family_day(session: Session, opened: Opened) -> Campaign:
    """The commune's campaign of Vietnamese Family Day 2021, beside the one of ``opened``."""
    query = select(Campaign).where(
        Campaign.unit_id == opened.commune.unit_id,
        Campaign.round.has(Round.template.has(Template.key == "vn_family_day")),
    )
    return session.scalars(query).one()


@pytest.fixture
def village(session: Session, cast: Cast, opened: Opened, vietnam: WorkCalendar) -> Unit:
    """A village of Thi's commune."""
    unit = add_village(
        session, cast.commune, "lang", "Đăk Ra", by=cast.thi, now=NOON, calendar=vietnam
    )
    session.commit()
    return unit
