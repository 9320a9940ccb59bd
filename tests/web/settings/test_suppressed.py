"""The page of addresses that get no mail: why, until when, and the way back."""

from datetime import timedelta

import pytest

from notifications.outbox.pausing import Said, pause
from notifications.outbox.suppression import Suppression, SuppressionReason, suppressed
from tests.web.conftest import NOON, Visitor

PAGE = "/thu/dia-chi-tam-ngung"


@pytest.fixture
def administrator(signed_in, cast, session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


@pytest.fixture
def row(session):
    found = Suppression(
        address="gone@example.org",
        reason=SuppressionReason.NO_MAILBOX,
        words="5.1.1 <b>no such user",
        since=NOON - timedelta(days=1),
        until=NOON + timedelta(days=89),
        times=1,
    )
    session.add(found)
    session.commit()
    return found


def test_an_administrator_sees_why_an_address_gets_nothing_and_lets_it_have_mail_again(
    administrator, row, session
):
    page = administrator.read(PAGE)
    assert "gone@example.org" in page
    assert "5.1.1 &lt;b&gt;no such user" in page
    assert PAGE in administrator.read("/quan-tri")

    answer = administrator.post(PAGE, address=row.address)

    assert answer.location == PAGE
    assert not suppressed(session, [row.address], NOON)
    assert "gone@example.org" not in administrator.read(PAGE).replace("đến gone@example.org", "")
    assert administrator.post(PAGE, address="nobody@example.org").status_code == 404


def test_an_officer_sees_the_list_and_changes_nothing(signed_in, cast, row, session):
    officer = signed_in(cast.hoa)

    assert "gone@example.org" in officer.read(PAGE)
    assert '<form method="post" action="/thu/dia-chi' not in officer.read(PAGE)
    assert officer.post(PAGE, address=row.address).status_code == 403
    assert suppressed(session, [row.address], NOON)


def test_the_page_says_why_no_mail_leaves(administrator, session):
    pause(session, now=NOON, said=Said(535, "5.7.8 bad credentials", "auth"))
    session.commit()

    assert "535 5.7.8 bad credentials" in administrator.read(PAGE)
