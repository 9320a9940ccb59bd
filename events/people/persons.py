"""Persons: who they are, and how they are found again."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.database.sessions import new_uid
from events.errors import N_, ConflictError, NotFoundError
from events.installation import day_here
from events.models import AuditKind, Person, Post
from events.people import audit
from events.people.rights import Capability, require
from events.words.texts import folded, looked_for, nfc, required, short

_LONGEST_NAME, _LONGEST_PHONE = 200, 40  # characters


def add_person(
    session: Session,
    full_name: str,
    email: str | None,
    *,
    phone: str | None = None,
    language: str = "vi",
    is_demo: bool = False,
) -> Person:
    """Add a person.

    Raises ``InvalidInputError`` without a name, ``ConflictError`` for an address that is taken.
    """
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


def search_people(session: Session, words: str, *, limit: int) -> Sequence[Person]:
    """Return the persons whose name or address has these words, accents or not, by name."""
    wanted = Person.search.contains(looked_for(words), autoescape=True)
    query = select(Person).where(wanted, Person.erased.is_(None))
    return session.scalars(query.order_by(Person.full_name, Person.id).limit(limit)).all()


def get_person(session: Session, person_id: int) -> Person:
    """Return a person. Raises ``NotFoundError``."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFoundError(N_("There is no such person."))
    return person


def correct_person(
    session: Session, post_id: int, *, full_name: str, phone: str | None, by: Person, now: datetime
) -> Person:
    """Correct the name and the telephone number of whoever holds a post.

    The address stays: it is what they sign in with.

    Raises ``NotFoundError``, ``InvalidInputError`` without a name, and ``NotAllowedError`` unless
    ``by`` may work on every unit in which the person holds a post: one unit does not rename
    somebody of another.
    """
    post, on = session.get(Post, post_id), day_here(session, now)
    if post is None:
        raise NotFoundError(kind="post", key=post_id)
    person = post.person
    if person.id != by.id:
        others = session.scalars(select(Post).where(Post.person_id == person.id, Post.on(on)))
        for unit in {post.unit, *(other.unit for other in others)}:
            require(session, by, Capability.CHANGE_PEOPLE, unit, on)
    person.full_name, person.phone = _clean_name(full_name), _clean_phone(phone)
    person.search = folded(person.full_name, person.email)
    audit.record(session, AuditKind.PERSON_CORRECTED, now=now, by=by, about=person, unit=post.unit)
    return person


def _clean_name(full_name: str) -> str:
    return required(short(full_name, _LONGEST_NAME), N_("Please enter the full name."))


def _clean_phone(phone: str | None) -> str | None:
    return short(phone, _LONGEST_PHONE)


def fill_in_phone(person: Person, phone: str | None) -> None:
    """Give a number to somebody who has none; another number is not overwritten in passing, nor
    dropped in silence.
    """
    given = _clean_phone(phone)
    if person.phone is None:
        person.phone = given
    elif given and _digits(given) != _digits(person.phone):
        raise ConflictError(
            N_(
                "%(name)s has another telephone number here already. Leave the number empty; it "
                "is changed under “Correct”."
            ),
            name=person.full_name,
        )


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdigit())
