from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from events.activities.planned import (
    Plan,
    activities_of,
    add_activity,
    cancel_activity,
    change_activity,
    credit_activity,
    credited_campaigns,
    remove_activity_credit,
    restore_activity,
)
from events.activities.times import (
    A_WEEK,
    Slot,
    at_the_top,
    clash,
    coming,
    happenings,
    overlapping,
)
from events.calendars.feeds import serve_feed
from events.campaigns.opening import open_campaigns
from events.errors import (
    ConflictError,
    InvalidInputError,
    NotAllowedError,
    NotFoundError,
    YearOutOfRangeError,
)
from events.localtime import VIETNAM
from events.models import Activity, Campaign, CampaignStatus, Round, Template

NOW = datetime(2021, 11, 1, 2, tzinfo=UTC)
LAUNCH = datetime(2021, 11, 15, 1, tzinfo=UTC)  # 08:00 in Vietnam, a Monday
HOURS = timedelta(hours=1)


def plan(**changes):
    return Plan(
        **(
            {
                "summary": "Lễ phát động",
                "dtstart": LAUNCH,
                "dtend": LAUNCH + 2 * HOURS,
                "location": "Nhà rông",
            }
            | changes
        )
    )


@pytest.fixture
def campaign(session, vietnam, cast):
    """A campaign of the commune in 2021 by its template."""
    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)

    def of(key, unit=cast.commune):
        return session.scalars(
            select(Campaign).where(
                Campaign.unit_id == unit.id,
                Campaign.round.has(Round.template.has(Template.key == key)),
            )
        ).one()

    return of


@pytest.fixture
def month(campaign):
    return campaign("gender_action_month")


@pytest.fixture
def who(cast):
    return {"by": cast.thi, "now": NOW}


@pytest.fixture
def feed(session, session_factory, cast):
    def read(slug=cast.commune.slug, now=NOW):
        session.commit()
        body = serve_feed(session_factory, slug, now=now, public_url="https://example.org").body
        return {
            str(event["UID"]): event for event in icalendar.Calendar.from_ical(body).walk("VEVENT")
        }

    return read


def test_the_same_activity_entered_twice_is_one(session, month, who):
    first = add_activity(session, month, plan(), **who)

    assert add_activity(session, month, plan(summary=" Lễ  phát động"), **who) is first
    assert session.scalar(select(func.count()).select_from(Activity)) == 1


def test_the_same_activity_entered_with_another_place_is_refused_and_not_dropped_in_silence(
    session, month, who
):
    first = add_activity(session, month, plan(), **who)

    with pytest.raises(ConflictError) as refused:
        add_activity(session, month, plan(location="Sân vận động"), **who)

    assert refused.value.facts["uid"] == first.uid
    assert session.scalar(select(func.count()).select_from(Activity)) == 1


def test_a_change_raises_the_sequence_and_saving_the_same_does_not(session, month, who):
    activity = add_activity(session, month, plan(), **who)

    for _ in range(2):
        change_activity(session, activity.uid, plan(attended=80), **who)

    assert (activity.attended, activity.sequence) == (80, 1)


def test_what_was_called_off_cannot_be_changed(session, month, who):
    activity = add_activity(session, month, plan(), **who)
    for _ in range(2):
        cancel_activity(session, activity.uid, **who)

    with pytest.raises(ConflictError, match="was cancelled"):
        change_activity(session, activity.uid, plan(), **who)

    assert activity.sequence == 1


def test_two_people_who_change_an_activity_do_not_undo_each_other(session, month, who):
    activity = add_activity(session, month, plan(), **who)
    shown = activity.sequence
    change_activity(session, activity.uid, plan(location="Nhà văn hóa"), sequence=shown, **who)

    with pytest.raises(ConflictError, match="was changed since"):
        change_activity(session, activity.uid, plan(attended=80), sequence=shown, **who)
    change_activity(session, activity.uid, plan(location="Nhà văn hóa"), sequence=shown, **who)

    assert (activity.location, activity.attended, activity.sequence) == ("Nhà văn hóa", None, 1)


def test_what_was_called_off_takes_place_after_all_in_calendars_too(session, month, who, feed):
    activity = add_activity(session, month, plan(), **who)
    cancel_activity(session, activity.uid, **who)
    called_off = feed()[f"{activity.uid}"]
    for _ in range(2):
        restore_activity(session, activity.uid, **who)

    again = feed()[activity.uid]

    assert (called_off["STATUS"], called_off["SEQUENCE"]) == ("CANCELLED", 1)
    assert (again["STATUS"], again["SEQUENCE"]) == ("CONFIRMED", 2)


def test_what_was_called_off_and_planned_anew_does_not_take_place_twice(session, month, who):
    activity = add_activity(session, month, plan(), **who)
    cancel_activity(session, activity.uid, **who)
    add_activity(session, month, plan(), **who)

    with pytest.raises(ConflictError, match="was planned anew"):
        restore_activity(session, activity.uid, **who)


