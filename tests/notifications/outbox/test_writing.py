from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from notifications.outbox import claiming
from notifications.outbox.table import Message
from notifications.outbox.writing import message_id_of

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)

A_MINUTE = timedelta(minutes=1)


def claim(session, now=NOW, limit=10):
    taken = claiming.claim(session, now=now, limit=limit, by="relay")
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
