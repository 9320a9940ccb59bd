import email
from datetime import UTC, date, datetime, timedelta
from email import policy
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from events.database.sessions import Base, create_session_factory
from events.models import CampaignStatus, Post, TodoStatus
from notifications.notices.reminders import write_reminders
from notifications.notices.table import Notice, NoticeState
from notifications.outbox import claiming
from notifications.outbox.claiming import LEASE, SENDING
from notifications.outbox.pausing import pause_of
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue
from notifications.relay import RelayResult, relay_once
from notifications.transports.errors import (
    NoServiceError,
    PermanentDeliveryError,
    TransientDeliveryError,
    UncertainDeliveryError,
)
from notifications.transports.replies import Stage
from tests.conftest import as_shipped

DAY_BEFORE = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)  # Thursday, 07:30 in Vietnam
A_MINUTE = timedelta(minutes=1)
NOTHING = RelayResult()


@pytest.fixture
def remind(session, vietnam):
    def run(now=DAY_BEFORE):
        written = write_reminders(session, now=now, clockwork=as_shipped(vietnam))
        session.commit()
        return written

    return run


@pytest.fixture
def only(session):
    """The one message of the test, as it stands in the database."""

    def message():
        session.expire_all()
        found = session.scalars(select(Message)).one()
        session.commit()
        return found

    return message


def text_of(mail):
    return email.message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()


def test_a_reminder_arrives_once(make_item, remind, relay, postbox, only, cast):
    make_item()
    remind()

    assert relay(DAY_BEFORE) == RelayResult(sent=1)
    assert relay(DAY_BEFORE + A_MINUTE) == NOTHING
    assert [rcpt_to for rcpt_to, _ in postbox.mails] == [cast.thi.email]
    message = only()
    assert (message.state, message.reply_code, message.reply, message.next_attempt) == (
        MessageState.SENT,
        250,
        "OK",
        None,
    )


def test_an_item_that_was_done_meanwhile_is_not_reminded_of(
    make_item, remind, relay, postbox, only, session
):
    item = make_item()
    remind()
    item.status = TodoStatus.COMPLETED
    session.commit()

    assert relay(DAY_BEFORE) == RelayResult(cancelled=1)
    assert (postbox.mails, only().state) == ([], MessageState.CANCELLED)


def test_the_reminder_of_a_delegated_item_reaches_the_unit_that_does_it(
    make_item, remind, relay, postbox, cast
):
    make_item(delegate_unit_id=cast.other_commune.id)
    remind()

    assert relay(DAY_BEFORE) == RelayResult(sent=1)
    assert [rcpt_to for rcpt_to, _ in postbox.mails] == [cast.khanh.email]


def test_an_item_that_was_delegated_meanwhile_is_not_reminded_of_where_it_came_from(
    make_item, remind, relay, postbox, session, cast
):
    item = make_item()
    remind()
    item.delegate_unit_id = cast.other_commune.id
    session.commit()

    assert relay(DAY_BEFORE) == RelayResult(cancelled=1)


def test_a_digest_goes_out_with_what_is_still_open(make_item, remind, relay, postbox, session):
    done, moved, cancelled, still_open = (make_item(name) for name in ("Một", "Hai", "Ba", "Bốn"))
    remind()
    done.status = TodoStatus.COMPLETED
    moved.due, moved.anchor_version = date(2021, 4, 30), 1
    cancelled.campaign.round.status = CampaignStatus.CANCELLED
    session.commit()

    assert relay(DAY_BEFORE) == RelayResult(sent=1)
    assert [
        name for name in ("Một", "Hai", "Ba", "Bốn") if name in text_of(postbox.mails[0][1])
    ] == ["Bốn"]
    states = dict(
        session.execute(select(Notice.item_id, Notice.state).where(Notice.rule == "before-1")).all()
    )
    assert [item for item, state in states.items() if state is NoticeState.PLANNED] == [
        still_open.id
    ]


