"""What is mine: the open items that a person's posts are in charge of, and the units of the
posts.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from events.checklist.charge import doing_unit_id, in_charge
from events.checklist.listing import due_first
from events.models import ChecklistItem, Person, Post, Unit


@dataclass(frozen=True, slots=True)
class Work:
    """Some of the open items of a person's posts, by due date, out of ``total``; and the units of
    the posts.
    """

    items: Sequence[ChecklistItem]
    total: int
    units: Sequence[Unit]


def work_of(session: Session, person: Person, on: date, *, limit: int, offset: int = 0) -> Work:
    """Return the open items that are due first, ``limit`` of them after ``offset`` others, of the
    posts held on the day ``on``.
    """
    found = due_first(session, is_mine(person, on), limit=limit, offset=offset)
    return Work(found.items, found.total, _units(session, person, on))


def work_around(
    session: Session, units: Collection[Unit], *, limit: int
) -> Sequence[ChecklistItem]:
    """Return the items to do in some units that are due first, whoever is in charge of them."""
    here = doing_unit_id().in_([unit.id for unit in units])
    return due_first(session, here, limit=limit).items


def is_mine(person: Person, on: date) -> ColumnElement[bool]:
    """Return the condition that a post of ``person`` on the day ``on`` is in charge of an item, in
    queries over items and their campaigns.
    """
    return select(Post.id).where(in_charge(), *_held(person, on)).exists()


def _units(session: Session, person: Person, on: date) -> Sequence[Unit]:
    posts = select(Post.unit_id).where(*_held(person, on))
    return session.scalars(
        select(Unit).where(Unit.id.in_(posts)).order_by(Unit.position, Unit.id)
    ).all()


def _held(person: Person, on: date) -> tuple[ColumnElement[bool], ...]:
    return Post.person_id == person.id, Post.on(on)
