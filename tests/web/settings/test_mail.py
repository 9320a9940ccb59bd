from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from events.models import Person
from notifications.transports import maildir
from tests.conftest import Cast
from tests.web.conftest import Visitor


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


@pytest.fixture
def key(tmp_path: Path) -> str:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "lich@example.org", "thi@example.org", "Nhắc việc"
    mail["Date"], mail["Message-ID"] = "Mon, 01 Mar 2021 07:30:00 +0700", "<1@example.org>"
    mail.set_content("Kính gửi anh, chị <b>\nhttps://lich.example.org/viec/1")
    mail.add_alternative(
        "<p style='color:red'>Kính gửi</p><script>alert(1)</script>", subtype="html"
    )
    maildir.MaildirTransport(tmp_path / "mail", durable=False).send("thi@example.org", bytes(mail))
    return maildir.list_messages(tmp_path / "mail")[0].key


def test_an_administrator_reads_what_was_written(administrator: Visitor, key: str):
    assert "Nhắc việc" in administrator.read("/thu/")
    page = administrator.read(f"/thu/{key}")
    assert "Kính gửi anh, chị" in page
    assert 'href="https://lich.example.org/viec/1"' in page
    assert f'sandbox src="/thu/{key}/html"' in page


def test_the_html_of_a_mail_can_do_nothing(administrator: Visitor, key: str):
    policy = administrator.get(f"/thu/{key}/html").headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy


def test_an_empty_folder_says_that_nothing_was_written_yet(administrator: Visitor):
    assert "Chưa có thư nào" in administrator.read("/thu/")


def test_others_see_no_mail(
    signed_in: Callable[[Person], Visitor], cast: Cast, stranger: Visitor, key: str
):
    for path in ("/thu/", f"/thu/{key}", f"/thu/{key}/html"):
        assert "quyết định chung cho toàn hệ thống" in signed_in(cast.thi).read(path, 403)
        assert stranger.get(path).location.startswith("/dang-nhap?next=/thu/")


def test_an_unknown_mail_is_not_found(administrator: Visitor):
    administrator.read(f"/thu/{'0' * 40}", 404)
    administrator.read("/thu/..%2F..%2Fetc", 404)
