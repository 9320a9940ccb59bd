"""What follows when somebody switches whether announced days off close offices."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.checklist.history import Stamp, history_of
from events.days.workdays import Shift
from events.installation import INSTALLATION, Installation, zone_of
from events.models import Anchor, Campaign, ChecklistItem, Round, Template
from events.models.history import Door
from events.people.persons import add_person
from events.people.posts import give_post
from events.replanning.announced_days import follow_the_setting
from events.units.office import office_of
from events.working_calendar import work_calendar
from notifications.notices.reminders import write_reminders
from notifications.notices.steps import Clockwork, ReminderRules
from notifications.notices.table import Notice, NoticeState
from notifications.notices.wanted import look_again
from notifications.outbox.table import Message
from tests.conftest import tick_off

NOW = datetime(2028, 10, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
CULTURE_DAY = date(2028, 11, 24)  # a Friday; announced, and not yet law in the catalogue of tests
DAY_BEFORE = CULTURE_DAY - timedelta(days=1)


def switch(session, *, count):
    session.info[INSTALLATION] = Installation(count_announced=count)


def follow(session, now=LATER):
    return follow_the_setting(session, stamp=Stamp(None, now, Door.CLOCK))


@pytest.fixture
def items(session):
    """The same item of many communes, due on the announced day off and so moved before it."""
    template = session.scalars(select(Template).where(Template.key == "evaw_day")).one()
    [found] = rounds_of(template, 2028)
    made_from = next(
        one
        for one in template.current.items
        if one.levels == ["commune"] and one.shift is Shift.PREVIOUS and one.end_offset_days is None
    )
    made_from.anchor, made_from.depends_on, made_from.level_offsets = Anchor.START, [], {}
    made_from.offset_days = (CULTURE_DAY - found.dates.dtstart).days
    session.flush()
    assert follow(session, NOW) == []
    open_round(session, found, now=NOW, calendar=work_calendar(session))
    query = select(ChecklistItem).join(ChecklistItem.campaign).order_by(ChecklistItem.id)
    found_items = session.scalars(
        query.where(
            Campaign.round.has(Round.template_id == template.id), ChecklistItem.key == made_from.key
        )
    ).all()
    assert {item.due for item in found_items} == {DAY_BEFORE}
    return found_items


def test_dates_follow_the_setting_and_come_back_with_it(session, items):
    switch(session, count=False)
    moved = follow(session)

    assert {line.item for line in moved} >= set(items)
    assert {(item.due, item.due_reason) for item in items} == {(CULTURE_DAY, None)}
    assert {history_of(session, item)[-1].door for item in items} == {Door.CLOCK}
    assert follow(session) == []

    switch(session, count=True)
    follow(session)

    assert {item.due for item in items} == {DAY_BEFORE}


def test_what_is_done_stays_as_it_was(session, items):
    done = items[0]
    tick_off(done, None, NOW, NOW.date())

    switch(session, count=False)
    follow(session)

    assert done.due == DAY_BEFORE
    assert items[1].due == CULTURE_DAY


def test_a_mail_that_waits_tells_nobody_the_date_of_before(session, items):
    item, morning = items[0], datetime(2028, 11, 16, 1, tzinfo=UTC)  # a week before
    official = add_person(session, "Cán bộ xã", "can.bo@example.org")
    give_post(session, official, item.campaign.unit, item.role_key, since=NOW.date())

    def clockwork():
        return Clockwork(work_calendar(session), ReminderRules(), zone_of(session))

    def remind(now):
        write_reminders(session, now=now, clockwork=clockwork())
        mine = select(Notice).where(Notice.item_id == item.id).order_by(Notice.id)
        return session.scalars(mine).all()

    [waiting] = remind(morning)
    switch(session, count=False)
    follow(session, morning)
    message = session.get_one(Message, waiting.message_id)
    look_again(session, [message], now=morning, clockwork=clockwork())
    dropped, *again = remind(morning + timedelta(days=1))

    assert dropped.id == waiting.id
    assert dropped.state is NoticeState.CANCELLED
    assert again
    assert waiting.message_id not in {notice.message_id for notice in again}


def test_an_installation_that_never_noted_it_begins_with_its_setting_of_today(session, items):
    office_of(session).counts_announced = None
    switch(session, count=False)

    assert follow(session) == []
    assert office_of(session).counts_announced is False
    assert {item.due for item in items} == {DAY_BEFORE}
