"""What hangs on a role: open items, and the people who hold it. Asked before a role ends.

A role that ends keeps what is open in it, with who holds it in charge: taking work from somebody is
a decision of its own, made item by item. Rounds that open afterwards ask its successor, or the
usual role of the level.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from events.models import Campaign, ChecklistItem, Person, Post
from events.models.campaigns import takes_place
from events.models.items import OPEN


@dataclass(frozen=True, slots=True)
class Work:
    """The open items of a role, in how many units, how many of them in units where nobody holds it,
    and who holds it anywhere.
    """

    items: int = 0
    units: int = 0
    unheld: int = 0
    holders: tuple[str, ...] = ()


def work_of_roles(session: Session, today: date) -> dict[str, Work]:
    """Return by role what hangs on it ``today``, in two queries; roles without any are left out."""
    held = select(Post.id).where(
        Post.unit_id == Campaign.unit_id, Post.role_key == ChecklistItem.role_key, Post.on(today)
    )
    role = ChecklistItem.role_key
    numbers = (
        func.count(),
        func.count(Campaign.unit_id.distinct()),
        func.count(case((~held.exists(), 1))),
    )
    items = (
        select(role, *numbers)
        .join(ChecklistItem.campaign)
        .where(ChecklistItem.status.in_(OPEN), takes_place())
        .group_by(role)
    )
    found = {
        key: Work(items=number, units=units, unheld=unheld)
        for key, number, units, unheld in session.execute(items)
    }
    for key, names in _holders(session, today).items():
        found[key] = replace(found.get(key, Work()), holders=tuple(names))
    return found


def _holders(session: Session, today: date) -> dict[str, list[str]]:
    query = (
        select(Post.role_key, Person.full_name, Person.id)
        .join(Post.person)
        .where(Post.on(today))
        .order_by(Person.full_name, Person.id)
        .distinct()
    )
    found = defaultdict[str, list[str]](list)
    for key, name, _id in session.execute(query):
        found[key].append(name)
    return found
