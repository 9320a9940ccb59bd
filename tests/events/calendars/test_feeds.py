import re
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import select

from events.calendars.feeds import all_slugs, serve_feed
from events.calendars.single import occurrence_calendar
from events.calendars.view import View
from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.catalog.reading import read_catalog
from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.days.reasons import Cause, DayReason
from events.errors import NotFoundError
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    NotDone,
    Observance,
    ObservanceOccurrence,
    Round,
    TodoStatus,
)
from events.observances.occurrences import extend_horizon
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.tree import get_unit
from tests.conftest import tick_off
from tests.events.calendars.work import serve_work

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


def serve(session_factory, slug, now=NOW):
    return serve_feed(session_factory, slug, now=now, public_url="https://example.org")


def work(session_factory, slug, now=NOW):
    return serve_work(session_factory, slug, now)


def events_of(body):
    return {str(event["UID"]): event for event in icalendar.Calendar.from_ical(body).walk("VEVENT")}


def an_item_of(session, slug):
    """An item of the unit's campaign for 25 November 2026."""
    query = select(ChecklistItem).join(ChecklistItem.campaign)
    return session.scalars(
        query.where(
            Campaign.unit.has(slug=slug), Campaign.round.has(Round.dtstart == date(2026, 11, 25))
        )
    ).first()


@pytest.fixture
def november(session_factory, vietnam):
    """The new province as it is in November 2026."""
    with session_factory.begin() as session:
        extend_horizon(session, now=NOW)
        open_campaigns(session, now=NOW, calendar=vietnam)


def test_lines_end_with_crlf_and_have_at_most_75_octets(session_factory, november):
    body = serve(session_factory, "tinh-quang-ngai-2025").body

    assert body.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in body.replace(b"\r\n", b"")
    assert max(map(len, body.split(b"\r\n"))) <= 75
    assert not body.startswith(b"\xef\xbb\xbf")
    assert all(line.decode() is not None for line in body.split(b"\r\n"))  # no letter is cut


def test_the_head_names_the_calendar_for_every_client(session_factory, november):
    calendar = icalendar.Calendar.from_ical(serve(session_factory, "ngay-gia-dinh-viet-nam").body)

    assert calendar["NAME"] == calendar["X-WR-CALNAME"] == "Ngày Gia đình Việt Nam"
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar["SOURCE"].params["VALUE"] == "URI"
    assert calendar["X-APPLE-CALENDAR-COLOR"] == "#DC143C"
    assert "UID" not in calendar
    assert "METHOD" not in calendar


def test_every_kept_observance_has_a_calendar_with_13_months_ahead(session_factory, november):
    with session_factory() as session:
        kept = session.scalars(select(Observance.slug).where(Observance.enabled)).all()

    for slug in kept:
        starts = [
            event["DTSTART"].dt for event in events_of(serve(session_factory, slug).body).values()
        ]
        assert any(date(2026, 11, 23) <= start <= date(2027, 12, 31) for start in starts), slug


def test_an_observance_that_is_switched_off_has_no_calendar(session_factory, november):
    with pytest.raises(NotFoundError):
        serve(session_factory, "tet-nguyen-dan")


def test_a_range_is_one_all_day_event_that_blocks_nobodys_time(session_factory, november):
    events = events_of(serve(session_factory, "thang-hanh-dong-vi-binh-dang-gioi").body).values()
    month = next(event for event in events if event["DTSTART"].dt == date(2026, 11, 15))

    assert month["DTEND"].dt == date(2026, 12, 16)
    assert month["DTSTART"].params["VALUE"] == month["DTEND"].params["VALUE"] == "DATE"
    assert (month["TRANSP"], month["X-MICROSOFT-CDO-BUSYSTATUS"]) == ("TRANSPARENT", "FREE")


def test_lunar_days_are_single_events_without_a_rule(session_factory, november):
    with session_factory.begin() as session:
        session.scalars(select(Observance).where(Observance.key == "tet")).one().enabled = True
        session.flush()
        extend_horizon(session, now=NOW)

    body = serve(session_factory, "tet-nguyen-dan").body
    starts = sorted(event["DTSTART"].dt for event in events_of(body).values())
    assert starts == [
        date(2025, 1, 29),
        date(2026, 2, 17),
        date(2027, 2, 6),
        date(2028, 1, 26),
        date(2029, 2, 13),
    ]
    assert b"RRULE" not in body
    assert b"RSCALE" not in body


