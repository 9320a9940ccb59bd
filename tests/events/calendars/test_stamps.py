"""Stamps rise exactly when what a calendar shows changes, and never fall."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import select

from events.calendars.ical import RENDERER_EPOCH, CalendarEvent
from events.calendars.stamps import next_moment, stamp_all
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.models import Campaign, CampaignStatus, FeedStamp, Role, Template
from events.observances.occurrences import extend_horizon
from tests.conftest import STATES
from tests.events.calendars.work import serve_work

NOW = datetime(2027, 3, 1, 5, 0, 0, 123456, tzinfo=UTC)
LATER = NOW + timedelta(hours=3)
SECONDS = {"microsecond": 0}
EVENT = CalendarEvent(
    uid="1@example.org",
    summary="Ngày Gia đình Việt Nam",
    dtstart=date(2027, 6, 28),
    dtend=date(2027, 6, 29),
    created=NOW,
    last_modified=NOW,
    sequence=7,
)


def stamps_of(events, known, now):
    return {one.event.uid: one.stamp for one in stamp_all(events, known, now)}


def test_what_was_never_shown_begins_with_the_stamps_of_its_row():
    stamp = stamps_of([EVENT], {}, LATER)["1@example.org"]

    assert (stamp.sequence, stamp.last_modified) == (7, NOW.replace(**SECONDS))


def test_a_row_that_was_touched_and_reads_as_before_raises_nothing():
    known = stamps_of([EVENT], {}, NOW)
    touched = replace(EVENT, sequence=12, last_modified=LATER)

    assert stamps_of([touched], known, LATER) == known


@pytest.mark.parametrize(
    "change",
    [
        {"summary": "Ngày Gia đình"},
        {"dtstart": date(2027, 6, 27)},
        {"dtend": date(2027, 6, 30)},
        {"description": "Chủ đề"},
        {"location": "Nhà văn hóa"},
        {"url": "https://other.example.org/ngay"},
        {"categories": ("Ngày kỷ niệm",)},
        {"status": "CANCELLED"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_reads_otherwise_raises_both_stamps_though_its_row_says_nothing(change):
    known = stamps_of([EVENT], {}, NOW)

    stamp = stamps_of([replace(EVENT, **change)], known, LATER)["1@example.org"]

    assert (stamp.sequence, stamp.last_modified) == (8, LATER.replace(**SECONDS))


def test_stamps_rise_also_while_the_clock_goes_back():
    known = stamps_of([EVENT], {}, NOW)

    stamp = stamps_of([replace(EVENT, summary="x")], known, NOW - timedelta(days=1))

    assert stamp["1@example.org"].last_modified == NOW.replace(**SECONDS) + timedelta(seconds=1)
    assert next_moment(NOW, NOW) == NOW.replace(**SECONDS) + timedelta(seconds=1)


def test_the_written_text_says_the_stamps_that_are_kept():
    known = stamps_of([EVENT], {}, NOW)
    [one] = stamp_all([replace(EVENT, summary="x")], known, LATER)

    written = icalendar.Event.from_ical(one.text)

    assert written["SEQUENCE"] == one.stamp.sequence
    assert written["DTSTAMP"].dt == written["LAST-MODIFIED"].dt == one.stamp.last_modified


def _happiness(session, vietnam):
    extend_horizon(session, now=NOW)
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    [found] = rounds_of(template, 2027)
    open_round(session, found, now=NOW, calendar=vietnam)


STATES["happiness_served"] = _happiness
SLUG = "tinh-quang-ngai-2025"


@pytest.fixture
def happiness_served(session):
    return session.scalars(select(Campaign).where(Campaign.unit.has(slug=SLUG))).one()


@pytest.fixture
def serve(session, session_factory):
    def serve(now=NOW, public_url="https://example.org", slug=SLUG):
        session.commit()
        return serve_work(session_factory, slug, now, public_url)

    return serve


def seen(kept):
    """What a calendar says of each event, and its stamps."""
    events = icalendar.Calendar.from_ical(kept.body).walk("VEVENT")
    return {
        str(event["UID"]): (
            (str(event["SUMMARY"]), str(event.get("DESCRIPTION")), event["DTSTART"].dt),
            (int(event["SEQUENCE"]), event["LAST-MODIFIED"].dt),
        )
        for event in events
    }


def hold(before, after):
    """The rules between two answers of one calendar."""
    old, new = seen(before), seen(after)
    for uid in old.keys() & new.keys():
        if old[uid][0] == new[uid][0]:
            continue
        assert new[uid][1][0] > old[uid][1][0], uid
        assert new[uid][1][1] > old[uid][1][1], uid
    assert (after.etag == before.etag) == (after.body == before.body)
    assert (after.last_modified > before.last_modified) == (after.body != before.body)


def test_work_begun_and_a_row_that_was_only_touched_change_no_byte(
    session, happiness_served, serve
):
    before = serve()
    for item in happiness_served.items:
        item.blocked = "Chờ kinh phí"
        item.touch(LATER)

    assert serve(LATER) == before


def test_a_round_that_is_cancelled_raises_what_says_so(session, happiness_served, serve):
    before = serve()
    happiness_served.round.status = CampaignStatus.CANCELLED  # and no row is touched

    after = serve(LATER)

    hold(before, after)
    assert seen(after)[happiness_served.uid][1] == (1, LATER.replace(**SECONDS))


def test_a_role_that_is_renamed_raises_what_names_it_and_nothing_else(
    session, happiness_served, serve
):
    before = serve()
    role = session.get_one(Role, happiness_served.items[0].role_key)
    role.title_vi = "Cơ quan mới"

    after = serve(LATER)

    hold(before, after)
    old, new = seen(before), seen(after)
    risen = {uid for uid in new if new[uid][1] != old[uid][1]}
    assert risen == {uid for uid in new if "Cơ quan mới" in new[uid][0][1]} != set()


def test_another_public_address_raises_everything(happiness_served, serve):
    before = serve()

    after = serve(LATER, "https://lich.example.org")

    old, new = seen(before), seen(after)
    assert all(new[uid][1][0] == old[uid][1][0] + 1 for uid in old)
    assert after.last_modified == LATER.replace(**SECONDS)


def test_what_is_removed_moves_last_modified_and_what_comes_back_has_the_stamps_it_had(
    session, happiness_served, serve
):
    before = serve()
    item = happiness_served.items[0]
    due, item.due = item.due, date(9999, 12, 31)
    without = serve(LATER)
    item.due = due

    after = serve(LATER)

    assert item.uid not in seen(without)
    assert without.last_modified == LATER.replace(**SECONDS)
    assert after.last_modified == without.last_modified + timedelta(seconds=1)
    assert seen(after)[item.uid] == seen(before)[item.uid]


def test_the_calendars_own_last_modified_is_that_of_its_answer(happiness_served, serve):
    kept = serve()
    calendar = icalendar.Calendar.from_ical(kept.body)

    assert calendar["LAST-MODIFIED"].dt == kept.last_modified == NOW.replace(**SECONDS)


def test_no_event_is_stamped_as_older_than_versions_before_stamped_it(
    session, happiness_served, serve
):
    serve()

    stamps = session.scalars(select(FeedStamp.last_modified)).all()

    assert min(stamps) >= RENDERER_EPOCH
