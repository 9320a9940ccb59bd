"""Whether a holiday is made up for, in a database of before."""

from alembic import command
from sqlalchemy import text
from sqlalchemy.orm import Session

from events.days.workdays import DecisionStatus
from events.models import ProposedHoliday
from scheduler import migrate


def test_the_compensation_of_a_holiday_begins_as_firm_as_the_holiday_itself(blank_engine):
    with blank_engine.begin() as connection:
        command.upgrade(migrate._config(connection), "0013")
        for status in ("enacted", "announced", "dropped"):
            values = {"name": status, "status": status}
            connection.execute(
                text("INSERT INTO proposed_holiday (name, status) VALUES (:name, :status)"), values
            )

    migrate.upgrade(blank_engine)

    with Session(blank_engine) as session:
        for status in DecisionStatus:
            assert session.get_one(ProposedHoliday, status.value).compensation is status
