"""Letters for people without an account, on the pages."""

import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from events.database.sessions import Base
from events.models import AuditEntry, AuditKind, Observance
from notifications.outbox.table import Message
from notifications.subscribers import choosing
from notifications.subscribers.table import Subscriber, SubscriptionRequest
from tests.conftest import Cast
from tests.web.conftest import NOON, SECRET, Visitor
from web.accounts.personal_data import erase
from web.app import create_app
from web.kit.config import WebConfig


@pytest.fixture
def happiness(session: Session, cast: Cast) -> Observance:
    query = select(Observance).where(Observance.key == "intl_happiness_day")
    session.commit()
    return session.scalars(query).one()


@pytest.fixture
def subscriber(session: Session, happiness: Observance) -> Subscriber:
    """Somebody who confirmed that they want letters about Happiness Day."""
    wishes = choosing.Wishes(frozenset({happiness.id}))
    choosing.ask(session, "dan@example.org", wishes, language="vi", now=NOON)
    choosing.answer_requests(session, now=NOON)
    found = session.scalars(select(Subscriber)).one()
    choosing.confirm(session, found, now=NOON)
    session.commit()
    return found


def link(subscriber: Subscriber, what: str) -> str:
    purpose = choosing.CONFIRM if what == "xac-nhan" else choosing.CHOOSE
    return f"/nhan-thu/{what}/{choosing.token_of(subscriber, SECRET, purpose)}"


def everything(session: Session) -> dict[str, list[str]]:
    return {
        table.name: sorted(repr(tuple(row)) for row in session.execute(select(table)))
        for table in Base.metadata.sorted_tables
    }


def test_a_known_address_and_a_stranger_get_the_same_answer_by_the_same_statements(
    stranger: Visitor, subscriber: Subscriber, happiness: Observance, session: Session
):
    def ask(email: str) -> tuple[int, str | None, str, list[str]]:
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(re.sub(r"SAVEPOINT \S+", "SAVEPOINT", statement))

        bind = session.get_bind()
        event.listen(bind, "before_cursor_execute", note)
        answer = stranger.post("/nhan-thu/", email=email, observance=happiness.id)
        event.remove(bind, "before_cursor_execute", note)
        return answer.status_code, answer.location, answer.text, statements

    ask("warm@example.org")
    known, unknown = ask("dan@example.org"), ask("la@example.org")

    assert known == unknown
    assert known[0] == 303
    assert len(session.scalars(select(SubscriptionRequest)).all()) == 3


def test_one_is_asked_confirms_and_chooses_anew(
    stranger: Visitor, happiness: Observance, cast: Cast, session: Session
):
    stranger.post("/nhan-thu/", email="dan@example.org", observance=happiness.id)
    choosing.answer_requests(session, now=NOON)
    session.commit()
    found = session.scalars(select(Subscriber)).one()

    assert "dan@example.org" in stranger.read(link(found, "xac-nhan"))
    for _time in range(2):
        answer = stranger.post(link(found, "xac-nhan"))
        assert answer.location.startswith(link(found, "chon"))
    assert "Đã xác nhận" in stranger.read(answer.location)
    answer = stranger.post(link(found, "chon"), unit=cast.commune.id)

    session.expire_all()
    assert answer.status_code == 303
    assert found.confirmed is not None
    assert choosing.wishes_of(found) == choosing.Wishes(frozenset(), cast.commune.id)


def test_looking_changes_nothing(stranger: Visitor, subscriber: Subscriber, session: Session):
    before = everything(session)

    for what in ("xac-nhan", "chon", "thoi"):
        for _time in range(20):
            stranger.read(link(subscriber, what))
            head = stranger.client.head(link(subscriber, what), base_url="https://lich.example.org")
            assert head.status_code == 200

    assert everything(session) == before


def test_a_mail_program_ends_the_letters_by_one_click_without_cookies(
    app: Flask, subscriber: Subscriber, session: Session
):
    address = link(subscriber, "thoi")

    for _time in range(2):
        answer = app.test_client(use_cookies=False).post(
            address,
            data={"List-Unsubscribe": "One-Click"},
            base_url="https://lich.example.org",
        )
        assert answer.status_code == 200

    assert session.scalar(select(func.count()).select_from(Subscriber)) == 0
    assert session.scalars(select(Message.next_attempt)).all() == [None]


def test_what_cannot_be_is_said_on_the_form(stranger: Visitor, happiness: Observance):
    no_wish = stranger.post("/nhan-thu/", email="dan@example.org")
    no_address = stranger.post("/nhan-thu/", email="dan", observance=happiness.id)

    assert (no_wish.status_code, no_address.status_code) == (400, 400)
    assert 'role="alert"' in no_wish.text
    assert 'value="dan"' in no_address.text


def test_one_visitor_asks_for_few_addresses(
    session_factory, settings: dict[str, Any], happiness: Observance, session: Session
):
    app = create_app(session_factory, WebConfig(**settings | {"rate_limits": True}))
    visitor = Visitor(app.test_client())

    codes = [
        visitor.post("/nhan-thu/", email=f"a{n}@example.org", observance=happiness.id).status_code
        for n in range(8)
    ]

    assert codes[:5] == [303] * 5
    assert codes[-1] == 429


def test_a_link_that_is_none_is_refused_and_counted(
    stranger: Visitor, subscriber: Subscriber, session: Session
):
    for what in ("xac-nhan", "chon", "thoi"):
        stranger.read(f"/nhan-thu/{what}/{'A' * 40}", 410)
        assert stranger.post(f"/nhan-thu/{what}/{'A' * 40}").status_code == 410

    kinds = select(AuditEntry).where(AuditEntry.kind == AuditKind.REFUSED)
    assert {entry.detail for entry in session.scalars(kinds)} == {"mail-link"}


def test_the_pages_behind_links_tell_nobody_their_address(
    stranger: Visitor, subscriber: Subscriber
):
    for what in ("xac-nhan", "chon", "thoi"):
        answer = stranger.get(link(subscriber, what))
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"


def test_whoever_is_erased_gets_no_letters_either(
    subscriber: Subscriber, cast: Cast, session: Session
):
    cast.la.email = subscriber.email
    session.commit()

    erase(session, cast.la, by=None, now=NOON)

    assert session.scalar(select(func.count()).select_from(Subscriber)) == 0
