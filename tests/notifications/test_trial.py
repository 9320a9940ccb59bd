"""A test mail leaves by the way that all mail takes, and says in words what came of it."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from sqlalchemy import func, select

from events.errors import InvalidInputError
from events.units.office import office_to_change
from notifications.outbox.table import Message
from notifications.transports.errors import (
    NoServiceError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from notifications.trial import WayOut, send_trial, write_trial

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)


@pytest.fixture
def way_out(composer, postbox):
    return WayOut(composer, lambda: postbox)


def test_a_test_mail_comes_from_whom_mails_come_by_now_and_is_kept_nowhere(
    session, cast, way_out, postbox
):
    office = office_to_change(session)
    office.sender, office.committee = "giadinh@example.org", "Ban Chỉ đạo công tác gia đình"

    mail = write_trial(session, way_out, cast.hoa, language="vi", now=NOW)
    outcome = send_trial(way_out, mail)

    [(address, content)] = postbox.mails
    read = message_from_bytes(content, policy=policy.default)
    assert outcome.has_left
    assert address == cast.hoa.email in str(outcome.said)
    assert "giadinh@example.org" in read["From"]
    assert "Ban Chỉ đạo công tác gia đình" in read.get_body(("html",)).get_content()
    assert session.scalar(select(func.count()).select_from(Message)) == 0


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (NoServiceError("connection refused"), "connection refused"),
        (PermanentDeliveryError("no such user", code=550), "550 no such user"),
        (TransientDeliveryError("try later", code=451), "451 try later"),
        (UncertainDeliveryError("lost"), "may have arrived or not"),
    ],
    ids=lambda one: type(one).__name__,
)
def test_what_went_wrong_is_said_with_the_servers_words(
    session, cast, way_out, postbox, trouble, said
):
    postbox.troubles.append(trouble)
    mail = write_trial(session, way_out, cast.hoa, language="vi", now=NOW)

    outcome = send_trial(way_out, mail)

    assert not outcome.has_left
    assert said in str(outcome.said)


def test_who_has_no_address_gets_no_test_mail(session, cast, way_out):
    cast.hoa.email = None

    with pytest.raises(InvalidInputError):
        write_trial(session, way_out, cast.hoa, language="vi", now=NOW)
