from datetime import UTC, datetime, timedelta

import pytest

from events.errors import NotFoundError
from notifications.outbox import claiming
from notifications.outbox.suppression import (
    FIRST,
    LONGEST,
    Suppression,
    condemn,
    forget_address,
    is_about_us,
    lift,
    list_suppressed,
    number_suppressed,
    suppressed,
)
from notifications.outbox.table import Message, MessageState

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def begun(session, make_message):
    """A message that is being handed over."""

    def make(key="first", now=NOW, **columns):
        made = make_message(key, now=now, expires=now + timedelta(days=2), **columns)
        (message,) = claiming.claim(session, now=now, limit=1, by="relay")
        assert message.id == made.id
        claiming.start_sending(session, message, now=now, lease_until=now + A_MINUTE)
        session.commit()
        session.expunge_all()  # a relay holds its messages outside of any session
        return message

    return make


def refuse(session, message, now=NOW, words="No such user here"):
    """Refuse as the relay does, without a reason in numbers."""
    if is_about_us(session, message, now=now, words=words):
        return True
    condemn(session, message, now=now, code=550, words=words, is_plain=True)
    return False


def test_an_address_gets_nothing_for_ninety_days_and_longer_each_time(session, begun):
    ends, now = [], NOW
    for time in range(5):
        message = begun(f"time {time}", now)
        condemn(session, message, now=now, code=550, words="5.1.1 unknown")
        row = session.get(Suppression, message.rcpt_to)
        ends.append(row.until - now)
        assert suppressed(session, [message.rcpt_to, "x@y"], row.until - A_MINUTE)
        assert not suppressed(session, [message.rcpt_to], row.until)
        now = row.until

    assert ends == [FIRST, 2 * FIRST, 4 * FIRST, LONGEST, LONGEST]


def test_the_list_says_why_and_since_when_and_somebody_can_take_an_address_off(session, begun):
    message = begun()
    condemn(session, message, now=NOW, code=550, words="5.1.1 unknown")

    (row,) = list_suppressed(session, NOW)
    assert (row.address, row.words, row.since) == (message.rcpt_to, "5.1.1 unknown", NOW)
    assert number_suppressed(session, NOW) == 1
    lift(session, message.rcpt_to)

    assert not list_suppressed(session, NOW)
    assert not suppressed(session, [message.rcpt_to], NOW)
    with pytest.raises(NotFoundError):
        lift(session, message.rcpt_to)


def test_an_address_is_the_same_however_its_letters_are_written(session, begun):
    message = begun(rcpt_to="Thi@Example.org")
    condemn(session, message, now=NOW, code=550, words="5.1.1 unknown")

    assert suppressed(session, ["thi@EXAMPLE.org"], NOW) == {"thi@EXAMPLE.org"}
    forget_address(session, "THI@example.org")
    assert not suppressed(session, ["thi@example.org"], NOW)


def test_whoever_lost_the_lease_condemns_nobody(session, begun):
    message = begun()
    message.lease_epoch += 1

    assert not condemn(session, message, now=NOW, code=550, words="5.1.1 unknown")
    assert not suppressed(session, [message.rcpt_to], NOW)


def test_three_different_recipients_in_a_row_with_the_same_words_condemn_nobody(session, begun):
    for name in ("a", "b"):
        assert not refuse(session, begun(name, rcpt_to=f"{name}@example.org"))
    third = begun("c", rcpt_to="c@example.org")

    assert refuse(session, third)
    assert not list_suppressed(session, NOW)
    session.expire_all()
    states = {message.state for message in session.query(Message)}
    assert states == {MessageState.READY}


def test_the_same_recipient_three_times_is_no_row(session, begun):
    for name in ("a", "b", "c"):
        assert not refuse(session, begun(name, rcpt_to="a@example.org"))


def test_other_words_are_no_row(session, begun):
    for name in ("a", "b", "c"):
        message = begun(name, rcpt_to=f"{name}@example.org")
        assert not refuse(session, message, words=f"no {name} here")


def test_a_mail_that_was_taken_in_between_shows_that_it_is_not_about_us(session, begun):
    for minute, name in enumerate(("a", "b")):
        now = NOW + minute * A_MINUTE
        refuse(session, begun(name, now, rcpt_to=f"{name}@example.org"), now)
    good = begun("good", NOW + 2 * A_MINUTE, rcpt_to="good@example.org")
    claiming.mark_sent(session, good, now=NOW + 2 * A_MINUTE, code=250, reply="OK")
    now = NOW + 3 * A_MINUTE

    assert not refuse(session, begun("c", now, rcpt_to="c@example.org"), now)
    assert number_suppressed(session, now) == 3
