"""Who is in charge of an item: whoever holds its role in its unit; where it was delegated to, the
post that was chosen there, and if none was, the level's default role beside the item's.

One rule with two faces: ``in_charge`` for queries, ``charge_of`` for rows. Reminders, lists and the
right to tick all ask here.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session, joinedload

from events.models import Campaign, ChecklistItem, Level, Person, Post, Unit


@dataclass(frozen=True, slots=True)
class Charge:
    """The posts in charge of an item: these roles in this unit, the item's own role first."""

    unit_id: int
    roles: tuple[str, ...]


def in_charge() -> ColumnElement[bool]:
    """Return the condition that a post is in charge of an item: ``charge_of`` for SQL.

    For queries over ``ChecklistItem``, its ``Campaign`` and ``Post``.
    """
    level = select(Level.default_role_key).join(Unit, Unit.level_key == Level.key)
    default = (
        level.where(Unit.id == ChecklistItem.delegate_unit_id)
        .correlate(ChecklistItem)
        .scalar_subquery()
    )
    chosen = ChecklistItem.delegate_role_key
    # a list, which finds the posts by their index; no role is NULL
    roles = func.coalesce(chosen, ChecklistItem.role_key), case((chosen.is_(None), default))
    return and_(Post.unit_id == doing_unit_id(), Post.role_key.in_(roles))


def doing_unit_id() -> ColumnElement[int]:
    """Return the unit that does an item, in queries over items and their campaigns."""
    return func.coalesce(ChecklistItem.delegate_unit_id, Campaign.unit_id)


def charge_of(item: ChecklistItem) -> Charge:
    """Return the posts in charge of an item: ``in_charge`` for a row."""
    below = item.delegate_unit
    unit_id = below.id if below else item.campaign.unit_id
    if item.delegate_role_key:
        return Charge(unit_id, (item.delegate_role_key,))
    usual = item.role_key, below.level.default_role_key if below else None
    return Charge(unit_id, tuple(dict.fromkeys(role for role in usual if role)))


def is_in_charge(session: Session, person: Person, item: ChecklistItem, on: date) -> bool:
    """Tell whether ``person`` holds a post on the day ``on`` that is in charge of an item."""
    charge = charge_of(item)
    query = select(Post.id).where(
        Post.person_id == person.id,
        Post.unit_id == charge.unit_id,
        Post.role_key.in_(charge.roles),
        Post.on(on),
    )
    return session.scalar(query.limit(1)) is not None


def people_in_charge(
    session: Session, items: Collection[ChecklistItem], on: date
) -> dict[int, tuple[Person, ...]]:
    """Return by item id who is in charge on the day ``on``, each person once, in one query."""
    charges = {item.id: charge_of(item) for item in items}
    query = select(Post).where(
        Post.unit_id.in_({charge.unit_id for charge in charges.values()}), Post.on(on)
    )
    posts = session.scalars(query.options(joinedload(Post.person)).order_by(Post.id))
    holders: dict[tuple[int, str], list[Person]] = defaultdict(list)
    for post in posts:
        holders[post.unit_id, post.role_key].append(post.person)

    def holding(charge: Charge) -> tuple[Person, ...]:
        found = (person for role in charge.roles for person in holders[charge.unit_id, role])
        return tuple(dict.fromkeys(found))

    return {item_id: holding(charge) for item_id, charge in charges.items()}
