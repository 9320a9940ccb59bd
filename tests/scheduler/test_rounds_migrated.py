"""Rounds of a database of before get rows of their own."""

import json

from alembic import command
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database.sessions import rebuilding
from events.models import Campaign, Round
from scheduler import migrate
from tests.scheduler.test_migrate import _insert, _insert_campaign


def campaign(connection, id_, unit_id, **differing):
    day = "2026-03-01"
    values = {
        "template_id": 1,
        "version_id": 1,
        "period": "2026",
        "year": 2026,
        "owner_role_key": "r",
        "summary": "C",
        "opens": day,
        "dtstart": day,
        "dtend": "2026-03-02",
        "anchor_version": 0,
        "status": "CONFIRMED",
        "for_reference": False,
        "sequence": 0,
        "created": "2026-01-02 00:00:00",
        "last_modified": "2026-02-01 00:00:00",
    }
    where = {"id": id_, "uid": f"c{id_}", "unit_id": unit_id}
    _insert(connection, "campaign", **values | where | differing)


def told(day, reason):
    return {"at": f"2026-02-{day:02}T00:00:00+00:00", "by": "Cán bộ", "reason": reason}


def migrated(engine, fill):
    with rebuilding(engine) as connection:
        command.upgrade(migrate._config(connection), "0002")
        _insert_campaign(connection)  # the cancelled one of unit 1
        command.upgrade(migrate._config(connection), "0053")
        fill(connection)
    migrate.upgrade(engine)
    return Session(engine)


def test_campaigns_of_one_round_share_one_row(blank_engine):
    def fill(connection):
        campaign(connection, 2, 2, period="2027", year=2027)
        campaign(connection, 3, 3, period="2027", year=2027, parent_id=2, sequence=4)

    with migrated(blank_engine, fill) as session:
        rounds = session.scalars(select(Round).order_by(Round.period)).all()
        assert [(one.period, one.status.value) for one in rounds] == [
            ("2026", "CANCELLED"),
            ("2027", "CONFIRMED"),
        ]
        of = {one.id: (one.round.period, one.changes) for one in session.scalars(select(Campaign))}
        assert of == {1: ("2026", 0), 2: ("2027", 0), 3: ("2027", 4)}


def test_of_several_tops_the_newest_that_takes_place_speaks_for_the_round(blank_engine):
    def fill(connection):
        campaign(
            connection, 2, 2, dtstart="2026-03-05", dtend="2026-03-06", event_date="2026-03-09"
        )
        campaign(connection, 3, 3, parent_id=1, dtstart="2026-03-20", dtend="2026-03-21")

    with migrated(blank_engine, fill) as session:
        [one] = session.scalars(select(Round))
        assert (one.dtstart.day, one.dtend.day, one.event_date.day) == (5, 6, 9)
        assert (one.status.value, one.sequence, one.created.day) == ("CONFIRMED", 0, 1)
        assert len(session.scalars(select(Campaign)).all()) == 3


def test_what_all_tops_know_of_cancellations_stays_by_time(blank_engine):
    once, again, later = told(1, "nhầm"), told(2, None), told(3, "lũ")

    def fill(connection):
        campaign(connection, 2, 2, cancellations=json.dumps([once, later]))
        campaign(connection, 3, 3, cancellations=json.dumps([once, again]))

    with migrated(blank_engine, fill) as session:
        [one] = session.scalars(select(Round))
        assert one.cancellations == [once, again, later]
