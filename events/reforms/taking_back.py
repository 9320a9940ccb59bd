"""Take back a change of units that was entered by mistake, while nothing hangs on the units that it
begins.

The new units go, the old ones live on, and the posts that were to end are held as before. What
people or the service have done in the new units is never thrown away: then the change stands, and
another one corrects it. The row of the change stays too.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from events.checklist.history import MOVED_TO
from events.errors import N_, ConflictError, NotFoundError
from events.locks import FOR_CHANGE, lock_tree
from events.models import (
    AuditEntry,
    Campaign,
    Change,
    ChecklistItem,
    Feed,
    FeedStamp,
    Person,
    Post,
    PostOffer,
    PostProposal,
    Reform,
    Unit,
    UnitSuccession,
)
from events.people.rights import Capability, require_for_all
from events.units.tree import names_of

TAKEN_BACK = "taken_back"  # in `detail`: when, and by whom
# in `detail` of a change that was taken back: the names of the units that are no more, by their key
NAMES = "names"
_WORKS = N_("%(unit)s has campaigns or items already, so the change can no longer be taken back.")
_IS_STAFFED = N_("%(unit)s has people in posts already, so the change can no longer be taken back.")
_STANDS_ABOVE = N_(
    "%(unit)s has other units below it already, so the change can no longer be taken back."
)
_CHANGES_LATER = N_("%(unit)s is changed by a later change; please take that one back first.")
_HANDED_OVER = N_("%(unit)s has handed its work over, so the change can no longer be taken back.")


def reform_of(session: Session, key: str) -> Reform:
    """Return the newest change that ends the unit with this key. Raises ``NotFoundError``."""
    for reform in session.scalars(select(Reform).order_by(Reform.id.desc())):
        if key in reform.detail["before"] and TAKEN_BACK not in reform.detail:
            return reform
    raise NotFoundError(N_("No change that ends the unit “%(key)s” was entered here."), key=key)


def names_in(session: Session, reforms: Collection[Reform]) -> dict[str, str]:
    """Return the names of the units of changes by key, also of those that are no more."""
    keys = {key for one in reforms for key in (*one.detail["before"], *one.detail["after"])}
    gone = {key: name for one in reforms for key, name in one.detail.get(NAMES, {}).items()}
    return gone | names_of(session, keys)


def take_back(session: Session, reform_id: int, *, by: Person | None, now: datetime) -> Reform:
    """Take a change of units back. Taking it back twice changes nothing.

    Raises ``ConflictError``, naming the unit, once something hangs on a new one or work was handed
    over.
    """
    require_for_all(session, by, Capability.CHANGE_UNITS, now)
    lock_tree(session)
    reform = session.get(Reform, reform_id, with_for_update=FOR_CHANGE, populate_existing=True)
    if reform is None:
        raise NotFoundError(N_("There is no such change of units."))
    if TAKEN_BACK in reform.detail:
        return reform
    ended, begun = (_units(session, reform.detail[side]) for side in ("before", "after"))
    _require_nothing_done(session, ended, begun, reform)
    _restore_posts(session, ended, begun, reform)
    names = {unit.key: unit.full_name for unit in begun}
    _remove(session, begun)
    for unit in ended:
        unit.valid_to = None
    done = {"at": now.isoformat(), "by": by.full_name if by else None}
    reform.detail = {**reform.detail, TAKEN_BACK: done, NAMES: names}
    session.flush()
    return reform


def _units(session: Session, keys: Sequence[str]) -> Sequence[Unit]:
    query = select(Unit).where(Unit.key.in_(keys)).order_by(Unit.position, Unit.id)
    alone = query.with_for_update()  # nobody may point at them meanwhile: they may be deleted
    return session.scalars(alone.execution_options(populate_existing=True)).all()


def _require_nothing_done(
    session: Session, ended: Sequence[Unit], begun: Sequence[Unit], reform: Reform
) -> None:
    """Raise ``ConflictError`` for the first thing that would be lost, or left hanging below
    nothing.
    """
    old, new = [unit.id for unit in ended], [unit.id for unit in begun]
    above = select(Unit.parent_id).where(Unit.id.in_(old), Unit.parent_id.not_in(old))
    in_the_way = (
        (new, _has_work(), _WORKS),
        (new, _has_people(), _IS_STAFFED),
        (new, _has_others_below(new), _STANDS_ABOVE),
        (new, Unit.valid_to.is_not(None), _CHANGES_LATER),
        (above, Unit.valid_to.is_not(None), _CHANGES_LATER),
        (old, _has_handed_over(reform), _HANDED_OVER),
    )
    for units, is_in_the_way, sentence in in_the_way:
        found = select(Unit).where(Unit.id.in_(units), is_in_the_way)
        first = session.scalar(found.order_by(Unit.position, Unit.id).limit(1))
        if first is not None:
            raise ConflictError(sentence, unit=first.full_name)


def _has_handed_over(reform: Reform) -> ColumnElement[bool]:
    over = Change.after[MOVED_TO].as_string().is_not(None)
    closed = select(Change.id).join(Change.item).join(ChecklistItem.campaign)
    return closed.where(Campaign.unit_id == Unit.id, Change.at >= reform.at, over).exists()


def _has_work() -> ColumnElement[bool]:
    given = or_(
        exists().where(ChecklistItem.delegate_unit_id == Unit.id),
        exists().where(Change.on_behalf_of_id == Unit.id),
    )
    return or_(exists().where(Campaign.unit_id == Unit.id), given)


def _has_people() -> ColumnElement[bool]:
    """Tell whether somebody holds a post that no proposal of the change led to."""
    return exists().where(Post.unit_id == Unit.id, ~_is_proposed())


def _is_proposed() -> ColumnElement[bool]:
    same = and_(PostProposal.unit_id == Post.unit_id, PostProposal.person_id == Post.person_id)
    return exists().where(
        same, PostProposal.role_key == Post.role_key, PostProposal.confirmed.is_(True)
    )


def _has_others_below(new: Sequence[int]) -> ColumnElement[bool]:
    others = select(Unit.parent_id).where(Unit.parent_id.in_(new), Unit.id.not_in(new))
    return Unit.id.in_(others)


def _restore_posts(
    session: Session, ended: Sequence[Unit], begun: Sequence[Unit], reform: Reform
) -> None:
    """Let the posts that the change ended be held as before, and drop what it proposed in the new
    units.
    """
    new = [unit.id for unit in begun]
    lasts: dict[str, Any] = reform.detail.get("posts", {})
    proposed = session.scalars(
        select(PostProposal.from_post_id).where(PostProposal.unit_id.in_(new))
    )
    ids = {*proposed, *map(int, lasts)}
    query = select(Post).where(Post.id.in_(ids), Post.unit_id.in_([unit.id for unit in ended]))
    for post in session.scalars(query).all():
        last = lasts.get(str(post.id))
        post.valid_to = date.fromisoformat(last) if last else None
    session.execute(delete(Post).where(Post.unit_id.in_(new)))
    for table in (PostProposal, PostOffer):
        session.execute(delete(table).where(table.unit_id.in_(new)))


def _remove(session: Session, begun: Sequence[Unit]) -> None:
    ids, slugs = [unit.id for unit in begun], [unit.slug for unit in begun]
    session.execute(delete(FeedStamp).where(FeedStamp.feed_key.in_(slugs)))
    session.execute(delete(Feed).where(Feed.key.in_(slugs)))
    session.execute(delete(UnitSuccession).where(UnitSuccession.successor_id.in_(ids)))
    # the log goes on saying who was given which post, of a unit that never was
    session.execute(update(AuditEntry).where(AuditEntry.unit_id.in_(ids)).values(unit_id=None))
    session.execute(delete(Unit).where(Unit.id.in_(ids)))
