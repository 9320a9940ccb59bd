"""Previewing a moved event for a whole province, 97 units, against the bare reading of the rows
that it is about, the round's campaigns and items.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime

from sqlalchemy import Engine, select

from benchmarks.databases import databases
from benchmarks.measure import Measured, ratio, seconds
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.database.sessions import create_session_factory
from events.models import Campaign, ChecklistItem, Template
from events.replanning.anchors import NewAnchor, preview
from events.working_calendar import work_calendar

LIMIT = 10.0
NOW = datetime(2027, 4, 15, 1, tzinfo=UTC)


def run() -> Iterator[Measured]:
    """Measure both databases."""
    with databases() as engines:
        for name, engine in engines.items():
            _open(engine)
            yield ratio(
                f"preview of a moved event, {name}",
                lambda engine=engine: seconds(lambda: _preview(engine)),  # type: ignore[misc]
                lambda engine=engine: seconds(lambda: _read(engine)),  # type: ignore[misc]
                LIMIT,
            )


def _open(engine: Engine) -> None:
    with create_session_factory(engine).begin() as session:
        template = session.scalars(select(Template).where(Template.key == "vn_family_day")).one()
        [found] = rounds_of(template, 2027)
        open_round(session, found, now=NOW, calendar=work_calendar(session))


def _preview(engine: Engine) -> None:
    with create_session_factory(engine)() as session:
        root = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()
        found = preview(
            session, root, NewAnchor(event_date=date(2027, 6, 25)), work_calendar(session), now=NOW
        )
        if not found.moved:
            raise AssertionError("the preview moved nothing")


def _read(engine: Engine) -> None:
    with engine.connect() as connection:
        for table in (Campaign, ChecklistItem):
            connection.execute(select(table.__table__)).all()  # type: ignore[attr-defined]
