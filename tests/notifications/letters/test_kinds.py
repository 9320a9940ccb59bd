"""Each kind of notice has its part of the mail, in both languages; the files in tests/data/mail are
written anew with SUMVAY_WRITE_GOLDEN=1.
"""

import os
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import select, update

from events.checklist.history import ADDED, DELEGATE, DELEGATE_TO, Stamp, record, write_columns
from events.models import (
    Activity,
    CampaignStatus,
    ChecklistItem,
    Duty,
    Role,
    Round,
    TodoStatus,
)
from events.people.posts import give_post
from events.people.roles import add_role
from notifications.notices.reminders import write_reminders
from notifications.notices.table import Notice, NoticeKind, NoticeState
from notifications.outbox.table import Message
from tests.conftest import as_shipped

GOLDEN = Path(__file__).parents[2] / "data" / "mail"
THURSDAY = datetime(2021, 3, 18, 0, 30, tzinfo=UTC)  # 07:30 in Vietnam
MONDAY = datetime(2021, 3, 22, 0, 30, tzinfo=UTC)
YESTERDAY = datetime(2021, 3, 17, 3, 0, tzinfo=UTC)  # at ten
FAR = date(2021, 5, 28)
LANGUAGES = pytest.mark.parametrize("language", ["vi", "en"])


@pytest.fixture
def only(session):
    """Write what is to be told and return the mail of one kind to one person."""

    def run(vietnam, kind, person, now, language="vi"):
        person.language = language
        write_reminders(session, now=now, clockwork=as_shipped(vietnam))
        mine = select(Notice).where(Notice.kind == kind, Notice.person_id == person.id)
        notices = session.scalars(mine).all()
        if not notices:
            return None
        message = session.get_one(Message, notices[0].message_id)
        others = update(Notice).where(Notice.message_id == message.id, Notice.kind != kind)
        session.execute(others.values(state=NoticeState.CANCELLED))
        message.message_id = "<0123456789abcdef@sumvay>"
        session.commit()
        return message

    return run


def compare(name, mail):
    path = GOLDEN / f"{name}.eml"
    if os.environ.get("SUMVAY_WRITE_GOLDEN"):
        path.write_bytes(mail)
    assert mail == path.read_bytes()


def subject_of(mail):
    return str(message_from_bytes(mail, policy=policy.default)["Subject"])


@LANGUAGES
def test_an_item_that_was_given_to_somebody(
    session, vietnam, composer, cast, make_item, only, language
):
    item = make_item("Lập danh sách gia đình văn hóa", due=FAR, id=900_010)
    item.delegate_unit_id = cast.other_commune.id
    to = [cast.other_commune.id, None]
    after = {DELEGATE: "Phường Quang Trung", DELEGATE_TO: to}
    record(session, item, {DELEGATE: None, DELEGATE_TO: None}, after, Stamp(cast.thi, YESTERDAY))
    session.commit()

    message = only(vietnam, NoticeKind.ASSIGNED, cast.khanh, THURSDAY, language)

    compare(f"assigned.{language}", composer.compose(session, message))


@LANGUAGES
def test_an_item_that_has_another_day(session, vietnam, composer, cast, make_item, only, language):
    item = make_item("Nộp báo cáo quý", due=FAR, id=900_011)
    write_columns(session, item, {"due": "2021-06-04"}, Stamp(cast.hoa, YESTERDAY))
    session.commit()

    message = only(vietnam, NoticeKind.MOVED, cast.thi, THURSDAY, language)

    compare(f"moved.{language}", composer.compose(session, message))


def test_an_item_that_was_moved_there_and_back_did_not_move(
    session, vietnam, cast, make_item, only
):
    item = make_item(due=FAR)
    for day in ("2021-06-04", FAR.isoformat()):
        write_columns(session, item, {"due": day}, Stamp(cast.hoa, YESTERDAY))
    session.commit()

    assert only(vietnam, NoticeKind.MOVED, cast.thi, THURSDAY) is None


