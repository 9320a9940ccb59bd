from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier, Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, func, select

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.database.sessions import Base, create_session_factory
from events.models import CampaignStatus, Post, TodoStatus
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.tree import get_unit
from notifications.notices.reminders import Written, write_reminders
from notifications.notices.table import MailWish, Notice, NoticeKind, NoticeState
from notifications.outbox.table import Message, MessageKind
from tests.chance import drawn
from tests.conftest import as_shipped

WEEK_BEFORE = datetime(2021, 3, 12, 0, 30, tzinfo=UTC)  # Friday, 07:30 in Vietnam; the third
# working morning on which the first step is fresh
DAY_BEFORE = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)
AFTER = datetime(2021, 3, 22, 0, 30, tzinfo=UTC)
NOTHING = Written()


@pytest.fixture
def write(session, vietnam):
    def run(now):
        written = write_reminders(session, now=now, clockwork=as_shipped(vietnam))
        session.commit()
        return written

    return run


def recipients(session):
    return [message.rcpt_to for message in session.scalars(select(Message).order_by(Message.id))]


def told(session, kind=NoticeKind.DUE, state=NoticeState.PLANNED):
    """Return what was told, oldest first: the rule and to whom."""
    query = select(Notice).where(Notice.kind == kind, Notice.state == state)
    notices = session.scalars(query.order_by(Notice.at, Notice.id))
    return [(notice.rule, notice.person.email) for notice in notices]


def test_who_holds_the_post_is_told_step_by_step_and_the_units_above_once_it_is_late(
    session, cast, make_item, write
):
    make_item()

    for n in range(-3, 60):
        write(WEEK_BEFORE + timedelta(days=n))

    steps = ["before-7", "before-1", "before-0", "overdue-1", "again-1", "again-2", "again-3"]
    assert told(session) == [(rule, cast.thi.email) for rule in [*steps, "again-4"]]
    # nobody sits in the district: what it should hear goes on to the province
    assert told(session, NoticeKind.LATE) == [
        ("late-1", cast.hoa.email),
        ("late-2", cast.hoa.email),
    ]


def test_running_again_writes_nothing(make_item, write):
    make_item()

    assert write(WEEK_BEFORE) == Written(notices=1, messages=1)
    assert write(WEEK_BEFORE) == NOTHING
    assert write(WEEK_BEFORE + timedelta(days=1)) == NOTHING


def test_a_clock_that_is_set_back_tells_nothing_again(make_item, write):
    make_item()
    write(WEEK_BEFORE)
    write(DAY_BEFORE)

    assert [write(DAY_BEFORE - timedelta(days=n)) for n in range(10)] == [NOTHING] * 10


def test_everything_one_person_should_hear_is_one_message(session, cast, make_item, write):
    due_friday, due_next_friday = make_item("Một"), make_item("Hai", due=date(2021, 3, 25))

    assert write(DAY_BEFORE).messages == 1
    message = session.scalars(select(Message)).one()
    items = session.scalars(
        select(Notice.item_id)
        .where(Notice.message_id == message.id, Notice.kind == NoticeKind.DUE)
        .order_by(Notice.id)
    ).all()
    assert items == [due_friday.id, due_next_friday.id]
    assert (message.kind, message.person, message.params) == (MessageKind.REMINDER, cast.thi, {})


def test_steps_that_a_late_start_skipped_are_recorded_but_not_told(session, make_item, write):
    make_item()

    assert write(AFTER) == Written(notices=1, messages=1, collapsed=3)
    states = {notice.rule: notice.state for notice in session.scalars(select(Notice))}
    assert states == {
        "before-7": NoticeState.COLLAPSED,
        "before-1": NoticeState.COLLAPSED,
        "before-0": NoticeState.COLLAPSED,
        "overdue-1": NoticeState.PLANNED,
    }


def test_adopting_the_service_late_floods_nobody(session, make_item, write):
    for _ in range(3):
        make_item()

    assert write(AFTER + timedelta(days=70)) == NOTHING


def test_an_item_that_moved_is_told_anew(session, make_item, write):
    item = make_item()
    write(WEEK_BEFORE)
    item.due, item.anchor_version = item.due + timedelta(days=3), 1
    session.commit()

    assert write(WEEK_BEFORE + timedelta(days=3)) == Written(notices=1, messages=1)


def test_an_item_that_moved_to_an_earlier_day_is_told_anew_too(session, make_item, write):
    item = make_item()
    write(DAY_BEFORE)
    item.due, item.anchor_version = date(2021, 3, 18), 1
    session.commit()

    # in the mail that waits for this morning already
    assert write(DAY_BEFORE) == Written(notices=1, messages=0, collapsed=2)


def test_a_done_item_and_a_cancelled_campaign_are_silent(session, make_item, write):
    done, cancelled, not_required = make_item(), make_item(), make_item()
    done.status, not_required.status = TodoStatus.COMPLETED, TodoStatus.CANCELLED
    cancelled.campaign.round.status = CampaignStatus.CANCELLED
    session.commit()

    assert write(WEEK_BEFORE) == NOTHING


def test_where_nobody_holds_the_post_the_contact_is_told_and_else_that_of_the_unit_above(
    session, cast, make_item, write
):
    make_item(role="cc_vhxh")  # nobody's
    make_item(unit=cast.other_commune)
    session.scalars(select(Post).where(Post.person_id == cast.khanh.id)).one().valid_to = date(
        2021, 3, 11
    )
    session.commit()

    write(DAY_BEFORE)

    assert sorted(told(session)) == [("before-1", cast.hoa.email), ("before-1", cast.thi.email)]


