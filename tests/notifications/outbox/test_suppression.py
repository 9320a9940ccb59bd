from datetime import UTC, datetime, timedelta

from notifications.outbox import claiming
from notifications.outbox.suppression import refused_addresses

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)

A_MINUTE = timedelta(minutes=1)


def claim(session, now=NOW, limit=10):
    taken = claiming.claim(session, now=now, limit=limit, by="relay")
    session.commit()
    session.expunge_all()  # a relay holds its messages outside of any session
    return taken


def test_an_address_is_refused_until_a_mail_arrives_there(session, make_message):
    make_message("first")
    (message,) = claim(session)
    claiming.mark_failed(session, message, code=550, reply="5.1.1 unknown", bad_address=True)
    assert refused_addresses(session, [message.rcpt_to, "hoa@example.org"]) == {message.rcpt_to}

    make_message("second", now=NOW + A_MINUTE)
    (message,) = claim(session, NOW + A_MINUTE)
    claiming.mark_sent(session, message, now=NOW + A_MINUTE, code=250, reply="OK")

    assert refused_addresses(session, [message.rcpt_to]) == set()
