"""Real days, in a database of before."""

from alembic import command
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import Change, Template
from scheduler import migrate
from tests.scheduler.test_migrate import _insert_campaign, _insert_change


def test_what_was_done_before_is_marked_nowhere_and_templates_let_fifteen_working_days_pass(
    blank_engine,
):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0013")
        _insert_campaign(connection)
        _insert_change(connection, 1, {}, {})

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        assert session.scalars(select(Change.recorded_after)).all() == [None]
        assert session.scalars(select(Template.record_within_workdays)).all() == [15]
