"""Two processes doing the same work at the same moment: each thread has its own connection, as a process would."""

import threading
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from events.campaigns import open_campaigns
from events.catalog_import import import_catalog
from events.checklist import complete_item
from events.database import Base, create_session_factory
from events.models import Campaign, Change, ChecklistItem
from events.observances import work_calendar
from events.people import add_person, give_post
from events.reanchor import NewAnchor, apply, preview
from events.units import get_unit

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
BOTH = 2


def at_once(work):
    """Run ``work`` in two threads that start together, and raise what either raised."""
    barrier, problems = threading.Barrier(BOTH), []

    def run():
        barrier.wait()
        try:
            work()
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run) for _ in range(BOTH)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


@pytest.fixture
def factory(blank_engine, catalog):
    Base.metadata.create_all(blank_engine)
    factory = create_session_factory(blank_engine)
    with factory.begin() as session:
        import_catalog(session, catalog, now=NOW)
    return factory


def open_all(factory):
    with factory.begin() as session:
        open_campaigns(session, now=NOW, calendar=work_calendar(session))


def test_two_openers_open_every_campaign_once(factory):
    at_once(lambda: open_all(factory))

    with factory() as session:
        campaigns = Counter(session.execute(select(Campaign.template_id, Campaign.period, Campaign.unit_id)).all())
        items = Counter(session.execute(select(ChecklistItem.campaign_id, ChecklistItem.key)).all())
    assert len(campaigns) == 4 * 97
    assert set(campaigns.values()) | set(items.values()) == {1}


def test_two_ticks_of_one_item_are_one_tick(factory):
    open_all(factory)
    with factory.begin() as session:
        person = add_person(session, "Cán bộ thử", "thu@example.org")
        give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
        item_id = session.scalars(select(ChecklistItem.id).where(ChecklistItem.evidence_min == 0)).first()

    def tick():
        with factory.begin() as session:
            complete_item(session, item_id, by=session.get_one(type(person), person.id), now=NOW)

    at_once(tick)

    with factory() as session:
        assert session.get_one(ChecklistItem, item_id).sequence == 1
        assert len(session.scalars(select(Change).where(Change.item_id == item_id)).all()) == 1


def test_two_moves_of_one_event_move_every_item_once(factory):
    open_all(factory)
    change = NewAnchor(event_date=date(2026, 11, 27))
    with factory.begin() as session:
        person = add_person(session, "Cán bộ thử", "thu@example.org")
        give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
        root = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None), Campaign.dtstart == date(2026, 11, 25))).one()
        shown = preview(session, root, change, work_calendar(session), now=NOW)

    def move():
        with factory.begin() as session:
            who = {"by": session.get_one(type(person), person.id), "now": NOW, "calendar": work_calendar(session)}
            apply(session, session.get_one(Campaign, root.id), change, expected_fingerprint=shown.fingerprint, **who)

    at_once(move)

    with factory() as session:
        changes = Counter(session.scalars(select(Change.item_id)))
        assert len(changes) == len(shown.moved)
        assert set(changes.values()) == {1}
