"""The log of who came in and of what people may do: written beside what it tells, read by
administrators, forgotten after a time.

Each line goes into the program's log as well, once it is committed, with numbers in place of names:
whoever gets into the database cannot take away what was sent elsewhere (ASVS 16.4.3).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, event, or_, select
from sqlalchemy.orm import Session, joinedload

from events.installation import zone_of
from events.localtime import at_local
from events.models import AuditEntry, AuditKind, Person, Unit
from events.words.texts import looked_for

VISITOR = "visitor"  # where ``Session.info`` has the address of whoever sent a request
_UNTOLD = "audit lines"  # where it has those that are not committed yet
_log = logging.getLogger("sumvay.audit")
_A_DAY = timedelta(days=1)
_AT_ONCE = 1_000  # rows read from the database at a time


def record(
    session: Session,
    kind: AuditKind,
    *,
    now: datetime,
    by: Person | None = None,
    about: Person | None = None,
    unit: Unit | None = None,
    detail: str | None = None,
) -> None:
    """Write one line, in the caller's transaction."""
    told = {"by": by, "about": about, "unit": unit}
    numbers = {who: what.id for who, what in told.items() if what is not None}
    facts = numbers | {"detail": detail, "from": session.info.get(VISITOR)}
    said = "".join(f" {name}={fact}" for name, fact in facts.items() if fact is not None)
    session.info.setdefault(_UNTOLD, []).append(f"{kind.value}{said}")
    session.add(
        AuditEntry(
            at=now,
            kind=kind,
            by=by,
            by_name=by.full_name if by else None,
            about=about,
            about_name=about.full_name if about else None,
            unit=unit,
            detail=detail,
            address=session.info.get(VISITOR),
        )
    )


@event.listens_for(Session, "after_commit")
def _tell(session: Session) -> None:
    if session.in_nested_transaction():  # a savepoint, of what may be undone still
        return
    for line in session.info.pop(_UNTOLD, ()):
        _log.info("%s", line)


@event.listens_for(Session, "after_rollback")
def _forget(session: Session) -> None:
    session.info.pop(_UNTOLD, None)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader looks for: one kind, a name or a part of it, days (both included)."""

    kind: AuditKind | None = None
    name: str = ""
    first: date | None = None
    last: date | None = None


def entries(
    session: Session, wanted: Wanted, *, limit: int, offset: int = 0
) -> Sequence[AuditEntry]:
    """Return the lines that are wanted, the newest first."""
    query = (
        select(AuditEntry)
        .where(*_conditions(session, wanted))
        .options(joinedload(AuditEntry.unit))
        .order_by(AuditEntry.at.desc(), AuditEntry.id.desc())
    )
    return session.scalars(query.limit(limit).offset(offset)).all()


def all_entries(session: Session, wanted: Wanted) -> Iterator[AuditEntry]:
    """Yield the lines that are wanted, the newest first, however many there are."""
    offset = 0
    while some := entries(session, wanted, limit=_AT_ONCE, offset=offset):
        yield from some
        offset += len(some)


def forget_before(session: Session, moment: datetime) -> int:
    """Remove the lines from before ``moment``; return how many there were."""
    result = session.execute(delete(AuditEntry).where(AuditEntry.at < moment))
    assert isinstance(result, CursorResult)
    return result.rowcount


def _conditions(session: Session, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    zone = zone_of(session)
    if wanted.kind is not None:
        yield AuditEntry.kind == wanted.kind
    if wanted.first is not None:
        yield AuditEntry.at >= at_local(wanted.first, time.min, zone)
    if wanted.last is not None:
        yield AuditEntry.at < at_local(wanted.last + _A_DAY, time.min, zone)
    if wanted.name:
        named = Person.search.contains(looked_for(wanted.name), autoescape=True)
        known = select(Person.id).where(named)
        yield or_(AuditEntry.by_id.in_(known), AuditEntry.about_id.in_(known))
