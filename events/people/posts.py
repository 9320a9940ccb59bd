"""Posts: who holds which role in a unit, and for how long."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import AuditKind, Person, Post, Unit
from events.people import audit
from events.people.persons import add_person, fill_in_phone, find_person
from events.people.rights import Capability, require
from events.people.roles import roles_at
from events.words.texts import folded


def give_post(
    session: Session, person: Person, unit: Unit, role_key: str, *, since: date | None = None
) -> Post:
    """Put a person in a post. Giving the same open post twice changes nothing."""
    for post in person.posts:
        if (post.unit_id, post.role_key, post.valid_to) == (unit.id, role_key, None):
            return post
    post = Post(person=person, unit=unit, role_key=role_key, valid_from=since)
    session.add(post)
    return post


def appoint(
    session: Session,
    unit: Unit,
    role_key: str,
    *,
    full_name: str,
    email: str | None,
    phone: str | None,
    by: Person,
    now: datetime,
) -> Post:
    """Put somebody in a post of ``unit`` from today: the person with this address, or a new one.

    Somebody known has to be of the units of ``by`` (`events.people.offers` asks all others); they
    keep their telephone number, or get the one given if they have none. Raises ``NotAllowedError``
    unless ``by`` holds a post in the unit or above it, ``ConflictError`` when the address belongs
    to somebody of another name or with another number, ``InvalidInputError`` for a role that nobody
    can hold there on that day.
    """
    on = day_here(session, now)
    require_vacancy(session, unit, role_key, by=by, on=on)
    known = find_person(session, email) if email else None
    if known is not None and folded(known.full_name) != folded(full_name):
        raise ConflictError(
            N_("The address %(email)s already belongs to %(name)s."),
            email=known.email,
            name=known.full_name,
        )
    person = known or add_person(session, full_name, email, phone=phone)
    fill_in_phone(person, phone)
    post = give_post(session, person, unit, role_key, since=on)
    kind = AuditKind.POST_GIVEN
    audit.record(session, kind, now=now, by=by, about=person, unit=unit, detail=role_key)
    return post


def require_vacancy(session: Session, unit: Unit, role_key: str, *, by: Person, on: date) -> None:
    """Raise what `appoint` raises for a post that ``by`` cannot give on the day ``on``."""
    require(session, by, Capability.CHANGE_PEOPLE, unit, on)
    if unit.valid_to is not None and unit.valid_to < on:
        raise ConflictError(
            N_("%(unit)s already ends on %(day)s."),
            unit=unit.full_name,
            day=f"{unit.valid_to:%d/%m/%Y}",
        )
    if role_key not in {role.key for role in roles_at(session, unit, on)}:
        raise InvalidInputError(N_("There is no such post in %(unit)s."), unit=unit.full_name)


def end_post(session: Session, post_id: int, *, by: Person, now: datetime) -> Post:
    """End a post: yesterday is its last day. Ending it twice changes nothing.

    Raises ``NotFoundError`` and ``NotAllowedError``.
    """
    post, on = session.get(Post, post_id, with_for_update=FOR_CHANGE), day_here(session, now)
    if post is None:
        raise NotFoundError(kind="post", key=post_id)
    require(session, by, Capability.CHANGE_PEOPLE, post.unit, on)
    if post.valid_to is None or post.valid_to >= on:
        post.valid_to = on - timedelta(days=1)
        audit.record(
            session,
            AuditKind.POST_ENDED,
            now=now,
            by=by,
            about=post.person,
            unit=post.unit,
            detail=post.role_key,
        )
    return post


def posts_of_unit(session: Session, unit_id: int, on: date) -> Sequence[Post]:
    """Return the posts held in a unit on the day ``on``, with their persons and roles."""
    return posts_of_units(session, [unit_id], on)


def posts_of_units(session: Session, unit_ids: Collection[int], on: date) -> Sequence[Post]:
    """Return the posts held in units on the day ``on``, in the order in which they were given."""
    query = select(Post).where(Post.unit_id.in_(unit_ids), Post.on(on))
    load = (joinedload(Post.person), joinedload(Post.role))
    return session.scalars(query.options(*load).order_by(Post.id)).all()


def number_in_posts(session: Session, on: date) -> int:
    """Return how many persons hold a post on the day ``on``, each counted once."""
    query = select(func.count(Post.person_id.distinct())).where(Post.on(on))
    return session.scalar(query) or 0
