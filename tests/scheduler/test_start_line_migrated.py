"""The start line, in a database of before."""

from alembic import command
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Campaign, Change, ChecklistItem
from events.units.start_lines import StartLines, start_line
from scheduler import migrate
from tests.scheduler.test_migrate import _insert_campaign, _insert_change


def test_an_older_database_goes_on_following_everything(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0009")
        _insert_campaign(connection)
        _insert_change(connection, 1, {}, {})

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        assert start_line(session) is None
        assert StartLines.load(session).of(1) is None
        assert [one.for_reference for one in session.scalars(select(Campaign))] == [False]
        assert not any(item.for_reference for item in session.scalars(select(ChecklistItem)))
        assert session.scalars(select(Change.followed_from)).all() == [None]
