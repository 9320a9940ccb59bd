"""The tree of units as of a date: who was there, who stood above whom, who took over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from events.errors import NotFoundError
from events.models import Level, Unit, UnitSuccession
from events.words.texts import folded


@dataclass(frozen=True, slots=True)
class UnitNode:
    """What a tree needs to know of a unit."""

    id: int
    key: str
    level: str
    parent_id: int | None
    full_name: str


@dataclass(frozen=True, slots=True)
class UnitTree:
    """All units alive on one day, in their official order.

    ``missing`` are the keys of the optional levels of which there is none.
    """

    nodes: dict[int, UnitNode]
    missing: frozenset[str] = frozenset()
    children: dict[int | None, list[UnitNode]] = field(default_factory=dict)

    @property
    def roots(self) -> list[UnitNode]:
        return self.children.get(None, [])

    def below(self, root: UnitNode) -> list[UnitNode]:
        """Return ``root`` and everything below it, parents before children."""
        found = [root]
        for node in found:
            found.extend(self.children.get(node.id, ()))
        return found

    def line(self, node: UnitNode) -> list[UnitNode]:
        """Return ``node`` and the units above it, the highest last."""
        above = self.nodes.get(node.parent_id) if node.parent_id is not None else None
        return [node] if above is None else [node, *self.line(above)]


def load_tree(session: Session, on: date) -> UnitTree:
    """Return the tree of units on the day ``on``, in two queries."""
    columns = (Unit.id, Unit.key, Unit.level_key, Unit.parent_id, Unit.full_name)
    rows = session.execute(select(*columns).where(Unit.on(on)).order_by(Unit.position, Unit.id))
    nodes = {row.id: UnitNode(*row) for row in rows}
    optional = set(session.scalars(select(Level.key).where(Level.is_optional)))
    tree = UnitTree(nodes, frozenset(optional - {node.level for node in nodes.values()}))
    for node in tree.nodes.values():
        parent = node.parent_id if node.parent_id in tree.nodes else None
        tree.children.setdefault(parent, []).append(node)
    return tree


def get_unit(session: Session, name: str) -> Unit:
    """Return the unit with this key or slug. Raises ``NotFoundError``."""
    unit = session.scalar(select(Unit).where(or_(Unit.key == name, Unit.slug == name)))
    if unit is None:
        raise NotFoundError(kind="unit", key=name)
    return unit


def roots(session: Session, on: date) -> Sequence[Unit]:
    """Return the units without a parent on the day ``on``: usually one province."""
    return session.scalars(
        select(Unit).where(Unit.parent_id.is_(None), Unit.on(on)).order_by(Unit.position, Unit.id)
    ).all()


def children(session: Session, unit: Unit, on: date) -> Sequence[Unit]:
    """Return the units directly below ``unit`` on the day ``on``, in their official order."""
    return session.scalars(
        select(Unit).where(Unit.parent_id == unit.id, Unit.on(on)).order_by(Unit.position, Unit.id)
    ).all()


def ancestors(unit: Unit) -> list[Unit]:
    """Return the units above ``unit``, the nearest first."""
    found = []
    parent = unit.parent
    while parent is not None:
        found.append(parent)
        parent = parent.parent
    return found


def subtree_ids(unit_id: int, on: date) -> Select[int]:
    """Return the query for the ids of a unit and all units below it that are alive on the day
    ``on``.
    """
    tree = select(Unit.id.label("id")).where(Unit.id == unit_id).cte("subtree", recursive=True)
    child = aliased(Unit)
    tree = tree.union_all(
        select(child.id).join(tree, child.parent_id == tree.c.id).where(child.on(on))
    )
    return select(tree.c.id)


def successors(session: Session, unit: Unit) -> Sequence[Unit]:
    """Return the units that took over from ``unit``: empty while it lives or when its level was
    abolished.
    """
    link = UnitSuccession
    return session.scalars(
        select(Unit)
        .join(link, link.successor_id == Unit.id)
        .where(link.predecessor_id == unit.id)
        .order_by(Unit.position, Unit.id)
    ).all()


def predecessors(session: Session, unit: Unit) -> Sequence[Unit]:
    """Return the units that ``unit`` was made from."""
    link = UnitSuccession
    return session.scalars(
        select(Unit)
        .join(link, link.predecessor_id == Unit.id)
        .where(link.successor_id == unit.id)
        .order_by(Unit.position, Unit.id)
    ).all()


def search_units(session: Session, text: str, on: date, limit: int = 20) -> Sequence[Unit]:
    """Return units whose name contains ``text``; diacritics and case do not matter."""
    pattern = f"%{folded(text)}%"
    query = (
        select(Unit)
        .where(Unit.on(on), Unit.search.like(pattern))
        .order_by(Unit.position, Unit.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def staying_units(session: Session, on: date) -> Sequence[Unit]:
    """Return the units of the day ``on`` whose end is not entered, with their level and the unit
    above.
    """
    query = select(Unit).where(Unit.on(on), Unit.valid_to.is_(None))
    load = (joinedload(Unit.level), joinedload(Unit.parent))
    return session.scalars(query.options(*load).order_by(Unit.position, Unit.id)).all()


def names_of(session: Session, keys: Collection[str]) -> dict[str, str]:
    """Return the full names of units by key, ended or not; a key that no unit has is left out."""
    query = select(Unit.key, Unit.full_name).where(Unit.key.in_(keys))
    return dict(session.execute(query).all())


def number_by_level(session: Session, on: date) -> list[tuple[Level, int]]:
    """Return the levels that have units on the day ``on``, from the top down, and how many."""
    query = select(Unit.level_key, func.count()).where(Unit.on(on)).group_by(Unit.level_key)
    numbers = dict(session.execute(query).all())
    return [(level, numbers[level.key]) for level in levels(session) if level.key in numbers]


def levels_in_use(session: Session, on: date) -> list[Level]:
    """Return the levels from the top down, without those that the administration of the day ``on``
    does without.
    """
    there = {level.key for level, _number in number_by_level(session, on)}
    return [level for level in levels(session) if level.key in there or not level.is_optional]


def levels(session: Session) -> Sequence[Level]:
    """Return the levels from the top down."""
    return session.scalars(select(Level).order_by(Level.rank)).all()
