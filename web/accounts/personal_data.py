"""What is stored about a person: taken along, and erased with the history kept under a pseudonym.

``FATES`` names every column that points at a person or an account and every copy of a name;
docs/privacy.md says the same to people, and a test that nothing is missing.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, func, select, update
from sqlalchemy.orm import Session

from events.calendars.tokens import forget_written
from events.database.sessions import Base
from events.errors import N_, ConflictError
from events.installation import day_here
from events.models import AuditKind, DocumentChange, Person, Post, PostProposal
from events.people import audit
from events.words.texts import folded
from notifications.notices import table as notices
from notifications.subscribers import choosing as subscriptions
from web.accounts.models import Account

_A_DAY = timedelta(days=1)


class Fate(Enum):
    """What erasure does with the rows that a column points from."""

    REMOVED = "removed"
    KEPT = "kept, with the pseudonym in place of the name"
    ENDED = "ended, and kept with the pseudonym"
    DECIDED = "removed while it waits, else kept with the pseudonym"


FATES = {
    "account.person_id": Fate.REMOVED,
    "account_role_link.account_id": Fate.REMOVED,
    "announcement.by_id": Fate.KEPT,
    "audit_entry.about_id": Fate.KEPT,
    "audit_entry.by_id": Fate.KEPT,
    "calendar_decision.by_id": Fate.KEPT,
    "change.by_id": Fate.KEPT,
    "checklist_item.completed_by_id": Fate.KEPT,
    "device.account_id": Fate.REMOVED,
    "document.by_id": Fate.KEPT,
    "document.file_by_id": Fate.KEPT,
    "document_change.by_id": Fate.KEPT,
    "evidence.by_id": Fate.KEPT,
    "feed_token.person_id": Fate.REMOVED,
    "mail_wish.person_id": Fate.REMOVED,
    "message.person_id": Fate.REMOVED,
    "notice.person_id": Fate.REMOVED,
    "passkey.account_id": Fate.REMOVED,
    "post.person_id": Fate.ENDED,
    "post_offer.by_id": Fate.REMOVED,
    "post_offer.decided_by_id": Fate.KEPT,
    "post_offer.person_id": Fate.REMOVED,
    "post_proposal.decided_by_id": Fate.KEPT,
    "post_proposal.person_id": Fate.DECIDED,
    "reform.by_id": Fate.KEPT,
    "sign_in_link.account_id": Fate.REMOVED,
    "start_line.by_id": Fate.KEPT,
    "template_version.created_by_id": Fate.KEPT,
}
# copies of a name, each beside the column that says whose it is
NAMES = {
    "audit_entry.about_name": "audit_entry.about_id",
    "audit_entry.by_name": "audit_entry.by_id",
    "change.by_name": "change.by_id",
    "document_change.by_name": "document_change.by_id",
    "start_line.by_name": "start_line.by_id",
}
# what would open something, and is nobody's to take along
_SECRET = {
    *("account.password", "account.fs_uniquifier", "account.code_key", "account.last_code"),
    *("account.spare_codes", "device.digest", "sign_in_link.digest", "passkey.public_key"),
    *("message.params", "feed_token.digest"),
}


def export(session: Session, person: Person) -> dict[str, Any]:
    """Return everything that is stored about a person, by table, as plain values."""
    found: dict[str, Any] = {"person": [_plain(Person.__table__, dict(_row(session, person)))]}
    for name in FATES:
        column = _column(name)
        rows = session.execute(select(column.table).where(_is_of(column, person)))
        plain = [_plain(column.table, dict(row)) for row in rows.mappings()]
        known = found.setdefault(column.table.name, [])
        known += [row for row in plain if row not in known]
    for entry in found["audit_entry"]:
        if entry["by_id"] != person.id:  # where somebody else sat is theirs
            entry["address"] = None
    return {table: rows for table, rows in found.items() if rows}


def erase(session: Session, person: Person, *, by: Person | None, now: datetime) -> str:
    """Erase what names a person, and return the pseudonym under which the history goes on.

    Erasing somebody twice changes nothing. Raises ``ConflictError`` for oneself, and for an
    administrator, who has to be none first.
    """
    if person.erased is not None:
        return person.full_name
    _refuse(session, person, by)
    before, pseudonym = person.full_name, pseudonym_of(person)
    if person.email is not None:
        subscriptions.forget_address(session, person.email)
    _rename_copies(session, person, before, pseudonym)
    person.full_name, person.email, person.phone = pseudonym, None, None
    person.search, person.erased = folded(pseudonym), now
    _end_posts(session, person, day_here(session, now))
    forget_written(session, person)  # by the digest of a secret, which is no column of a person
    _remove(session, person)
    session.flush()
    audit.record(session, AuditKind.DATA_ERASED, now=now, by=by, about=person)
    return pseudonym


def pseudonym_of(person: Person) -> str:
    """Return what the history says in place of a name; Vietnamese, as names are."""
    return f"Người đã rời đi {person.id}"


def erase_departed(session: Session, *, since: date, now: datetime) -> int:
    """Erase the persons whose last post ended before the day ``since``; return how many."""
    last = func.max(func.coalesce(Post.valid_to, date.max))
    gone = select(Post.person_id).group_by(Post.person_id).having(last < since)
    query = select(Person).where(Person.id.in_(gone), Person.erased.is_(None))
    left = [person for person in session.scalars(query) if not person.is_administrator]
    for person in left:
        erase(session, person, by=None, now=now)
    return len(left)


def number_stored(session: Session, person: Person) -> dict[str, int]:
    """Return how many rows of each table belong to a person; a table without one is left out."""
    counted: dict[str, int] = {}
    for name in FATES:
        column = _column(name)
        query = select(func.count()).select_from(column.table).where(_is_of(column, person))
        number = session.scalar(query) or 0
        if number:
            counted[column.table.name] = counted.get(column.table.name, 0) + number
    return dict(sorted(counted.items()))


def _refuse(session: Session, person: Person, by: Person | None) -> None:
    if by is not None and by.id == person.id:
        raise ConflictError(N_("Nobody erases themselves; another administrator does it."))
    if person.is_administrator:
        raise ConflictError(N_("%(name)s is an administrator."), name=person.full_name)


def _rename_copies(session: Session, person: Person, before: str, pseudonym: str) -> None:
    for name, owner in NAMES.items():
        copy, column = _column(name), _column(owner)
        session.execute(
            update(copy.table).where(column == person.id).values({copy.name: pseudonym})
        )
    others = select(Person.id).where(Person.full_name == before, Person.id != person.id)
    if session.scalar(others) is None:  # older versions stored the name alone
        nameless = DocumentChange.by_id.is_(None) & (DocumentChange.by_name == before)
        session.execute(update(DocumentChange).where(nameless).values(by_name=pseudonym))
    entry = _column("audit_entry.by_id")
    session.execute(update(entry.table).where(entry == person.id).values(address=None))


def _end_posts(session: Session, person: Person, today: date) -> None:
    still = (Post.valid_to.is_(None)) | (Post.valid_to >= today)
    mine = update(Post).where(Post.person_id == person.id, still)
    session.execute(mine.values(valid_to=today - _A_DAY))
    waiting = PostProposal.confirmed.is_(None)
    session.execute(delete(PostProposal).where(PostProposal.person_id == person.id, waiting))


def _remove(session: Session, person: Person) -> None:
    """Remove the rows that go, those that point at others first."""
    notices.forget_people(session, [person.id])
    names = [name for name, fate in FATES.items() if fate is Fate.REMOVED]
    for name in sorted(names, key=lambda name: name == "account.person_id"):
        column = _column(name)
        session.execute(delete(column.table).where(_is_of(column, person)))
    session.expire_all()


def _column(name: str) -> Column[Any]:
    table, _dot, column = name.partition(".")
    return Base.metadata.tables[table].c[column]


def _is_of(column: Column[Any], person: Person) -> ColumnElement[bool]:
    """Return the condition that a column points at a person, or at their account."""
    if any(key.column.table.name == "account" for key in column.foreign_keys):
        return column.in_(select(Account.id).where(Account.person_id == person.id))
    return column == person.id


def _row(session: Session, person: Person) -> Any:
    query = select(Person.__table__).where(Person.__table__.c.id == person.id)
    return session.execute(query).mappings().one()


def _plain(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    return dict(_plain_values(table, row))


def _plain_values(table: Table, row: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        if f"{table.name}.{name}" in _SECRET:
            continue
        if isinstance(value, Enum):
            value = value.value
        yield name, value.isoformat() if isinstance(value, date) else value
