"""What a notice lets its reader do at once."""

import io
import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from PIL import Image

from events.checklist.mail_links import MailLink, last_day_of, read_token
from notifications.letters.wording import ZALO_LIMIT, date_in_words, veiled
from notifications.notices.reminders import write_reminders
from notifications.outbox.table import Message
from tests.conftest import as_shipped

DAY_BEFORE = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)
KEY = "a key of thirty-two characters or more"


@pytest.fixture
def item(make_item):
    return make_item("Treo băng rôn")


@pytest.fixture
def mail(session, composer, item, vietnam, cast):
    """The reminder that Thi gets."""
    write_reminders(session, now=DAY_BEFORE, clockwork=as_shipped(vietnam))
    message = session.query(Message).filter_by(person_id=cast.thi.id).one()
    session.commit()
    octets = replace(composer, secret_key=KEY).compose(session, message)
    return message_from_bytes(octets, policy=policy.default)


def test_each_item_of_a_reminder_has_three_verbs_that_are_its_readers_alone(mail, item, cast):
    for kind in ("plain", "html"):
        body = mail.get_body((kind,)).get_content()
        links = re.findall(r"https://sumvay\.example\.org/qua-thu/([\w-]+)(/\w+)?", body)

        assert {verb for _token, verb in links} == {"", "/xong", "/vuong"}
        assert {read_token(token, KEY) for token, _verb in links} == {
            MailLink(cast.thi.id, item.id)
        }


def test_a_contact_who_is_told_in_anothers_place_gets_no_links_that_open_nothing(
    session, composer, item, vietnam, cast
):
    item.role_key = "phong_vhxh_xa"  # nobody holds it: the contact of the unit is told
    write_reminders(session, now=DAY_BEFORE, clockwork=as_shipped(vietnam))
    message = session.query(Message).filter_by(person_id=cast.thi.id).one()
    session.commit()

    octets = replace(composer, secret_key=KEY).compose(session, message)
    mail = message_from_bytes(octets, policy=policy.default)

    for kind in ("plain", "html"):
        body = mail.get_body((kind,)).get_content()
        assert "qua-thu" not in body
        assert f"/viec/{item.id}" in body


def test_the_mail_says_until_when_its_buttons_work(mail, item):
    last_day = last_day_of(item.campaign, item.due)

    for kind in ("plain", "html"):
        body = mail.get_body((kind,)).get_content()
        assert date_in_words(last_day, "vi") in body


def test_the_text_for_zalo_is_short_and_opens_nothing_in_somebodys_name(mail, item):
    text = mail.get_body(("plain",)).get_content()
    copy = text.split("-" * 40)[1].strip()

    assert len(copy) <= ZALO_LIMIT
    assert f"/viec/{item.id}" in copy
    assert "qua-thu" not in copy


def test_the_picture_code_comes_along_in_the_mail_and_is_shown_by_its_html(mail):
    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    html = mail.get_body(("html",)).get_content()

    assert 'src="cid:ma-qr"' in html
    assert picture["Content-ID"] == "<ma-qr>"
    assert Image.open(io.BytesIO(picture.get_content())).width > 100
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]


def test_whoever_else_looks_at_the_mail_cannot_act(mail):
    for kind in ("plain", "html"):
        body = mail.get_body((kind,)).get_content()

        assert re.search(r"qua-thu/[\w-]", body)
        assert not re.search(r"qua-thu/[\w-]", veiled(body))
