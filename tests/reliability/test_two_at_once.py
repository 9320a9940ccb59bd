"""Two processes doing the same work at the same moment: each thread has its own connection, as a process would."""

import threading
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.campaigns import open_campaigns
from events.catalog_import import import_catalog
from events.checklist import complete_item
from events.database import Base, create_session_factory
from events.errors import ConflictError
from events.handover import hand_over_due, open_in_closed_units
from events.models import Campaign, Change, ChecklistItem, PostProposal, Unit
from events.observances import work_calendar
from events.people import add_person, give_post
from events.reanchor import NewAnchor, apply, preview
from events.redating import Fate
from events.reforms import NewUnit, merge
from events.templates import edit_template, get_template, item_entry
from events.units import get_unit
from events.versions import apply_version, compare

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
    assert len(campaigns) == 5 * 97
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
        assert len(changes) == sum(line.is_change for line in shown.lines)
        assert set(changes.values()) == {1}


def somebody_above(session):
    person = add_person(session, "Cán bộ thử", "thu@example.org")
    give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
    return person


def test_two_people_applying_one_version_change_every_item_once(factory):
    open_all(factory)
    with factory.begin() as session:
        person = somebody_above(session)
        template = get_template(session, "evaw_day")
        entries = {entry.key: entry for entry in map(item_entry, template.current.items)}
        entries["banners"] = entries["banners"].model_copy(update={"title_vi": "Treo băng rôn mới"})
        entries["thanks"] = entries["quick_report_commune"].model_copy(update={"key": "thanks", "offset_days": 20})
        version = edit_template(session, template, list(entries.values()), by=person, now=NOW)
        [root] = session.scalars(
            select(Campaign).where(Campaign.template_id == template.id, Campaign.parent_id.is_(None), Campaign.year == NOW.year)
        )
        shown = compare(session, root, version, calendar=work_calendar(session), now=NOW)
    refused = []

    def accept():
        with factory.begin() as session:
            who = {"by": session.get_one(type(person), person.id), "now": NOW, "calendar": work_calendar(session)}
            newest = session.get_one(type(version), version.id)
            try:
                apply_version(session, session.get_one(Campaign, root.id), newest, expected_fingerprint=shown.fingerprint, **who)
            except ConflictError as error:
                refused.append(error)

    at_once(accept)

    with factory() as session:
        items = Counter(session.execute(select(ChecklistItem.campaign_id, ChecklistItem.key)).all())
        changes = Counter(session.scalars(select(Change.item_id)))
    assert set(items.values()) == {1}
    assert sum(key == "thanks" for _campaign, key in items) == len(shown.of(Fate.ADDED)) == 96
    assert (len(changes), set(changes.values())) == (len(shown.of(Fate.REWORDED)), {1})
    assert len(refused) < BOTH


def test_two_hand_overs_of_the_same_units_hand_over_once(factory):
    open_all(factory)
    with factory.begin() as session:
        merge(
            session,
            ["21025-2025", "21028-2025"],
            NewUnit("Xã Thử"),
            on=NOW.date(),
            basis=None,
            by=None,
            now=NOW - timedelta(days=3),
        )
        left = len(open_in_closed_units(session, NOW.date()))

    def hand_over():
        with factory.begin() as session:
            hand_over_due(session, by=None, now=NOW)

    at_once(hand_over)

    with factory() as session:
        new = session.scalars(select(Unit).where(Unit.full_name == "Xã Thử")).one()
        campaigns = Counter(session.scalars(select(Campaign.template_id).where(Campaign.unit_id == new.id)))
        begun = select(ChecklistItem.id).join(ChecklistItem.campaign).where(Campaign.unit_id == new.id)
        taken_over = Counter(session.scalars(select(Change.item_id).where(Change.item_id.in_(begun))))
        proposals = Counter(session.execute(select(PostProposal.person_id, PostProposal.unit_id, PostProposal.role_key)).all())
    assert left > 0
    assert set(campaigns.values()) == {1}
    assert sum(taken_over.values()) == left
    assert set(taken_over.values()) == {BOTH}  # one line for each of the two old communes
    assert set(proposals.values()) <= {1}
