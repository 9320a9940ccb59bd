"""Whatever goes down and for how long, and wherever the clock jumps: one mail a person and day, in
working hours, nothing stale, nothing twice, nothing left out.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from email import message_from_bytes, policy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from events.localtime import VIETNAM, at_local, local_day
from events.models import TodoStatus
from notifications.notices.reminders import write_reminders
from notifications.notices.steps import Dates
from notifications.notices.table import MailWish, Notice, NoticeKind, NoticeState
from notifications.outbox.table import Message, MessageState
from notifications.relay import relay_once
from tests.chance import drawn
from tests.conftest import as_shipped

A_DAY, AN_HOUR, A_SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
MONDAY = datetime(2021, 3, 15, 0, 30, tzinfo=UTC)  # 07:30 in Vietnam
DUE = (date(2021, 3, 16), date(2021, 3, 17), date(2021, 3, 19), date(2021, 3, 24), date(2021, 4, 5))


@pytest.fixture
def write(session, vietnam):
    def run(now):
        written = write_reminders(session, now=now, clockwork=as_shipped(vietnam))
        session.commit()
        return written

    return run


def ticks(first: datetime, days: int):
    """Return the moments of a clock that ticks every three hours."""
    return [first + 3 * n * AN_HOUR for n in range(days * 8)]


def sent(session):
    query = select(Message).where(Message.state == MessageState.SENT).order_by(Message.id)
    return session.scalars(query.execution_options(populate_existing=True)).all()


def check(session, vietnam):
    """Look at every mail that was sent."""
    clockwork = as_shipped(vietnam)
    mails = sent(session)
    days = Counter((mail.person_id, local_day(mail.sent_at, VIETNAM)) for mail in mails)
    assert max(days.values(), default=0) <= 1
    for mail in mails:
        at = mail.sent_at.replace(microsecond=0)  # a tick takes its moment
        assert clockwork.next_working_moment(at, any_day=mail.urgent) == at
        told = session.scalars(select(Notice).where(Notice.message_id == mail.id)).all()
        planned = [notice for notice in told if notice.state is NoticeState.PLANNED]
        assert planned
        assert all(clockwork.stale_after(notice.at) > at for notice in planned)
    return mails


@pytest.mark.parametrize("hours", [1, 24, 7 * 24])
@pytest.mark.parametrize("what", ["everything", "mail"])
def test_after_an_outage_everybody_gets_one_mail_a_morning(
    session, vietnam, write, relay, make_item, hours, what
):
    for day in DUE:
        make_item(due=day)
    begins = MONDAY + timedelta(days=1, hours=-1)

    def down(now):
        return begins <= now < begins + hours * AN_HOUR

    for now in ticks(MONDAY - 3 * A_DAY, 26):
        if not (what == "everything" and down(now)):
            write(now)
        if not down(now):
            relay(now)

    assert len(check(session, vietnam)) >= 4
    told = session.scalars(select(Notice).where(Notice.kind == NoticeKind.DUE)).all()
    states = {(notice.item_id, notice.rule, notice.person_id): notice.state for notice in told}
    assert len(states) == len(told)


def test_what_waited_for_seven_days_leaves_as_one_mail(session, write, relay, postbox, make_item):
    for day in DUE:
        make_item(due=day)
    for n in range(8):
        write(MONDAY + n * A_DAY)
    waiting = session.scalars(select(Message).where(Message.state == MessageState.READY)).all()
    thi = [one for one in waiting if one.rcpt_to == "thi@example.org"]
    assert len(thi) > 3

    relay(MONDAY + 7 * A_DAY)

    mails = [mail for rcpt_to, mail in postbox.mails if rcpt_to == "thi@example.org"]
    assert len(mails) == 1
    assert "và 2 việc khác" in str(message_from_bytes(mails[0], policy=policy.default)["Subject"])
    states = Counter(
        session.scalars(select(Message.state).where(Message.rcpt_to == "thi@example.org"))
    )
    assert states.pop(MessageState.SENT) == 1
    assert set(states) <= {MessageState.CANCELLED, MessageState.EXPIRED}
    assert sum(states.values()) == len(thi) - 1


def test_two_relays_do_not_send_one_person_two_mails_on_one_day(
    session, session_factory, composer, vietnam, write, postbox, make_item
):
    make_item(due=date(2021, 3, 16))
    write(MONDAY)
    make_item(due=date(2021, 3, 17))
    write(MONDAY + A_DAY)
    clockwork, now = as_shipped(vietnam), MONDAY + A_DAY
    held = session.scalars(select(Message).order_by(Message.id)).first()
    held.state, held.leased_until = MessageState.LEASED, now + AN_HOUR
    held.next_attempt = now + AN_HOUR
    session.commit()

    result = relay_once(session_factory, postbox, composer, now=now, clockwork=clockwork)

    assert (result.sent, result.postponed) == (0, 1)


def test_what_comes_too_late_for_the_mail_of_a_day_waits_for_the_next(
    session, write, relay, postbox, make_item
):
    make_item(due=date(2021, 3, 16))
    write(MONDAY)
    relay(MONDAY)
    make_item(due=date(2021, 3, 16))

    write(MONDAY + AN_HOUR)
    relay(MONDAY + AN_HOUR)

    assert len(postbox.mails) == 1
    relay(MONDAY + A_DAY)
    assert len(postbox.mails) == 2


def test_nothing_is_claimed_a_second_after_it_was_done(session, write, relay, postbox, make_item):
    item = make_item(due=date(2021, 3, 16))
    write(MONDAY)
    item.status = TodoStatus.COMPLETED
    session.commit()

    relay(MONDAY + A_SECOND)

    assert postbox.mails == []


def test_who_pauses_after_a_mail_was_written_does_not_get_it(
    session, cast, write, relay, postbox, make_item
):
    make_item(due=date(2021, 3, 16))
    write(MONDAY)
    session.add(MailWish(person_id=cast.thi.id, paused_until=date(2021, 3, 15)))
    session.commit()

    relay(MONDAY)

    assert postbox.mails == []


@pytest.mark.parametrize(
    "jump", [AN_HOUR, -AN_HOUR, A_DAY, -A_DAY, 31 * A_DAY, -31 * A_DAY], ids=str
)
@pytest.mark.parametrize("start", ["2021-03-15", "2020-12-30", "2024-02-28"])
def test_a_clock_that_jumps_and_is_set_right_tells_nothing_twice_and_leaves_nothing_out(
    session, vietnam, write, relay, make_item, jump, start
):
    first = at_local(date.fromisoformat(start), time(7, 30), VIETNAM)
    item = make_item(due=date.fromisoformat(start) + 2 * A_DAY)
    steps = as_shipped(vietnam).steps
    for now in [first, first + jump, first + jump + AN_HOUR, *ticks(first + AN_HOUR, 8)]:
        write(now)
        relay(now)

    told = session.scalars(select(Notice).where(Notice.item_id == item.id)).all()
    assert len({notice.key for notice in told}) == len(told)
    due = {notice.rule for notice in told if notice.kind is NoticeKind.DUE}
    last = first + 8 * A_DAY
    foreseen = {step.rule for step in steps(Dates(item.due)) if step.at <= last}
    assert foreseen <= due
    mails = sent(session)
    days = Counter((mail.person_id, local_day(mail.sent_at, VIETNAM)) for mail in mails)
    assert max(days.values()) == 1


@drawn(10)
@given(
    st.lists(st.integers(-31 * 24, 31 * 24), min_size=3, max_size=12),
    st.lists(st.dates(date(2021, 2, 15), date(2021, 5, 1)), min_size=1, max_size=4),
)
def test_any_order_of_moments_tells_nothing_twice_and_no_person_two_mails_a_day(
    session, session_factory, composer, vietnam, postbox, make_item, hours, due
):
    for day in due:
        make_item(due=day)
    for hour in hours:
        now = MONDAY + hour * AN_HOUR
        write_reminders(session, now=now, clockwork=as_shipped(vietnam))
        session.commit()
        relay_once(session_factory, postbox, composer, now=now, clockwork=as_shipped(vietnam))

    mails = sent(session)
    days = Counter((mail.person_id, local_day(mail.sent_at, VIETNAM)) for mail in mails)
    assert max(days.values(), default=0) <= 1
