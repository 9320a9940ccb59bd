from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread

import pytest

from events.database.sessions import Base, create_session_factory
from events.errors import ConflictError, NotFoundError
from notifications.outbox import claiming
from notifications.outbox.claiming import LEASE
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import enqueue

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)

A_MINUTE = timedelta(minutes=1)


def claim(session, now=NOW, limit=10):
    taken = claiming.claim(session, now=now, limit=limit, by="relay")
    session.commit()
    session.expunge_all()  # a relay holds its messages outside of any session
    return taken


def test_claiming_takes_what_is_due_urgent_ones_first(session, make_message):
    make_message("late", next_attempt=NOW - A_MINUTE, urgent=False)
    make_message("urgent", next_attempt=NOW)
    make_message("tomorrow", next_attempt=NOW + timedelta(days=1))

    assert [message.key for message in claim(session)] == ["urgent", "late"]
    assert claim(session) == []


def test_what_a_dead_relay_held_becomes_ready_when_its_lease_ends(session, make_message):
    make_message()
    (held,) = claim(session)
    claiming.start_sending(session, held, now=NOW, lease_until=NOW + LEASE)
    session.commit()

    assert claim(session, NOW + LEASE - A_MINUTE) == []
    (taken,) = claim(session, NOW + LEASE)
    assert (taken.id, taken.lease_epoch, taken.attempts) == (held.id, held.lease_epoch + 1, 1)


@pytest.mark.parametrize(
    "change",
    [
        lambda session, message: claiming.start_sending(session, message, now=NOW, lease_until=NOW),
        lambda session, message: claiming.mark_sent(
            session, message, now=NOW, code=250, reply="OK"
        ),
        lambda session, message: claiming.mark_failed(session, message, code=550, reply="no"),
        lambda session, message: claiming.mark_unknown(
            session, message, reply="?", next_attempt=None
        ),
        lambda session, message: claiming.defer(
            session, message, until=NOW, code=451, reply="later"
        ),
        lambda session, message: claiming.release(session, message, at=NOW),
        lambda session, message: claiming.drop(session, message, MessageState.CANCELLED, "done"),
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
    first, second = NOW + A_MINUTE / 2, NOW + LEASE

    assert claiming.start_sending(session, message, now=first, lease_until=second)
    assert session.get(Message, message.id).date == first

    session.commit()
    (message,) = claim(session, second)
    assert claiming.start_sending(session, message, now=second, lease_until=second + LEASE)
    assert session.get(Message, message.id, populate_existing=True).date == first


def test_what_waits_for_its_turn_stays_ours_as_long_as_the_lease_is_renewed(session, make_message):
    make_message("held"), make_message("begun")
    held, begun = claim(session)
    claiming.start_sending(session, begun, now=NOW, lease_until=NOW + LEASE)

    assert claiming.renew(session, [held, begun], until=NOW + 2 * LEASE) == 1
    session.commit()

    assert [message.key for message in claim(session, NOW + LEASE)] == ["begun"]


def test_a_mail_that_no_server_saw_loses_no_attempt(session, make_message):
    make_message()
    (message,) = claim(session)
    claiming.start_sending(session, message, now=NOW, lease_until=NOW + LEASE)
    claiming.release(session, message, at=NOW)
    session.commit()

    row = session.get(Message, message.id, populate_existing=True)
    assert (row.state, row.attempts, row.next_attempt) == (MessageState.READY, 0, NOW)


def test_a_failed_message_can_be_sent_again_by_hand(session, make_message):
    make_message()
    (message,) = claim(session)
    claiming.mark_failed(session, message, code=550, reply="5.1.1 unknown", bad_address=True)

    claiming.requeue(session, message.id, now=NOW + timedelta(days=9))
    session.commit()

    assert [taken.id for taken in claim(session, NOW + timedelta(days=9))] == [message.id]
    assert not message.bad_address


def test_a_message_on_its_way_is_not_sent_again_by_hand(session, make_message):
    message = make_message()

    with pytest.raises(ConflictError):
        claiming.requeue(session, message.id, now=NOW)
    with pytest.raises(NotFoundError):
        claiming.requeue(session, -1, now=NOW)


def test_relays_that_claim_at_the_same_time_never_share_a_message(blank_engine):
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    with factory.begin() as session:
        for number in range(200):
            enqueue(
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
                    message.id for message in claiming.claim(session, now=NOW, limit=7, by="relay")
                )

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == 200
