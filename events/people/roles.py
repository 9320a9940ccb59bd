"""The roles of the administration: which one does a work on a day, and which a unit has."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError
from events.models import (
    Level,
    Role,
    Unit,
)


def require_role_at(session: Session, unit: Unit, role: str | None, on: date) -> None:
    """Raise ``InvalidInputError`` for a role that nobody can hold in a unit; None is the usual
    one.
    """
    if role is not None and role not in {each.key for each in roles_at(session, unit, on)}:
        raise InvalidInputError(N_("There is no such post in %(unit)s."), unit=unit.full_name)


@dataclass(frozen=True, slots=True)
class RoleBook:
    """The roles through the years: which one does the work of another on a given day."""

    roles: dict[str, Role]
    default_of_level: dict[str, str]

    @classmethod
    def load(cls, session: Session) -> "RoleBook":
        roles = all_roles(session)
        defaults = {
            level.key: level.default_role_key
            for level in session.scalars(select(Level))
            if level.default_role_key
        }
        return cls(roles, defaults)

    def in_force(self, key: str, on: date) -> str:
        """Return the role that does ``key``'s work on the day ``on``.

        An ended role is followed to its successor; one that does not exist yet goes back to the
        role that names it as successor.
        """
        role = self.roles[key]
        if role.valid_to and on > role.valid_to and role.successor_key:
            return self.in_force(role.successor_key, on)
        if role.valid_from and on < role.valid_from:
            before = next(
                (
                    other
                    for other in self.roles.values()
                    if other.successor_key == key and other.is_valid(on)
                ),
                None,
            )
            return before.key if before else key
        return key

    def of_copy(self, key: str, level: str, on: date) -> str:
        """Return the role that a copy of an item belongs to at ``level``: the item's own if it
        exists there, else the level's.
        """
        role = self.roles[self.in_force(key, on)]
        if role.level_key in (None, level):
            return role.key
        default = self.default_of_level.get(level, key)
        return self.in_force(default, on)


def all_roles(session: Session) -> dict[str, Role]:
    """Return the roles of all levels and times by key, in their official order."""
    return {role.key: role for role in session.scalars(select(Role).order_by(Role.position))}


def roles_at(session: Session, unit: Unit, on: date) -> list[Role]:
    """Return the roles that somebody can hold in ``unit`` on the day ``on``, in their official
    order.
    """
    fitting = (
        select(Role)
        .where(or_(Role.level_key == unit.level_key, Role.level_key.is_(None)))
        .order_by(Role.position, Role.key)
    )
    return [role for role in session.scalars(fitting) if role.is_valid(on)]