def test_a_post_that_was_given_up_meanwhile_ends_the_reminder(
    make_item, remind, relay, only, session, cast
):
    make_item()
    remind()
    session.scalars(select(Post).where(Post.person_id == cast.thi.id)).one().valid_to = date(
        2021, 3, 17
    )
    session.commit()

    assert relay(DAY_BEFORE) == RelayResult(cancelled=1)


def test_what_is_undone_again_before_its_own_mail_leaves_is_reminded_of_whoever_was_before(
    make_item, remind, relay, postbox, session, cast
):
    make_item("Một")
    item = make_item("Hai", unit=cast.other_commune)
    remind()
    item.status = TodoStatus.COMPLETED
    session.commit()
    first = relay(DAY_BEFORE, limit=1)
    item.status = TodoStatus.NEEDS_ACTION
    session.commit()

    assert (first, relay(DAY_BEFORE)) == (RelayResult(sent=1), RelayResult(sent=1))
    assert {rcpt_to for rcpt_to, _ in postbox.mails} == {cast.thi.email, cast.khanh.email}


def test_reminders_wait_for_working_hours_and_leave_then(make_item, remind, relay, only):
    make_item()
    remind()
    at_noon, half_past_one = (
        DAY_BEFORE + timedelta(hours=4, minutes=30),
        DAY_BEFORE + timedelta(hours=6),
    )

    assert relay(at_noon) == RelayResult(postponed=1)
    assert only().next_attempt == half_past_one
    assert relay(half_past_one - A_MINUTE) == NOTHING
    assert relay(half_past_one) == RelayResult(sent=1)


def test_the_eve_of_an_event_is_told_on_a_sunday_but_not_at_night(make_item, remind, relay):
    sunday_morning, too_early = (
        datetime(2021, 3, 21, 0, 30, tzinfo=UTC),
        datetime(2021, 3, 21, 0, 29, tzinfo=UTC),
    )
    make_item(due=date(2021, 3, 22), phase="event")
    remind(sunday_morning)

    assert relay(too_early) == NOTHING
    assert relay(sunday_morning) == RelayResult(sent=1)


def test_a_link_to_sign_in_leaves_at_any_hour(relay, make_message):
    sunday_night = datetime(2021, 3, 21, 15, 0, tzinfo=UTC)
    make_message(now=sunday_night)

    assert relay(sunday_night) == RelayResult(sent=1)


def test_while_the_server_is_down_nothing_is_lost_and_nothing_counts(
    make_item, remind, relay, postbox, only
):
    make_item()
    remind()
    asked = 0
    for minutes in range(30):
        postbox.troubles = [NoServiceError("connection refused")]
        asked += relay(DAY_BEFORE + minutes * A_MINUTE).released
        assert (only().state, only().attempts) == (MessageState.READY, 0)

    assert 5 < asked < 12  # less and less often, and every five minutes at last
    back = DAY_BEFORE + 36 * A_MINUTE
    postbox.troubles = []
    assert relay(back) == RelayResult(sent=1)
    assert only().date == back


def test_a_server_that_goes_away_in_mid_batch_is_asked_once_not_for_every_mail(
    make_message, relay, postbox
):
    for number in range(5):
        make_message(str(number), now=DAY_BEFORE)
    postbox.troubles = [NoServiceError("gone"), NoServiceError("asked again")]

    assert relay(DAY_BEFORE) == RelayResult(released=5)
    assert len(postbox.troubles) == 1


def test_a_crash_between_sending_and_recording_repeats_the_very_same_mail(
    make_item, remind, relay, postbox, monkeypatch
):
    make_item()
    remind()
    with monkeypatch.context() as patch:
        patch.setattr(claiming, "mark_sent", _crash)
        with pytest.raises(SystemExit):
            relay(DAY_BEFORE)

    assert relay(DAY_BEFORE + A_MINUTE) == NOTHING  # the dead relay's lease still runs
    assert relay(DAY_BEFORE + 2 * SENDING) == RelayResult(sent=1)
    first, second = postbox.mails
    assert first == second