def test_deadlines_show_their_ticks(session_factory, november):
    slug = "dak-cam-23284-2025"
    before = work(session_factory, slug)
    with session_factory.begin() as session:
        item = an_item_of(session, slug)
        tick_off(item, None, NOW, NOW.date())

    after = work(session_factory, slug, NOW + A_DAY)
    old, new = events_of(before.body)[item.uid], events_of(after.body)[item.uid]
    assert (str(old["SUMMARY"]), str(new["SUMMARY"])) == (
        f"Hạn: {item.summary}",
        f"✓ Hạn: {item.summary}",
    )
    assert new["SEQUENCE"] == old["SEQUENCE"] + 1
    assert after.etag != before.etag
    assert after.last_modified == NOW + A_DAY


def test_the_same_data_gives_the_same_bytes_etag_and_time(session_factory, november):
    first = serve(session_factory, "tinh-quang-ngai-2025")
    later = serve(session_factory, "tinh-quang-ngai-2025", NOW + timedelta(hours=5))

    assert later == first


def test_a_cancelled_campaign_stays_marked_and_then_goes(session_factory, november):
    slug = "tinh-quang-ngai-2025"
    with session_factory.begin() as session:
        campaign = session.scalars(
            select(Campaign).where(
                Campaign.unit.has(slug=slug),
                Campaign.round.has(Round.dtstart == date(2026, 11, 25)),
            )
        ).one()
        campaign.round.status = CampaignStatus.CANCELLED
        campaign.touch(NOW)
        uid = campaign.uid

    marked = events_of(serve(session_factory, slug).body)[uid]
    assert str(marked["SUMMARY"]).startswith("[HUỶ] ")
    assert marked["STATUS"] == "CANCELLED"
    assert uid not in events_of(serve(session_factory, slug, NOW + timedelta(days=45)).body)


def test_a_deadline_that_nobody_has_to_keep_any_more_is_marked_and_the_others_are_not(
    session_factory, november
):
    slug = "dak-cam-23284-2025"
    with session_factory.begin() as session:
        item = an_item_of(session, slug)
        item.status, item.not_done = TodoStatus.CANCELLED, NotDone.NOT_REQUIRED
        item.touch(NOW)

    events = events_of(work(session_factory, slug).body)
    assert str(events[item.uid]["SUMMARY"]) == f"[HUỶ] Hạn: {item.summary}"
    assert [uid for uid, event in events.items() if event["STATUS"] != "CONFIRMED"] == [item.uid]


def test_the_deadlines_of_a_cancelled_campaign_are_marked_with_it(session_factory, november):
    slug = "tinh-quang-ngai-2025"
    with session_factory.begin() as session:
        campaign = an_item_of(session, slug).campaign
        campaign.round.status = CampaignStatus.CANCELLED
        campaign.touch(NOW)
        uids = {campaign.uid, *(item.uid for item in campaign.items)}

    events = events_of(work(session_factory, slug).body)
    assert {uid for uid, event in events.items() if event["STATUS"] == "CANCELLED"} == uids


def test_feeds_carry_no_addresses_and_no_alarms(session_factory, november):
    with session_factory() as session:
        slugs = all_slugs(session)

    for slug in [s for s in slugs if "2025" in s][:5] + slugs[:6]:
        body = serve(session_factory, slug).body
        assert not re.search(rb"ATTENDEE|ORGANIZER|VALARM|VTODO|@example", body)


def test_an_item_in_words_says_who_and_why(session_factory, vietnam, cast, session):
    open_campaigns(session, now=datetime(2026, 1, 10, tzinfo=UTC), calendar=vietnam, year=2026)
    session.commit()

    events = events_of(
        work(session_factory, "tinh-quang-ngai-2025", datetime(2026, 2, 1, tzinfo=UTC)).body
    ).values()
    plan = next(event for event in events if event["DTSTART"].dt == date(2026, 2, 13))
    assert "Hạn gốc 20/02/2026 rơi trong kỳ nghỉ Tết." in str(plan["DESCRIPTION"])
    assert "Phụ trách: Sở Văn hóa, Thể thao và Du lịch" in str(plan["DESCRIPTION"])


