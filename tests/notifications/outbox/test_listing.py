from datetime import UTC, datetime, timedelta

from notifications.outbox import claiming
from notifications.outbox.listing import list_messages
from notifications.outbox.table import MessageState

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)

A_MINUTE = timedelta(minutes=1)


def claim(session, now=NOW, limit=10):
    taken = claiming.claim(session, now=now, limit=limit, by="relay")
    session.commit()
    session.expunge_all()  # a relay holds its messages outside of any session
    return taken


def test_the_list_shows_the_newest_first_and_can_be_narrowed(session, cast, make_message):
    (
        make_message("old"),
        make_message("new"),
        make_message("his", person=cast.hoa, rcpt_to=cast.hoa.email),
    )
    claim(session, limit=1)

    assert [message.key for message in list_messages(session, limit=2)] == ["his", "new"]
    assert [message.key for message in list_messages(session, states=[MessageState.LEASED])] == [
        "old"
    ]
    assert [message.key for message in list_messages(session, person_id=cast.hoa.id)] == ["his"]