def test_who_moves_or_adds_an_item_is_not_told_of_it(session, vietnam, cast, make_item, only):
    item = make_item(due=FAR)
    write_columns(session, item, {"due": "2021-06-04"}, Stamp(cast.thi, YESTERDAY))
    record(session, item, {}, {ADDED: item.summary}, Stamp(cast.thi, YESTERDAY))
    session.commit()

    assert only(vietnam, NoticeKind.MOVED, cast.thi, THURSDAY) is None
    assert only(vietnam, NoticeKind.ASSIGNED, cast.thi, THURSDAY) is None


@LANGUAGES
def test_what_is_held_up_is_told_to_the_unit_above(
    session, vietnam, composer, cast, make_item, only, language
):
    item = make_item("Diễn đàn gia đình", due=FAR, id=900_012)
    block(session, item, cast)

    message = only(vietnam, NoticeKind.BLOCKED, cast.hoa, THURSDAY, language)

    compare(f"blocked.{language}", composer.compose(session, message))


def block(session, item, cast):
    item.blocked = "Hội trường đang sửa"
    record(session, item, {"blocked": None}, {"blocked": item.blocked}, Stamp(cast.thi, YESTERDAY))
    session.commit()


def test_what_goes_on_again_by_the_morning_is_not_told(session, vietnam, cast, make_item, only):
    item = make_item(due=FAR)
    block(session, item, cast)
    item.blocked = None
    session.commit()

    assert only(vietnam, NoticeKind.BLOCKED, cast.hoa, THURSDAY) is None


@LANGUAGES
def test_what_is_late_below_is_one_mail_that_names_units_and_items(
    session, vietnam, composer, cast, make_item, only, language
):
    make_item("Gửi kế hoạch", due=date(2021, 3, 15), id=900_013)
    make_item("Nộp ảnh", due=date(2021, 3, 15), unit=cast.other_commune, id=900_014)

    message = only(vietnam, NoticeKind.LATE, cast.hoa, THURSDAY, language)
    mail = composer.compose(session, message)

    compare(f"late.{language}", mail)
    text = message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()
    assert "Thị trấn Đăk Glei" in text
    assert "Phường Quang Trung" in text


@LANGUAGES
def test_a_campaign_that_opened(session, vietnam, composer, cast, make_item, only, language):
    campaign = make_item(due=FAR, id=900_015).campaign
    campaign.created, campaign.uid = YESTERDAY, "mo-dot@example.org"
    campaign.round.dtstart, campaign.round.dtend = date(2021, 4, 20), date(2021, 4, 21)
    session.commit()

    message = only(vietnam, NoticeKind.OPENED, cast.thi, THURSDAY, language)

    compare(f"opened.{language}", composer.compose(session, message))


def plan_activity(session, make_item, **columns):
    starts = datetime(2021, 3, 26, 1, 0, tzinfo=UTC)
    values = {"uid": "le-phat-dong@example.org", "summary": "Lễ phát động", "location": "Nhà rông"}
    stamps = {"created": YESTERDAY, "last_modified": YESTERDAY}
    activity = Activity(
        campaign=make_item(due=FAR, id=900_016).campaign,
        dtstart=starts,
        dtend=starts + timedelta(hours=3),
        organizer="",
        **stamps,
        **(values | columns),
    )
    session.add(activity)
    session.commit()
    return activity


@LANGUAGES
def test_an_invitation_comes_with_a_calendar(
    session, vietnam, composer, cast, make_item, only, language
):
    plan_activity(session, make_item)

    message = only(vietnam, NoticeKind.INVITED, cast.thi, THURSDAY, language)
    mail = composer.compose(session, message)

    compare(f"invited.{language}", mail)
    parsed = message_from_bytes(mail, policy=policy.default)
    (calendar,) = parsed.iter_attachments()
    assert calendar.get_content_type() == "text/calendar"
    text = calendar.get_content()
    for line in ("METHOD:PUBLISH", "UID:le-phat-dong@example.org", "SEQUENCE:0"):
        assert line in text
    assert parsed.get_body(("html",)) is not None


