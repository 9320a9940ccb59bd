"""Letters for people without an account: asked for, confirmed, written, ended."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from events.database.sessions import new_uid
from events.errors import InvalidInputError
from events.models import (
    Activity,
    CampaignStatus,
    Observance,
    ObservanceOccurrence,
    TemplateVersion,
)
from notifications.outbox.suppression import Suppression, SuppressionReason
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.subscribers import choosing
from notifications.subscribers.choosing import Wishes
from notifications.subscribers.news import write_news
from notifications.subscribers.table import PublicFact, Subscriber, SubscriptionRequest
from tests.campaigns import a_campaign

NOW = datetime(2021, 3, 10, 3, tzinfo=UTC)  # ten o'clock in Vietnam
A_DAY = timedelta(days=1)
KEY = "a key of thirty-two characters or more"
SEND_AT = time(7, 30)


@pytest.fixture
def happiness(session) -> Observance:
    query = select(Observance).where(Observance.key == "intl_happiness_day")
    return session.scalars(query).one()


@pytest.fixture
def day(session, happiness) -> ObservanceOccurrence:
    """20 March 2021, as the calendar keeps it."""
    known = select(ObservanceOccurrence).where(
        ObservanceOccurrence.observance_id == happiness.id, ObservanceOccurrence.year == 2021
    )
    found = session.scalar(known)
    if found is None:
        found = ObservanceOccurrence(
            uid=new_uid(), observance=happiness, year=2021, dtstart=date(2021, 3, 20),
            dtend=date(2021, 3, 21), summary=happiness.title_vi, description="",
            created=NOW, last_modified=NOW,
        )  # fmt: skip
        session.add(found)
        session.commit()
    return found


@pytest.fixture
def talk(session, cast, happiness) -> Activity:
    """A talk of the province that everybody may come to, on 18 March at nine."""
    version = session.scalars(select(TemplateVersion).order_by(TemplateVersion.id)).first()
    campaign = a_campaign(
        uid=new_uid(), observance=happiness, version=version, template=version.template,
        period="1999", year=2021, unit=cast.province, owner_role_key="so_vhttdl", summary="Ngày 20/3",
        opens=date(2021, 1, 4), dtstart=date(2021, 3, 20), dtend=date(2021, 3, 21),
        created=NOW, last_modified=NOW,
    )  # fmt: skip
    talk = Activity(
        uid=new_uid(), campaign=campaign, summary="Nói chuyện chuyên đề", location="Nhà văn hóa",
        organizer="", dtstart=datetime(2021, 3, 18, 2, tzinfo=UTC),
        dtend=datetime(2021, 3, 18, 4, tzinfo=UTC), public=True, created=NOW, last_modified=NOW,
    )  # fmt: skip
    session.add(talk)
    session.commit()
    return talk


@pytest.fixture
def subscribe(session, happiness):
    """Let an address ask for letters about Happiness Day, and confirm them."""

    def run(email="dan@example.org", *, confirmed=True, unit=None, observances=None) -> Subscriber:
        chosen = frozenset({happiness.id}) if observances is None else frozenset(observances)
        wishes = Wishes(chosen, unit and unit.id)
        choosing.ask(session, email, wishes, language="vi", now=NOW)
        choosing.answer_requests(session, now=NOW)
        found = session.scalars(select(Subscriber).where(Subscriber.email == email.lower())).one()
        if confirmed:
            choosing.confirm(session, found, now=NOW)
        session.commit()
        return found

    return run


def mails(session, kind=MessageKind.SUBSCRIBE):
    query = select(Message).where(Message.kind == kind).order_by(Message.id)
    return session.scalars(query).all()


def read(composer, session, message):
    octets = replace(composer, secret_key=KEY).compose(session, message)
    return message_from_bytes(octets, policy=policy.default)


def test_an_address_is_asked_to_confirm_and_gets_no_letter_before(
    session, subscribe, day, composer
):
    subscribe(confirmed=False)

    write_news(session, now=NOW + 8 * A_DAY, send_at=SEND_AT)

    [asked] = mails(session)
    assert "/nhan-thu/xac-nhan/" in read(composer, session, asked).get_body().get_content()
    assert mails(session, MessageKind.PUBLIC_NEWS) == []
    assert session.scalars(select(SubscriptionRequest)).all() == []


def test_whoever_is_subscribed_already_gets_the_link_to_choose_and_nothing_is_changed(
    session, subscribe, cast, composer
):
    subscriber = subscribe()
    before = choosing.wishes_of(subscriber)

    choosing.ask(
        session, "Dan@example.org", Wishes(unit_id=cast.commune.id), language="vi", now=NOW
    )
    choosing.answer_requests(session, now=NOW + 2 * A_DAY)

    again = mails(session)[-1]
    assert "/nhan-thu/chon/" in read(composer, session, again).get_body().get_content()
    assert choosing.wishes_of(subscriber) == before


def test_a_stranger_is_written_to_three_times_in_a_week_whoever_asks_however_often(
    session, happiness
):
    for hour in range(24 * 6):
        at = NOW + timedelta(hours=hour)
        choosing.ask(
            session, "la@example.org", Wishes(frozenset({happiness.id})), language="vi", now=at
        )
        choosing.answer_requests(session, now=at)

    assert len(mails(session)) == 3


def test_an_address_that_nobody_confirmed_is_forgotten_within_a_week(session, subscribe):
    subscribe(confirmed=False)
    subscribe("khac@example.org")

    choosing.forget_unconfirmed(session, now=NOW + 8 * A_DAY)

    assert [one.email for one in session.scalars(select(Subscriber))] == ["khac@example.org"]


def test_an_address_that_no_server_knows_is_not_asked(session, happiness):
    session.add(
        Suppression(
            address="mat@example.org",
            reason=SuppressionReason.NO_MAILBOX,
            words="550",
            since=NOW,
            until=NOW + A_DAY,
            times=1,
        )
    )
    choosing.ask(
        session, "mat@example.org", Wishes(frozenset({happiness.id})), language="vi", now=NOW
    )

    assert choosing.answer_requests(session, now=NOW) == 0


@pytest.mark.parametrize("address", ["", "a b@example.org", "a@b\r\nBcc: c@example.org", "ệ@x.vn"])
def test_what_is_no_address_is_refused(session, happiness, address):
    with pytest.raises(InvalidInputError):
        choosing.ask(session, address, Wishes(frozenset({happiness.id})), language="vi", now=NOW)


def test_a_letter_comes_three_days_before_a_day_and_once(session, subscribe, day, composer):
    subscriber = subscribe()

    for hour in range(24 * 10):
        write_news(session, now=NOW + timedelta(hours=hour), send_at=SEND_AT)
    session.commit()

    [letter] = mails(session, MessageKind.PUBLIC_NEWS)
    assert letter.created == datetime(2021, 3, 17, 1, tzinfo=UTC)
    mail = read(composer, session, letter)
    assert day.observance.title_vi in mail["Subject"]
    token = choosing.token_of(subscriber, KEY, choosing.CHOOSE)
    assert mail["List-Unsubscribe"] == f"<https://sumvay.example.org/nhan-thu/thoi/{token}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for kind in ("plain", "html"):
        assert f"/nhan-thu/chon/{token}" in mail.get_body((kind,)).get_content()


def test_what_is_moved_and_what_is_called_off_is_told_with_both_times(
    session, subscribe, talk, composer
):
    subscribe()
    write_news(session, now=NOW, send_at=SEND_AT)

    talk.dtstart += A_DAY
    talk.dtend += A_DAY
    write_news(session, now=NOW + A_DAY, send_at=SEND_AT)
    talk.status = CampaignStatus.CANCELLED
    for _time in range(2):
        write_news(session, now=NOW + 2 * A_DAY, send_at=SEND_AT)
    session.commit()

    moved, called_off = mails(session, MessageKind.PUBLIC_NEWS)
    talk.status = CampaignStatus.CONFIRMED
    text = read(composer, session, moved).get_body().get_content()
    assert "ngày 19 tháng 3" in text
    assert "ngày 18 tháng 3" in text
    talk.status = CampaignStatus.CANCELLED
    assert read(composer, session, called_off)["Subject"].startswith("Đã hủy: Nói chuyện")


def test_whoever_chose_a_unit_hears_of_its_activities_and_nobody_else_does(
    session, subscribe, talk, cast
):
    talk.campaign.unit = cast.commune
    session.commit()
    subscribe("xa@example.org", unit=cast.commune, observances=[])
    subscribe("phuong@example.org", unit=cast.other_commune, observances=[])
    subscribe("tinh@example.org")
    write_news(session, now=NOW, send_at=SEND_AT)

    talk.location = "Hội trường"
    write_news(session, now=NOW + A_DAY, send_at=SEND_AT)

    assert [one.rcpt_to for one in mails(session, MessageKind.PUBLIC_NEWS)] == ["xa@example.org"]


def test_what_is_not_public_is_neither_known_nor_told(session, subscribe, talk):
    subscribe()
    talk.public = False
    session.commit()

    write_news(session, now=NOW, send_at=SEND_AT)
    talk.location = "Nơi kín"
    write_news(session, now=NOW + 6 * A_DAY, send_at=SEND_AT)

    keys = session.scalars(select(PublicFact.key)).all()
    assert f"activity:{talk.id}" not in keys
    assert mails(session, MessageKind.PUBLIC_NEWS) == []


def test_whoever_leaves_is_forgotten_with_what_waits_for_them(session, subscribe, talk):
    subscriber = subscribe()
    write_news(session, now=NOW, send_at=SEND_AT)
    talk.dtstart += A_DAY
    write_news(session, now=NOW, send_at=SEND_AT)

    choosing.leave(session, subscriber)
    session.commit()

    session.expire_all()
    assert session.scalars(select(Subscriber)).all() == []
    assert {one.state for one in mails(session, MessageKind.PUBLIC_NEWS)} == {
        MessageState.CANCELLED
    }
    assert {one.next_attempt for one in mails(session)} == {None}


def test_a_link_of_one_purpose_is_none_of_the_other_and_opens_nobody_else(session, subscribe):
    one, other = subscribe(), subscribe("khac@example.org")

    token = choosing.token_of(one, KEY, choosing.CONFIRM)

    assert choosing.opened_by(session, token, KEY, choosing.CONFIRM) == one
    assert choosing.opened_by(session, token, KEY, choosing.CHOOSE) is None
    assert choosing.opened_by(session, token, KEY + "x", choosing.CONFIRM) is None
    assert choosing.token_of(other, KEY, choosing.CONFIRM) != token
