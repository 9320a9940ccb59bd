"""After a change the calendars that it touches are written, and no others."""

from datetime import UTC, date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import delete, insert, select, update

from events.activities.planned import Plan, add_activity, cancel_activity
from events.calendars import renewing
from events.calendars.feeds import find_feed, serve_feed
from events.calendars.kept import draft, read_feed, store
from events.calendars.renewing import renew, take_day, take_marks
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.database import sessions as database
from events.models import (
    Campaign,
    ChecklistItem,
    Feed,
    FeedMark,
    Observance,
    Role,
    Template,
    UnitSuccession,
)
from events.observances.occurrences import extend_horizon
from events.observances.yearly_themes import announce_theme
from tests.conftest import STATES, Cast

NOW = datetime(2021, 3, 1, 5, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
URL = "https://example.org"
DAY = "ngay-quoc-te-hanh-phuc"
ANOTHER_DAY = "ngay-gia-dinh-viet-nam"


def _opened(session, calendar):
    Cast(session)
    extend_horizon(session, now=NOW)
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    [found] = rounds_of(template, 2021)
    open_round(session, found, now=NOW, calendar=calendar)
    session.execute(delete(FeedMark))


STATES["opened_2021"] = _opened


@pytest.fixture
def slugs(cast):
    return [DAY, ANOTHER_DAY, cast.province.slug, cast.commune.slug, cast.other_commune.slug]


@pytest.fixture
def opened_2021(session, session_factory, cast, slugs):
    """The commune's campaign, where the calendars of the cast are kept and nothing is marked."""
    session.commit()
    for slug in slugs:
        serve_feed(session_factory, slug, now=NOW, public_url=URL)
    renew(session_factory, now=NOW, public_url=URL)
    return session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()


@pytest.fixture
def touched(session, session_factory, opened_2021, slugs):
    """Tell which calendars a change made stale; those that read otherwise must be among them."""

    def tell():
        session.commit()
        take_marks(session_factory)
        stale = set(session.scalars(select(Feed.key).where(Feed.stale.is_not(None))))
        for slug in slugs:
            feed = find_feed(session, slug, LATER.date(), URL)
            reads = draft(session, slug, feed, as_of=LATER.date(), now=LATER)
            assert slug in stale or not reads.is_new, slug
        return stale & set(slugs)

    return tell


def test_a_theme_touches_the_calendar_of_its_observance(session, cast, touched):
    observance = session.scalars(select(Observance).where(Observance.slug == DAY)).one()
    announce_theme(session, observance, 2021, "Chủ đề mới", [], by=None, now=LATER)

    assert DAY in touched()


def test_an_activity_of_the_province_touches_its_calendar_and_that_of_the_day(
    session, cast, touched
):
    campaign = session.scalars(select(Campaign).where(Campaign.unit_id == cast.province.id)).one()
    start = datetime(2021, 3, 20, 1, tzinfo=UTC)
    plan = Plan("Lễ phát động", start, start + timedelta(hours=2), "Quảng trường")
    activity = add_activity(session, campaign, plan, by=cast.hoa, now=LATER)
    assert touched() == {DAY, cast.province.slug}

    cancel_activity(session, activity.uid, by=cast.hoa, now=LATER)
    assert touched() == {DAY, cast.province.slug}


def test_a_change_of_a_round_touches_the_calendars_of_all_its_units_and_of_its_day(
    session, cast, opened_2021, touched
):
    opened_2021.round.event_date = date(2021, 3, 22)

    units = {one.slug for one in (cast.province, cast.commune, cast.other_commune)}
    assert touched() == units | {DAY}


def test_a_change_of_one_campaign_touches_no_calendar_of_another_unit(
    session, cast, opened_2021, touched
):
    opened_2021.theme = "Chủ đề của xã"

    assert touched() == {cast.commune.slug, DAY}


def test_what_is_written_past_the_session_is_heard_too(session, cast, opened_2021, touched):
    session.connection().execute(update(ChecklistItem).values(summary="Việc khác"))

    assert cast.commune.slug in touched()


def test_items_written_in_bulk_touch_no_public_calendar(session, cast, opened_2021, touched):
    item = opened_2021.items[0]
    columns = {c.key: getattr(item, c.key) for c in ChecklistItem.__table__.columns}
    new = columns | {"id": None, "uid": "new@example.org", "key": "new"}
    del new["id"]
    session.connection().execute(insert(ChecklistItem), [new])

    assert touched() == set()


def test_a_role_renamed_and_a_reform_touch_every_calendar(session, cast, slugs, touched):
    session.get_one(Role, "ubnd_xa").title_vi = "UBND xã, phường"
    assert touched() == set(slugs)


def test_who_follows_whom_touches_every_calendar(session, cast, slugs, touched):
    heir = UnitSuccession(predecessor_id=cast.commune.id, successor_id=cast.other_commune.id)
    session.add(heir)

    assert touched() == set(slugs)


def test_renewing_writes_what_is_stale_and_nothing_twice(
    session, session_factory, cast, opened_2021, monkeypatch
):
    opened_2021.round.summary = "Ngày Quốc tế Hạnh phúc 20/3"
    session.commit()

    written = renew(session_factory, now=LATER, public_url=URL)

    kept = read_feed(session, cast.commune.slug)
    assert written == 4  # of all units of the round, and of the observance, which reads as before
    assert "Hạnh phúc 20/3" in kept.body.decode()
    assert kept.last_modified == LATER
    assert renew(session_factory, now=LATER, public_url=URL) == 0


def test_a_new_day_is_a_change(session, session_factory, opened_2021, slugs):
    assert renew(session_factory, now=NOW + timedelta(days=1), public_url=URL) == len(slugs)


def test_a_change_during_the_writing_is_written_too(
    session, session_factory, cast, opened_2021, monkeypatch
):
    opened_2021.round.summary = "Một"
    session.commit()
    real = renewing.store_in

    def meanwhile(session_, written):
        if written.kept.key == cast.commune.slug and opened_2021.summary == "Một":
            opened_2021.round.summary = "Hai"
            session.commit()
        return real(session_, written)

    monkeypatch.setattr(renewing, "store_in", meanwhile)
    renew(session_factory, now=LATER, public_url=URL)

    assert "SUMMARY:Hai" in read_feed(session, cast.commune.slug).body.decode()


def test_whoever_finds_that_another_has_written_leaves_it(
    session, session_factory, cast, opened_2021
):
    slug = cast.commune.slug
    feed = find_feed(session, slug, LATER.date(), URL)
    opened_2021.round.summary = "Một"
    session.flush()
    slow = draft(session, slug, feed, as_of=LATER.date(), now=LATER)
    opened_2021.round.summary = "Hai"
    session.commit()
    serve_feed(session_factory, slug, now=LATER, public_url=URL)

    store(session_factory, slow)

    assert "SUMMARY:Hai" in read_feed(session, slug).body.decode()


def test_a_calendar_that_cannot_be_written_does_not_hold_up_the_others(
    session, session_factory, cast, opened_2021, monkeypatch
):
    opened_2021.round.summary = "Một"
    session.get_one(Role, "ubnd_xa").title_vi = "UBND xã, phường"
    session.commit()
    real = renewing.find_feed

    def broken(session_, key, *more):
        if key == cast.province.slug:
            raise RuntimeError("broken")
        return real(session_, key, *more)

    monkeypatch.setattr(renewing, "find_feed", broken)
    with pytest.raises(RuntimeError, match="broken"):
        renew(session_factory, now=LATER, public_url=URL)

    assert "SUMMARY:Một" in read_feed(session, cast.commune.slug).body.decode()
    stale = session.scalars(select(Feed.key).where(Feed.stale.is_not(None))).all()
    assert stale == [cast.province.slug]


def test_an_observance_switched_off_has_no_calendar_until_it_is_switched_on(
    session, session_factory, opened_2021
):
    observance = session.scalars(select(Observance).where(Observance.slug == DAY)).one()
    before = read_feed(session, DAY)
    observance.enabled = False
    session.commit()
    renew(session_factory, now=LATER, public_url=URL)
    assert read_feed(session, DAY) is None

    observance.enabled = True
    session.commit()
    renew(session_factory, now=LATER, public_url=URL)
    assert read_feed(session, DAY) == before


def test_migrations_of_older_tables_leave_no_marks():
    engine = database.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE campaign (id INTEGER, summary TEXT)")
        old = sa.table("campaign", sa.column("id"), sa.column("summary"))
        connection.execute(old.insert().values(id=1, summary="x"))
    engine.dispose()


def test_a_campaign_of_a_follower_touches_the_calendars_of_those_before(
    session, cast, opened_2021, touched
):
    heir = UnitSuccession(predecessor_id=cast.other_commune.id, successor_id=cast.commune.id)
    session.add(heir)
    touched()
    session.execute(update(Feed).values(stale=None))
    opened_2021.round.summary = "Một"

    assert cast.other_commune.slug in touched()


def test_another_address_is_in_every_calendar_once_everything_is_marked(
    session, session_factory, cast, opened_2021, slugs
):
    renewing.mark_everything(session_factory)

    assert renew(session_factory, now=LATER, public_url="https://x.example.org") == len(slugs)
    assert b"https://x.example.org" in read_feed(session, DAY).body


def test_whether_a_day_has_passed_is_known_without_reading_every_calendar(blank_engine):
    """Of 100,000 calendars that took a second, every second."""
    database.Base.metadata.create_all(blank_engine)
    factory = database.create_session_factory(blank_engine)
    asked = []
    sa.event.listen(
        blank_engine,
        "before_cursor_execute",
        lambda _c, _cursor, statement, values, *_rest: asked.append((statement, values)),
    )

    take_day(factory, now=LATER)

    [(statement, values)] = [one for one in asked if "FROM feed" in one[0]]
    if blank_engine.dialect.name == "sqlite":
        with blank_engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
            steps = [row[3] for row in plan if "feed" in row[3]]
        assert steps
        assert all("ix_feed_as_of" in step for step in steps)
