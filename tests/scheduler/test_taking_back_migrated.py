"""What a change took back, in a database of before."""

from alembic import command
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import (
    Change,
)
from scheduler import migrate
from tests.scheduler.test_migrate import _insert_campaign, _insert_change


def test_what_was_taken_back_in_an_older_database_is_told_from_its_history(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
        _insert_campaign(connection)
        for number, after in enumerate([{}, {"undoes": 1}, {"undoes": None}], 1):
            _insert_change(connection, number, {}, after)

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        took_back = session.execute(select(Change.id, Change.undoes_id)).all()
        assert dict(took_back) == {1: None, 2: 1, 3: None}