def test_an_outcome_the_database_refused_for_a_moment_is_recorded_at_the_end(
    make_message, relay, postbox, session, monkeypatch
):
    make_message("a", now=DAY_BEFORE), make_message("b", now=DAY_BEFORE)
    mark, refusals = (
        claiming.mark_sent,
        [OperationalError("UPDATE", {}, Exception("database is locked"))],
    )

    def refuse_once(*arguments, **values):
        if refusals:
            raise refusals.pop()
        return mark(*arguments, **values)

    monkeypatch.setattr(claiming, "mark_sent", refuse_once)

    assert relay(DAY_BEFORE) == RelayResult(sent=2)
    assert set(session.scalars(select(Message.state))) == {MessageState.SENT}


def test_a_relay_that_lost_its_lease_while_sending_leaves_the_other_ones_record_alone(
    make_message, relay, postbox, session
):
    message = make_message(now=DAY_BEFORE)

    class Slow:
        def send(self, rcpt_to, mail):
            assert relay(DAY_BEFORE + 2 * SENDING).sent == 1
            raise PermanentDeliveryError("5.0.0 no", code=550)

    assert relay(DAY_BEFORE, Slow()) == RelayResult(lost=1)
    session.refresh(message)
    assert message.state is MessageState.SENT


def test_a_temporary_refusal_is_tried_again_later_and_later_until_the_message_expires(
    make_message, relay, postbox, only
):
    make_message(now=DAY_BEFORE, expires=DAY_BEFORE + timedelta(hours=12))
    now, waits = DAY_BEFORE, []
    while only().state is MessageState.READY:
        postbox.troubles = [TransientDeliveryError("4.2.2 mailbox full", code=452)]
        result = relay(now)
        if result.deferred:
            waits.append((only().next_attempt - now) / A_MINUTE)
        now = only().next_attempt

    assert (only().state, only().reply_code) == (MessageState.EXPIRED, 452)
    assert all(
        longest / 2 <= wait <= longest
        for wait, longest in zip(waits, (1, 5, 15, 60, 180, 180, 180, 180), strict=False)
    )
    assert len(waits) >= 7


def test_a_refusal_for_good_is_final_and_silences_later_reminders(
    make_message, make_item, remind, relay, postbox, session
):
    make_message(now=DAY_BEFORE)
    make_item()
    postbox.troubles = [PermanentDeliveryError("5.1.1 no such user", code=550, bad_address=True)]
    assert relay(DAY_BEFORE) == RelayResult(failed=1)

    remind()
    assert relay(DAY_BEFORE) == RelayResult(suppressed=1)
    assert relay(DAY_BEFORE + timedelta(days=1)) == NOTHING


def test_a_mail_nobody_knows_the_fate_of_is_sent_once_more_and_no_more(
    make_message, relay, postbox, only
):
    make_message(now=DAY_BEFORE)
    postbox.troubles = [UncertainDeliveryError("lost"), UncertainDeliveryError("lost again")]

    assert relay(DAY_BEFORE) == RelayResult(unknown=1)
    assert relay(DAY_BEFORE + A_MINUTE) == RelayResult(unknown=1)
    assert relay(DAY_BEFORE + timedelta(hours=5)) == NOTHING
    assert (only().state, only().next_attempt) == (MessageState.UNKNOWN, None)


def test_a_doubtful_mail_that_is_sent_again_by_hand_gets_its_second_try_again(
    make_message, relay, postbox, session, only
):
    make_message(now=DAY_BEFORE)
    postbox.troubles = [UncertainDeliveryError("lost")] * 3
    relay(DAY_BEFORE), relay(DAY_BEFORE + A_MINUTE)
    claiming.requeue(session, only().id, now=DAY_BEFORE + LEASE)
    session.commit()

    assert relay(DAY_BEFORE + LEASE) == RelayResult(unknown=1)
    assert relay(DAY_BEFORE + LEASE + A_MINUTE) == RelayResult(sent=1)


