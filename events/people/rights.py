"""What a post allows: work in its own unit, and in all below it."""

from collections.abc import Collection
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
    return allowed_by(session, units_of(session, person, on), unit, on)


def units_of(session: Session, person: Person, on: date) -> frozenset[int]:
    """Return the ids of the units in which ``person`` holds a post on the day ``on``."""
    return units_of_all(session, [person.id], on)[person.id]


def units_of_all(session: Session, people: Collection[int], on: date) -> dict[int, frozenset[int]]:
    """Return ``units_of`` each of the persons with these ids, in one query."""
    query = select(Post.person_id, Post.unit_id).where(Post.person_id.in_(people), Post.on(on))
    held: dict[int, set[int]] = {person: set() for person in people}
    for person, unit in session.execute(query):
        held[person].add(unit)
    return {person: frozenset(units) for person, units in held.items()}


def allowed_by(session: Session, held: Collection[int], unit: Unit, on: date) -> bool:
    """Tell whether posts in the units ``held`` allow work in ``unit``: ``may_work_on`` for those
    who asked for the posts already.
    """
    lines = [unit] if unit.is_valid(on) else [unit, *answering_for(session, unit, on)]
    return any(above.id in held for one in lines for above in (one, *ancestors(one)))


def require_post(session: Session, person: Person, unit: Unit, on: date) -> None:
    """Raise ``NotAllowedError`` unless ``person`` may work on ``unit``."""
    if not may_work_on(session, person, unit, on):
        raise NotAllowedError(unit=unit.full_name)
