"""What a post allows: work in its own unit, and in all below it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.errors import NotAllowedError
from events.models import Person, Post, Unit
from events.units.lineage import answering_for
from events.units.tree import ancestors


def may_work_on(session: Session, person: Person, unit: Unit, on: date) -> bool:
    """Tell whether ``person`` holds a post in ``unit`` or in a unit above it; for one that ended,
    in or above those that follow.
    """
    lines = [unit] if unit.is_valid(on) else [unit, *answering_for(session, unit, on)]
    ids = {above.id for one in lines for above in (one, *ancestors(one))}
    query = select(Post.id).where(Post.person_id == person.id, Post.unit_id.in_(ids), Post.on(on))
    return session.scalar(query.limit(1)) is not None


def require_post(session: Session, person: Person, unit: Unit, on: date) -> None:
    """Raise ``NotAllowedError`` unless ``person`` may work on ``unit``."""
    if not may_work_on(session, person, unit, on):
        raise NotAllowedError(unit=unit.full_name)
