"""Links that open an account: mailed, good once, nobody else's to see."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from events.models import AuditEntry, AuditKind
from notifications.letters.composer import Composer
from notifications.outbox.table import Message
from notifications.transports import maildir
from tests.web.accounts.conftest import PASSWORD
from tests.web.conftest import Visitor
from web.accounts.models import SignInLink

NEW = "một mật khẩu khác hẳn"


def is_in(visitor: Visitor) -> bool:
    return "Đăng xuất" in visitor.read("/don-vi/")


def ask(visitor: Visitor, what: str = "lien-ket") -> None:
    assert visitor.post(f"/dang-nhap/{what}", email="thi@example.org").status_code == 303


def test_a_link_is_used_up_by_its_first_form(app, stranger, cast, session, newest_link):
    session.commit()
    ask(stranger)
    link = newest_link()
    assert stranger.post(link).status_code == 303

    second = Visitor(app.test_client())

    assert second.post(link).status_code == 410
    assert not is_in(second)
    second.read(link, 410)


def test_looking_at_a_link_changes_nothing_however_often(stranger, cast, session, newest_link):
    session.commit()
    ask(stranger)
    link = newest_link()

    for _ in range(3):
        stranger.read(link)
        assert stranger.client.head(link, base_url="https://lich.example.org").status_code == 200

    assert not is_in(stranger)
    assert stranger.post(link).status_code == 303
    assert is_in(stranger)


def test_a_newer_link_voids_the_older_ones(stranger, cast, session, clock, newest_link):
    session.commit()
    ask(stranger)
    older = newest_link()
    clock.advance(timedelta(minutes=2))
    ask(stranger)

    assert stranger.post(older).status_code == 410
    assert not is_in(stranger)
    assert stranger.post(newest_link()).status_code == 303


def test_a_link_is_stored_as_a_digest_only(stranger, cast, session, newest_link):
    session.commit()
    ask(stranger)
    secret = newest_link().partition("?")[0].rpartition("/")[2]

    [digest] = session.scalars(select(SignInLink.digest))

    assert secret not in digest
    stranger.read(f"/dang-nhap/lien-ket/{digest}", 410)


def test_a_forgotten_password_is_set_anew_and_everybody_else_is_out(
    app, stranger, signed_in, cast, session, newest_link, with_password
):
    with_password(cast.thi)
    elsewhere = signed_in(cast.thi)
    ask(stranger, "quen-mat-khau")
    link = newest_link()
    assert "/dang-nhap/mat-khau/" in link
    assert "thi@example.org" in stranger.read(link)

    assert stranger.post(link, password=NEW, again=NEW).status_code == 303

    assert is_in(stranger)
    assert not is_in(elsewhere)
    assert stranger.post(link, password=NEW, again=NEW).status_code == 410
    other = Visitor(app.test_client())
    assert other.post("/dang-nhap", email="thi@example.org", password=PASSWORD).status_code == 422
    assert other.post("/dang-nhap", email="thi@example.org", password=NEW).status_code == 303


def test_a_password_that_is_refused_leaves_the_link_as_it_is(stranger, cast, session, newest_link):
    session.commit()
    ask(stranger, "quen-mat-khau")
    link = newest_link()

    refused = stranger.post(link, password="thi@example.org 2021", again="thi@example.org 2021")

    assert refused.status_code == 422
    assert "dễ đoán" in refused.text
    assert stranger.post(link, password=NEW, again=NEW).status_code == 303


def test_a_link_of_one_purpose_is_none_of_the_other(stranger, cast, session, newest_link):
    session.commit()
    ask(stranger)
    as_other = newest_link().replace("lien-ket", "mat-khau")

    stranger.read(as_other, 410)
    assert stranger.post(as_other, password=NEW, again=NEW).status_code == 410


def test_the_answer_to_a_forgotten_password_tells_nobody_who_is_known(stranger, cast, session):
    session.commit()
    known = stranger.post("/dang-nhap/quen-mat-khau", email="thi@example.org")
    unknown = stranger.post("/dang-nhap/quen-mat-khau", email="ai-do@example.org")

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert known.text == unknown.text
    assert len(session.scalars(select(Message)).all()) == 1


@pytest.mark.parametrize("what", ["lien-ket", "quen-mat-khau"])
def test_an_administrator_reads_the_mail_but_not_the_link(
    stranger, signed_in, cast, session, clock, newest_link, tmp_path, what
):
    cast.hoa.is_administrator = True
    session.commit()
    ask(stranger, what)
    secret = newest_link().partition("?")[0].rpartition("/")[2]
    composer = Composer("lich@example.org", "Sum Vầy", "https://lich.example.org")
    mail = composer.compose(session, session.scalars(select(Message)).one())
    maildir.MaildirTransport(tmp_path / "mail", durable=False).send("thi@example.org", mail)
    [listed] = maildir.list_messages(tmp_path / "mail")
    hoa = signed_in(cast.hoa)

    pages = [hoa.read(f"/thu/{listed.key}"), hoa.read(f"/thu/{listed.key}/html"), hoa.read("/thu/")]

    assert secret in maildir.read_message(tmp_path / "mail", listed.key).text
    assert all(secret not in page for page in pages)
    assert "/dang-nhap/" in pages[0]


def test_what_happened_with_links_is_in_the_log(stranger, cast, session, newest_link):
    session.commit()
    ask(stranger)
    link = newest_link()
    stranger.post(link)
    stranger.post(link)

    kinds = session.scalars(select(AuditEntry.kind).order_by(AuditEntry.id)).all()
    assert kinds == [AuditKind.LINK_SENT, AuditKind.SIGNED_IN, AuditKind.REFUSED]