def test_where_nobody_has_an_address_nobody_is_told(session, cast, make_item, write):
    make_item()
    for person in (cast.thi, cast.hoa):
        person.email = None
    session.commit()

    assert write(WEEK_BEFORE) == NOTHING


def test_who_is_away_is_told_nothing_and_others_are_in_their_place(session, cast, make_item, write):
    make_item()
    session.add(MailWish(person_id=cast.thi.id, away_from=date(2021, 3, 15)))
    session.commit()

    write(DAY_BEFORE)

    assert told(session) == [("before-1", cast.hoa.email)]


def test_mail_waits_for_the_hour_its_reader_asks_for(session, cast, make_item, write):
    make_item()
    session.add(MailWish(person_id=cast.thi.id, hour=time(14)))
    session.commit()

    write(DAY_BEFORE)

    assert session.scalars(select(Message)).one().next_attempt == datetime(
        2021, 3, 18, 7, tzinfo=UTC
    )


def test_holding_a_post_twice_is_no_reason_to_be_told_twice(session, cast, make_item, write):
    make_item()
    session.add(
        Post(person=cast.thi, unit=cast.commune, role_key="ubnd_xa", valid_from=date(2021, 1, 1))
    )
    session.commit()

    assert write(DAY_BEFORE).messages == 1
    assert told(session) == [("before-1", cast.thi.email)]


def test_a_reminder_written_at_night_leaves_in_the_morning(session, make_item, write):
    make_item()

    write(datetime(2021, 3, 12, 13, 0, tzinfo=UTC))  # Friday, 20:00 in Vietnam

    assert session.scalars(select(Message)).one().next_attempt == datetime(
        2021, 3, 15, 0, 30, tzinfo=UTC
    )


def test_the_eve_of_an_event_does_not_wait_for_monday(session, make_item, write):
    make_item(due=date(2021, 3, 22), phase="event")
    on_sunday = datetime(2021, 3, 21, 0, 30, tzinfo=UTC)

    write(on_sunday)

    message = session.scalars(select(Message)).one()
    assert (message.urgent, message.next_attempt) == (True, on_sunday)


def test_the_number_of_statements_does_not_depend_on_the_number_of_items(
    session, vietnam, make_item
):
    statements = []
    event.listen(
        session.get_bind(),
        "before_cursor_execute",
        lambda *arguments: statements.append(arguments[2]),
    )
    counts = []
    for items in (1, 12):
        for number in range(items):
            make_item(f"Việc {number}")
        statements.clear()
        with session.begin_nested() as undo:
            write_reminders(session, now=WEEK_BEFORE, clockwork=as_shipped(vietnam))
            undo.rollback()
        counts.append(len([text for text in statements if "SAVEPOINT" not in text]))

    assert counts[0] == counts[1]


@drawn(15)
@given(
    st.lists(st.integers(-12 * 24, 20 * 24), min_size=2, max_size=12),
    st.dates(date(2021, 1, 1), date(2021, 12, 1)),
    st.booleans(),
)
def test_whatever_the_clock_does_no_step_is_told_twice(
    session, cast, make_item, vietnam, hours, due, is_event
):
    make_item(due=due, phase="event" if is_event else "prepare")
    with session.begin_nested() as undo:
        start = datetime(due.year, due.month, due.day, tzinfo=UTC)
        told = sum(
            write_reminders(
                session, now=start + timedelta(hours=hour), clockwork=as_shipped(vietnam)
            ).notices
            for hour in hours
            if start.year == 2021
        )

        planned = session.scalars(select(Notice).where(Notice.state == NoticeState.PLANNED)).all()
        each = {(one.item_id, one.about_id, one.rule, one.person_id) for one in planned}
        assert told == len(planned) == len(each)
        assert all(notice.message_id for notice in planned)
        undo.rollback()


def test_two_clocks_at_once_write_every_message_once(blank_engine, catalog, vietnam):
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    with factory.begin() as session:
        import_catalog(session, catalog, now=WEEK_BEFORE)
        unit = get_unit(session, "23341")
        give_post(session, add_person(session, "Cán bộ xã", "xa@example.org"), unit, "ubnd_xa")
        open_campaigns(session, now=WEEK_BEFORE, calendar=vietnam, year=2021)
    barrier, results = Barrier(2), []

    def run():
        barrier.wait()
        with factory.begin() as session:
            results.append(write_reminders(session, now=WEEK_BEFORE, clockwork=as_shipped(vietnam)))

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with factory() as session:
        notices = session.scalar(select(func.count()).where(Notice.state == NoticeState.PLANNED))
        messages = session.scalar(select(func.count()).select_from(Message))
    assert sorted(result.messages for result in results) == [0, messages]
    assert sum(result.notices for result in results) == notices > 0


def test_the_reminder_of_a_delegated_item_goes_to_the_unit_that_does_it(
    session, cast, make_item, write
):
    item = make_item(delegate_unit_id=cast.other_commune.id)
    assert item.campaign.unit is cast.commune

    write(WEEK_BEFORE)

    assert recipients(session) == [cast.khanh.email]


def test_a_delegated_item_is_told_to_the_default_role_of_the_level_that_does_it(
    session, cast, make_item, write
):
    cast.other_commune.level.default_role_key = "ubnd_xa"
    make_item(delegate_unit_id=cast.other_commune.id, role="so_vhttdl")

    write(WEEK_BEFORE)

    assert recipients(session) == [cast.khanh.email]
