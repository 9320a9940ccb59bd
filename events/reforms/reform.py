"""Change the tree of units on a day: merge, split, rename, abolish a level, move, found.

A unit is never rewritten: the old row ends the day before and a new one begins, so that old
campaigns keep their tree and their names. What hangs below a unit that ends begins again below its
successor, as the catalogue does for the reform of 1 July 2025. Everything is checked before
anything is written. Open items and posts follow by ``events.handover``.

Changes are entered in the order of their days, and of one day those below first: a change does not
see what a later one, entered before, has made of the units below it.
"""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.errors import N_, InvalidInputError, NotFoundError
from events.locks import lock_tree
from events.models import Level, Reform, ReformKind, Unit
from events.people.rights import Capability, require_for_all
from events.reforms.checks import (
    all_ending,
    check_above,
    check_order,
    check_parent,
    parent_of_new,
    require_day,
    unit_named,
)
from events.reforms.successor_rows import children_on
from events.reforms.writing import NewUnit, Reformed, Work
from events.words.texts import LONGEST_CODE, folded, one_line, short, slug_of


def merge(
    session: Session,
    keys: Sequence[str],
    new: NewUnit,
    *,
    on: date,
    basis: str | None,
    stamp: Stamp,
) -> Reformed:
    """Merge two or more units of one level into a new one whose first day is ``on``.

    Raises ``InvalidInputError`` or ``ConflictError``, naming the unit that stands in the way;
    nothing is half done.
    """
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    if len(keys) < 2 or len(set(keys)) < len(keys):
        raise InvalidInputError(
            N_("A merge needs at least two different units; a unit cannot be merged into itself.")
        )
    old = all_ending(session, keys, on, stamp.now)
    stranger = next((unit for unit in old if unit.level_key != old[0].level_key), None)
    if stranger is not None:
        raise InvalidInputError(
            N_("%(unit)s is of another level than %(other)s."),
            unit=stranger.full_name,
            other=old[0].full_name,
        )
    parent = parent_of_new(session, old, new.parent_key, on)
    check_order(session, old, on)
    work = Work(session, on, ReformKind.MERGE, basis, stamp)
    work.begin(old[0], new, parent, old)
    for unit in old:
        work.rows.end(unit)
    work.rows.hang_anew({unit.id: work.result.begun[0] for unit in old})
    return work.finish()


def split(
    session: Session,
    key: str,
    into: Sequence[NewUnit],
    *,
    on: date,
    basis: str | None,
    stamp: Stamp,
) -> Reformed:
    """Split a unit into several whose first day is ``on``.

    Units below it must each be given to one part.
    """
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    [old] = all_ending(session, [key], on, stamp.now)
    names = [folded(new.full_name) for new in into]
    if len(into) < 2 or len(set(names)) < len(names):
        raise InvalidInputError(
            N_("A split of %(unit)s needs at least two new units with different names."),
            unit=old.full_name,
        )
    given = _given_children(session, old, into, on)
    check_order(session, [old], on)
    work = Work(session, on, ReformKind.SPLIT, basis, stamp)
    for number, new in enumerate(into):
        part = work.begin(old, new, old.parent, [old])
        for child in given[number]:
            work.rows.repeat(child, part)
    work.rows.end(old)
    return work.finish()


def rename(
    session: Session,
    key: str,
    new_name: str,
    *,
    on: date,
    basis: str | None,
    stamp: Stamp,
) -> Reformed:
    """Give a unit a new full name from ``on``: a new row that succeeds the old one, whose campaigns
    keep the old name.
    """
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    [old] = all_ending(session, [key], on, stamp.now)
    if one_line(new_name) == old.full_name:
        raise InvalidInputError(N_("%(unit)s already has this name."), unit=old.full_name)
    check_order(session, [old], on)
    work = Work(session, on, ReformKind.RENAME, basis, stamp)
    new = work.begin(old, NewUnit(new_name), old.parent, [old])
    work.rows.end(old)
    work.rows.hang_anew({old.id: new})
    return work.finish()