def test_a_doubtful_mail_that_arrives_the_second_time_has_the_same_identity_and_date(
    make_message, relay, postbox
):
    make_message(now=DAY_BEFORE)
    seen = []

    class Doubtful:
        def send(self, rcpt_to, mail):
            seen.append(mail)
            raise UncertainDeliveryError("lost")

    relay(DAY_BEFORE, Doubtful())
    assert relay(DAY_BEFORE + A_MINUTE) == RelayResult(sent=1)
    assert seen == [mail for _, mail in postbox.mails]


def test_when_the_server_was_down_for_days_only_the_newest_notice_arrives(
    make_item, remind, relay, postbox
):
    make_item()
    after = datetime(2021, 3, 22, 0, 30, tzinfo=UTC)
    remind(DAY_BEFORE), remind(after)

    assert relay(after) == RelayResult(sent=1, cancelled=1)
    assert "quá hạn 3 ngày" in text_of(postbox.mails[0][1])


def test_a_message_that_waited_too_long_expires(make_item, remind, relay, only):
    make_item()
    remind()

    assert relay(DAY_BEFORE + timedelta(days=6)) == RelayResult(expired=1)


def test_a_message_that_expires_keeps_the_last_words_of_the_server(
    make_message, relay, postbox, only
):
    make_message(now=DAY_BEFORE, expires=DAY_BEFORE + timedelta(hours=1))
    postbox.troubles = [TransientDeliveryError("4.2.2 mailbox full", code=452)]
    relay(DAY_BEFORE)

    assert relay(DAY_BEFORE + timedelta(hours=1)) == RelayResult(expired=1)
    assert (only().reply_code, only().reply) == (452, "4.2.2 mailbox full")


def test_a_clock_that_is_set_back_sends_nothing_again(make_item, remind, relay):
    make_item()
    remind()
    relay(DAY_BEFORE)

    for days in range(8):
        remind(DAY_BEFORE - timedelta(days=days))
        assert relay(DAY_BEFORE - timedelta(days=days)) == NOTHING


def test_a_name_that_no_mail_can_carry_fails_alone(make_message, relay, postbox, session, cast):
    cast.hoa.full_name = "Hòa\r\nBcc: la@example.org"
    make_message("bad", person=cast.hoa, rcpt_to=cast.hoa.email, now=DAY_BEFORE)
    make_message("good", now=DAY_BEFORE)

    assert relay(DAY_BEFORE) == RelayResult(failed=1, sent=1)


def test_a_defect_in_one_mail_holds_up_no_other(
    make_message, relay, session, composer, monkeypatch, caplog
):
    make_message("bad", now=DAY_BEFORE), make_message("good", now=DAY_BEFORE)
    compose = type(composer).compose

    def break_one(self, session, message):
        return 1 / 0 if message.key == "bad" else compose(self, session, message)

    monkeypatch.setattr(type(composer), "compose", break_one)

    assert relay(DAY_BEFORE) == RelayResult(deferred=1, sent=1)
    assert "ZeroDivisionError" in caplog.text


def test_two_relays_at_once_send_every_mail_once(blank_engine, composer, vietnam, postbox):
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    link = {"url": "https://sumvay.example.org/dang-nhap/abc"}
    with factory.begin() as session:
        for n in range(40):
            values = {
                "kind": MessageKind.SIGN_IN,
                "language": "vi",
                "params": link,
                "now": DAY_BEFORE,
            }
            enqueue(session, key=str(n), rcpt_to=f"{n}@example.org", **values)
    barrier, results = Barrier(2), []

    def run():
        barrier.wait()
        for _ in range(8):
            settings = {
                "now": DAY_BEFORE,
                "clockwork": as_shipped(vietnam),
                "limit": 7,
            }
            results.append(relay_once(factory, postbox, composer, **settings))

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(rcpt_to for rcpt_to, _ in postbox.mails) == sorted(
        f"{n}@example.org" for n in range(40)
    )
    assert sum(result.sent for result in results) == 40


