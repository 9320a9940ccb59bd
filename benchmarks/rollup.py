"""The progress of the national year against one hand-written SQL statement: 3,321 communes, 5
campaigns, 15 items, both databases.

The same once more as of a past day, which reads every item's last change, and for a half and a
quarter of the communes: the cost of a row must not grow with the number of rows. Silent units are
named beside a statement that knows neither mergers nor undone ticks.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Engine, insert, select, text
from sqlalchemy.orm import Session

from benchmarks.databases import COMMUNES_OF_THE_NATION, NOW, add_communes, databases
from benchmarks.measure import ROUNDS, Measured, ratio, report, seconds
from events.database.sessions import create_session_factory, new_uid
from events.models import (
    Campaign,
    Change,
    ChecklistItem,
    Round,
    Template,
    TodoStatus,
    Unit,
)
from events.models.campaigns import of_year
from events.models.history import Door
from events.progress.across_reforms import counted_with
from events.progress.as_of import AsOf, Day
from events.progress.figures import Progress, own_progress
from events.progress.silent_units import silent_units

LIMIT = 2.0
SILENT_LIMIT = 4.0
# of the cost of a row, from a quarter of the communes to all; a quadratic cost would be 4
MOST_GROWTH = 2.0
SIZES = (COMMUNES_OF_THE_NATION // 4, COMMUNES_OF_THE_NATION // 2, COMMUNES_OF_THE_NATION)
CAMPAIGNS, ITEMS = 5, 15
TODAY = date(2026, 10, 1)
LAST_MONTH = AsOf(date(2026, 8, 31))
ROOT = "51-2025"

BY_HAND = """
SELECT c.unit_id,
       sum(CASE WHEN i.split_from_id IS NULL
           AND (i.status <> 'CANCELLED' OR i.not_done = 'not-done') THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND i.status = 'COMPLETED' AND i.completed_on <= i.due THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND i.status = 'COMPLETED' AND i.completed_on > i.due THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND i.status IN ('NEEDS-ACTION', 'IN-PROCESS') AND i.due < :today THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND (i.status <> 'CANCELLED' OR i.not_done = 'not-done') AND i.required
                THEN i.weight ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND i.status = 'COMPLETED' AND i.required THEN i.weight ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND i.status = 'CANCELLED' AND i.not_done = 'not-done' THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND i.status IN ('NEEDS-ACTION', 'IN-PROCESS') AND i.blocked IS NOT NULL
                THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NULL
           AND i.status = 'CANCELLED' AND i.not_done = 'not-required' THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NOT NULL
           AND (i.status <> 'CANCELLED' OR i.not_done = 'not-done') THEN 1 ELSE 0 END),
       sum(CASE WHEN i.split_from_id IS NOT NULL AND i.status = 'COMPLETED' THEN 1 ELSE 0 END)
FROM campaign c JOIN round r ON r.id = c.round_id JOIN checklist_item i ON i.campaign_id = c.id
WHERE r.status <> 'CANCELLED' AND r.year = 2026
GROUP BY c.unit_id
"""

SILENT_BY_HAND = """
SELECT c.unit_id
FROM campaign c JOIN round r ON r.id = c.round_id JOIN checklist_item i ON i.campaign_id = c.id
     LEFT JOIN change h ON h.item_id = i.id AND h.reported_id IS NOT NULL
     LEFT JOIN document d ON d.item_id = i.id
