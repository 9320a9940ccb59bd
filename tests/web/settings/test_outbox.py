"""The outbox as administrators see it: found, read without links that open accounts, sent again,
called off; why somebody got a mail; figures for machines.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.charge import people_in_charge
from events.localtime import VIETNAM
from events.models import ChecklistItem, Person
from events.units.office import is_copy, office_to_change
from events.words.language import Said
from events.working_calendar import work_calendar
from notifications.letters.composer import Composer
from notifications.notices import why
from notifications.notices.reminders import write_reminders
from notifications.notices.steps import Clockwork, ReminderRules
from notifications.notices.table import Notice
from notifications.outbox.suppression import Suppression, SuppressionReason
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from notifications.trial import WayOut
from tests.conftest import Cast
from tests.web.conftest import Opened, Visitor
from web.kit.config import Trouble

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
PAGE = "/thu/hang-doi"


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def configured(app: Flask, **settings: object) -> None:
    known = app.extensions["sumvay"]
    app.extensions["sumvay"] = replace(known, config=replace(known.config, **settings))


def a_message(session: Session, name: str = "thi", **columns: object) -> Message:
    message = enqueue(
        session,
        key=f"sign_in|{name}",
        kind=MessageKind.SIGN_IN,
        rcpt_to=f"{name}@example.org",
        language="vi",
        now=NOW,
        params={"url": "https://lich.example.org/dang-nhap/lien-ket/geheim123"},
    )
    for column, value in columns.items():
        setattr(message, column, value)
    session.commit()
    return message


def test_each_message_is_found_in_the_folder_of_its_state(administrator: Visitor, session: Session):
    a_message(session, "waits")
    a_message(session, "gone", state=MessageState.SENT, next_attempt=None)
    refused = {"state": MessageState.FAILED, "next_attempt": None, "reply": "5.1.1 no such user"}
    a_message(session, "refused", reply_code=550, **refused)

    page = administrator.read(f"{PAGE}?muc=bi-tu-choi")

    assert "refused@example.org" in page
    assert "550 5.1.1 no such user" in page
    assert "gone@example.org" not in page
    assert "waits@example.org" in administrator.read(f"{PAGE}?muc=cho")
    assert "gone@example.org" in administrator.read(f"{PAGE}?dia-chi=gone@example.org")
    assert administrator.get(f"{PAGE}?muc=%27&truoc=x&dia-chi=%25").status_code == 200


def test_older_messages_are_on_the_next_page(administrator: Visitor, session: Session):
    for number in range(52):
        a_message(session, f"a{number}", state=MessageState.SENT, next_attempt=None)

    first = administrator.read(PAGE)

    assert "a51@example.org" in first
    assert "a1@example.org" not in first
    before = session.scalars(select(Message.id).order_by(Message.id)).all()[2]
    assert "a1@example.org" in administrator.read(f"{PAGE}?truoc={before}")


def test_a_link_that_opens_an_account_is_masked(
    administrator: Visitor, session: Session, app: Flask
):
    composer = Composer("lich@example.org", "Lịch", "https://lich.example.org")
    configured(app, way_out=WayOut(composer, lambda: None))  # type: ignore[arg-type]
    page = administrator.read(f"{PAGE}/{a_message(session).id}")

    assert "/dang-nhap/lien-ket/…" in page
    assert "geheim123" not in page


def test_many_are_sent_again_or_called_off_with_one_button(
    administrator: Visitor, session: Session
):
    ended = {"state": MessageState.FAILED, "next_attempt": None}
    refused = [a_message(session, f"r{n}", **ended).id for n in range(2)]
    sent = a_message(session, "s", state=MessageState.SENT, next_attempt=None).id
    waits = a_message(session, "w").id

    administrator.post(f"{PAGE}/gui-lai", so=[*refused, sent])
    administrator.post(f"{PAGE}/thoi-gui", so=[waits, sent])

    session.expire_all()
    states = {one.id: one.state for one in session.scalars(select(Message))}
    assert [states[number] for number in refused] == [MessageState.READY] * 2
    assert (states[sent], states[waits]) == (MessageState.SENT, MessageState.CANCELLED)


@pytest.mark.parametrize(
    ("held", "due", "later"),
    [
        ("send", MessageState.READY, MessageState.READY),
        ("skip", MessageState.CANCELLED, MessageState.CANCELLED),
        ("expire", MessageState.EXPIRED, MessageState.READY),
    ],
)
def test_a_copy_decides_on_what_waits_before_its_mail_leaves(
    administrator: Visitor, session: Session, held: str, due: MessageState, later: MessageState
):
    office_to_change(session).instance = "elsewhere"
    a_message(session, "due")
    a_message(session, "later", next_attempt=NOW + timedelta(days=400))
    assert "due@example.org" in administrator.read(PAGE)

    administrator.post(f"{PAGE}/ban-sao", held=held)

    session.expire_all()
    assert not is_copy(session)
    assert [one.state for one in session.scalars(select(Message).order_by(Message.id))] == [
        due,
        later,
    ]


def test_others_see_no_outbox(signed_in: Callable[[Person], Visitor], cast: Cast):
    for path in (PAGE, f"{PAGE}/1", f"{PAGE}/vi-sao/1/1"):
        assert "quyết định chung cho toàn hệ thống" in signed_in(cast.thi).read(path, 403)


def test_the_page_says_why_somebody_was_told_and_why_not(
    administrator: Visitor, session: Session, opened: Opened, app: Flask, clockwork: Clockwork
):
    configured(app, why=_why(clockwork))
    item, person = _told(session, clockwork)
    notice = session.scalars(select(Notice).where(Notice.message_id.is_not(None))).first()
    assert notice
    assert notice.message
    notice.message.reply_code, notice.message.reply = 450, "4.2.1 try later"
    row = {"reason": SuppressionReason.NO_MAILBOX, "times": 1}
    assert person.email
    far = NOW + timedelta(days=900)
    gone = Suppression(address=person.email, words="5.1.1 gone", since=NOW, until=far, **row)
    session.add(gone)
    session.commit()

    page = administrator.read(f"{PAGE}/vi-sao/{person.id}/{item.id}")

    assert "450 4.2.1 try later" in page
    assert "5.1.1 gone" in page
    assert "đang chờ" in page
    assert administrator.get(f"{PAGE}/vi-sao/{person.id}/999999").status_code == 404


@pytest.fixture
def clockwork(session: Session, opened: Opened) -> Clockwork:
    return Clockwork(work_calendar(session), ReminderRules(), VIETNAM)


def _told(session: Session, clockwork: Clockwork) -> tuple[ChecklistItem, Person]:
    """Write reminders on the mornings of a year until somebody is told of an item."""
    for day in range(400):
        now = datetime(2021, 1, 4, 1, tzinfo=UTC) + timedelta(days=day)
        write_reminders(session, now=now, clockwork=clockwork)
        notice = session.scalars(select(Notice)).first()
        if notice:
            assert people_in_charge(session, [notice.item], now.date())
            return notice.item, notice.person
    raise AssertionError("nobody is ever told of anything")


def _why(clockwork: Clockwork) -> Callable[..., why.Why]:
    def ask(session: Session, person: Person, item: ChecklistItem, *, now: datetime) -> why.Why:
        return why.why(session, person, item, now=now, clockwork=clockwork)

    return ask


def test_figures_are_for_this_machine_or_who_brings_the_token(
    app: Flask, stranger: Visitor, session: Session
):
    a_message(session)
    configured(app, public_url="http://127.0.0.1:8000", metrics_token="")
    assert 'sumvay_messages{state="ready"} 1.0' in stranger.read("/metrics")
    assert (
        stranger.get("/metrics", environ_overrides={"REMOTE_ADDR": "192.0.2.7"}).status_code == 403
    )

    configured(app, public_url="https://lich.example.org", metrics_token="a-token")

    assert stranger.get("/metrics").status_code == 403  # behind a proxy everybody comes from here
    assert stranger.get("/metrics", headers=bearer("wrong")).status_code == 403
    assert stranger.get("/metrics", headers=bearer("a-token")).status_code == 200


def test_a_banner_tells_administrators_on_every_page_and_nobody_else(
    app: Flask, administrator: Visitor, stranger: Visitor
):
    trouble = Trouble("x", Said("Mail stands still: the relay does not get on."))
    configured(app, troubles=lambda _session, _now: [trouble])

    assert "Việc gửi thư đang đứng yên" in administrator.read("/don-vi/")
    assert "Việc gửi thư đang đứng yên" not in stranger.read("/don-vi/")


def test_every_kind_of_message_has_its_words():
    from web.settings.outbox import _KINDS

    assert set(_KINDS) == set(MessageKind)
