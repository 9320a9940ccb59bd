"""The roles of the administration: which one does a work on a day, and which a unit has; entered,
called otherwise and ended here, as offices are.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from events.errors import N_, InvalidInputError, NotFoundError
from events.models import (
    Duty,
    Level,
    Person,
    Role,
    Unit,
)
from events.people.rights import Capability, require_by
from events.words.texts import required, short, slug_of

_LONGEST = 200  # characters of a name


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
        if role.is_over(on) and role.successor_key:
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
        exists there on the day, else the level's.
        """
        role = self.roles[self.in_force(key, on)]
        if role.level_key in (None, level) and not role.is_over(on):
            return role.key
        default = self.default_of_level.get(level, key)
        return self.in_force(default, on)

    def owner(self, key: str, on: date) -> str:
        """Return the role that leads campaigns of ``key`` on the day ``on``: after an end without
        a successor the usual one of its level.
        """
        role = self.roles[self.in_force(key, on)]
        default = self.default_of_level.get(role.level_key or "")
        return self.in_force(default, on) if default and role.is_over(on) else role.key


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


def get_role(session: Session, key: str) -> Role:
    """Return the role with this key. Raises ``NotFoundError``."""
    role = session.get(Role, key)
    if role is None:
        raise NotFoundError(N_("There is no such role."))
    return role


def add_role(
    session: Session,
    title_vi: str,
    title_en: str | None,
    level_key: str | None,
    *,
    duty: Duty | None = None,
    by: Person | None,
    on: date,
) -> Role:
    """Enter a role of a level; None: of any. Raises ``InvalidInputError`` without a name."""
    require_by(session, by, Capability.KEEP_ROLES, None, on)
    if level_key is not None and session.get(Level, level_key) is None:
        raise InvalidInputError(N_("Please choose a level."))
    last = session.scalar(select(func.max(Role.position))) or 0
    role = Role(
        key="", level_key=level_key, position=last + 1, issues_papers=False, duty=Duty.ORGANISER
    )
    call_role(session, role, title_vi, title_en, duty=duty, by=by, on=on)
    role.key = _free_key(session, role.title_vi)
    session.add(role)
    session.flush()
    return role


def call_role(
    session: Session,
    role: Role,
    title_vi: str,
    title_en: str | None,
    *,
    duty: Duty | None = None,
    by: Person | None,
    on: date,
) -> None:
    """Give a role other names; without an English one the Vietnamese stands for it.

    ``duty`` is what a post in it allows; None leaves it.
    """
    require_by(session, by, Capability.KEEP_ROLES, None, on)
    role.title_vi = required(short(title_vi, _LONGEST), N_("Please enter the name."))
    role.title_en = short(title_en, _LONGEST) or role.title_vi
    role.duty = duty or role.duty


def end_role(
    session: Session,
    role: Role,
    last_day: date,
    successor_key: str | None,
    *,
    by: Person | None,
    on: date,
) -> None:
    """Let another role do the work of ``role`` after ``last_day``; without one, the usual role of
    each level does.

    Raises ``InvalidInputError`` for a day before it began, for a successor that does not exist at
    its level from then on or whose work ``role`` does itself, and without one for a usual role.
    """
    require_by(session, by, Capability.KEEP_ROLES, None, on)
    if role.valid_from is not None and last_day < role.valid_from:
        raise InvalidInputError(N_("The last day lies before the first one."))
    if not successor_key:
        _require_unusual(session, role)
        role.valid_to, role.successor_key = last_day, None
        session.flush()
        return
    successor = get_role(session, successor_key)
    fits = successor.level_key in (None, role.level_key)
    if not fits or (successor.valid_to is not None and successor.valid_to <= last_day):
        raise InvalidInputError(
            N_("“%(role)s” cannot do this work from then on."), role=successor.title_vi
        )
    line: Role | None = successor
    while line is not None:
        if line is role:
            raise InvalidInputError(N_("A role cannot follow itself."))
        line = session.get(Role, line.successor_key) if line.successor_key else None
    role.valid_to, role.successor_key = last_day, successor.key
    session.flush()


def _require_unusual(session: Session, role: Role) -> None:
    usual = select(Level.key).where(Level.default_role_key == role.key)
    if session.scalar(usual.limit(1)) is not None:
        raise InvalidInputError(
            N_(
                "“%(role)s” does the usual work of its level. Please choose who does it afterwards."
            ),
            role=role.title_vi,
        )


def _free_key(session: Session, title: str) -> str:
    wish = f"own_{slug_of(title).replace('-', '_')}"
    taken = set(session.scalars(select(Role.key).where(Role.key.startswith(wish, autoescape=True))))
    number = 1
    while (key := wish if number == 1 else f"{wish}_{number}") in taken:
        number += 1
    return key