def a_guess_of(session, slug):
    """Let an item of the unit be moved off a Tết that nobody has decided."""
    item = an_item_of(session, slug)
    item.nominal_due, item.due_reason = date(2027, 2, 8), DayReason(Cause.TET)
    return item.uid


def test_a_calendar_says_that_a_day_is_a_guess_until_the_catalogue_decides_it(
    session_factory, november
):
    slug, later = "tinh-quang-ngai-2025", NOW + A_DAY
    with session_factory.begin() as session:
        uid = a_guess_of(session, slug)
    guessed = events_of(work(session_factory, slug).body)[uid]
    with session_factory.begin() as session:
        import_catalog(session, read_catalog(), now=later)
    decided = events_of(work(session_factory, slug, later).body)[uid]

    assert "08/02/2027 rơi trong kỳ nghỉ Tết (dự kiến)." in str(guessed["DESCRIPTION"])
    assert "08/02/2027 rơi trong kỳ nghỉ Tết." in str(decided["DESCRIPTION"])
    assert decided["SEQUENCE"] == guessed["SEQUENCE"] + 1
    assert decided["DTSTAMP"].dt == decided["LAST-MODIFIED"].dt > guessed["LAST-MODIFIED"].dt


def test_a_day_that_passes_undecided_is_no_guess_and_its_event_has_the_stamps_of_that_midnight(
    session_factory, november
):
    slug, midnight = "tinh-quang-ngai-2025", datetime(2027, 2, 8, 17, tzinfo=UTC)
    with session_factory.begin() as session:
        item = session.scalars(
            select(ChecklistItem).where(ChecklistItem.uid == a_guess_of(session, slug))
        ).one()
        item.campaign.round.dtend = date(2027, 3, 1)  # so that the calendar shows it still
        uid = item.uid
    shown = [
        events_of(work(session_factory, slug, moment).body)[uid]
        for moment in (midnight - A_DAY, midnight, midnight + A_DAY)
    ]

    assert ["dự kiến" in str(event["DESCRIPTION"]) for event in shown] == [True, False, False]
    assert shown[1]["SEQUENCE"] == shown[2]["SEQUENCE"] == shown[0]["SEQUENCE"] + 1
    assert shown[1]["LAST-MODIFIED"].dt == shown[2]["LAST-MODIFIED"].dt == midnight


def test_ticking_by_a_use_case_reaches_the_feed(session_factory, november):
    slug = "tinh-quang-ngai-2025"
    work(session_factory, slug)
    with session_factory.begin() as session:
        person = add_person(session, "Cán bộ thử", "thu@example.org")
        give_post(session, person, get_unit(session, slug), "so_noi_vu")
        session.flush()
        item = an_item_of(session, slug)
        item.evidence_min = 0
        complete_item(session, item.id, Stamp(person, NOW))

    assert "✓" in work(session_factory, slug).body.decode()


@pytest.mark.parametrize("day", [date(9999, 12, 31), date(226, 3, 19)])
def test_a_deadline_that_cannot_be_leaves_the_rest_of_the_calendar_standing(
    session_factory, november, day
):
    slug = "tinh-quang-ngai-2025"
    before = events_of(work(session_factory, slug).body)
    with session_factory.begin() as session:
        item = an_item_of(session, slug)
        item.due = day
        item.touch(NOW)
        uid = item.uid

    assert before.keys() - events_of(work(session_factory, slug).body).keys() == {uid}


def test_everybody_sees_campaigns_and_nobody_deadlines(session_factory, november):
    """Also at the addresses that showed deadlines before."""
    with session_factory() as session:
        slugs = all_slugs(session)

    for slug in [s for s in slugs if "2025" in s][:4]:
        events = events_of(serve(session_factory, slug).body).values()
        assert events
        assert not [event for event in events if "Hạn: " in str(event["SUMMARY"])]