def move(
    session: Session,
    key: str,
    parent_key: str,
    *,
    on: date,
    basis: str | None,
    stamp: Stamp,
) -> Reformed:
    """Let a unit, with all below it, stand below another one from ``on``, as a new row."""
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    [old] = all_ending(session, [key], on, stamp.now)
    parent = unit_named(session, parent_key)
    if parent.id == old.parent_id:
        raise InvalidInputError(
            N_("%(unit)s stands below %(parent)s already."),
            unit=old.full_name,
            parent=parent.full_name,
        )
    check_parent(parent, [old], on)
    check_order(session, [old], on)
    work = Work(session, on, ReformKind.MOVE, basis, stamp)
    work.rows.repeat(old, parent)
    return work.finish()


def found(
    session: Session,
    new: NewUnit,
    level_key: str,
    *,
    on: date,
    basis: str | None,
    stamp: Stamp,
) -> Reformed:
    """Begin a unit that was made from no other, followed from its first day on. It takes part in
    the rounds that are not over then.

    Raises ``InvalidInputError`` for a level whose units people enter themselves, for a name that
    does not say what the unit is, and without a fitting unit above.
    """
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    require_day(session, on, stamp.now)
    level = session.get(Level, level_key)
    if level is None or level.entered_by is not None:
        raise InvalidInputError(N_("Please choose a level."))
    lock_tree(session)
    parent = unit_named(session, new.parent_key or "")
    check_above(parent, level, on)
    model = Unit(level_key=level.key, key=slug_of(new.full_name), position=parent.position)
    work = Work(session, on, ReformKind.FOUND, basis, stamp)
    kind = work.type_of(new.full_name, level)
    if kind is None:
        raise InvalidInputError(
            N_("Please begin the name with what the unit is: %(types)s."),
            types=", ".join(one["title"] for one in level.types),
        )
    model.type = kind
    unit = work.begin(model, new, parent, [])
    unit.gso_code, unit.followed_from = short(new.code, LONGEST_CODE), on
    return work.finish()


def abolish_level(
    session: Session,
    level_key: str,
    *,
    on: date,
    basis: str | None,
    stamp: Stamp,
) -> Reformed:
    """End every unit of a level the day before ``on``; what is below hangs on the units above, as
    new rows.
    """
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    level = session.get(Level, level_key)
    if level is None:
        raise NotFoundError(N_("There is no level “%(key)s”."), key=level_key)
    keys = session.scalars(
        select(Unit.key)
        .where(Unit.level_key == level_key, Unit.on(on))
        .order_by(Unit.position, Unit.id)
    ).all()
    if not keys:
        raise InvalidInputError(
            N_("No unit of the level “%(level)s” exists on %(day)s."),
            level=level.title_vi,
            day=f"{on:%d/%m/%Y}",
        )
    old = all_ending(session, keys, on, stamp.now)
    top = next((unit for unit in old if unit.parent is None), None)
    if top is not None:
        raise InvalidInputError(
            N_("%(unit)s has no unit above it that could take over."), unit=top.full_name
        )
    check_order(session, old, on)
    work = Work(session, on, ReformKind.ABOLISH, basis, stamp, level=level_key)
    for unit in old:
        work.rows.end(unit)
    work.rows.hang_anew({unit.id: unit.parent for unit in old if unit.parent is not None})
    return work.finish()


def reforms(session: Session) -> Sequence[Reform]:
    """Return the reforms entered here, the newest first."""
    return session.scalars(select(Reform).order_by(Reform.on.desc(), Reform.id.desc())).all()


def _given_children(
    session: Session, old: Unit, into: Sequence[NewUnit], on: date
) -> list[list[Unit]]:
    """Return the children each part of a split gets.

    Every child goes to one part: none is lost, none doubled.
    """
    children = {child.key: child for child in session.scalars(children_on([old.id], on))}
    wanted = [key for new in into for key in new.children]
    for key in wanted:
        if key not in children:
            raise InvalidInputError(
                N_("“%(key)s” is not below %(unit)s."), key=key, unit=old.full_name
            )
        if wanted.count(key) > 1:
            raise InvalidInputError(
                N_("%(unit)s was given to two parts."), unit=children[key].full_name
            )
    left = next((child for key, child in children.items() if key not in wanted), None)
    if left is not None:
        raise InvalidInputError(N_("Please say which part %(unit)s goes to."), unit=left.full_name)
    return [[children[key] for key in new.children] for new in into]
