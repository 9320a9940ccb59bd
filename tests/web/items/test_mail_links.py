"""Acting from a mail, by whoever has its link."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from events.checklist.delegating import delegate_item
from events.checklist.history import history_of
from events.checklist.mail_links import MailLink, last_day_of, read_token, token_of
from events.checklist.story import story_of
from events.database.sessions import Base
from events.models import AuditEntry, AuditKind, ChecklistItem, Evidence, Post, TodoStatus
from events.models.history import Door
from tests.conftest import Cast
from tests.web.conftest import NOON, SECRET, Clock, Opened, Visitor
from tests.web.items.test_show import PNG
from web.accounts.models import account_of
from web.accounts.personal_data import erase
from web.app import create_app
from web.kit.config import WebConfig

A_DAY = timedelta(days=1)


@pytest.fixture
def settings(settings: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return settings | {"files": tmp_path / "files"}


@pytest.fixture
def item(opened: Opened, session: Session) -> ChecklistItem:
    """The commune's item, for which a tick is enough."""
    opened.item.evidence_min = 0
    session.commit()
    return opened.item


@pytest.fixture
def link(item: ChecklistItem, cast: Cast) -> str:
    """The address that a mail to Thi holds."""
    return f"/qua-thu/{token_of(MailLink(cast.thi.id, item.id), SECRET)}"


def again(session: Session, item: ChecklistItem) -> ChecklistItem:
    session.expire_all()
    return session.get_one(ChecklistItem, item.id)


def rows(session: Session) -> dict[str, int]:
    tables = Base.metadata.sorted_tables
    return {
        table.name: session.scalar(select(func.count()).select_from(table)) or 0 for table in tables
    }


def test_a_link_marks_an_item_as_done_without_signing_in(
    stranger: Visitor, link: str, item: ChecklistItem, cast: Cast, session: Session
):
    page = stranger.read(f"{link}/xong")
    answer = stranger.post(f"{link}/xong")

    assert item.summary in page
    assert f'action="{link}/xong"' in page
    assert (answer.status_code, answer.location) == (303, link)
    done = again(session, item)
    assert (done.status, done.completed_by) == (TodoStatus.COMPLETED, cast.thi)
    [change] = history_of(session, done)
    assert change.door is Door.MAIL_LINK
    assert change.reported_id == cast.commune.id


def test_the_history_says_in_both_languages_that_it_was_said_from_a_mail(
    stranger: Visitor, signed_in, link: str, item: ChecklistItem, cast: Cast
):
    stranger.post(f"{link}/xong")
    thi: Visitor = signed_in(cast.thi)

    assert "qua liên kết trong thư" in thi.read(f"/viec/{item.id}")
    assert "by a link in a mail" in thi.in_english().read(f"/viec/{item.id}")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_thousand_looks_change_nothing(
    app: Flask, link: str, item: ChecklistItem, session: Session, method: str
):
    client, before = app.test_client(), rows(session)

    for number in range(1000):
        path = link + ("", "/xong", "/vuong")[number % 3]
        answer = getattr(client, method)(path, base_url="https://lich.example.org")
        assert answer.status_code == 200

    assert rows(session) == before
    assert again(session, item).status is TodoStatus.NEEDS_ACTION


def test_a_button_pressed_twice_does_it_once(
    stranger: Visitor, link: str, item: ChecklistItem, session: Session
):
    answers = [stranger.post(f"{link}/xong") for _time in range(3)]

    assert {answer.status_code for answer in answers} == {303}
    assert len(history_of(session, again(session, item))) == 1


def test_neither_cookie_nor_token_of_a_form_is_needed(
    app: Flask, link: str, item: ChecklistItem, session: Session
):
    answer = app.test_client(use_cookies=False).post(
        f"{link}/vuong", data={"note": "Chờ kinh phí"}, base_url="https://lich.example.org"
    )

    assert answer.status_code == 303
    assert again(session, item).blocked == "Chờ kinh phí"


def test_what_stands_in_the_way_is_said_once_however_often_it_is_sent(
    stranger: Visitor, link: str, item: ChecklistItem, session: Session
):
    for _time in range(2):
        stranger.post(f"{link}/vuong", note="Chờ kinh phí")

    assert len(history_of(session, again(session, item))) == 1
    assert stranger.post(f"{link}/vuong", note=" ").status_code == 400


def test_evidence_and_the_real_day_come_along_and_a_repeated_form_adds_no_second_piece(
    stranger: Visitor, link: str, item: ChecklistItem, session: Session
):
    item.evidence, item.evidence_min = ["photo"], 1
    session.commit()
    yesterday = (NOON - A_DAY).date()

    def send() -> int:
        photo = (BytesIO(PNG), "anh.png")
        form = {"done_on": yesterday.isoformat(), "photo-file": photo}
        return stranger.post(f"{link}/xong", **form).status_code

    assert [send(), send()] == [303, 303]
    done = again(session, item)
    assert done.completed_on == yesterday
    assert len(session.scalars(select(Evidence)).all()) == 1


def test_what_is_missing_is_said_on_the_page_and_nothing_else_is_lost(
    stranger: Visitor, link: str, item: ChecklistItem, session: Session
):
    item.evidence, item.evidence_min = ["photo"], 1
    session.commit()

    answer = stranger.post(f"{link}/xong")

    assert answer.status_code in (400, 409)
    assert 'role="alert"' in answer.text
    assert again(session, item).status is TodoStatus.NEEDS_ACTION


