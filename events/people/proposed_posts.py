"""Posts of units that ended: proposed in the units that follow, and confirmed by a person above
before anybody holds them.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.orm import Session, aliased, joinedload

from events.errors import N_, ConflictError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE
from events.models import AuditKind, Duty, Person, Post, PostProposal, Reform, Role, Unit
from events.people import audit
from events.people.posts import give_post
from events.people.rights import Capability, Relation, grants, require
from events.people.roles import RoleBook
from events.units.lineage import Lineage, ever_below

_A_DAY = timedelta(days=1)


def propose_posts(session: Session, *, on: date, reform: Reform | None) -> int:
    """End the posts of units that ended before ``on`` and propose them in the successors; return
    how many are proposed.

    A person who held the same role in two merged units is proposed once. ``reform`` remembers until
    when the posts were to be held.
    """
    lineage, book = Lineage.load(session, on), RoleBook.load(session)
    proposals = session.scalars(select(PostProposal)).all()
    known = {(row.person_id, row.unit_id, row.role_key) for row in proposals}
    asked = {row.from_post_id for row in proposals}
    lasts: dict[str, str | None] = {}
    count = 0
    for post in _posts_of_closed_units(session, on):
        last = post.unit.valid_to
        assert last is not None
        if post.valid_to is None or post.valid_to > last:
            lasts[str(post.id)] = post.valid_to.isoformat() if post.valid_to else None
            post.valid_to = last
        for heir in lineage.heirs(post.unit_id) if post.id not in asked else ():
            role = book.of_copy(post.role_key, lineage.kin[heir].level, on)
            if (post.person_id, heir, role) in known:
                continue
            known.add((post.person_id, heir, role))
            values = {
                "from_post": post,
                "person_id": post.person_id,
                "unit_id": heir,
                "role_key": role,
            }
            session.add(
                PostProposal(
                    reform_id=reform.id if reform else None, valid_from=last + _A_DAY, **values
                )
            )
            count += 1
    if reform is not None:
        reform.detail = {**reform.detail, "posts": lasts}
    session.flush()
    return count


def waiting_proposals(session: Session, *conditions: ColumnElement[bool]) -> Sequence[PostProposal]:
    """Return the proposals that nobody has decided yet and that meet ``conditions``, in the order
    of units.
    """
    load = (
        joinedload(PostProposal.person),
        joinedload(PostProposal.role),
        joinedload(PostProposal.unit),
        joinedload(PostProposal.from_post).joinedload(Post.unit),
    )
    query = (
        select(PostProposal)
        .join(PostProposal.unit)
        .where(PostProposal.confirmed.is_(None), *conditions)
    )
    return session.scalars(query.options(*load).order_by(Unit.position, PostProposal.id)).all()


def waiting_posts(session: Session, person: Person, on: date) -> Sequence[PostProposal]:
    """Return the posts that a person would hold on the day ``on`` if somebody confirmed them."""
    of_person = PostProposal.person_id == person.id, PostProposal.valid_from <= on
    return waiting_proposals(session, *of_person)


def number_waiting(session: Session, *conditions: ColumnElement[bool]) -> int:
    """Return how many proposals ``waiting_proposals`` would give."""
    query = (
        select(func.count())
        .select_from(PostProposal)
        .where(PostProposal.confirmed.is_(None), *conditions)
    )
    return session.scalar(query) or 0


def for_units_below(unit: Unit) -> ColumnElement[bool]:
    """Return the condition that a post is proposed in a unit or one that was ever below it."""
    return PostProposal.unit_id.in_(ever_below(unit.id))


def decided_by(person: Person, on: date) -> ColumnElement[bool]:
    """Return the condition that a post of ``person`` on the day ``on`` allows to decide a proposal:
    one that steers above its unit.
    """
    if person.is_administrator:
        return true()
    steering = [duty for duty in Duty if grants(duty, Capability.CHANGE_PEOPLE, Relation.BELOW)]
    held = Post.person_id == person.id, Post.on(on), Role.duty.in_(steering)
    posts = select(Post.unit_id).join(Post.role).where(*held)
    is_own_root = Unit.parent_id.is_(None) & Unit.id.in_(posts)
    below = (
        select(Unit.id)
        .where(Unit.parent_id.in_(posts) | is_own_root)
        .cte("below_posts", recursive=True)
    )
    child = aliased(Unit)
    below = below.union(select(child.id).join(below, child.parent_id == below.c.id))
    return PostProposal.unit_id.in_(select(below.c.id))


def decide_proposal(
    session: Session,
    proposal_id: int,
    *,
    confirm: bool,
    by: Person,
    now: datetime,
) -> PostProposal:
    """Confirm or decline a proposed post. Deciding the same way twice changes nothing.

    Raises ``NotAllowedError`` unless ``by`` may change people in the unit above,
    ``ConflictError`` when somebody else decided otherwise.
    """
    proposal = session.get(
        PostProposal, proposal_id, with_for_update=FOR_CHANGE, populate_existing=True
    )
    if proposal is None:
        raise NotFoundError(N_("There is no such proposal."))
    unit, today = proposal.unit.parent or proposal.unit, day_here(session, now)
    require(session, by, Capability.CHANGE_PEOPLE, unit, today)
    if proposal.confirmed is None:
        proposal.decided, proposal.decided_by, proposal.confirmed = now, by, confirm
        if confirm:
            give_post(
                session,
                proposal.person,
                proposal.unit,
                proposal.role_key,
                since=proposal.valid_from,
            )
        audit.record(
            session,
            AuditKind.POST_GIVEN if confirm else AuditKind.POST_DECLINED,
            now=now,
            by=by,
            about=proposal.person,
            unit=proposal.unit,
            detail=proposal.role_key,
        )
    elif proposal.confirmed != confirm:
        raise ConflictError(
            N_("Somebody has already decided on the post of %(person)s."),
            person=proposal.person.full_name,
        )
    return proposal


def _posts_of_closed_units(session: Session, on: date) -> Sequence[Post]:
    """Return the posts that were held on the last day of a unit that ended before ``on``."""
    to_the_end = or_(Post.valid_to.is_(None), Post.valid_to >= Unit.valid_to)
    begun = or_(Post.valid_from.is_(None), Post.valid_from <= Unit.valid_to)
    query = (
        select(Post)
        .join(Post.unit)
        .where(Unit.valid_to < on, to_the_end, begun)
        .options(joinedload(Post.unit))
    )
    return session.scalars(query.order_by(Post.id)).all()
