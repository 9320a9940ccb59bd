"""Change the tree of units on a day: merge, split, rename, abolish a level, move, found.

A unit is never rewritten: the old row ends the day before and a new one begins, so that old
campaigns keep their tree and their names. What hangs below a unit that ends begins again below its
successor, as the catalogue does for the reform of 1 July 2025. Everything is checked before
anything is written. Open items and posts follow by ``events.handover``.

Changes are entered in the order of their days, and of one day those below first: a change does not
see what a later one, entered before, has made of the units below it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.history import Stamp
from events.days.recurrence import check_year
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE, lock_tree
from events.models import Level, Reform, ReformKind, Unit
from events.people.proposed_posts import propose_posts
from events.people.rights import Capability, require_for_all
from events.reforms.handover import HandedOver, hand_over
from events.reforms.successor_rows import Successions, children_on
from events.texts import folded, nfc, one_line, required, slug_of
from events.units.lineage import Lineage

_A_DAY = timedelta(days=1)
_A_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to begin.

    ``full_name`` is as people say it ("Xã Đăk Long"); its type follows from its first words.

    ``code`` is the state's code; without one the first predecessor's is used again. ``parent_key``
    is only needed where the predecessors stand below different units. ``children`` are the keys of
    the units that a split gives to this part.
    """

    full_name: str
    code: str | None = None
    parent_key: str | None = None
    children: tuple[str, ...] = ()


@dataclass(slots=True)
class Reformed:
    """What a reform did: the units that end, those that begin, and what was handed over (None: the
    day is still to come).
    """

    reform: Reform
    ended: list[Unit] = field(default_factory=list)
    begun: list[Unit] = field(default_factory=list)
    posts: int = 0
    handed_over: HandedOver | None = None


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
    old = _all_ending(session, keys, on, stamp.now)
    stranger = next((unit for unit in old if unit.level_key != old[0].level_key), None)
    if stranger is not None:
        raise InvalidInputError(
            N_("%(unit)s is of another level than %(other)s."),
            unit=stranger.full_name,
            other=old[0].full_name,
        )
    parent = _parent_of_new(session, old, new.parent_key, on)
    _check_order(session, old, on)
    work = _Work(session, on, ReformKind.MERGE, basis, stamp)
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
    [old] = _all_ending(session, [key], on, stamp.now)
    names = [folded(new.full_name) for new in into]
    if len(into) < 2 or len(set(names)) < len(names):
        raise InvalidInputError(
            N_("A split of %(unit)s needs at least two new units with different names."),
            unit=old.full_name,
        )
    given = _given_children(session, old, into, on)
    _check_order(session, [old], on)
    work = _Work(session, on, ReformKind.SPLIT, basis, stamp)
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
    [old] = _all_ending(session, [key], on, stamp.now)
    if one_line(new_name) == old.full_name:
        raise InvalidInputError(N_("%(unit)s already has this name."), unit=old.full_name)
    _check_order(session, [old], on)
    work = _Work(session, on, ReformKind.RENAME, basis, stamp)
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
    [old] = _all_ending(session, [key], on, stamp.now)
    parent = _get_unit(session, parent_key)
    if parent.id == old.parent_id:
        raise InvalidInputError(
            N_("%(unit)s stands below %(parent)s already."),
            unit=old.full_name,
            parent=parent.full_name,
        )
    _check_parent(parent, [old], on)
    _check_order(session, [old], on)
    work = _Work(session, on, ReformKind.MOVE, basis, stamp)
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
    """Begin a unit that was made from no other. It takes part in the rounds whose day is not over
    then.

    Raises ``InvalidInputError`` for a level whose units people enter themselves, for a name that
    does not say what the unit is, and without a fitting unit above.
    """
    require_for_all(session, stamp.by, Capability.CHANGE_UNITS, stamp.now)
    _require_day(session, on, stamp.now)
    level = session.get(Level, level_key)
    if level is None or level.entered_by is not None:
        raise InvalidInputError(N_("Please choose a level."))
    lock_tree(session)
    parent = _get_unit(session, new.parent_key or "")
    _check_above(parent, level, on)
    model = Unit(level_key=level.key, key=slug_of(new.full_name), position=parent.position)
    work = _Work(session, on, ReformKind.FOUND, basis, stamp)
    kind = work.type_of(new.full_name, level)
    if kind is None:
        raise InvalidInputError(
            N_("Please begin the name with what the unit is: %(types)s."),
            types=", ".join(one["title"] for one in level.types),
        )
    model.type = kind
    work.begin(model, new, parent, []).gso_code = nfc(new.code or "") or None
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
            day=_text(on),
        )
    old = _all_ending(session, keys, on, stamp.now)
    top = next((unit for unit in old if unit.parent is None), None)
    if top is not None:
        raise InvalidInputError(
            N_("%(unit)s has no unit above it that could take over."), unit=top.full_name
        )
    _check_order(session, old, on)
    work = _Work(session, on, ReformKind.ABOLISH, basis, stamp, level=level_key)
    for unit in old:
        work.rows.end(unit)
    work.rows.hang_anew({unit.id: unit.parent for unit in old if unit.parent is not None})
    return work.finish()


