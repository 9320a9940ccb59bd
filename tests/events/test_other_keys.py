"""A province that calls its levels, roles, phases, kinds of evidence and items otherwise: the rules
ask what each is, so everything goes as it does with the shipped keys.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from events.catalog.entries import TemplatesFile, UnitsFile
from events.catalog.importing import import_catalog
from events.catalog.whole import Catalog
from events.checklist.evidence import Proof, add_evidence, evidence_missing, proving_papers
from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.database.sessions import Base, create_session_factory
from events.documents.lookup import awaited_items, likely_issuer, plan_item
from events.documents.register import Paper, add_document, issue_document
from events.errors import ConflictError, InvalidInputError
from events.models import Campaign, ChecklistItem, Document, DocumentKind, Role, Template, Unit
from events.people.persons import add_person
from events.people.posts import give_post
from events.reforms.villages import add_village, titles_of, usual_type, villages_of
from events.replanning.last_year import propose
from events.units.tree import get_unit
from notifications.notices.reminders import write_reminders
from notifications.notices.table import Notice
from scheduler.simulation.lines import without_units
from tests.conftest import NEW_YEAR_2021, as_shipped, tick_off
from tests.events.replanning.test_anchors import item_of, open_template

NOW = datetime(2021, 2, 22, 1, tzinfo=UTC)
TODAY = date(2021, 2, 22)
IN_2026 = datetime(2026, 5, 1, 1, tzinfo=UTC)


def other(key: str) -> str:
    return f"other_{key}"


def others(keys: list[str]) -> list[str]:
    return [other(key) for key in keys]


def renamed(catalog: Catalog) -> Catalog:
    """The shipped catalogue with another key for every level, role, phase, kind and item."""
    units = catalog.units.model_dump(exclude_unset=True)
    templates = catalog.templates.model_dump(exclude_unset=True)
    for level in units["level"]:
        _rename(level, "key", "entered_by")
    for unit in units["unit"]:
        _rename(unit, "level")
    for row in (*templates["phase"], *templates["evidence_type"]):
        _rename(row, "key")
    for role in templates["role"]:
        _rename(role, "key", "successor", "level")
    defaults = templates["level_default_role"].items()
    templates["level_default_role"] = {other(level): other(role) for level, role in defaults}
    for template in templates["template"]:
        _rename(template, "owner_role")
        for item in template["item"]:
            _rename(item, "key", "phase", "role", "if_no_level")
            for name in ("levels", "support_roles", "evidence", "depends_on"):
                item[name] = others(item.get(name, []))
            for name in ("level_offsets", "level_end_offsets"):
                item[name] = {other(level): days for level, days in item.get(name, {}).items()}
    return Catalog(
        UnitsFile.model_validate(units),
        TemplatesFile.model_validate(templates),
        catalog.observances,
        catalog.calendar,
    )


def _rename(row: dict[str, Any], *names: str) -> None:
    for name in names:
        if row.get(name) not in (None, "any", "drop"):
            row[name] = other(row[name])


@pytest.fixture
def session(blank_engine, catalog):
    Base.metadata.create_all(blank_engine)
    with create_session_factory(blank_engine)() as session:
        import_catalog(session, renamed(catalog), now=NEW_YEAR_2021)
        yield session


@pytest.fixture
def commune(session) -> Unit:
    return get_unit(session, "23341")  # Thị trấn Đăk Glei


@pytest.fixture
def thi(session, commune):
    person = add_person(session, "Cán bộ xã (Thi)", "thi@example.org")
    give_post(session, person, commune, other("ubnd_xa"), since=date(2020, 1, 1))
    session.flush()
    return person


@pytest.fixture
def happiness(session, vietnam) -> Campaign:
    """The province's campaign of 20 March 2021."""
    return open_template(session, vietnam, "happiness_day", 2021, now=NOW)


def test_where_districts_are_no_more_their_items_go_where_the_template_says(session, vietnam):
    template = session.scalars(select(Template).where(Template.key == "vn_family_day")).one()
    of_districts = [i for i in template.current.items if i.levels == [other("district")]]
    taken, dropped = of_districts[:2]
    taken.if_no_level = other("commune")
    session.flush()

    root = open_template(session, vietnam, "vn_family_day", 2026, now=IN_2026)

    commune = session.scalars(select(Campaign).where(Campaign.parent_id == root.id)).first()
    keys = {item.key for item in commune.items}
    assert commune.unit.level_key == other("commune")
    assert (taken.key in keys, dropped.key in keys) == (True, False)


