"""Opening a campaign against a bare bulk INSERT of the same rows: 96 communes and the 3,321 of the
nation, on both databases.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Engine, delete, event, insert, select

from benchmarks.databases import COMMUNES_OF_THE_NATION, NOW, add_communes, databases
from benchmarks.measure import Measured, ratio, report, seconds
from events.campaigns.opening import open_round
from events.campaigns.rounds import rounds_of
from events.database.sessions import SessionFactory, create_session_factory
from events.models import Campaign, ChecklistItem, Round, Template
from events.working_calendar import work_calendar

LIMIT = 3.0


def run() -> Iterator[Measured]:
    """Measure every database and size."""
    with databases() as engines:
        for name, engine in engines.items():
            statements = {}
            for communes in (96, COMMUNES_OF_THE_NATION):
                add_communes(engine, communes)
                statements[communes] = _statements(engine)
                yield _opening(f"opening, {communes} communes, {name}", engine)
            more = statements[COMMUNES_OF_THE_NATION] - statements[96]
            yield report(
                f"more statements for 3,321 communes than for 96, {name}",
                more,
                0,
                f"{statements[96]} statements",
            )


def _opening(name: str, engine: Engine) -> Measured:
    factory = create_session_factory(engine)
    _open(factory)
    rounds, campaigns, items = (_rows(engine, model) for model in (Round, Campaign, ChecklistItem))
    for campaign in campaigns:
        # the same shape, without the order of insertion
        campaign["parent_id"] = campaign["outer_id"] = None

    def ours() -> float:
        _empty(engine)
        return seconds(lambda: _open(factory))

    def bare() -> float:
        _empty(engine)
        return seconds(lambda: _insert(engine, rounds, campaigns, items))

    return ratio(name, ours, bare, LIMIT)


def _open(factory: SessionFactory) -> None:
    with factory.begin() as session:
        template = session.scalars(select(Template).where(Template.key == "vn_family_day")).one()
        [found] = rounds_of(template, 2026)
        open_round(session, found, now=NOW, calendar=work_calendar(session))


def _insert(
    engine: Engine,
    rounds: list[dict[str, Any]],
    campaigns: list[dict[str, Any]],
    items: list[dict[str, Any]],
) -> None:
    with engine.begin() as connection:
        connection.execute(insert(Round), rounds)
        connection.execute(insert(Campaign), campaigns)
        connection.execute(insert(ChecklistItem), items)


def _rows(engine: Engine, model: Any) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(model.__table__)).mappings()]


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(delete(ChecklistItem))
        connection.execute(delete(Campaign))
        connection.execute(delete(Round))


def _statements(engine: Engine) -> int:
    _empty(engine)
    seen: list[str] = []

    def listen(*arguments: Any) -> None:
        seen.append(arguments[2])

    event.listen(engine, "before_cursor_execute", listen)
    _open(create_session_factory(engine))
    event.remove(engine, "before_cursor_execute", listen)
    _empty(engine)
    return len(seen)