def reforms(session: Session) -> Sequence[Reform]:
    """Return the reforms entered here, the newest first."""
    return session.scalars(select(Reform).order_by(Reform.on.desc(), Reform.id.desc())).all()


def _all_ending(session: Session, keys: Sequence[str], on: date, now: datetime) -> list[Unit]:
    """Return the units, locked, if they can end the day before ``on``; says in words why they
    cannot.
    """
    _require_day(session, on, now)
    lock_tree(session)
    return [_ending(session, key, on) for key in keys]


def _require_day(session: Session, on: date, now: datetime) -> None:
    check_year(on.year)
    if on < day_here(session, now) - _A_YEAR:
        raise InvalidInputError(
            N_("%(day)s is too long past: a change is entered at most a year after its day."),
            day=_text(on),
        )


def _check_order(session: Session, ending: Sequence[Unit], on: date) -> None:
    """Refuse a change above units that begin that day or change after it: they would stand below a
    unit that is gone.
    """
    lineage, ids = Lineage.load(session, on), {unit.id for unit in ending}
    for one in lineage.kin.values():
        if (day := one.changes_from(on)) is not None and not ids.isdisjoint(lineage.above(one.id)):
            sentence = N_(
                "%(unit)s already changes on %(day)s; a change of the units above it must be of a "
                "later day."
            )
            raise ConflictError(sentence, unit=one.full_name, day=_text(day))


def _ending(session: Session, key: str, on: date) -> Unit:
    query = (
        select(Unit)
        .where(Unit.key == key)
        .with_for_update(**FOR_CHANGE)
        .execution_options(populate_existing=True)
    )
    unit = session.scalar(query)
    if unit is None:
        raise NotFoundError(kind="unit", key=key)
    if unit.valid_to is not None:
        raise ConflictError(
            N_("%(unit)s already ends on %(day)s."), unit=unit.full_name, day=_text(unit.valid_to)
        )
    if unit.valid_from is not None and unit.valid_from >= on:
        raise InvalidInputError(
            N_("%(unit)s only exists from %(born)s; the change must be after that day."),
            unit=unit.full_name,
            born=_text(unit.valid_from),
        )
    return unit


def _parent_of_new(
    session: Session, old: Sequence[Unit], parent_key: str | None, on: date
) -> Unit | None:
    if not parent_key:
        stranger = next((unit for unit in old if unit.parent_id != old[0].parent_id), None)
        if stranger is not None:
            raise InvalidInputError(
                N_(
                    "%(unit)s and %(other)s stand below different units; please say where the new "
                    "unit belongs."
                ),
                unit=old[0].full_name,
                other=stranger.full_name,
            )
        return old[0].parent
    parent = _get_unit(session, parent_key)
    _check_parent(parent, old, on)
    return parent


def _get_unit(session: Session, key: str) -> Unit:
    unit = session.scalar(select(Unit).where(Unit.key == key))
    if unit is None:
        raise NotFoundError(kind="unit", key=key)
    return unit


