"""Another province is chosen: as long as nobody has worked, and with nothing left of the one before."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from events.campaigns.opening import open_campaigns
from events.catalog.choosing import catalog_here, choose_province, has_worked
from events.catalog.country import find_province
from events.catalog.importing import import_catalog
from events.checklist.history import Stamp
from events.checklist.states import start_item
from events.errors import ConflictError
from events.models import (
    AuditEntry,
    AuditKind,
    Campaign,
    ChecklistItem,
    Observance,
    Post,
    Role,
    Template,
    Unit,
)
from events.people import audit
from events.people.persons import add_person
from events.people.posts import give_post
from events.progress.overview import overview
from events.reforms.villages import add_village
from events.units.tree import get_unit, roots

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
TODAY = NOW.date()
CAN_THO = find_province("92")
HA_NOI = find_province("01")


@pytest.fixture
def administrator(session):
    """Who was there first: a post at the top, and nothing done yet."""
    person = add_person(session, "Quản trị", "quan.tri@example.org")
    give_post(session, person, get_unit(session, "51-2025"), "so_vhttdl", since=TODAY)
    return person


def number(session, model):
    return session.scalar(select(func.count()).select_from(model))


def names_at_the_top(session):
    return [unit.full_name for unit in roots(session, TODAY)]


def test_an_installation_goes_on_with_the_units_of_its_catalogue_until_a_province_is_chosen(
    session, catalog
):
    assert catalog_here(session, catalog) is catalog


def test_another_province_takes_the_place_of_the_one_before_with_all_that_was_opened(
    session, catalog, vietnam, administrator
):
    open_campaigns(session, now=NOW, calendar=vietnam)
    session.flush()
    days, templates, roles = (number(session, each) for each in (Observance, Template, Role))

    changed = choose_province(session, catalog, CAN_THO, now=NOW)

    assert changed
    assert names_at_the_top(session) == ["Thành phố Cần Thơ"]
    assert number(session, Campaign) == number(session, ChecklistItem) == 0
    assert session.scalars(select(Unit).where(Unit.full_name.contains("Quảng Ngãi"))).all() == []
    assert [number(session, each) for each in (Observance, Template, Role)] == [
        days,
        templates,
        roles,
    ]


def test_whoever_had_a_post_at_the_top_has_it_at_the_new_one(session, catalog, administrator):
    choose_province(session, catalog, CAN_THO, now=NOW)

    [post] = session.scalars(select(Post)).all()
    assert (post.person, post.role_key) == (administrator, "so_vhttdl")
    assert post.unit.full_name == "Thành phố Cần Thơ"


def test_the_log_outlives_the_units_that_it_names(session, catalog, administrator):
    kind, unit = AuditKind.POST_GIVEN, get_unit(session, "51-2025")
    audit.record(session, kind, now=NOW, about=administrator, unit=unit)

    choose_province(session, catalog, CAN_THO, now=NOW)

    [entry] = session.scalars(select(AuditEntry)).all()
    assert (entry.about_name, entry.unit) == ("Quản trị", None)


def test_a_chosen_province_has_its_campaigns_in_each_of_its_communes(session, catalog, vietnam):
    choose_province(session, catalog, CAN_THO, now=NOW)
    open_campaigns(session, now=NOW, calendar=vietnam)

    named = select(Campaign.unit_id).distinct()
    assert len(session.scalars(named).all()) == 1 + CAN_THO.communes
    assert overview(session, TODAY).open_rounds > 0


def test_the_chosen_province_stays_when_the_catalogue_is_imported_again(session, catalog):
    choose_province(session, catalog, CAN_THO, now=NOW)
    before = number(session, Unit)

    again = import_catalog(session, catalog_here(session, catalog), now=NOW)

    assert (again.added, again.updated) == (0, 0)
    assert number(session, Unit) == before


def test_choosing_twice_changes_nothing_and_one_may_think_again(session, catalog):
    assert choose_province(session, catalog, CAN_THO, now=NOW)
    assert not choose_province(session, catalog, CAN_THO, now=NOW)
    assert choose_province(session, catalog, HA_NOI, now=NOW)
    assert choose_province(session, catalog, find_province("51"), now=NOW)

    assert names_at_the_top(session) == ["Tỉnh Quảng Ngãi"]
    assert {unit.id for unit in catalog.units.unit} == set(session.scalars(select(Unit.key)))


def _tick(session, vietnam, administrator):
    open_campaigns(session, now=NOW, calendar=vietnam)
    session.flush()
    item = session.scalars(select(ChecklistItem)).first()
    start_item(session, item.id, Stamp(administrator, NOW))


def _village(session, vietnam, administrator):
    commune = session.scalars(
        select(Unit).where(Unit.valid_to.is_(None), Unit.parent_id.is_not(None))
    ).first()
    add_village(session, commune, "thon", "Một", by=administrator, now=NOW, calendar=vietnam)


def _colleague(session, vietnam, administrator):
    commune = session.scalars(
        select(Unit).where(Unit.valid_to.is_(None), Unit.parent_id.is_not(None))
    ).first()
    give_post(session, administrator, commune, "ubnd_xa", since=TODAY)


@pytest.mark.parametrize("work", [_tick, _village, _colleague])
def test_where_somebody_has_worked_the_province_stays(
    session, catalog, vietnam, administrator, work
):
    work(session, vietnam, administrator)
    session.flush()

    assert has_worked(session, TODAY)
    with pytest.raises(ConflictError, match="Tỉnh Quảng Ngãi"):
        choose_province(session, catalog, CAN_THO, now=NOW)
    assert names_at_the_top(session) == ["Tỉnh Quảng Ngãi"]


def test_what_the_clock_does_is_nobodys_work(session, vietnam, administrator):
    open_campaigns(session, now=NOW, calendar=vietnam)
    session.flush()

    assert not has_worked(session, TODAY)
