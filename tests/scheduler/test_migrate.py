import pytest
from sqlalchemy import text

from scheduler import migrate
from scheduler.migrate import NewerDatabaseError, Version


def test_a_migrated_database_is_what_the_models_say(blank_engine):
    assert migrate.version_of(blank_engine) is Version.EMPTY

    assert migrate.upgrade(blank_engine)

    assert migrate.version_of(blank_engine) is Version.CURRENT
    assert migrate.differences(blank_engine) == []


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