def test_a_level_that_may_be_missing_is_not_reported_as_missing(session):
    assert without_units(session, range(2026, 2027)).keys() == {other("village")}


def test_plans_are_waited_for_proposed_and_proved_by_their_paper(session, happiness, commune, thi):
    plan = item_of(session, happiness, commune, other("plan_commune"))
    assert [item.key for item in awaited_items(session, happiness)] == [other("plan_province")]
    assert plan_item(session, plan.campaign) is plan
    plan.evidence = [other("doc_ref")]
    assert evidence_missing(plan) == 1

    paper = Paper(DocumentKind.PLAN, "Kế hoạch", "12/KH-UBND", dated=TODAY)
    document = add_document(session, plan.campaign, paper, item=plan, by=thi, now=NOW)
    issue_document(session, document, on=TODAY, by=thi, now=NOW)

    assert proving_papers(plan) == [session.get_one(Document, document.id)]
    assert complete_item(session, plan.id, Stamp(thi, NOW)).is_done


def test_each_kind_of_evidence_asks_for_what_it_needs(session, happiness, commune, thi):
    banners = item_of(session, happiness, commune, other("banners"))

    with pytest.raises(InvalidInputError, match="photo"):
        add_evidence(session, banners.id, Proof(other("photo"), text="ảnh"), Stamp(thi, NOW))


def test_documents_are_issued_by_the_committee_of_the_level_or_the_one_with_its_own_papers(
    session, happiness, commune
):
    below = item_of(session, happiness, commune, other("plan_commune")).campaign
    assert likely_issuer(below) == "UBND thị trấn Đăk Glei"
    assert likely_issuer(happiness) == "UBND tỉnh Kon Tum"

    happiness.owner_role = session.get_one(Role, other("bcd_tinh"))

    assert likely_issuer(happiness) == "Ban Chỉ đạo công tác gia đình tỉnh Kon Tum"


def test_a_commune_enters_its_villages(session, vietnam, happiness, commune, thi):
    level = commune.level.enters
    assert usual_type(level, commune) in titles_of(level)

    village = add_village(
        session, commune, usual_type(level, commune), "1", by=thi, now=NOW, calendar=vietnam
    )

    assert village.full_name == "Tổ dân phố 1"
    assert villages_of(session, commune, TODAY) == [village]
    theirs = select(ChecklistItem).join(ChecklistItem.campaign)
    assert session.scalars(theirs.where(Campaign.unit_id == village.id)).all()
    with pytest.raises(ConflictError):
        add_village(session, village, "thon", "2", by=thi, now=NOW, calendar=vietnam)


def test_people_are_told_on_the_eve_of_what_takes_place_on_the_day(
    session, vietnam, happiness, commune, thi
):
    items = item_of(session, happiness, commune, other("plan_commune")).campaign.items
    on_the_day = next(item for item in items if item.phase.is_the_day)
    before = next(item for item in items if not item.phase.is_the_day)
    for item in items:
        item.dtstart, item.due = None, date(2021, 6, 1)
    on_the_day.due = before.due = date(2021, 3, 22)  # a Monday
    on_the_day.role_key = before.role_key = other("ubnd_xa")
    session.flush()

    sunday = datetime(2021, 3, 21, 0, 30, tzinfo=UTC)
    write_reminders(session, now=sunday, clockwork=as_shipped(vietnam))

    told = session.execute(select(Notice.item_id, Notice.rule, Notice.at)).all()
    assert (on_the_day.id, "before-1", sunday) in told
    assert (before.id, "before-1", sunday) not in told


def test_no_lateness_moves_what_takes_place_on_the_day(session, vietnam, happiness):
    late = datetime(2021, 4, 30, 1, tzinfo=UTC)
    campaigns = session.scalars(select(Campaign))
    for item in [item for campaign in campaigns for item in campaign.items]:
        tick_off(item, None, late, item.due + timedelta(days=9))
    session.flush()
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()

    found = propose(session, template, 2021, now=late, calendar=vietnam)

    items = {item.key: item for item in template.current.items}
    assert found
    assert [one.key for one in found if items[one.key].phase.is_the_day] == []
