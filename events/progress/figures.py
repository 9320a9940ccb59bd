"""How far a unit and everything below it has come.

A parent is always the sum of its leaves, so a silent commune counts.

Figures are counted in SQL, from the items as they are or as they were at the end of a past local
day (``asof``).

An item that was divided counts once, in the unit whose item it is, and is done when its parts are.
The parts are told apart (``parts``), in the units that do them: dividing work neither makes more of
it nor raises anybody's share. What went over to another unit is counted there, and nowhere in the
unit that ended.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from operator import add, attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, literal, or_, select
from sqlalchemy.orm import Session

from events.models import (
    ChecklistItem,
    NotDone,
    TemplateItem,
    TemplateVersion,
    TodoStatus,
    Unit,
)
from events.models.items import OPEN
from events.progress.as_of import (
    AsOf,
    Conditions,
    Day,
    by_then,
    items_on,
    was,
)
from events.units.tree import UnitTree

_NOT_REQUIRED = literal(NotDone.NOT_REQUIRED, ChecklistItem.not_done.type)
_OF_TEMPLATE, _LAST = 0, 1  # what comes from a template stands before what units added
_Kind = tuple[int, str, str, str]


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers of checklist items; ``weight`` and ``weight_done`` count only required ones.

    ``not_required`` is not expected, and what is ``for_reference`` is in no other number.

    ``parts`` are those of divided items, which are counted beside them and nowhere else.
    """

    expected: int = 0
    on_time: int = 0
    late: int = 0
    overdue: int = 0
    weight: int = 0
    weight_done: int = 0
    not_done: int = 0
    blocked: int = 0
    not_required: int = 0
    parts: int = 0
    parts_done: int = 0
    for_reference: int = 0

    @property
    def done(self) -> int:
        return self.on_time + self.late

    @property
    def open(self) -> int:
        """Items still to do, the overdue and the blocked ones among them."""
        return self.expected - self.done - self.not_done

    @property
    def percent(self) -> int:
        """Weighted share of the required work that is done, rounded down: 100 only when all of it
        is.
        """
        return 100 * self.weight_done // self.weight if self.weight else 0

    @property
    def share(self) -> int:
        """Unweighted share of the expected items that are done, in percent and rounded down."""
        return 100 * self.done // self.expected if self.expected else 0

    def __bool__(self) -> bool:
        """Tell whether there is any figure at all."""
        return self != Progress()

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(*map(add, _figures(self), _figures(other)))


_figures = attrgetter(*(field.name for field in fields(Progress)))


@dataclass(frozen=True, slots=True)
class Part:
    """The progress of one template item in one round, over all units that are counted."""

    template_id: int
    period: str
    phase_key: str
    key: str
    summary: str
    progress: Progress


@dataclass(frozen=True, slots=True)
class Waiting:
    """A unit's item that is not done."""

    item_id: int
    unit: str


def own_progress(
    session: Session, day: Day, *conditions: ColumnElement[bool]
) -> dict[int, Progress]:
    """Return each unit's own progress by unit id, over the campaigns that meet ``conditions``, in
    one query.
    """
    query = _numbers(session, day, conditions, "unit_id")
    return {unit_id: Progress(*numbers) for unit_id, *numbers in session.execute(query)}


def round_progress(
    session: Session, day: Day, *conditions: ColumnElement[bool]
) -> dict[int, Progress]:
    """Return the progress of each round by its id, over the campaigns that meet ``conditions``."""
    query = _numbers(session, day, conditions, "round_id")
    return {round_id: Progress(*numbers) for round_id, *numbers in session.execute(query)}


def year_progress(
    session: Session, day: Day, *conditions: ColumnElement[bool]
) -> dict[int, Progress]:
    """Return the progress of each year."""
    query = _numbers(session, day, conditions, "year").order_by("year")
    return {year: Progress(*numbers) for year, *numbers in session.execute(query)}


def parts(session: Session, day: Day, *conditions: ColumnElement[bool]) -> list[Part]:
    """Return the progress item by item, as the rounds opened and the templates order it; phases and
    campaigns are sums of these.

    Items that units added themselves stand alone, by their own key, after the others; the parts of
    a divided item stand with it.
    """
    item = items_on(session, day, conditions)
    group = item.c.template_id, item.c.period, item.c.phase_key, item.c.key, item.c.split_from_id
    first = func.min(item.c.opens), func.min(item.c.position), func.min(item.c.summary)
    query = select(*group, *first, *_sums(item, day)).group_by(*group)
    rows = session.execute(
        query.order_by(_is_whole(item).desc(), item.c.key, item.c.split_from_id)
    ).all()
    names, places = _divided(session, day), _places(session, {row.template_id for row in rows}, day)
    found, order = dict[_Kind, Part](), dict[_Kind, tuple[Any, ...]]()
    for template_id, period, phase_key, key, whole_id, opens, position, summary, *numbers in rows:
        key, summary = names.get(whole_id, (key, summary))
        one = Part(template_id, period, phase_key, key, summary, Progress(*numbers))
        same = template_id, period, phase_key, key
        place = (
            opens,
            template_id,
            period,
            *places.get((template_id, key), (_LAST, position)),
            key,
            phase_key,
        )
        order.setdefault(same, place)
        found[same] = (
            replace(found[same], progress=found[same].progress + one.progress)
            if same in found
            else one
        )
    return [found[same] for same in sorted(found, key=order.__getitem__)]


