"""Announcements: to whom, once, in groups, and stopped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest
from sqlalchemy import select

from events.errors import ChangedMeanwhileError, ConflictError, InvalidInputError, NotAllowedError
from events.models import AuditEntry, AuditKind, Post
from events.people.persons import add_person
from events.people.posts import give_post
from notifications.announcements import announcing
from notifications.announcements.announcing import GROUP, TURN, Draft
from notifications.announcements.table import Audience
from notifications.outbox.suppression import Suppression, SuppressionReason
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.subscribers.table import Subscriber

NOW = datetime(2021, 3, 10, 3, tzinfo=UTC)  # ten o'clock on a Wednesday in Vietnam
KEY = "a key of thirty-two characters or more"
PUBLIC = Draft("Mời dự mít tinh", "Kính mời **nhân dân**.", Audience.PUBLIC)


@pytest.fixture
def write(session, cast):
    """Let the province's officer write."""

    def run(draft=None, *, unit=None, by=None, **changes):
        draft = replace(draft or Draft("Tập huấn", "Kính mời.", Audience.ALL), **changes)
        unit, by = unit or cast.province, by or cast.hoa
        one = announcing.write(session, unit, draft, by=by, now=NOW)
        session.commit()
        return one

    return run


@pytest.fixture
def send(session, cast):
    def run(one, expected=None, by=None):
        count = announcing.send(session, one.unit, one.id, expected, by=by or cast.hoa, now=NOW)
        session.commit()
        return count

    return run


def addresses(session, one):
    found = announcing.recipients_of(session, one, now=NOW)
    return {each.address for each in found}


def messages(session):
    query = select(Message).where(Message.kind == MessageKind.ANNOUNCEMENT).order_by(Message.id)
    return session.scalars(query).all()


@pytest.mark.parametrize(
    ("audience", "reached"),
    [
        (Audience.UNIT, {"hoa"}),
        (Audience.BELOW, {"thi", "khanh"}),
        (Audience.ALL, {"hoa", "thi", "khanh"}),
    ],
)
def test_it_reaches_a_unit_those_below_it_or_both(session, write, audience, reached):
    one = write(audience=audience)

    assert addresses(session, one) == {f"{name}@example.org" for name in reached}


def test_only_the_chosen_posts_are_reached_and_nobody_twice(session, write, cast):
    give_post(session, cast.thi, cast.other_commune, "ubnd_xa", since=NOW.date())
    one = write(roles=("ubnd_xa",))

    found = [each.address for each in announcing.recipients_of(session, one, now=NOW)]

    assert sorted(found) == ["khanh@example.org", "thi@example.org"]


def test_whom_a_server_does_not_know_is_left_out(session, write):
    session.add(
        Suppression(
            address="thi@example.org",
            reason=SuppressionReason.NO_MAILBOX,
            words="550",
            since=NOW,
            until=NOW + timedelta(days=1),
            times=1,
        )
    )
    session.flush()

    assert "thi@example.org" not in addresses(session, write())


def test_sending_twice_sends_once(session, write, send):
    one = write()

    assert [send(one, 3), send(one, 3)] == [3, 3]
    assert len(messages(session)) == 3
    kinds = session.scalars(select(AuditEntry.kind)).all()
    assert kinds.count(AuditKind.ANNOUNCED) == 1


def test_it_is_not_sent_to_others_than_were_shown(session, write, send):
    with pytest.raises(ChangedMeanwhileError):
        send(write(), 2)
    session.rollback()

    assert messages(session) == []


def test_it_becomes_ready_in_groups_so_that_a_reminder_waits_for_one_at_most(
    session, write, send, cast
):
    for number in range(2 * GROUP):
        person = add_person(session, f"Cán bộ {number}", f"cb{number}@example.org")
        session.flush()
        give_post(session, person, cast.commune, "ubnd_xa", since=NOW.date())

    send(write())

    times = [message.next_attempt for message in messages(session)]
    assert {at: times.count(at) for at in set(times)} == {
        NOW: GROUP,
        NOW + TURN: GROUP,
        NOW + 2 * TURN: 3,
    }
    assert {message.urgent for message in messages(session)} == {False}


def test_stopping_cancels_at_once_what_waits_also_what_a_relay_has_taken(
    session, write, send, cast
):
    one, other = write(), write()
    send(one)
    send(other)
    sent, taken, _waits = [
        each for each in messages(session) if each.params["announcement"] == one.id
    ]
    sent.state, sent.next_attempt = MessageState.SENT, None
    taken.state = MessageState.LEASED
    session.commit()

    ended = [announcing.stop(session, one.unit, one.id, by=cast.hoa, now=NOW) for _time in range(2)]
    session.commit()
    session.expire_all()

    assert ended == [2, 0]
    assert announcing.progress_of(session, one) == {MessageState.SENT: 1, MessageState.CANCELLED: 2}
    assert announcing.progress_of(session, other) == {MessageState.READY: 3}


