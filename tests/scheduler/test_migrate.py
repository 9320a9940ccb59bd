import pytest
from alembic import command
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from events.models import TemplateItem
from scheduler import migrate
from scheduler.migrate import NewerDatabaseError, Version


def test_a_migrated_database_is_what_the_models_say(blank_engine):
    assert migrate.version_of(blank_engine) is Version.EMPTY

    assert migrate.upgrade(blank_engine)

    assert migrate.version_of(blank_engine) is Version.CURRENT
    assert migrate.differences(blank_engine) == []


def test_templates_of_an_older_database_go_on_as_they_were(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0001")
        _insert(connection, "role", key="r", position=1, title_vi="R", title_en="R")
        _insert(connection, "phase", key="p", position=1, title_vi="P", title_en="P")
        of_template = {
            "kind": "course",
            "title_vi": "T",
            "title_en": "T",
            "anchor": "event",
            "generate_ahead_days": 1,
            "position": 1,
        }
        _insert(
            connection,
            "template",
            id=1,
            key="t",
            cutoffs="[]",
            enabled=True,
            late_plan_workdays=7,
            owner_role_key="r",
            **of_template,
        )
        _insert(connection, "template_version", id=1, template_id=1, number=1, created="2026-01-01", digest="")
        of_item = {
            "offset_days": 1,
            "level_offsets": "{}",
            "end_offset_days": 3,
            "levels": "[]",
            "cascade": "each",
            "role_key": "r",
        }
        of_item |= {"support_roles": "[]", "evidence": "[]", "evidence_min": 0, "without_evidence": False, "weight": 1}
        of_item |= {"required": True, "shift": "none", "if_no_district": "drop", "depends_on": "[]", "anchor": "event"}
        _insert(
            connection,
            "template_item",
            id=1,
            version_id=1,
            key="i",
            position=1,
            title_vi="I",
            title_en="I",
            phase_key="p",
            **of_item,
        )

    assert migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        item = session.scalars(select(TemplateItem)).one()
        assert (item.end_at("commune"), item.version.template.opens_from) == (3, None)


def _insert(connection, table, **values):
    names = ", ".join(values)
    connection.execute(text(f"INSERT INTO {table} ({names}) VALUES ({', '.join(':' + name for name in values)})"), values)


def test_migrating_twice_changes_nothing(blank_engine):
    migrate.upgrade(blank_engine)

    assert not migrate.upgrade(blank_engine)


def test_a_database_of_a_newer_version_is_refused_and_left_alone(blank_engine):
    migrate.upgrade(blank_engine)
    with blank_engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(NewerDatabaseError, match="9999"):
        migrate.upgrade(blank_engine)

    with blank_engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"