def test_all_core_days_stand_in_one_calendar_and_all_that_are_kept_in_another(
    session_factory, november
):
    core, kept = (
        events_of(serve(session_factory, key).body)
        for key in ("chung/ngay-trong-tam", "chung/cac-ngay-trong-nam")
    )
    one = events_of(serve(session_factory, "ngay-gia-dinh-viet-nam").body)

    assert one.keys() <= core.keys() <= kept.keys()


def test_english_readers_have_calendars_in_english(session_factory, november):
    key = "en/ngay-gia-dinh-viet-nam"
    calendar = icalendar.Calendar.from_ical(serve(session_factory, key).body)

    assert calendar["NAME"] == "Vietnamese Family Day"
    assert calendar["SOURCE"] == f"https://example.org/lich/{key}.ics"
    assert {str(event["SUMMARY"]) for event in calendar.walk("VEVENT")} == {"Vietnamese Family Day"}
    assert "Ngày Gia đình Việt Nam" in str(calendar.walk("VEVENT")[0]["DESCRIPTION"])


def test_the_day_to_which_a_main_event_is_moved_stands_wherever_its_campaign_does(
    session_factory, november
):
    slug = "tinh-quang-ngai-2025"
    with session_factory.begin() as session:
        campaign = an_item_of(session, slug).campaign
        campaign.round.event_date = date(2026, 11, 28)
        uid, observance = campaign.uid, campaign.observance.slug

    keys = slug, observance, f"chien-dich/{uid}", "chung/cac-ngay-trong-nam"
    for key in keys:
        event = events_of(serve(session_factory, key).body)[f"event-{uid}"]
        assert event["DTSTART"].dt == date(2026, 11, 28), key
        assert str(event["SUMMARY"]) == f"Sự kiện chính: {campaign.summary}"


def test_a_campaign_has_a_calendar_of_its_own(session_factory, november):
    with session_factory() as session:
        campaign = an_item_of(session, "dak-cam-23284-2025").campaign

    events = events_of(serve(session_factory, f"chien-dich/{campaign.uid}").body)

    assert events.keys() == {campaign.uid}
    with pytest.raises(NotFoundError):
        serve(session_factory, "chien-dich/no-such-campaign")


def test_one_year_of_an_observance_is_a_calendar_to_put_into_another(session_factory, november):
    view = View(NOW.date(), "https://example.org")
    with session_factory() as session:
        body = occurrence_calendar(session, "ngay-gia-dinh-viet-nam", 2027, view)
        with pytest.raises(NotFoundError):
            occurrence_calendar(session, "tet-nguyen-dan", 2027, view)

    [event] = events_of(body).values()
    assert event["DTSTART"].dt == date(2027, 6, 28)


def test_a_calendar_to_put_into_another_has_the_stamps_of_that(session_factory, november):
    """Who has both would take the one with lower stamps for older."""
    view, slug = View(NOW.date(), "https://example.org"), "ngay-gia-dinh-viet-nam"
    serve(session_factory, slug)
    with session_factory.begin() as session:
        observance = session.scalars(select(Observance).where(Observance.slug == slug)).one()
        occurrences = session.scalars(
            select(ObservanceOccurrence).where(ObservanceOccurrence.observance == observance)
        )
        for row in occurrences:
            row.summary = "Tên mới"

    with session_factory() as session:
        before = occurrence_calendar(session, slug, 2027, view)  # nobody renewed the other yet
    feed = events_of(serve(session_factory, slug, NOW + timedelta(minutes=5)).body)
    with session_factory() as session:
        after = occurrence_calendar(session, slug, 2027, view)

    [early], [event] = events_of(before).values(), events_of(after).values()
    kept = feed[str(event["UID"])]
    assert event["SEQUENCE"] == kept["SEQUENCE"] == 1
    assert event["LAST-MODIFIED"].dt == event["DTSTAMP"].dt == kept["LAST-MODIFIED"].dt
    assert early["SEQUENCE"] == 1
    assert early["LAST-MODIFIED"].dt <= kept["LAST-MODIFIED"].dt
