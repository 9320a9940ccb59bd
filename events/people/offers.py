"""Posts for somebody who works elsewhere: offered to an address, and held once the person or their
own unit agrees.

Whoever offers learns nothing from it: no name, no telephone number, not even what was decided until
the post is held.
"""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, joinedload

from events.errors import N_, ConflictError, NotAllowedError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import AuditKind, Person, Post, PostOffer, Unit
from events.people import audit
from events.people.persons import find_person
from events.people.posts import appoint, give_post, require_vacancy
from events.people.rights import Capability, may


def offer_post(
    session: Session,
    person: Person,
    unit: Unit,
    role_key: str,
    *,
    by: Person,
    now: datetime,
    since: date,
) -> PostOffer:
    """Offer a post. Offering one again that waits already changes nothing."""
    for offer in offers(session, PostOffer.person_id == person.id, PostOffer.unit_id == unit.id):
        if offer.role_key == role_key:
            return offer
    offer = PostOffer(person=person, unit=unit, role_key=role_key, valid_from=since, at=now, by=by)
    session.add(offer)
    session.flush()
    audit.record(
        session, AuditKind.POST_OFFERED, now=now, by=by, about=person, unit=unit, detail=role_key
    )
    return offer


def appoint_or_offer(
    session: Session,
    unit: Unit,
    role_key: str,
    *,
    full_name: str,
    email: str | None,
    phone: str | None,
    by: Person,
    now: datetime,
) -> Post | PostOffer:
    """Put somebody new, or of the units of ``by``, in a post; offer it to anybody else whose
    address it is. What was typed of their name and number is not compared and not kept.

    Raises what `events.people.posts.appoint` raises.
    """
    on = day_here(session, now)
    known = find_person(session, email) if email else None
    if known is None or known.id == by.id or is_of_ones_own(session, known, by, on):
        return appoint(
            session, unit, role_key, full_name=full_name, email=email, phone=phone, by=by, now=now
        )
    require_vacancy(session, unit, role_key, by=by, on=on)
    return offer_post(session, known, unit, role_key, by=by, now=now, since=on)


def offers(session: Session, *conditions: ColumnElement[bool]) -> Sequence[PostOffer]:
    """Return the offers that wait and meet ``conditions``, the oldest first."""
    load = (
        joinedload(PostOffer.person),
        joinedload(PostOffer.unit),
        joinedload(PostOffer.role),
        joinedload(PostOffer.by),
    )
    query = select(PostOffer).where(PostOffer.accepted.is_(None), *conditions)
    return session.scalars(query.options(*load).order_by(PostOffer.id)).all()


def offers_made_by_unit(session: Session, unit: Unit) -> Sequence[PostOffer]:
    """Return what a unit has offered and nobody has decided yet."""
    return offers(session, PostOffer.unit_id == unit.id)


def offers_to_decide(session: Session, by: Person, on: date) -> Sequence[PostOffer]:
    """Return the offers that somebody may decide: those to themselves, and to people of the units
    for which they work.
    """
    return [offer for offer in offers(session) if may_decide(session, offer.person, by, on)]


def may_decide(session: Session, person: Person, by: Person, on: date) -> bool:
    """Tell whether ``by`` may answer for ``person``: it is themselves, or they work for every unit
    in which the person holds a post.
    """
    return person.id == by.id or is_of_ones_own(session, person, by, on)


def is_of_ones_own(session: Session, person: Person, by: Person, on: date) -> bool:
    """Tell whether somebody holds posts, all of them where ``by`` may change people."""
    held = session.scalars(
        select(Post).where(Post.person_id == person.id, Post.on(on)).options(joinedload(Post.unit))
    ).all()
    return bool(held) and all(
        may(session, by, Capability.CHANGE_PEOPLE, post.unit, on) for post in held
    )


def decide_offer(
    session: Session, offer_id: int, *, accept: bool, by: Person, now: datetime
) -> PostOffer:
    """Accept or decline an offer. Deciding the same way twice changes nothing.

    Raises ``NotFoundError``, ``NotAllowedError`` unless ``by`` may answer for the person, and
    ``ConflictError`` when it was decided otherwise.
    """
    offer = session.get(PostOffer, offer_id, with_for_update=FOR_CHANGE, populate_existing=True)
    if offer is None:
        raise NotFoundError(kind="post", key=offer_id)
    if not may_decide(session, offer.person, by, day_here(session, now)):
        raise NotAllowedError(unit=offer.unit.full_name)
    if offer.accepted is None:
        offer.decided, offer.decided_by, offer.accepted = now, by, accept
        _carry_out(session, offer, now)
    elif offer.accepted != accept:
        raise ConflictError(N_("This offer was already answered otherwise."))
    return offer


def _carry_out(session: Session, offer: PostOffer, now: datetime) -> None:
    if offer.accepted:
        since = max(offer.valid_from, day_here(session, now))
        give_post(session, offer.person, offer.unit, offer.role_key, since=since)
    audit.record(
        session,
        AuditKind.POST_GIVEN if offer.accepted else AuditKind.POST_DECLINED,
        now=now,
        by=offer.decided_by,
        about=offer.person,
        unit=offer.unit,
        detail=offer.role_key,
    )