WHERE r.status <> 'CANCELLED' AND r.year = 2026
GROUP BY c.unit_id HAVING count(h.id) + count(d.id) = 0
"""


def run() -> Iterator[Measured]:
    """Measure every database, size and day."""
    with databases() as engines:
        for name, engine in engines.items():
            live, past = {}, {}
            for communes in SIZES:
                _fill(engine, communes)
                live[communes] = _best(engine, TODAY) / communes
                past[communes] = _best(engine, LAST_MONTH) / communes
            _check(engine)
            yield ratio(
                f"progress of {COMMUNES_OF_THE_NATION} communes, {name}",
                _ours(engine, TODAY),
                _bare(engine),
                LIMIT,
            )
            yield ratio(
                f"silent units, {name}", _silence(engine), _bare_silence(engine), SILENT_LIMIT
            )
            yield _growth(f"cost of a row, today, {name}", live)
            yield _growth(f"cost of a row, as of a past day, {name}", past)


def _roll_up(engine: Engine, day: Day) -> Progress:
    with create_session_factory(engine)() as session:
        root = session.scalars(select(Unit).where(Unit.key == ROOT)).one()
        counted = counted_with(session, root, day)
        return counted.totals(own_progress(session, day, counted.condition, of_year(2026)))[root.id]


def _silent(engine: Engine) -> set[int]:
    with create_session_factory(engine)() as session:
        return {unit.id for unit in silent_units(session, TODAY, of_year(2026))}


def _silent_by_hand(engine: Engine) -> set[int]:
    with engine.connect() as connection:
        return set(connection.scalars(text(SILENT_BY_HAND)))


def _by_hand(engine: Engine) -> list[Any]:
    with engine.connect() as connection:
        return list(
            connection.execute(
                text(BY_HAND), {"today": TODAY.isoformat() if engine.name == "sqlite" else TODAY}
            )
        )


def _check(engine: Engine) -> None:
    """Make sure that both count the same."""
    total = Progress()
    for _unit, *numbers in _by_hand(engine):
        total += Progress(*map(int, numbers))
    assert _roll_up(engine, TODAY) == total, "the statement by hand gives other numbers"
    assert _silent(engine) == _silent_by_hand(engine) != set(), (
        "the statement by hand finds other silent units"
    )


def _ours(engine: Engine, day: Day) -> Any:
    return lambda: seconds(lambda: _roll_up(engine, day))


def _bare(engine: Engine) -> Any:
    return lambda: seconds(lambda: _by_hand(engine))


def _silence(engine: Engine) -> Any:
    return lambda: seconds(lambda: _silent(engine))


def _bare_silence(engine: Engine) -> Any:
    return lambda: seconds(lambda: _silent_by_hand(engine))


def _best(engine: Engine, day: Day) -> float:
    _roll_up(engine, day)
    return min(_ours(engine, day)() for _ in range(ROUNDS))


def _growth(name: str, cost: dict[int, float]) -> Measured:
    few, many = SIZES[0], SIZES[-1]
    rows = CAMPAIGNS * ITEMS
    detail = ", ".join(
        f"{communes} communes {per * 1e6 / rows:.2f} µs" for communes, per in cost.items()
    )
    return report(name, cost[many] / cost[few], MOST_GROWTH, detail)


def _fill(engine: Engine, communes: int) -> None:
    """Give every commune its year, as far as it has none."""
    add_communes(engine, communes)
    with create_session_factory(engine).begin() as session:
        root = session.scalars(select(Unit.id).where(Unit.key == ROOT)).one()
        have = set(session.scalars(select(Campaign.unit_id)))
        missing = [
            id_
            for id_ in session.scalars(select(Unit.id).where(Unit.parent_id == root))
            if id_ not in have
        ]
        template = session.scalars(select(Template).where(Template.key == "vn_family_day")).one()
        rounds = [_round(session, template, number).id for number in range(CAMPAIGNS)]
        common = {
            "owner_role_key": template.owner_role_key,
            "created": _OPENED,
            "last_modified": _OPENED,
        }
        session.execute(
            insert(Campaign),
            [
                common | {"uid": new_uid(), "round_id": round_id, "unit_id": unit}
                for unit in missing
                for round_id in rounds
            ],
        )
        ids = session.scalars(select(Campaign.id).where(Campaign.unit_id.not_in(have))).all()
        session.execute(
            insert(ChecklistItem), [_item(id_, number) for id_ in ids for number in range(ITEMS)]
        )
        items = (
            select(ChecklistItem).join(ChecklistItem.campaign).where(Campaign.unit_id.not_in(have))
        )
        columns = ChecklistItem.id, ChecklistItem.due, ChecklistItem.status, Campaign.unit_id
        done = session.execute(items.with_only_columns(*columns)).all()
        session.execute(
            insert(Change),
            [_change(*row) for row in done if row.status is not TodoStatus.NEEDS_ACTION],
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _round(session: Session, template: Template, number: int) -> Round:
    """Return one of the year's rounds, begun for the first units that are entered."""
    period, day = f"b{number}", date(2026, 2 + number, 20)
    query = select(Round).where(Round.template_id == template.id, Round.period == period)
    found = session.scalar(query) or Round(
        template=template,
        period=period,
        version=template.current,
        year=2026,
        summary="Chiến dịch",
        opens=day,
        dtstart=day,
        dtend=day + timedelta(days=1),
        created=_OPENED,
        last_modified=_OPENED,
    )
    session.add(found)
    session.flush()
    return found


def _item(campaign_id: int, number: int) -> dict[str, Any]:
    due = date(2026, 8, 20) + timedelta(days=number)
    status = _STATUS[next(_turn) % len(_STATUS)]
    return {
        "uid": new_uid(),
        "campaign_id": campaign_id,
        "key": f"i{number}",
        "position": number,
        "summary": "Ban hành kế hoạch",
        "phase_key": "prepare",
        "role_key": "ubnd_xa",
        "support_roles": [],
        "nominal_due": due,
        "due": due,
        "first_due": due,
        "weight": 1 + number % 5,
        "required": number % 4 != 0,
        "evidence": [],
        "evidence_min": 0,
        "depends_on": [],
        "status": status,
        "completed_on": _DONE_ON if status is TodoStatus.COMPLETED else None,
        "created": _OPENED,
        "last_modified": NOW,
    }


def _change(item_id: int, due: date, status: TodoStatus, unit_id: int) -> dict[str, Any]:
    completed = _DONE_ON if status is TodoStatus.COMPLETED else None
    state = {"status": status, "due": due, "completed_on": completed, "blocked": False}
    reported = None if unit_id % _SILENT == 0 else unit_id
    return state | {
        "item_id": item_id,
        "at": _DONE,
        "door": Door.PAGE,
        "before": {},
        "after": {},
        "reported_id": reported,
    }


_OPENED = datetime(2026, 1, 5, tzinfo=UTC)
_DONE = datetime(2026, 8, 25, 3, tzinfo=UTC)
_DONE_ON = date(2026, 8, 25)
_STATUS = (
    TodoStatus.COMPLETED,
    TodoStatus.NEEDS_ACTION,
    TodoStatus.IN_PROCESS,
    TodoStatus.COMPLETED,
)
# every so many communes said nothing; what stands in their checklists was decided above them
_SILENT = 40
_turn = count()
