"""The log of who came in and of what people may do: written beside what it tells, read by
administrators, forgotten after a time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select
from sqlalchemy.orm import Session, joinedload

from events.installation import zone_of
from events.localtime import at_local
from events.models import AuditEntry, AuditKind, Person, Unit
from events.texts import looked_for

VISITOR = "visitor"  # where ``Session.info`` has the address of whoever sent a request
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
