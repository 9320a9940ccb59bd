"""Own calendars: whose work they show, what their owner chose, and what becomes of them."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import icalendar
import pytest
from sqlalchemy import select

from events.activities.planned import Plan, add_activity
from events.calendars.feeds import serve_feed
from events.calendars.renewing import renew, take_marks
from events.calendars.tokens import (
    Options,
    change_token,
    is_revoked,
    make_token,
    own_token,
    revoke_token,
    rotate_token,
    tokens_of,
)
from events.checklist.history import Stamp
from events.checklist.states import start_item
from events.errors import ConflictError, InvalidInputError, NotFoundError
from events.installation import INSTALLATION, Installation
from events.models import AuditEntry, AuditKind, Campaign, Duty, Feed, FeedScope, Post
from events.people.persons import add_person
from events.people.posts import give_post
from events.people.roles import add_role
from tests.conftest import tick_off
from tests.events.calendars import test_renewing  # noqa: F401 - its state is begun with

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
URL = "https://example.org"
MINE = Options("Điện thoại của tôi")


@pytest.fixture
def opened_2021(session, cast):
    return session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()


@pytest.fixture
def read(session, session_factory):
    def read(token, now=NOW):
        session.commit()
        body = serve_feed(session_factory, token.key, now=now, public_url=URL).body
        events = icalendar.Calendar.from_ical(body).walk("VEVENT")
        return {str(event["UID"]): event for event in events}

    return read


def deadlines(events):
    return {uid for uid, event in events.items() if "Hạn: " in event["SUMMARY"]}


def uids(items):
    return {item.uid for item in items}


def test_it_shows_what_its_owner_is_in_charge_of(session, cast, opened_2021, read):
    token, _secret = make_token(session, cast.thi, MINE, now=NOW)

    mine = [item for item in opened_2021.items if item.role_key == "ubnd_xa"]
    assert deadlines(read(token)) == uids(mine) != set()


def test_it_shows_the_work_of_the_unit_or_of_all_units_below(session, cast, opened_2021, read):
    own = make_token(session, cast.hoa, replace(MINE, scope=FeedScope.UNIT), now=NOW)[0]
    tree = make_token(session, cast.hoa, replace(MINE, scope=FeedScope.SUBTREE), now=NOW)[0]

    assert not uids(opened_2021.items) & deadlines(read(own))
    assert uids(opened_2021.items) <= read(tree).keys()


def test_a_reader_sees_nothing_below_whatever_the_calendar_is_for(session, cast, opened_2021, read):
    role = add_role(
        session, "Cộng tác viên", "Reader", None, duty=Duty.READER, by=None, on=NOW.date()
    )
    person = add_person(session, "Người đọc (Đọc)", "doc@example.org")
    give_post(session, person, cast.province, role.key, since=date(2020, 1, 1))
    token = make_token(session, person, replace(MINE, scope=FeedScope.SUBTREE), now=NOW)[0]

    assert not uids(opened_2021.items) & read(token).keys()


def test_a_leader_sees_open_activities_below_and_no_deadlines(session, cast, opened_2021, read):
    start = datetime(2021, 3, 20, 1, tzinfo=UTC)
    plans = [
        Plan(name, start, start + timedelta(hours=2), name, public=public)
        for name, public in (("Lễ phát động", True), ("Họp nội bộ", False))
    ]
    launch, internal = (
        add_activity(session, opened_2021, plan, by=cast.thi, now=NOW) for plan in plans
    )
    token = make_token(session, cast.hoa, replace(MINE, scope=FeedScope.LEADER), now=NOW)[0]

    events = read(token)

    assert launch.uid in events
    assert internal.uid not in events
    assert deadlines(events) == set()


def test_what_is_done_stays_with_a_tick_or_goes_as_its_owner_chose(
    session, cast, opened_2021, read
):
    item = next(one for one in opened_2021.items if one.role_key == "ubnd_xa")
    tick_off(item, cast.thi, NOW, NOW.date())
    kept = make_token(session, cast.thi, MINE, now=NOW)[0]
    gone = make_token(session, cast.thi, replace(MINE, keeps_done=False), now=NOW)[0]

    assert str(read(kept)[item.uid]["SUMMARY"]).startswith("✓ ")
    assert item.uid not in read(gone)


def test_alarms_ring_only_where_they_were_asked_for(session, cast, opened_2021, read):
    silent = make_token(session, cast.thi, MINE, now=NOW)[0]
    loud = make_token(session, cast.thi, replace(MINE, has_alarms=True), now=NOW)[0]

    assert not any(event.walk("VALARM") for event in read(silent).values())
    events = read(loud)
    alarms = [alarm for uid in deadlines(events) for alarm in events[uid].walk("VALARM")]
    assert {alarm["TRIGGER"].dt for alarm in alarms} == {timedelta(hours=-16, minutes=-30)}


def test_alarms_ring_on_the_eve_at_the_hour_of_reminders_or_at_one_that_was_chosen(
    session, session_factory, cast, opened_2021, read
):
    wanted = replace(MINE, has_alarms=True, alarm_at=time(18, 15))
    token = make_token(session, cast.thi, wanted, now=NOW)[0]

    def rings(token):
        return {a["TRIGGER"].dt for e in read(token).values() for a in e.walk("VALARM")}

    assert rings(token) == {timedelta(hours=-5, minutes=-45)}
    change_token(session, cast.thi, token.id, replace(wanted, alarm_at=None))
    elsewhere = Installation(remind_at=time(9))
    session_factory.configure(info={INSTALLATION: elsewhere})
    assert rings(token) == {timedelta(hours=-15)}


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("has_items", "Hạn: "),
        ("has_campaigns", "Ngày Quốc tế Hạnh phúc"),
        ("has_main_events", "Sự kiện chính: "),
        ("has_activities", "Họp nội bộ"),
    ],
)
def test_each_kind_is_chosen_by_itself(session, cast, opened_2021, read, kind, begins):
    start = datetime(2021, 3, 20, 1, tzinfo=UTC)
    plan = Plan("Họp nội bộ", start, start + timedelta(hours=2), "UBND xã", public=False)
    add_activity(session, opened_2021, plan, by=cast.thi, now=NOW)
    opened_2021.round.event_date = date(2021, 3, 19)
    kinds = ("has_items", "has_campaigns", "has_main_events", "has_activities")
    only = {name: name == kind for name in kinds}
    without = {name: name != kind for name in kinds}
    alone, others = (
        make_token(session, cast.thi, replace(MINE, **chosen), now=NOW)[0]
        for chosen in (only, without)
    )

    def named(token):
        return {str(event["SUMMARY"]).startswith(begins) for event in read(token).values()}

    assert named(alone) == {True}
    assert named(others) == {False}


@pytest.mark.parametrize("scope", [FeedScope.MINE, FeedScope.LEADER])
def test_a_calendar_of_nothing_is_not_made(session, cast, scope):
    nothing = replace(
        MINE, scope=scope, has_items=scope is FeedScope.LEADER,
        has_activities=False, has_campaigns=False, has_main_events=False,
    )  # fmt: skip

    with pytest.raises(InvalidInputError, match="at least one"):
        make_token(session, cast.thi, nothing, now=NOW)


def test_an_activity_of_whole_days_takes_up_nobodys_time(session, cast, opened_2021, read):
    start = datetime(2021, 3, 18, 17, tzinfo=UTC)  # midnight in Vietnam
    plan = Plan("Hội trại", start, start + timedelta(days=2), "Sân xã")
    days = add_activity(session, opened_2021, plan, by=cast.thi, now=NOW)
    hours = add_activity(
        session,
        opened_2021,
        replace(plan, summary="Giao thừa", dtend=start + timedelta(hours=2)),
        by=cast.thi,
        now=NOW,
    )

    events = read(make_token(session, cast.thi, MINE, now=NOW)[0])

    assert (events[days.uid]["TRANSP"], events[hours.uid]["TRANSP"]) == ("TRANSPARENT", "OPAQUE")


def test_the_log_says_who_made_replaced_and_revoked_one_and_not_its_name(session, cast):
    token = make_token(session, cast.thi, MINE, now=NOW)[0]
    token = rotate_token(session, cast.thi, token.id, now=NOW)[0]
    revoke_token(session, cast.thi, token.id, now=NOW)

    lines = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()

    told = [(one.kind, one.by_id, one.detail) for one in lines if one.kind.startswith("calendar-")]
    kinds = (AuditKind.CALENDAR_MADE, AuditKind.CALENDAR_MOVED, AuditKind.CALENDAR_REVOKED)
    assert told == [(kind, cast.thi.id, "mine") for kind in kinds]


def test_its_address_stands_nowhere_in_it(session, session_factory, cast, opened_2021):
    token, secret = make_token(session, cast.thi, MINE, now=NOW)
    session.commit()

    body = serve_feed(session_factory, token.key, now=NOW, public_url=URL).body.decode()

    assert secret not in body
    assert token.digest not in body
    assert "SOURCE" not in body


def test_with_the_last_post_the_work_goes_and_the_calendar_says_why(
    session, session_factory, cast, opened_2021, read
):
    token = make_token(session, cast.thi, MINE, now=NOW)[0]
    assert deadlines(read(token))
    post = session.scalars(select(Post).where(Post.person_id == cast.thi.id)).one()
    post.valid_to = date(2021, 2, 27)

    [event] = read(token, LATER).values()

    assert "Không còn giữ chức vụ" in event["SUMMARY"]
    assert event["DTSTART"].dt == date(2021, 2, 28)


def test_a_change_in_the_unit_or_below_reaches_it(
    session, session_factory, cast, opened_2021, read
):
    token = make_token(session, cast.hoa, replace(MINE, scope=FeedScope.SUBTREE), now=NOW)[0]
    other = make_token(session, cast.khanh, MINE, now=NOW)[0]
    item = opened_2021.items[0]
    read(token), read(other)
    renew(session_factory, now=NOW, public_url=URL)

    start_item(session, item.id, Stamp(cast.thi, LATER))
    session.commit()

    take_marks(session_factory)
    stale = set(session.scalars(select(Feed.key).where(Feed.stale.is_not(None))))
    assert token.key in stale
    assert other.key not in stale


def test_a_secret_has_256_bits_and_is_not_kept(session, cast):
    token, secret = make_token(session, cast.thi, MINE, now=NOW)

    assert len(secret) >= 43
    assert secret not in repr(vars(token))


def test_only_its_owner_changes_and_revokes_it(session, cast):
    token = make_token(session, cast.thi, MINE, now=NOW)[0]

    for use in (own_token, lambda *args: revoke_token(*args, now=NOW)):
        with pytest.raises(NotFoundError):
            use(session, cast.hoa, token.id)
    with pytest.raises(NotFoundError):
        change_token(session, cast.hoa, token.id, MINE)


def test_another_address_is_another_calendar_and_the_old_one_is_revoked(session, cast):
    old, before = make_token(session, cast.thi, replace(MINE, past_days=30), now=NOW)

    new, after = rotate_token(session, cast.thi, old.id, now=LATER)

    assert before != after
    assert (new.name, new.past_days) == (old.name, 30)
    assert is_revoked(session, old.key)
    assert not is_revoked(session, new.key)
    assert tokens_of(session, cast.thi) == [new]


@pytest.mark.parametrize("wrong", [{"name": " "}, {"name": "x" * 81}, {"past_days": 7}])
def test_what_cannot_be_chosen_is_refused(session, cast, wrong):
    with pytest.raises(InvalidInputError):
        make_token(session, cast.thi, replace(MINE, **wrong), now=NOW)


def test_nobody_has_more_than_twenty(session, cast):
    for _ in range(20):
        make_token(session, cast.thi, MINE, now=NOW)

    with pytest.raises(ConflictError, match="20"):
        make_token(session, cast.thi, MINE, now=NOW)
