"""Persons and posts: who does a role's work in a unit on a day, and what a post allows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from events.database import new_uid
from events.errors import N_, ConflictError, InvalidInputError, NotAllowedError, NotFoundError
from events.lineage import answering_for
from events.locks import FOR_CHANGE
from events.models import Level, Person, Post, Role, Unit
from events.texts import folded, nfc, one_line, required
from events.units import ancestors


@dataclass(frozen=True, slots=True)
class RoleBook:
    """The roles through the years: which one does the work of another on a given day."""

    roles: dict[str, Role]
    default_of_level: dict[str, str]

    @classmethod
    def load(cls, session: Session) -> "RoleBook":
        roles = {role.key: role for role in session.scalars(select(Role))}
        defaults = {level.key: level.default_role_key for level in session.scalars(select(Level)) if level.default_role_key}
        return cls(roles, defaults)

    def in_force(self, key: str, on: date) -> str:
        """Return the role that does ``key``'s work on the day ``on``.

        An ended role is followed to its successor; one that does not exist yet goes back to the role that names it as successor.
        """
        role = self.roles[key]
        if role.valid_to and on > role.valid_to and role.successor_key:
            return self.in_force(role.successor_key, on)
        if role.valid_from and on < role.valid_from:
            before = next((other for other in self.roles.values() if other.successor_key == key and other.is_valid(on)), None)
            return before.key if before else key
        return key

    def of_copy(self, key: str, level: str, on: date) -> str:
        """Return the role that a copy of an item belongs to at ``level``: the item's own if it exists there, else the level's."""
        role = self.roles[self.in_force(key, on)]
        if role.level_key in (None, level):
            return role.key
        default = self.default_of_level.get(level, key)
        return self.in_force(default, on)


def add_person(
    session: Session, full_name: str, email: str | None, *, phone: str | None = None, language: str = "vi", is_demo: bool = False
) -> Person:
    """Add a person. Raises ``InvalidInputError`` without a name, ``ConflictError`` for an address that is taken."""
    name, address = _clean_name(full_name), normal_email(email)
    if address and find_person(session, address):
        raise ConflictError(N_("The address %(email)s already belongs to somebody."), email=address)
    person = Person(
        uid=new_uid(),
        full_name=name,
        email=address,
        phone=_clean_phone(phone),
        language=language,
        is_demo=is_demo,
        search=folded(name, address),
    )
    session.add(person)
    return person


def normal_email(email: str | None) -> str | None:
    """Return an address as it is stored and compared: NFC, lower case, None when empty."""
    return (nfc(email).lower() or None) if email else None


def find_person(session: Session, email: str) -> Person | None:
    return session.scalar(select(Person).where(Person.email == normal_email(email)))


def give_post(session: Session, person: Person, unit: Unit, role_key: str, *, since: date | None = None) -> Post:
    """Put a person in a post. Giving the same open post twice changes nothing."""
    for post in person.posts:
        if (post.unit_id, post.role_key, post.valid_to) == (unit.id, role_key, None):
            return post
    post = Post(person=person, unit=unit, role_key=role_key, valid_from=since)
    session.add(post)
    return post


def appoint(
    session: Session, unit: Unit, role_key: str, *, full_name: str, email: str | None, phone: str | None, by: Person, on: date
) -> Post:
    """Put somebody in a post of ``unit`` from the day ``on``: the person with this address, or a new one.

    Somebody known keeps their telephone number, or gets the one given if they have none. Raises ``NotAllowedError`` unless ``by``
    holds a post in the unit or above it, ``ConflictError`` when the address belongs to somebody of another name or with another
    number, ``InvalidInputError`` for a role that nobody can hold there on that day.
    """
    require_post(session, by, unit, on)
    if unit.valid_to is not None and unit.valid_to < on:
        raise ConflictError(N_("%(unit)s already ends on %(day)s."), unit=unit.full_name, day=f"{unit.valid_to:%d/%m/%Y}")
    if role_key not in {role.key for role in roles_at(session, unit, on)}:
        raise InvalidInputError(N_("There is no such post in %(unit)s."), unit=unit.full_name)
    known = find_person(session, email) if email else None
    if known is not None and folded(known.full_name) != folded(full_name):
        raise ConflictError(N_("The address %(email)s already belongs to %(name)s."), email=known.email, name=known.full_name)
    person = known or add_person(session, full_name, email, phone=phone)
    fill_in_phone(person, phone)
    return give_post(session, person, unit, role_key, since=on)


def correct_person(session: Session, post_id: int, *, full_name: str, phone: str | None, by: Person, on: date) -> Person:
    """Correct the name and the telephone number of whoever holds a post. The address stays: it is what they sign in with.

    Raises ``NotFoundError``, ``InvalidInputError`` without a name, and ``NotAllowedError`` unless ``by`` may work on every unit in
    which the person holds a post: one unit does not rename somebody of another.
    """
    post = session.get(Post, post_id)
    if post is None:
        raise NotFoundError(kind="post", key=post_id)
    person = post.person
    if person.id != by.id:
        others = session.scalars(select(Post).where(Post.person_id == person.id, Post.on(on)))
        for unit in {post.unit, *(other.unit for other in others)}:
            require_post(session, by, unit, on)
    person.full_name, person.phone = _clean_name(full_name), _clean_phone(phone)
    person.search = folded(person.full_name, person.email)
    return person


def end_post(session: Session, post_id: int, *, by: Person, on: date) -> Post:
    """End a post: the day before ``on`` is its last. Ending it twice changes nothing.

    Raises ``NotFoundError`` and ``NotAllowedError``.
    """
    post = session.get(Post, post_id, with_for_update=FOR_CHANGE)
    if post is None:
        raise NotFoundError(kind="post", key=post_id)
    require_post(session, by, post.unit, on)
    if post.valid_to is None or post.valid_to >= on:
        post.valid_to = on - timedelta(days=1)
    return post


def roles_at(session: Session, unit: Unit, on: date) -> list[Role]:
    """Return the roles that somebody can hold in ``unit`` on the day ``on``, in their official order."""
    fitting = select(Role).where(or_(Role.level_key == unit.level_key, Role.level_key.is_(None))).order_by(Role.position)
    return [role for role in session.scalars(fitting) if role.is_valid(on)]


def posts_of_unit(session: Session, unit_id: int, on: date) -> Sequence[Post]:
    """Return the posts held in a unit on the day ``on``."""
    return session.scalars(select(Post).where(Post.unit_id == unit_id, Post.on(on)).order_by(Post.id)).all()


def may_work_on(session: Session, person: Person, unit: Unit, on: date) -> bool:
    """Tell whether ``person`` holds a post in ``unit`` or in a unit above it; for one that ended, in or above those that follow."""
    lines = [unit] if unit.is_valid(on) else [unit, *answering_for(session, unit, on)]
    ids = {above.id for one in lines for above in (one, *ancestors(one))}
    query = select(Post.id).where(Post.person_id == person.id, Post.unit_id.in_(ids), Post.on(on))
    return session.scalar(query.limit(1)) is not None


def require_post(session: Session, person: Person, unit: Unit, on: date) -> None:
    """Raise ``NotAllowedError`` unless ``person`` may work on ``unit``."""
    if not may_work_on(session, person, unit, on):
        raise NotAllowedError(unit=unit.full_name)


def _clean_name(full_name: str) -> str:
    return required(one_line(full_name), N_("Please enter the full name."))


def _clean_phone(phone: str | None) -> str | None:
    return one_line(phone) or None


def fill_in_phone(person: Person, phone: str | None) -> None:
    """Give a number to somebody who has none; another number is not overwritten in passing, nor dropped in silence."""
    given = _clean_phone(phone)
    if person.phone is None:
        person.phone = given
    elif given and _digits(given) != _digits(person.phone):
        raise ConflictError(
            N_("%(name)s has another telephone number here already. Leave the number empty; it is changed under “Correct”."),
            name=person.full_name,
        )


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdigit())