def test_what_was_said_from_a_mail_is_taken_back_there(
    stranger: Visitor, link: str, item: ChecklistItem, session: Session
):
    stranger.post(f"{link}/xong")
    found = re.search(r'name="change" value="(\d+)"', stranger.read(link))
    assert found is not None

    answer = stranger.post(f"{link}/hoan-tac", change=found[1])

    assert answer.status_code == 303
    assert again(session, item).status is TodoStatus.NEEDS_ACTION


def test_a_link_takes_nothing_back_that_others_said(
    stranger: Visitor, signed_in, link: str, item: ChecklistItem, cast: Cast, session: Session
):
    signed_in(cast.thi).post(f"/viec/{item.id}/hoan-thanh")
    [change] = history_of(session, again(session, item))

    assert "hoan-tac" not in stranger.read(link)
    assert stranger.post(f"{link}/hoan-tac", change=change.id).status_code == 404


def lose_the_post(session: Session, cast: Cast, _item: ChecklistItem) -> None:
    post = session.scalars(select(Post).where(Post.person_id == cast.thi.id)).one()
    post.valid_to = (NOON - A_DAY).date()


def be_erased(session: Session, cast: Cast, _item: ChecklistItem) -> None:
    erase(session, cast.thi, by=None, now=NOON)


def be_shut_out(session: Session, cast: Cast, _item: ChecklistItem) -> None:
    account_of(session, cast.thi).active = False


def give_it_away(session: Session, cast: Cast, item: ChecklistItem) -> None:
    item.role_key = "so_vhttdl"


def cancel(_session: Session, _cast: Cast, item: ChecklistItem) -> None:
    item.campaign.round.status = type(item.campaign.status).CANCELLED


@pytest.mark.parametrize("happens", [lose_the_post, be_erased, be_shut_out, give_it_away, cancel])
def test_a_link_opens_nothing_once_its_person_is_not_in_charge_any_more(
    stranger: Visitor, link: str, item: ChecklistItem, cast: Cast, session: Session, happens
):
    happens(session, cast, item)
    session.commit()

    assert item.summary not in stranger.read(link, 410)
    assert stranger.post(f"{link}/xong").status_code == 410
    assert again(session, item).status is TodoStatus.NEEDS_ACTION


def test_a_link_works_until_its_campaign_is_over(
    stranger: Visitor, signed_in, link: str, item: ChecklistItem, clock: Clock
):
    last_day = last_day_of(item.campaign, item.due)

    clock.advance((last_day - NOON.date()) * 1)
    assert stranger.get(link).status_code == 200
    clock.advance(A_DAY)
    assert stranger.get(link).status_code == 410


def test_a_link_is_for_one_person_and_one_item(
    stranger: Visitor, opened: Opened, cast: Cast, session: Session
):
    session.commit()
    other = opened.other_commune.items[0]

    for signed in (MailLink(cast.thi.id, other.id), MailLink(cast.la.id, opened.item.id)):
        stranger.read(f"/qua-thu/{token_of(signed, SECRET)}", 410)


def test_no_other_key_signs_a_link_and_no_bit_of_it_may_change(link: str, item: ChecklistItem):
    token = link.rpartition("/")[2]
    good = read_token(token, SECRET)
    others = [
        token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        for place in range(32)
    ]

    assert good is not None
    assert good.item_id == item.id
    assert [read_token(other, SECRET) for other in others] == [None] * 32
    assert read_token(token, SECRET + "x") is None
    assert read_token("", SECRET) is None
    assert read_token("ệ" * 32, SECRET) is None


def test_guessing_links_gets_slower_and_is_in_the_log(
    session_factory, settings: dict[str, Any], item: ChecklistItem, session: Session
):
    app = create_app(session_factory, WebConfig(**settings | {"rate_limits": True}))
    visitor = Visitor(app.test_client())

    codes = [visitor.post(f"/qua-thu/{'A' * 32}/xong").status_code for _try in range(52)]

    assert codes[0] == 410
    assert codes[-1] == 429
    entry = session.scalars(select(AuditEntry).where(AuditEntry.kind == AuditKind.REFUSED)).first()
    assert entry is not None
    assert entry.detail == "mail-link"


def test_the_page_tells_nobody_its_address(stranger: Visitor, link: str, item: ChecklistItem):
    for path in (link, f"{link}/xong", "/qua-thu/falsch"):
        answer = stranger.get(path)
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Robots-Tag"] == "noindex"
    page = "".join(stranger.read(f"{link}{verb}") for verb in ("", "/xong", "/vuong"))
    addresses = re.findall(r'(?:href|src|action)="([^"]+)"', page)
    assert [one for one in addresses if "qua-thu" in one and not one.startswith(link)] == []


def test_a_delegated_item_is_taken_from_whoever_had_it(
    stranger: Visitor, link: str, item: ChecklistItem, cast: Cast, session: Session, village
):
    delegate_item(session, item.id, village.id, role=None, by=cast.thi, now=NOON)
    session.commit()

    stranger.read(link, 410)
    assert story_of(history_of(session, again(session, item))[0], "vi")