def test_what_was_stopped_is_not_sent_and_what_was_sent_is_not_changed(session, write, send, cast):
    sent, stopped = write(), write()
    send(sent)
    announcing.stop(session, stopped.unit, stopped.id, by=cast.hoa, now=NOW)

    with pytest.raises(ConflictError):
        send(stopped)
    draft = Draft("Khác", "Khác", Audience.UNIT)
    with pytest.raises(ConflictError):
        announcing.rewrite(session, sent.unit, sent.id, draft, by=cast.hoa, now=NOW)


@pytest.mark.parametrize(
    ("who", "place"),
    [("thi", "province"), ("thi", "other_commune"), ("la", "commune"), ("khanh", "commune")],
)
def test_officers_write_in_their_unit_and_below_and_nobody_upwards_or_sideways(
    write, cast, who, place
):
    with pytest.raises(NotAllowedError):
        write(unit=getattr(cast, place), by=getattr(cast, who))

    assert write(unit=cast.commune).unit == cast.commune


def test_only_the_top_writes_to_everybody(write, cast):
    with pytest.raises(NotAllowedError):
        write(PUBLIC, unit=cast.commune, by=cast.thi)

    assert write(PUBLIC).audience is Audience.PUBLIC


def test_what_is_empty_is_refused(write):
    for change in ({"subject": " "}, {"body": "\n"}, {"body": "x" * 20_001}):
        with pytest.raises(InvalidInputError):
            write(**change)


def test_a_trial_goes_to_its_writer_alone_and_says_so(session, write, cast, composer):
    one = write(body="Kính mời **toàn thể**.")

    announcing.try_out(session, one.unit, one.id, by=cast.hoa, now=NOW)

    [trial] = messages(session)
    mail = message_from_bytes(composer.compose(session, trial), policy=policy.default)
    assert trial.rcpt_to == "hoa@example.org"
    assert one.sent is None
    assert "Tập huấn" in mail["Subject"]
    assert mail["Subject"] != "Tập huấn"
    assert "toàn thể" in mail.get_body(("plain",)).get_content()
    assert "toàn thể</strong>" in mail.get_body(("html",)).get_content()


def test_subscribers_can_leave_by_one_click(session, write, send, composer):
    session.add_all(
        Subscriber(
            uid=f"{number:028x}",
            email=f"dan{number}@example.org",
            language="vi",
            created=NOW,
            confirmed=NOW if number else None,
            times=0,
        )
        for number in range(3)
    )
    session.flush()

    assert send(write(PUBLIC)) == 2
    first = messages(session)[0]
    mail = message_from_bytes(
        replace(composer, secret_key=KEY).compose(session, first), policy=policy.default
    )
    assert first.rcpt_to == "dan1@example.org"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "/nhan-thu/thoi/" in mail["List-Unsubscribe"]


def test_an_announcement_waits_for_working_hours(session, write, send, relay, postbox):
    send(write())

    relay(datetime(2021, 3, 13, 3, tzinfo=UTC))  # a Saturday
    session.expire_all()

    assert postbox.mails == []
    [morning] = {message.next_attempt for message in messages(session)}
    assert morning == datetime(2021, 3, 15, 0, 32, tzinfo=UTC)  # after the reminders of 07:30

    relay(morning)
    assert len(postbox.mails) == 3


def test_who_left_meanwhile_gets_nothing_that_still_waits(
    session, write, send, relay, postbox, cast
):
    send(write())
    mine = select(Post).where(Post.person_id == cast.thi.id)
    for post in session.scalars(mine):
        post.valid_to = NOW.date() - timedelta(days=1)
    session.commit()

    relay(NOW)
    session.expire_all()

    assert sorted(address for address, _mail in postbox.mails) == [
        "hoa@example.org",
        "khanh@example.org",
    ]
    [ended] = [each for each in messages(session) if each.rcpt_to == "thi@example.org"]
    assert (ended.state, ended.reply) == (MessageState.CANCELLED, announcing.NOT_MEANT)


def test_whoever_tries_an_announcement_out_gets_it_in_whatever_post(
    session, write, relay, postbox, cast
):
    one = write(audience=Audience.BELOW)
    announcing.try_out(session, one.unit, one.id, by=cast.hoa, now=NOW)
    session.commit()

    relay(NOW)

    assert len(postbox.mails) == 1
