"""What no client can have any more is forgotten, and nothing before."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, insert, select

from events.activities.planned import Plan, add_activity
from events.calendars.feeds import serve_feed
from events.calendars.kept import forget_absent, read_feed
from events.calendars.renewing import renew
from events.models import Activity, Campaign, Feed, FeedStamp, Observance
from tests.events.calendars import test_renewing  # noqa: F401 - its state is begun with

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
URL = "https://example.org"
DAY = "ngay-quoc-te-hanh-phuc"
TODAY, TOMORROW = date(2021, 3, 1), date(2021, 3, 2)


@pytest.fixture
def opened_2021(session, session_factory, cast):
    session.commit()
    for slug in (DAY, cast.province.slug):
        serve_feed(session_factory, slug, now=NOW, public_url=URL)
    renew(session_factory, now=NOW, public_url=URL)


def changed(session, session_factory) -> None:
    session.commit()
    renew(session_factory, now=LATER, public_url=URL)


def stamp_of(session, key: str, part: str) -> tuple[int, date | None] | None:
    stamps = select(FeedStamp.sequence, FeedStamp.absent_since).where(
        FeedStamp.feed_key == key, FeedStamp.uid.contains(part)
    )
    row = session.execute(stamps).one_or_none()
    return (row.sequence, row.absent_since) if row else None


def test_an_event_that_left_keeps_its_stamps_until_no_client_can_have_it(
    session, session_factory, cast, opened_2021
):
    campaign = session.scalars(select(Campaign).where(Campaign.unit_id == cast.province.id)).one()
    start = datetime(2021, 3, 20, 1, tzinfo=UTC)
    plan = Plan("Lễ phát động", start, start + timedelta(hours=2), "Quảng trường")
    activity = add_activity(session, campaign, plan, by=cast.hoa, now=LATER)
    uid, key = activity.uid, cast.province.slug
    changed(session, session_factory)
    activity.title = "Lễ ra quân"
    changed(session, session_factory)
    columns = {c.key: getattr(activity, c.key) for c in Activity.__table__.columns}
    risen = stamp_of(session, key, uid)
    assert risen
    assert risen[1] is None

    session.execute(delete(Activity).where(Activity.uid == uid))
    changed(session, session_factory)
    assert stamp_of(session, key, uid) == (risen[0], TODAY)

    forget_absent(session, TODAY)
    session.execute(insert(Activity).values(**columns))
    changed(session, session_factory)
    assert stamp_of(session, key, uid) == risen  # as if it had never been away

    session.execute(delete(Activity).where(Activity.uid == uid))
    changed(session, session_factory)
    forget_absent(session, TOMORROW)
    assert stamp_of(session, key, uid) is None
    assert read_feed(session, key)


def test_a_calendar_that_is_gone_is_forgotten_with_the_last_of_its_events(
    session, session_factory, opened_2021
):
    before = read_feed(session, DAY)
    observance = session.scalars(select(Observance).where(Observance.slug == DAY)).one()
    observance.enabled = False
    changed(session, session_factory)

    forget_absent(session, TODAY)
    assert session.get(Feed, DAY)
    forget_absent(session, TOMORROW)
    session.expire_all()

    assert session.get(Feed, DAY) is None
    kept = select(func.count()).select_from(FeedStamp).where(FeedStamp.feed_key == DAY)
    assert session.scalar(kept) == 0

    observance.enabled = True
    session.commit()
    again = serve_feed(session_factory, DAY, now=LATER, public_url=URL)
    assert again.last_modified > before.last_modified
