"""Marks for the renewer of calendars: whatever writes a row that calendars may show says so in the
same transaction.

It is heard where all statements pass, so that no use case can forget it, whether it writes rows one
by one, in bulk or past the session. Marks may be too many, since digests decide what really
changed; a statement that does not say whose rows it writes marks everything.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, event, insert

from events.database.sessions import Base
from events.models.feeds import FeedMark

EVERYTHING = ""
WORK = "work"  # of a campaign: what only the calendars of its unit may show
OCCASION = "occasion"  # of a round: the calendars of its observance, not those of its campaigns
# By table the columns that say whose calendars show its rows, each with the table that it names.
# Those without any are shown everywhere.
CONCERNS: Mapping[str, Mapping[str, str]] = {
    "round": {"observance_id": "observance"},  # changed, also its campaigns
    "campaign": {"unit_id": "unit", "round_id": OCCASION},
    "activity": {"campaign_id": "campaign"},
    "activity_credit": {"campaign_id": "campaign"},
    "checklist_item": {"campaign_id": WORK, "delegate_unit_id": "unit"},
    "item_credit": {"campaign_id": WORK},
    "observance": {},
    "title_period": {"observance_id": "observance"},
    "theme": {"observance_id": "observance"},
    "legal_basis": {"observance_id": "observance"},
    "occurrence": {"observance_id": "observance"},
    "unit": {"parent_id": "unit"},
    "unit_succession": {},
    "reform": {},
    "level": {},
    "role": {},
    "calendar_day": {},
    "decided_year": {},
    "proposed_holiday": {},
    "calendar_decision": {},
    "person": {},
    "post": {"person_id": "person"},
    "post_proposal": {"person_id": "person"},
}
# that of a unit is told everywhere, as where an ended one went; of these one row concerns few
_BY_ROW = CONCERNS.keys() & {
    "round",
    "campaign",
    "activity",
    "checklist_item",
    "title_period",
    "theme",
    "legal_basis",
    "occurrence",
    "person",
    "post",
    "post_proposal",
}
_UNSEEN_AT_FIRST = {"person"}


@event.listens_for(Engine, "after_execute")
def _mark(
    connection: Connection,
    statement: Any,
    many: Sequence[Mapping[str, Any]],
    one: Mapping[str, Any],
    _options: Mapping[str, Any],
    _result: object,
) -> None:
    if not getattr(statement, "is_dml", False):
        return
    table = statement.table
    # a migration writes tables of its own time
    if getattr(table, "metadata", None) is not Base.metadata or table.name not in CONCERNS:
        return
    marks = set(_marks(statement, table, many or ([one] if one else [])))
    rows = [{"what": what, "row_id": row_id} for what, row_id in sorted(marks, key=str)]
    if rows:
        connection.execute(insert(FeedMark), rows)


def _marks(
    statement: Any, table: Any, rows: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, int | None]]:
    concerns = CONCERNS[table.name]
    if not rows:
        yield EVERYTHING, None
    for row in rows:
        if statement.is_insert and table.name in _UNSEEN_AT_FIRST:
            continue
        if statement.is_insert and concerns:
            named = [(what, row[name]) for name, what in concerns.items() if row.get(name)]
            yield from named or [(EVERYTHING, None)]
            continue
        # as the unit of work names the row that an UPDATE is about
        row_id = row.get(f"{table.name}_id") if statement.is_update else None
        moves = any(name in row for name in concerns)  # from where, nobody knows any more
        known = table.name in _BY_ROW and isinstance(row_id, int) and not moves
        yield (table.name, row_id) if known else (EVERYTHING, None)