@pytest.mark.parametrize(
    "wrong",
    [
        {"summary": " "},
        {"location": "x" * 301},
        {"dtend": LAUNCH},
        {"dtend": LAUNCH + timedelta(days=32)},
        {"weekly_until": date(2021, 11, 14)},
        {"weekly_until": date(2023, 1, 1)},
        {"weekly_until": date(2021, 12, 15), "dtend": LAUNCH + timedelta(days=8)},
        {"expected": -1},
        {"attended": 10**9},
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_added(session, month, who, wrong):
    with pytest.raises(InvalidInputError):
        add_activity(session, month, plan(**wrong), **who)

    assert session.scalar(select(func.count()).select_from(Activity)) == 0


@pytest.mark.parametrize(
    "days",
    [
        {"dtstart": LAUNCH.replace(year=2023), "dtend": LAUNCH.replace(year=2023) + HOURS},
        {
            "dtstart": LAUNCH.replace(year=2020, month=10),
            "dtend": LAUNCH.replace(year=2020, month=10) + HOURS,
        },
        {"weekly_until": date(2022, 6, 1)},
        {
            "dtstart": LAUNCH.replace(month=4),
            "dtend": LAUNCH.replace(month=4) + HOURS,
            "weekly_until": date(2021, 11, 20),
        },
    ],
)
def test_days_that_have_nothing_to_do_with_the_campaign_are_refused(session, month, who, days):
    with pytest.raises(InvalidInputError, match="campaign"):
        add_activity(session, month, plan(**days), **who)


@pytest.mark.parametrize(
    "day", [datetime(1800, 1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 1, tzinfo=UTC)]
)
def test_a_year_that_no_calendar_knows_is_refused(session, month, who, day):
    with pytest.raises(YearOutOfRangeError):
        add_activity(session, month, plan(dtstart=day, dtend=day + HOURS), **who)


def test_a_weekly_broadcast_may_begin_when_the_campaign_opens_and_go_on_for_weeks_after_it(
    session, month, who
):
    first = LAUNCH.replace(month=8, day=2)  # opened on 2 August

    weekly = add_activity(
        session,
        month,
        plan(dtstart=first, dtend=first + HOURS, weekly_until=date(2022, 2, 1)),
        **who,
    )

    assert month.opens == date(2021, 8, 2)
    assert weekly.weekly_until == date(2022, 2, 1)


def test_who_came_is_entered_though_the_campaign_was_moved_away(session, month, who):
    activity = add_activity(session, month, plan(weekly_until=date(2021, 12, 13)), **who)
    month.round.opens, month.round.dtstart, month.round.dtend = (
        date(2023, 8, 1),
        date(2023, 11, 15),
        date(2023, 12, 16),
    )

    change_activity(
        session, activity.uid, plan(weekly_until=date(2021, 12, 13), attended=80), **who
    )

    assert activity.attended == 80


def test_only_the_units_people_plan_its_activities(session, cast, month, who):
    activity = add_activity(session, month, plan(), **who)

    with pytest.raises(NotAllowedError):
        add_activity(session, month, plan(), by=cast.khanh, now=NOW)
    with pytest.raises(NotAllowedError):
        cancel_activity(session, activity.uid, by=cast.la, now=NOW)
    with pytest.raises(NotFoundError):
        cancel_activity(session, "unknown", **who)
    month.round.status = CampaignStatus.CANCELLED
    with pytest.raises(ConflictError):
        change_activity(session, activity.uid, plan(attended=1), **who)


def test_a_shared_launch_counts_for_several_campaigns(session, cast, campaign, month, who):
    launch, inner = add_activity(session, month, plan(), **who), campaign("evaw_day")

    for _ in range(2):
        credit_activity(session, launch.uid, inner, **who)

    assert credited_campaigns(session, launch) == [inner]
    assert activities_of(session, inner, with_internal=False) == [launch]
    with pytest.raises(InvalidInputError):
        credit_activity(session, launch.uid, campaign("evaw_day", cast.province), **who)
    remove_activity_credit(session, launch.uid, inner, **who)
    assert activities_of(session, inner, with_internal=True) == []


def test_what_the_campaign_inside_plans_is_an_activity_of_the_outer_one_too(
    session, campaign, month, who
):
    inner = campaign("evaw_day")
    talk = add_activity(session, inner, plan(), **who)

    assert activities_of(session, month, with_internal=False) == [talk]
    assert activities_of(session, inner, with_internal=False) == [talk]
    inner.round.status = CampaignStatus.CANCELLED
    assert activities_of(session, month, with_internal=False) == []


def test_an_activity_cannot_count_for_a_campaign_that_was_cancelled(session, campaign, month, who):
    launch = add_activity(session, campaign("evaw_day"), plan(), **who)
    month.round.status = CampaignStatus.CANCELLED

    with pytest.raises(ConflictError):
        credit_activity(session, launch.uid, month, **who)


def test_internal_activities_are_for_the_units_people(session, month, who):
    internal = add_activity(session, month, plan(public=False), **who)

    assert activities_of(session, month, with_internal=False) == []
    assert activities_of(session, month, with_internal=True) == [internal]


def test_the_units_calendar_shows_public_activities_at_local_time(session, month, who, feed):
    public = add_activity(session, month, plan(organizer="UBND"), **who)
    internal = add_activity(session, month, plan(summary="Họp", public=False), **who)

    events = feed()

    event = events[public.uid]
    assert event["DTSTART"].to_ical() == b"20211115T080000"
    assert event["DTSTART"].params["TZID"] == event["DTEND"].params["TZID"] == "Asia/Ho_Chi_Minh"
    assert (str(event["LOCATION"]), "Đơn vị tổ chức: UBND" in event["DESCRIPTION"]) == (
        "Nhà rông",
        True,
    )
    assert "RRULE" not in event
    assert internal.uid not in events


def test_a_weekly_activity_ends_with_its_last_local_day(session, month, who, feed):
    weekly = add_activity(session, month, plan(weekly_until=date(2021, 12, 13)), **who)

    rule = feed()[weekly.uid]["RRULE"]

    assert rule.to_ical() == b"FREQ=WEEKLY;UNTIL=20211213T165959Z"


def test_the_calendar_follows_every_change(session, month, who, feed):
    activity = add_activity(session, month, plan(), **who)
    assert "DTSTART" in feed()[activity.uid]

    change_activity(session, activity.uid, plan(location="Sân vận động"), **who)
    assert str(feed()[activity.uid]["LOCATION"]) == "Sân vận động"

    cancel_activity(session, activity.uid, **who)
    event = feed()[activity.uid]
    assert (str(event["STATUS"]), str(event["SUMMARY"])) == ("CANCELLED", "[HUỶ] Lễ phát động")
    assert activity.uid not in feed(now=NOW + timedelta(days=60))


def test_the_observances_calendar_shows_the_provinces_public_activities_as_its_own_does(
    session, cast, campaign, who, feed
):
    above = {"by": cast.hoa, "now": NOW}
    day, month = campaign("evaw_day", cast.province), campaign("gender_action_month", cast.province)
    launch = add_activity(session, day, plan(), **above)
    internal = add_activity(session, day, plan(summary="Họp", public=False), **above)
    of_commune = add_activity(session, campaign("evaw_day"), plan(), **who)

    events = feed("ngay-xoa-bo-bao-luc-25-11")
    assert {internal.uid, of_commune.uid}.isdisjoint(events)
    assert launch.uid not in feed("thang-hanh-dong-vi-binh-dang-gioi")
    assert events[launch.uid].to_ical() == feed(cast.province.slug)[launch.uid].to_ical()

    credit_activity(session, launch.uid, month, **above)
    assert launch.uid in feed("thang-hanh-dong-vi-binh-dang-gioi")
    change_activity(session, launch.uid, plan(location="Sân vận động"), **above)
    assert str(feed("thang-hanh-dong-vi-binh-dang-gioi")[launch.uid]["LOCATION"]) == "Sân vận động"
    remove_activity_credit(session, launch.uid, month, **above)
    assert launch.uid not in feed("thang-hanh-dong-vi-binh-dang-gioi")


def test_an_observances_calendar_marks_what_was_called_off_also_with_its_campaign(
    session, cast, campaign, feed
):
    day = campaign("evaw_day", cast.province)
    launch = add_activity(session, day, plan(), by=cast.hoa, now=NOW)
    assert str(feed("ngay-xoa-bo-bao-luc-25-11")[launch.uid]["STATUS"]) == "CONFIRMED"
    day.round.status = CampaignStatus.CANCELLED
    day.touch(NOW)

    assert str(feed("ngay-xoa-bo-bao-luc-25-11")[launch.uid]["STATUS"]) == "CANCELLED"


def test_a_weekly_activity_happens_on_each_of_its_days_and_comes_next_on_one(
    session, cast, month, who
):
    weekly = add_activity(session, month, plan(weekly_until=date(2021, 12, 6)), **who)
    add_activity(session, month, plan(summary="Họp", public=False), **who)
    gone = add_activity(session, month, plan(summary="Bỏ"), **who)
    cancel_activity(session, gone.uid, **who)

    in_november = happenings(session, date(2021, 11, 1), date(2021, 11, 30))
    next_times = coming(session, date(2021, 11, 23), Campaign.unit_id == cast.commune.id)

    assert [(each.activity, each.dtstart.day) for each in in_november] == [
        (weekly, 15),
        (weekly, 22),
        (weekly, 29),
    ]
    assert [(each.activity, each.dtstart.date()) for each in next_times] == [
        (weekly, date(2021, 11, 29))
    ]
    assert happenings(session, date(2021, 12, 7), date(2021, 12, 31)) == []
    assert happenings(session, date(2021, 11, 15), date(2021, 11, 15), at_the_top()) == []


def slot(start=0, hours=2, unit=1, place="", weeks=0):
    begins = LAUNCH + start * HOURS
    until = (begins + weeks * A_WEEK).date() + timedelta(days=1) if weeks else None
    return Slot(unit, place, begins, begins + hours * HOURS, until)


def test_the_same_unit_or_the_same_place_at_the_same_time_is_a_clash():
    one = slot(place="Nhà rông")

    assert clash(one, slot(1), VIETNAM)
    assert clash(one, slot(1, unit=2, place=" nha  RÔNG"), VIETNAM)
    assert not clash(one, slot(1, unit=2, place="Hội trường"), VIETNAM)
    # two that name no place are not at the same one
    assert not clash(slot(), slot(1, unit=2), VIETNAM)
    assert not clash(one, slot(2), VIETNAM)  # one after the other
    assert not clash(one, slot(-2), VIETNAM)


def test_a_place_is_the_same_however_its_commas_capitals_and_accents_are_written():
    one = slot(place="nhà văn hóa phường")

    for same in ("Nhà văn hóa, phường", "Nhà văn hoá  phường.", "NHÀ VĂN HÓA - PHƯỜNG"):
        assert clash(one, slot(1, unit=2, place=same), VIETNAM)
    assert not clash(one, slot(1, unit=2, place="Nhà văn hóa phường 2"), VIETNAM)
    assert not clash(slot(place="–"), slot(1, unit=2, place="?"), VIETNAM)  # neither says where


def test_what_comes_every_week_clashes_in_a_later_week_and_that_week_is_named():
    weekly, third = slot(weeks=3), slot(2 * 24 * 7 + 1)

    assert clash(weekly, third, VIETNAM) == (third.dtstart, third.dtend)
    assert clash(third, weekly, VIETNAM) == (LAUNCH + 2 * A_WEEK, LAUNCH + 2 * A_WEEK + 2 * HOURS)
    assert not clash(weekly, slot(5 * 24 * 7 + 1), VIETNAM)


SLOTS = st.builds(
    slot,
    st.integers(-400, 400),
    st.integers(1, 48),
    st.integers(1, 2),
    st.sampled_from(["", "a", "b"]),
    st.integers(0, 4),
)


@given(SLOTS, SLOTS)
def test_a_clash_is_mutual_and_everything_clashes_with_itself(one, other):
    assert bool(clash(one, other, VIETNAM)) == bool(clash(other, one, VIETNAM))
    assert clash(one, one, VIETNAM)


def found(session, activity):
    return [overlap.activity for overlap in overlapping(session, activity)]


def test_a_hall_that_province_and_commune_share_is_found_taken_in_a_later_week(
    session, cast, campaign, month, who
):
    weekly = add_activity(session, month, plan(weekly_until=date(2021, 12, 15)), **who)
    later = plan(
        summary="Hội thi",
        dtstart=LAUNCH + 2 * A_WEEK + HOURS,
        dtend=LAUNCH + 2 * A_WEEK + 3 * HOURS,
    )
    above = campaign("gender_action_month", cast.province)
    other = add_activity(session, above, later, by=cast.hoa, now=NOW)

    assert found(session, weekly) == [other]
    [overlap] = overlapping(session, other)
    assert (overlap.activity, overlap.dtstart) == (weekly, LAUNCH + 2 * A_WEEK)
    cancel_activity(session, weekly.uid, **who)
    assert found(session, other) == []


def test_halls_of_the_same_name_in_two_communes_are_two(session, cast, campaign, month, who):
    hall = plan(location="Hội trường UBND xã")
    here = add_activity(session, month, hall, **who)
    there = add_activity(
        session, campaign("gender_action_month", cast.other_commune), hall, by=cast.khanh, now=NOW
    )

    assert found(session, here) == []
    assert found(session, there) == []


def test_what_lasts_past_midnight_on_its_last_evening_is_found_from_both_sides(session, month, who):
    late = datetime(2021, 11, 15, 16, tzinfo=UTC)  # 23:00 in Vietnam
    evenings = add_activity(
        session,
        month,
        plan(dtstart=late, dtend=late + 3 * HOURS, weekly_until=date(2021, 11, 22)),
        **who,
    )
    night = late + A_WEEK + 2 * HOURS
    early = add_activity(
        session, month, plan(summary="Sớm", dtstart=night, dtend=night + HOURS), **who
    )

    assert found(session, evenings) == [early]
    assert found(session, early) == [evenings]
