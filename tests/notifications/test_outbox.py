from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from events.database import Base, create_session_factory
from events.errors import ConflictError, NotFoundError
from notifications import outbox
from notifications.notices.reminders import write_reminders
from notifications.notices.table import Notice, forget_people
from notifications.outbox import LEASE, Message, MessageKind, MessageState, message_id_of
from tests.conftest import as_shipped

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


def claim(session, now=NOW, limit=10):
    taken = outbox.claim(session, now=now, limit=limit, by="relay")
    session.commit()
    session.expunge_all()  # a relay holds its messages outside of any session
    return taken


def test_the_same_key_is_one_message_however_often_it_is_written(session, make_message):
    first, again = make_message("sign_in|1"), make_message("sign_in|1", rcpt_to="other@example.org")

    assert first is again
    assert session.scalar(select(func.count()).select_from(Message)) == 1


def test_a_key_has_its_message_id_for_ever(make_message):
    assert (
        make_message("sign_in|1").message_id
        == message_id_of("sign_in|1")
        == "<6501dc3134a8f84a1ccfe683a7fa9116c2b1d190@sumvay>"
    )


def test_claiming_takes_what_is_due_urgent_ones_first(session, make_message):
    make_message("late", next_attempt=NOW - A_MINUTE, urgent=False)
    make_message("urgent", next_attempt=NOW)
    make_message("tomorrow", next_attempt=NOW + timedelta(days=1))

    assert [message.key for message in claim(session)] == ["urgent", "late"]
    assert claim(session) == []


def test_what_a_dead_relay_held_becomes_ready_when_its_lease_ends(session, make_message):
    make_message()
    (held,) = claim(session)
    outbox.start_sending(session, held, now=NOW, lease_until=NOW + LEASE)
    session.commit()

    assert claim(session, NOW + LEASE - A_MINUTE) == []
    (taken,) = claim(session, NOW + LEASE)
    assert (taken.id, taken.lease_epoch, taken.attempts) == (held.id, held.lease_epoch + 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda session, message: outbox.start_sending(session, message, now=NOW, lease_until=NOW),
        lambda session, message: outbox.mark_sent(session, message, now=NOW, code=250, reply="OK"),
        lambda session, message: outbox.mark_failed(session, message, code=550, reply="no"),
        lambda session, message: outbox.mark_unknown(
            session, message, reply="?", next_attempt=None
        ),
        lambda session, message: outbox.defer(session, message, until=NOW, code=451, reply="later"),
        lambda session, message: outbox.release(session, message, at=NOW),
        lambda session, message: outbox.drop(session, message, MessageState.CANCELLED, "done"),
    ],
)
def test_a_relay_that_slept_past_its_lease_changes_nothing(session, make_message, change):
    make_message()
    (sleeper,) = claim(session)
    (taken,) = claim(session, NOW + LEASE)

    assert not change(session, sleeper)
    session.commit()
    row = session.get(Message, taken.id)
    assert (row.state, row.lease_epoch, row.next_attempt) == (
        MessageState.LEASED,
        2,
        NOW + LEASE + LEASE,
    )


def test_the_date_of_a_mail_is_that_of_its_first_attempt(session, make_message):
    make_message()
    (message,) = claim(session)
    first = outbox.start_sending(session, message, now=NOW + A_MINUTE, lease_until=NOW + LEASE)
    assert first.date == NOW + A_MINUTE
    session.commit()

    (message,) = claim(session, NOW + LEASE)
    assert (
        outbox.start_sending(session, message, now=NOW + LEASE, lease_until=NOW + 2 * LEASE).date
        == NOW + A_MINUTE
    )


def test_a_mail_that_no_server_saw_loses_no_attempt(session, make_message):
    make_message()
    (message,) = claim(session)
    outbox.start_sending(session, message, now=NOW, lease_until=NOW + LEASE)
    outbox.release(session, message, at=NOW)
    session.commit()

    row = session.get(Message, message.id, populate_existing=True)
    assert (row.state, row.attempts, row.next_attempt) == (MessageState.READY, 0, NOW)


def test_a_failed_message_can_be_sent_again_by_hand(session, make_message):
    make_message()
    (message,) = claim(session)
    outbox.mark_failed(session, message, code=550, reply="5.1.1 unknown", bad_address=True)

    outbox.requeue(session, message.id, now=NOW + timedelta(days=9))
    session.commit()

    assert [taken.id for taken in claim(session, NOW + timedelta(days=9))] == [message.id]
    assert outbox.refused_addresses(session, [message.rcpt_to]) == set()


def test_a_message_on_its_way_is_not_sent_again_by_hand(session, make_message):
    message = make_message()

    with pytest.raises(ConflictError):
        outbox.requeue(session, message.id, now=NOW)
    with pytest.raises(NotFoundError):
        outbox.requeue(session, -1, now=NOW)


def test_an_address_is_refused_until_a_mail_arrives_there(session, make_message):
    make_message("first")
    (message,) = claim(session)
    outbox.mark_failed(session, message, code=550, reply="5.1.1 unknown", bad_address=True)
    assert outbox.refused_addresses(session, [message.rcpt_to, "hoa@example.org"]) == {
        message.rcpt_to
    }

    make_message("second", now=NOW + A_MINUTE)
    (message,) = claim(session, NOW + A_MINUTE)
    outbox.mark_sent(session, message, now=NOW + A_MINUTE, code=250, reply="OK")

    assert outbox.refused_addresses(session, [message.rcpt_to]) == set()


def test_deleted_people_leave_no_notice_and_no_message(
    session, cast, vietnam, make_item, make_message
):
    make_item()
    make_item(unit=cast.other_commune)
    write_reminders(session, now=NOW, clockwork=as_shipped(vietnam))
    make_message()

    forget_people(session, [cast.thi.id])
    session.flush()
    session.delete(cast.thi)
    session.commit()

    assert session.scalars(select(Message.person_id)).all() == [cast.khanh.id]
    assert session.scalars(select(Notice.person_id)).all() == [cast.khanh.id]


def test_the_list_shows_the_newest_first_and_can_be_narrowed(session, cast, make_message):
    (
        make_message("old"),
        make_message("new"),
        make_message("his", person=cast.hoa, rcpt_to=cast.hoa.email),
    )
    claim(session, limit=1)

    assert [message.key for message in outbox.list_messages(session, limit=2)] == ["his", "new"]
    assert [
        message.key for message in outbox.list_messages(session, states=[MessageState.LEASED])
    ] == ["old"]
    assert [message.key for message in outbox.list_messages(session, person_id=cast.hoa.id)] == [
        "his"
    ]


def test_relays_that_claim_at_the_same_time_never_share_a_message(blank_engine):
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    with factory.begin() as session:
        for number in range(200):
            outbox.enqueue(
                session,
                key=str(number),
                kind=MessageKind.SIGN_IN,
                rcpt_to="a@example.org",
                language="vi",
                now=NOW,
            )
    barrier, taken = Barrier(4), []

    def run():
        barrier.wait()
        for _ in range(10):
            with factory.begin() as session:
                taken.extend(
                    message.id for message in outbox.claim(session, now=NOW, limit=7, by="relay")
                )

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 200
