from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from notifications.notices.reminders import write_reminders
from notifications.notices.table import Notice, forget_people
from notifications.outbox import claiming
from notifications.outbox.table import Message
from tests.conftest import as_shipped

NOW = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)

A_MINUTE = timedelta(minutes=1)


def claim(session, now=NOW, limit=10):
    taken = claiming.claim(session, now=now, limit=limit, by="relay")
    session.commit()
    session.expunge_all()  # a relay holds its messages outside of any session
    return taken


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