def of_phase(key: str, day: Day) -> ColumnElement[bool]:
    """Return the condition that an item belonged to a phase on the day."""
    belonged: ColumnElement[bool] = was(ChecklistItem.phase_key, day) == key
    return belonged


def waiting(
    session: Session, day: Day, *conditions: ColumnElement[bool]
) -> dict[str, list[Waiting]]:
    """Return by the item's key the units that have not done it, in their official order; for the
    campaigns of one round.
    """
    item = items_on(session, day, conditions)
    query = select(item.c.key, item.c.id, Unit.full_name).join(Unit, Unit.id == item.c.unit_id)
    query = query.where(_is_whole(item), is_expected(item), item.c.status != TodoStatus.COMPLETED)
    found: dict[str, list[Waiting]] = {}
    for key, item_id, name in session.execute(query.order_by(Unit.position, Unit.id)):
        found.setdefault(key, []).append(Waiting(item_id, name))
    return found


def rolled_up(tree: UnitTree, own: dict[int, Progress]) -> dict[int, Progress]:
    """Return the progress of every unit with everything below it."""
    total = {unit_id: own.get(unit_id, Progress()) for unit_id in tree.nodes}
    order = [node for root in tree.roots for node in tree.below(root)]
    for node in reversed(order):
        if node.parent_id in total:
            total[node.parent_id] += total[node.id]
    return total


def sum_of(parts: Iterable[Progress]) -> Progress:
    return sum(parts, Progress())


def _numbers(session: Session, day: Day, conditions: Conditions, *group: str) -> Select[Any]:
    """Return the query for the columns of ``group`` and then the fields of ``Progress`` in their
    order.
    """
    item = items_on(session, day, conditions)
    columns = [item.c[name] for name in group]
    return select(*columns, *_sums(item, day)).group_by(*columns)


def _places(
    session: Session, template_ids: Collection[int], day: Day
) -> dict[tuple[int, str], tuple[int, int]]:
    """Return where each item stands in its template as that was on the day, by template id and key.

    Versions are never changed, so that a report of a past day comes out in the order that it had,
    whatever was applied since.
    """
    columns = (
        TemplateVersion.template_id,
        TemplateItem.key,
        TemplateItem.position,
        by_then(TemplateVersion.created, day),
    )
    query = (
        select(*columns)
        .join(TemplateItem.version)
        .where(TemplateVersion.template_id.in_(template_ids))
    )
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for template_id, key, position, was_there in session.execute(
        query.order_by(TemplateVersion.number)
    ):
        if was_there or (template_id, key) not in found:
            found[template_id, key] = _OF_TEMPLATE, position
    return found


def _divided(session: Session, day: Day) -> dict[int, tuple[str, str]]:
    """Return by divided item the key and wording of the one that was divided at first: a part may
    be divided again.
    """
    ids = select(ChecklistItem.split_from_id).where(ChecklistItem.split_from_id.is_not(None))
    summary = was(ChecklistItem.summary, day).label("summary")
    columns = ChecklistItem.id, ChecklistItem.key, summary, ChecklistItem.split_from_id
    rows = {
        row.id: row for row in session.execute(select(*columns).where(ChecklistItem.id.in_(ids)))
    }

    def first(id_: int) -> tuple[str, str]:
        above = rows[id_].split_from_id
        return (rows[id_].key, rows[id_].summary) if above is None else first(above)

    return {id_: first(id_) for id_ in rows}


def _sums(item: Subquery, day: Day) -> Iterator[ColumnElement[int]]:
    owed = _is_whole(item) & ~item.c.for_reference
    part = ~_is_whole(item) & ~item.c.for_reference
    expected, done = is_expected(item) & owed, (item.c.status == TodoStatus.COMPLETED) & owed
    is_open = item.c.status.in_(OPEN) & owed
    today = day.day if isinstance(day, AsOf) else day
    yield _count(expected)
    yield _count(done & (item.c.completed_on <= item.c.due))
    yield _count(done & (item.c.completed_on > item.c.due))
    yield _count(is_open & (item.c.due < today))
    yield _total(expected & item.c.required, item.c.weight)
    yield _total(done & item.c.required, item.c.weight)
    yield _count(expected & (item.c.status == TodoStatus.CANCELLED))
    yield _count(is_open & item.c.is_blocked)
    yield _count(_is_not_required(item) & owed)
    yield _count(is_expected(item) & part)
    yield _count((item.c.status == TodoStatus.COMPLETED) & part)
    yield _count(_is_given(item) & _is_whole(item) & item.c.for_reference)


def _is_whole(item: Subquery) -> ColumnElement[bool]:
    return item.c.split_from_id.is_(None)


def is_expected(item: Subquery) -> ColumnElement[bool]:
    """Tell whether an item is to be done in its unit, or was; nobody expects what is for
    reference.
    """
    return _is_given(item) & ~item.c.for_reference


def _is_given(item: Subquery) -> ColumnElement[bool]:
    why = func.coalesce(item.c.not_done, _NOT_REQUIRED)
    return or_(item.c.status != TodoStatus.CANCELLED, why == NotDone.NOT_DONE)


def _is_not_required(item: Subquery) -> ColumnElement[bool]:
    """Tell whether an item is not to be done; one of which nobody said why it is closed is not
    required.
    """
    return and_(
        item.c.status == TodoStatus.CANCELLED,
        func.coalesce(item.c.not_done, _NOT_REQUIRED) == NotDone.NOT_REQUIRED,
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _total(condition: ColumnElement[bool], weight: Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, weight), else_=0)), 0)