def _check_parent(parent: Unit, old: Sequence[Unit], on: date) -> None:
    line: Unit | None = parent
    while line is not None:
        if line in old:
            raise InvalidInputError(
                N_("%(unit)s ends itself, or stands below a unit that ends."), unit=parent.full_name
            )
        line = line.parent
    _check_above(parent, old[0].level, on)


def _check_above(parent: Unit, level: Level, on: date) -> None:
    """Refuse a unit that cannot have one of ``level`` below it from ``on``."""
    if not parent.is_valid(on):
        raise InvalidInputError(
            N_("%(unit)s does not exist on %(day)s."), unit=parent.full_name, day=_text(on)
        )
    if parent.valid_to is not None:
        raise ConflictError(
            N_("%(unit)s already ends on %(day)s."),
            unit=parent.full_name,
            day=_text(parent.valid_to),
        )
    if parent.level.rank >= level.rank:
        raise InvalidInputError(
            N_("%(unit)s is not of a higher level than “%(level)s”."),
            unit=parent.full_name,
            level=level.title_vi,
        )


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


class _Work:
    """One reform being written, after it was checked."""

    def __init__(
        self,
        session: Session,
        on: date,
        kind: ReformKind,
        basis: str | None,
        stamp: Stamp,
        level: str | None = None,
    ) -> None:
        self._session, self._on, self._stamp = session, on, stamp
        self.rows = Successions(session, on)
        self._types = _known_types(session)
        detail = {"level": level} if level else {}
        reform = Reform(
            kind=kind,
            on=on,
            basis=nfc(basis or "") or None,
            detail=detail,
            at=stamp.now,
            by=stamp.by,
        )
        self.result = Reformed(reform, self.rows.ended, self.rows.begun)

    def begin(self, model: Unit, new: NewUnit, parent: Unit | None, old: Sequence[Unit]) -> Unit:
        """Begin a unit with a name of its own in the place of ``old``."""
        full_name = required(one_line(new.full_name), N_("Please enter the name of the new unit."))
        kind, name = self._type_and_name(full_name, model)
        values = {
            "type": kind,
            "name": name,
            "full_name": full_name,
            "name_gso": None,
            "search": folded(full_name),
        }
        return self.rows.begin(model, parent, old, nfc(new.code or "") or None, values)

    def finish(self) -> Reformed:
        """Write the reform down, propose the posts, and hand the open items over if the day has
        come.
        """
        result, session = self.result, self._session
        detail = {
            "before": [unit.key for unit in result.ended],
            "after": [unit.key for unit in result.begun],
        }
        result.reform.detail = {**result.reform.detail, **detail}
        session.add(result.reform)
        session.flush()
        result.posts = propose_posts(session, on=self._on, reform=result.reform)
        if self._on <= day_here(session, self._stamp.now):
            result.handed_over = hand_over(session, on=self._on, stamp=self._stamp)
        return result

    def type_of(self, full_name: str, level: Level) -> str | None:
        """Return the type that a name begins with, of those that the level has; None without."""
        words = f"{one_line(full_name)} ".lower()
        fitting = (each for each in level.types if words.startswith(f"{each['title'].lower()} "))
        return next((str(each["key"]) for each in fitting), None)

    def _type_and_name(self, full_name: str, model: Unit) -> tuple[str, str]:
        level = self._session.get_one(Level, model.level_key)
        of_level = [(each["title"], each["key"]) for each in level.types]
        for prefix, kind in (*of_level, *self._types):
            if full_name.lower().startswith(f"{prefix.lower()} "):
                return kind, full_name[len(prefix) :].strip()
        return model.type, full_name


def _known_types(session: Session) -> list[tuple[str, str]]:
    """Return the first words of full names with the type they stand for, the longest first: types
    are data too.
    """
    rows = session.execute(select(Unit.full_name, Unit.name, Unit.type))
    found = {
        (full.removesuffix(name).strip(), kind)
        for full, name, kind in rows
        if full.endswith(name) and full != name
    }
    return sorted((pair for pair in found if pair[0]), key=lambda pair: -len(pair[0]))


def _text(day: date) -> str:
    return f"{day:%d/%m/%Y}"
