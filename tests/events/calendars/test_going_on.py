"""An address is for life: calendars of units that ended go on with those who follow."""

from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import select

from events.calendars.feeds import serve_feed
from events.calendars.kept import read_feed
from events.calendars.renewing import renew
from events.calendars.tokens import Options, make_token
from events.checklist.history import Stamp
from events.models import Campaign
from events.models.history import Door
from events.people.proposed_posts import decide_proposal, waiting_posts
from events.reforms.handover import hand_over_due
from events.reforms.reform import merge, rename, split
from events.reforms.writing import NewUnit
from events.units.tree import get_unit
from tests.events.calendars import test_renewing  # noqa: F401 - its state is begun with
from tests.events.reforms.test_carried_over import campaign_of

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
DAY = date(2021, 3, 8)
ON_THE_DAY = datetime(2021, 3, 8, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)
URL = "https://example.org"
SLUGS = ("23341", "23344")


@pytest.fixture
def opened_2021(session, cast):
    for unit in (cast.commune, cast.other_commune, cast.province):
        unit.valid_to = None
    get_unit(session, "23344").valid_to = None
    session.flush()
    return campaign_of(session, cast.commune)


@pytest.fixture
def read(session, session_factory):
    def read(key, now):
        session.commit()
        body = serve_feed(session_factory, key, now=now, public_url=URL).body
        events = icalendar.Calendar.from_ical(body).walk("VEVENT")
        return {str(event["UID"]): event for event in events}

    return read


@pytest.fixture
def rest(cast):
    return {"stamp": Stamp(cast.hoa, NOW), "on": DAY, "basis": None}


def hand_over(session):
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    session.commit()


def test_a_renamed_communes_calendar_goes_on_under_the_same_identities(
    session, cast, opened_2021, rest, read
):
    key = f"chien-dich/{opened_2021.uid}"
    before, alone = read(cast.commune.slug, NOW), read(key, NOW)
    new = rename(session, "23341", "Xã Mới", **rest).begun[0]
    hand_over(session)

    after = read(cast.commune.slug, ON_THE_DAY)
    successor = campaign_of(session, new)
    assert before.keys() <= after.keys()
    [note] = after.keys() - before.keys()
    assert "xã Mới" in after[note]["SUMMARY"]
    assert after[opened_2021.uid]["DESCRIPTION"] == "Xã Mới"
    assert successor.uid in str(after[opened_2021.uid]["URL"])
    assert after[opened_2021.uid]["SEQUENCE"] > before[opened_2021.uid]["SEQUENCE"]
    assert "HUỶ" not in "".join(str(event["SUMMARY"]) for event in after.values())
    assert read(key, ON_THE_DAY).keys() == alone.keys()
    assert read(new.slug, ON_THE_DAY).keys() == {successor.uid}


def test_every_part_of_a_split_stands_in_the_calendar_of_before(
    session, cast, opened_2021, rest, read
):
    parts = split(session, "23341", [NewUnit("Xã A"), NewUnit("Xã B")], **rest).begun
    hand_over(session)

    events = read(cast.commune.slug, ON_THE_DAY)

    held = {str(event["DESCRIPTION"]) for event in events.values()}
    assert {unit.full_name for unit in parts} <= held
    assert opened_2021.uid in events


def test_each_of_two_that_merged_leads_on_and_through_the_next_change_too(
    session, cast, opened_2021, rest, read
):
    merged = merge(session, SLUGS, NewUnit("Xã Mới"), **rest).begun[0]
    hand_over(session)
    rename(session, merged.key, "Phường Mới", **(rest | {"on": DAY + A_DAY}))
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY + A_DAY, Door.CLOCK))

    event = read(cast.commune.slug, ON_THE_DAY + A_DAY)[opened_2021.uid]

    assert event["DESCRIPTION"] == "Phường Mới"


def test_until_the_day_comes_the_calendar_shows_its_own(session, cast, opened_2021, rest, read):
    rename(session, "23341", "Xã Mới", **rest)

    events = read(cast.commune.slug, NOW)

    assert str(events[opened_2021.uid]["DESCRIPTION"]) == cast.commune.full_name
    assert session.scalars(select(Campaign).where(Campaign.uid == opened_2021.uid)).one()


def deadlines(events):
    return {uid for uid, event in events.items() if "Hạn: " in event["SUMMARY"]}


def test_an_own_calendar_goes_on_while_the_post_waits_and_comes_back_whole(
    session, cast, opened_2021, rest, read
):
    token = make_token(session, cast.thi, Options("Điện thoại"), now=NOW)[0]
    before = read(token.key, NOW)
    assert deadlines(before)
    rename(session, "23341", "Xã Mới", **rest)
    hand_over(session)

    waiting = read(token.key, ON_THE_DAY)

    [note] = [uid for uid in waiting if uid not in before]
    assert "chờ xác nhận" in waiting[note]["SUMMARY"]
    assert waiting[note]["DTSTART"].dt == DAY
    assert opened_2021.uid in waiting  # the successor's days, as the ones before
    assert waiting[opened_2021.uid]["DESCRIPTION"] == "Xã Mới"
    assert not deadlines(waiting)

    [proposal] = waiting_posts(session, cast.thi, DAY)
    decide_proposal(session, proposal.id, confirm=True, by=cast.hoa, now=ON_THE_DAY)

    after = read(token.key, ON_THE_DAY)
    assert deadlines(after) == deadlines(before)
    assert note not in after
    assert opened_2021.uid in after


def test_where_the_post_is_declined_the_calendar_shows_no_work(
    session, session_factory, cast, opened_2021, rest, read
):
    token = make_token(session, cast.thi, Options("Điện thoại"), now=NOW)[0]
    rename(session, "23341", "Xã Mới", **rest)
    hand_over(session)
    read(token.key, ON_THE_DAY)
    renew(session_factory, now=ON_THE_DAY, public_url=URL)
    [proposal] = waiting_posts(session, cast.thi, DAY)

    decide_proposal(session, proposal.id, confirm=False, by=cast.hoa, now=ON_THE_DAY)
    session.commit()

    assert renew(session_factory, now=ON_THE_DAY, public_url=URL)
    [event] = icalendar.Calendar.from_ical(kept_of(session_factory, token)).walk("VEVENT")
    assert "Không còn giữ chức vụ" in event["SUMMARY"]


def kept_of(session_factory, token):
    with session_factory() as session:
        return read_feed(session, token.key).body
