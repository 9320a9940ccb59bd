"""What became of every row of an older installation: each is there after the upgrade under the key
that it had, with what it said, or a rule of a migration says why not.
"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, MetaData, select, text

from events.database import sessions as database
from events.files.store import is_whole
from scheduler import migrate

Rows = dict[tuple[Any, ...], dict[str, Any]]
# Tables whose rows an upgrade may take away, and columns whose values it may change, each with the
# rule that says so.
GOES = {
    "alembic_version": "0001 and all others: the number of the newest takes the place of the last",
    "heartbeat": "0030: a row a clock; the clock of before beats no more",
}
_CODES = "0011: why a day is off or a date moved is a code with its facts, and no sentence"
_CLOSED = (
    "0010: why an item is closed is a code with its facts, and what went over is its own state"
)
CHANGES = {
    ("calendar_day", "reason"): _CODES,
    ("calendar_day", "catalog_base"): _CODES,
    ("checklist_item", "due_reason"): _CODES,
    ("checklist_item", "reason"): _CLOSED,
    ("checklist_item", "not_done"): _CLOSED,
    ("change", "before"): _CLOSED,
    ("change", "after"): _CLOSED,
    ("change", "not_done"): _CLOSED,
    (
        "campaign",
        "cancellations",
    ): "0054: who cancelled a round is said once, for all its campaigns",
    ("template_item", "anchor"): "0007: what counts from the main event says so",
    ("template_item", "if_no_district"): "0012: it is called if_no_level, of whichever level",
}


@dataclass
class Account:
    """The rows of each table before and after, and what nobody can explain."""

    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    explained: Counter[str] = field(default_factory=Counter)
    missing: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    files: int = 0
    documents: int = 0
    broken_files: list[str] = field(default_factory=list)

    @property
    def plain(self) -> dict[str, Any]:
        """The account as JSON can hold it, with those tables alone whose numbers differ."""
        differ = {
            name: [self.before[name], self.after[name]]
            for name in sorted(self.before)
            if self.before[name] != self.after[name]
        }
        return {
            "tables": len(self.before),
            "rows": self.before.total(),
            "rows_after": self.after.total(),
            "differ": differ,
            "explained": dict(self.explained),
            "missing": self.missing,
            "changed": self.changed,
            "documents": self.documents,
            "files": self.files,
            "broken_files": self.broken_files,
        }

    @property
    def is_balanced(self) -> bool:
        return not (self.missing or self.changed or self.broken_files)


def upgraded(home: Path) -> Account:
    """Bring the installation in ``home`` to this version and account for its rows and files."""
    engine = database.create_engine(f"sqlite:///{home / 'var' / 'sumvay.db'}")
    before = _rows_of(engine)
    migrate.upgrade(engine)
    account = compared(before, _rows_of(engine))
    with engine.connect() as connection:
        for row in connection.execute(text("PRAGMA foreign_key_check")):
            account.missing.append(f"{row[0]} points at a row of {row[2]} that is gone")
    _look_at_files(engine, home / "var" / "files", account)
    engine.dispose()
    return account


def compared(before: dict[str, Rows], after: dict[str, Rows]) -> Account:
    """Account for the rows of before, by table and primary key."""
    account = Account()
    if "round" in after and "round" not in before:
        after = after | {"campaign": _with_rounds(after)}
    for name, rows in before.items():
        account.before[name], account.after[name] = len(rows), len(after.get(name, {}))
        for key, row in rows.items():
            found = after.get(name, {}).get(key)
            if found is None and name in GOES:
                account.explained[GOES[name]] += 1
            elif found is None:
                account.missing.append(f"{name} {key}")
            else:
                _compare(name, key, row, found, account)
    return account


def _with_rounds(after: dict[str, Rows]) -> Rows:
    """Return campaigns as they were before 0054, which says once what all of a round repeated."""
    rounds = after["round"]
    return {key: rounds[(row["round_id"],)] | row for key, row in after["campaign"].items()}


def _compare(
    table: str,
    key: tuple[Any, ...],
    before: dict[str, Any],
    after: dict[str, Any],
    account: Account,
) -> None:
    for name, value in before.items():
        if name in after and after[name] == value:
            continue
        if (table, name) in CHANGES:
            account.explained[CHANGES[table, name]] += 1
        elif name in after:
            account.changed.append(f"{table} {key} {name}: {value!r} -> {after[name]!r}"[:300])
        else:
            account.changed.append(f"{table}.{name} is gone")


def _rows_of(engine: Engine) -> dict[str, Rows]:
    meta = MetaData()
    with engine.connect() as connection:
        meta.reflect(connection)
        return {
            table.name: {
                tuple(row[column.name] for column in table.primary_key or table.columns): dict(row)
                for row in connection.execute(select(table)).mappings()
            }
            for table in meta.sorted_tables
        }


def _look_at_files(engine: Engine, folder: Path, account: Account) -> None:
    """Find every file that a document or a piece of evidence names, whole."""
    meta = MetaData()
    meta.reflect(engine, only=["document", "evidence"])
    with engine.connect() as connection:
        for name in ("document", "evidence"):  # those that they point at are reflected too
            digests = connection.scalars(select(meta.tables[name].c.file_digest)).all()
            account.documents += len(digests) if name == "document" else 0
            for digest in digests:
                if digest is not None:
                    account.files += 1
                    if not is_whole(folder, digest):
                        account.broken_files.append(digest)