def test_an_activity_that_is_called_off_is_told_once_more_and_a_head_count_is_not(
    session, vietnam, composer, cast, make_item, only
):
    activity = plan_activity(session, make_item)
    only(vietnam, NoticeKind.INVITED, cast.thi, THURSDAY)
    activity.expected = 80
    activity.touch(THURSDAY + timedelta(hours=1))
    session.commit()
    write_reminders(session, now=THURSDAY + timedelta(days=1), clockwork=as_shipped(vietnam))
    mine = select(Notice).where(Notice.kind == NoticeKind.INVITED)
    assert len(session.scalars(mine).all()) == 1

    activity.status = CampaignStatus.CANCELLED
    activity.touch(THURSDAY + timedelta(days=1, hours=1))
    session.commit()
    write_reminders(session, now=MONDAY, clockwork=as_shipped(vietnam))

    newest = session.scalars(mine.order_by(Notice.id.desc())).first()
    mail = composer.compose(session, session.get_one(Message, newest.message_id))
    assert "không tổ chức" in message_from_bytes(mail, policy=policy.default).as_string() or (
        "không tổ chức"
        in message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()
    )


@LANGUAGES
def test_a_week_begins_with_its_plan(session, vietnam, composer, cast, make_item, only, language):
    make_item("Nhắc loa thôn phát bài", due=date(2021, 3, 24), id=900_017)
    make_item("Gửi danh sách học viên", due=date(2021, 3, 26), id=900_018)

    message = only(vietnam, NoticeKind.WEEK, cast.thi, MONDAY, language)

    compare(f"week.{language}", composer.compose(session, message))


def test_who_supports_an_item_finds_it_in_the_plan_of_the_week(
    session, vietnam, composer, cast, make_item, only
):
    item = make_item("Truyền thông", due=date(2021, 3, 24))
    item.support_roles = ["hoi_lhpn"]
    give_post(session, cast.la, cast.commune, "hoi_lhpn", since=date(2020, 1, 1))
    session.commit()

    message = only(vietnam, NoticeKind.WEEK, cast.la, MONDAY)
    mail = message_from_bytes(composer.compose(session, message), policy=policy.default)

    assert "phối hợp" in mail.get_body(("plain",)).get_content()


@LANGUAGES
def test_a_leader_gets_the_figures_of_the_month_and_who_is_late_by_name(
    session, vietnam, composer, cast, make_item, only, language
):
    role = add_role(
        session, "Phó Chủ tịch", None, "district", duty=Duty.LEADER, by=None, on=date(2021, 1, 1)
    )
    give_post(session, cast.la, cast.district, role.key, since=date(2020, 1, 1))
    done = make_item("Xong", due=date(2021, 3, 12), id=900_019)
    late = make_item("Muộn", due=date(2021, 3, 15), id=900_020)
    done.status, done.completed_on = TodoStatus.COMPLETED, date(2021, 3, 12)
    session.execute(update(Round).values(year=2021))
    session.commit()
    assert session.get(Role, role.key).duty is Duty.LEADER
    assert isinstance(late, ChecklistItem)

    first_of_april = datetime(2021, 4, 1, 0, 30, tzinfo=UTC)
    message = only(vietnam, NoticeKind.MONTH, cast.la, first_of_april, language)
    mail = composer.compose(session, message)

    compare(f"month.{language}", mail)
    text = message_from_bytes(mail, policy=policy.default).get_body(("plain",)).get_content()
    assert "Thị trấn Đăk Glei" in text


def test_a_subject_says_what_comes_first_its_day_and_how_many_others_there_are(
    session, vietnam, composer, cast, make_item
):
    for number in range(5):
        make_item(f"Việc {number}", due=date(2021, 3, 18))
    write_reminders(session, now=THURSDAY, clockwork=as_shipped(vietnam))
    message = session.scalars(select(Message).where(Message.person_id == cast.thi.id)).one()
    session.commit()

    mail = composer.compose(session, message)

    assert subject_of(mail) == "Việc 0, hạn hôm nay thứ Năm 18/03 và 4 việc khác"