@pytest.mark.parametrize("stage", [Stage.RCPT, Stage.DOT])
def test_what_a_server_says_of_us_pauses_the_relay_after_three_recipients_in_a_row(
    make_message, relay, postbox, session, stage
):
    for number in range(5):
        make_message(str(number), now=DAY_BEFORE, person=None, rcpt_to=f"{number}@example.org")
    postbox.troubles = [NoServiceError("5.7.1 relaying denied", code=550, stage=stage)] * 5

    assert relay(DAY_BEFORE) == RelayResult(released=5)
    assert len(postbox.troubles) == 2
    assert {message.attempts for message in session.scalars(select(Message))} == {0}
    found = pause_of(session)
    assert (found.code, found.words, found.stage) == (550, "5.7.1 relaying denied", stage.value)
    session.commit()

    postbox.troubles = []
    assert relay(DAY_BEFORE + A_MINUTE) == RelayResult(sent=2)
    assert relay(DAY_BEFORE + 6 * A_MINUTE) == RelayResult(sent=3)
    session.expire_all()
    assert pause_of(session) is None


def test_what_a_server_says_of_us_for_one_recipient_holds_up_nobody_else(
    make_message, relay, postbox, session
):
    for number in range(3):
        make_message(str(number), now=DAY_BEFORE, person=None, rcpt_to=f"{number}@example.org")
    postbox.troubles = [NoServiceError("5.7.1 denied", code=550, stage=Stage.RCPT)]

    assert relay(DAY_BEFORE) == RelayResult(released=1, sent=2)
    assert pause_of(session) is None


def test_a_refusal_without_a_reason_that_everybody_gets_condemns_nobody(
    make_message, relay, postbox, session
):
    for number in range(4):
        make_message(str(number), now=DAY_BEFORE, person=None, rcpt_to=f"{number}@example.org")
    refusal = PermanentDeliveryError(
        "relay not permitted", code=550, bad_address=True, is_plain=True
    )
    postbox.troubles = [refusal] * 3

    relay(DAY_BEFORE)
    assert set(session.scalars(select(Message.state))) == {MessageState.READY}
    session.commit()

    sent = [relay(DAY_BEFORE + minute * A_MINUTE).sent for minute in range(1, 4)]
    assert sum(sent) == 4


def test_a_pause_is_seen_by_the_next_process(make_message, relay, postbox):
    make_message(now=DAY_BEFORE)
    postbox.troubles = [NoServiceError("530 5.7.0", code=530, stage=Stage.MAIL)]
    relay(DAY_BEFORE)

    assert relay(DAY_BEFORE + timedelta(seconds=14)) == NOTHING
    assert relay(DAY_BEFORE + timedelta(seconds=20)) == RelayResult(sent=1)


def test_a_mail_that_waits_goes_where_its_person_is_by_then(
    make_item, remind, make_message, relay, postbox, session, cast
):
    make_item()
    remind()
    make_message(now=DAY_BEFORE)
    cast.thi.email = "thi.moi@example.org"
    session.commit()

    assert relay(DAY_BEFORE) == RelayResult(sent=2)
    assert {rcpt_to for rcpt_to, _ in postbox.mails} == {"thi.moi@example.org"}
    assert all(b"thi.moi@example.org" in mail for _, mail in postbox.mails)


def test_an_address_that_takes_a_mail_gets_notices_again(
    make_message, make_item, remind, relay, postbox, session
):
    make_message("refused", now=DAY_BEFORE)
    postbox.troubles = [PermanentDeliveryError("5.1.1 no such user", code=550, bad_address=True)]
    relay(DAY_BEFORE)
    make_message("taken", now=DAY_BEFORE)
    assert relay(DAY_BEFORE) == RelayResult(sent=1)

    make_item()
    remind()
    assert relay(DAY_BEFORE) == RelayResult(sent=1)


def _crash(*_arguments, **_values):
    raise SystemExit(9)
