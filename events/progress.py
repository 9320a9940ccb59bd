"""How far a unit and everything below it has come. A parent is always the sum of its leaves, so a silent commune counts.

Figures are counted in SQL from the items as they are, or as they were at the end of a past local day: an item's state then is that
of its last change up to that moment, and before its first change it was open and due on its first date. A report of last month
can so be made again after everything has changed.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, case, false, func, literal, or_, select
from sqlalchemy.orm import Session, aliased

from events.localtime import VIETNAM, at_local
from events.models import Campaign, CampaignStatus, Change, ChecklistItem, NotDone, TodoStatus, Unit
from events.models.campaigns import OPEN
from events.units import UnitNode, UnitTree

_NOT_REQUIRED = literal(NotDone.NOT_REQUIRED, ChecklistItem.not_done.type)


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers of checklist items; ``weight`` and ``weight_done`` count only required ones. ``not_required`` is not expected."""

    expected: int = 0
    on_time: int = 0
    late: int = 0
    overdue: int = 0
    weight: int = 0
    weight_done: int = 0
    not_done: int = 0
    blocked: int = 0
    not_required: int = 0

    @property
    def done(self) -> int:
        return self.on_time + self.late

    @property
    def open(self) -> int:
        """Items still to do, the overdue and the blocked ones among them."""
        return self.expected - self.done - self.not_done

    @property
    def percent(self) -> int:
        """Weighted share of the required work that is done, rounded down: 100 only when all of it is."""
        return 100 * self.weight_done // self.weight if self.weight else 0

    @property
    def share(self) -> int:
        """Unweighted share of the expected items that are done, in percent and rounded down."""
        return 100 * self.done // self.expected if self.expected else 0

    def __bool__(self) -> bool:
        """Tell whether there is any figure at all."""
        return self != Progress()

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class AsOf:
    """The end of a past local day, at which figures are frozen."""

    day: date
    zone: ZoneInfo = VIETNAM

    @property
    def end(self) -> datetime:
        """The first instant that no longer belongs to the day."""
        return at_local(self.day + timedelta(days=1), time(), self.zone)


Day = date | AsOf  # today's date counts items as they are


@dataclass(frozen=True, slots=True)
class Part:
    """The progress of one template item in one round, over all units that are counted."""

    template_id: int
    period: str
    phase_key: str
    key: str
    summary: str
    progress: Progress


def own_progress(session: Session, day: Day, *conditions: ColumnElement[bool]) -> dict[int, Progress]:
    """Return each unit's own progress by unit id, over the campaigns that meet ``conditions``, in one query."""
    return {unit_id: Progress(*numbers) for unit_id, *numbers in session.execute(_numbers([Campaign.unit_id], day, *conditions))}


def round_progress(session: Session, day: Day, *conditions: ColumnElement[bool]) -> dict[tuple[int, str], Progress]:
    """Return the progress of each round by template id and period, over the campaigns that meet ``conditions``."""
    query = _numbers([Campaign.template_id, Campaign.period], day, *conditions)
    return {(template_id, period): Progress(*numbers) for template_id, period, *numbers in session.execute(query)}


def year_progress(session: Session, day: Day, *conditions: ColumnElement[bool]) -> dict[int, Progress]:
    """Return the progress of each year."""
    query = _numbers([Campaign.year], day, *conditions).order_by(Campaign.year)
    return {year: Progress(*numbers) for year, *numbers in session.execute(query)}


def parts(session: Session, day: Day, *conditions: ColumnElement[bool]) -> list[Part]:
    """Return the progress item by item in the order of the rounds; phases, items and campaigns are sums of these.

    Items that units added themselves stand alone, by their own key.
    """
    group = [Campaign.template_id, Campaign.period, ChecklistItem.phase_key, ChecklistItem.key]
    query = _numbers(group, day, *conditions).add_columns(func.min(ChecklistItem.summary))
    order = func.min(Campaign.dtstart), Campaign.template_id, Campaign.period, func.min(ChecklistItem.position), ChecklistItem.key
    return [_part(tuple(row)) for row in session.execute(query.order_by(*order))]


def silent_units(session: Session, day: Day, *conditions: ColumnElement[bool]) -> Sequence[Unit]:
    """Return the units that have items in the campaigns counted and never reported anything, in their official order.

    A due date that moved is no report.
    """
    has_items = _of_campaigns(select(Campaign.unit_id), day, *conditions)
    reported = has_items.join(Change, Change.item_id == ChecklistItem.id).where(_is_report())
    if isinstance(day, AsOf):
        reported = reported.where(Change.at < day.end)
    query = select(Unit).where(Unit.id.in_(has_items), Unit.id.not_in(reported))
    return session.scalars(query.order_by(Unit.position, Unit.id)).all()


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


def ever_below(unit_id: int) -> Select[int]:
    """Return the query for the ids of a unit and all units that ever stood below it.

    A unit keeps its parent for life, so a commune that was merged away still counts in its province's past.
    """
    tree = select(Unit.id.label("id")).where(Unit.id == unit_id).cte("ever_below", recursive=True)
    child = aliased(Unit)
    tree = tree.union_all(select(child.id).join(tree, child.parent_id == tree.c.id))
    return select(tree.c.id)


def lifelong_tree(session: Session, unit: Unit) -> UnitTree:
    """Return the tree of a unit and all units that ever stood below it, with ``unit`` as its root."""
    columns = (Unit.id, Unit.key, Unit.level_key, Unit.parent_id, Unit.full_name)
    query = select(*columns).where(Unit.id.in_(ever_below(unit.id))).order_by(Unit.position, Unit.id)
    tree = UnitTree({row.id: UnitNode(*row) for row in session.execute(query)})
    for node in tree.nodes.values():
        tree.children.setdefault(None if node.id == unit.id else node.parent_id, []).append(node)
    return tree


@dataclass(frozen=True, slots=True)
class _States:
    """Where an item's state is read from: its own row, or its last change up to a past moment."""

    status: Any
    not_done: Any
    is_blocked: Any
    due: Any
    completed_on: Any

    @classmethod
    def now(cls) -> "_States":
        item = ChecklistItem
        return cls(item.status, item.not_done, item.blocked.is_not(None), item.due, item.completed_on)

    @classmethod
    def after(cls, last: type[Change]) -> "_States":
        """Read from ``last``, a change that need not exist."""
        unchanged = literal(TodoStatus.NEEDS_ACTION, ChecklistItem.status.type)
        return cls(
            func.coalesce(last.status, unchanged),
            last.not_done,
            func.coalesce(last.blocked, false()),
            func.coalesce(last.due, ChecklistItem.first_due),
            last.completed_on,
        )


def _numbers(group: Sequence[Any], day: Day, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Return the query for the columns of ``group`` and then the fields of ``Progress`` in their order."""
    if not isinstance(day, AsOf):
        query = _of_campaigns(select(*group, *_sums(_States.now(), day)), day, *conditions)
        return query.group_by(*group)
    last = aliased(Change)
    query = _of_campaigns(select(*group, *_sums(_States.after(last), day.day)), day, *conditions)
    return query.outerjoin(last, last.id == _last_change(day)).group_by(*group)


def _of_campaigns(query: Select[Any], day: Day, *conditions: ColumnElement[bool]) -> Select[Any]:
    """Join the items of the campaigns that meet ``conditions``, as far as they were there on the day."""
    counted = [Campaign.status != CampaignStatus.CANCELLED, *conditions]
    if isinstance(day, AsOf):
        # A cancelled campaign only changes by being cancelled: until then it was there.
        counted[0] = or_(counted[0], Campaign.last_modified >= day.end)
        counted.append(ChecklistItem.created < day.end)
    return query.select_from(Campaign).join(ChecklistItem, ChecklistItem.campaign_id == Campaign.id).where(and_(*counted))


def _last_change(day: AsOf) -> Any:
    """Return the id of an item's last change up to the end of the day; the index on item and time finds it at once."""
    change = aliased(Change)
    query = select(change.id).where(change.item_id == ChecklistItem.id, change.at < day.end)
    return query.order_by(change.at.desc(), change.id.desc()).limit(1).correlate(ChecklistItem).scalar_subquery()


def _sums(state: _States, day: date) -> Iterator[ColumnElement[int]]:
    done = state.status == TodoStatus.COMPLETED
    is_open = state.status.in_(OPEN)
    not_done = and_(state.status == TodoStatus.CANCELLED, func.coalesce(state.not_done, _NOT_REQUIRED) == NotDone.NOT_DONE)
    expected = or_(state.status != TodoStatus.CANCELLED, not_done)
    yield _count(expected)
    yield _count(done & (state.completed_on <= state.due))
    yield _count(done & (state.completed_on > state.due))
    yield _count(is_open & (state.due < day))
    yield _total(expected & ChecklistItem.required)
    yield _total(done & ChecklistItem.required)
    yield _count(not_done)
    yield _count(is_open & state.is_blocked)
    yield _count(~expected)


def _is_report() -> ColumnElement[bool]:
    """Tell changes that somebody reported from those that only moved dates, which name the new due date."""
    moves_no_date = Change.after["due"].as_string().is_(None)
    return or_(moves_no_date, Change.status != TodoStatus.NEEDS_ACTION, Change.blocked)


def _part(row: Sequence[Any]) -> Part:
    template_id, period, phase_key, key, *numbers, summary = row
    return Part(template_id, period, phase_key, key, summary, Progress(*numbers))


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _total(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, ChecklistItem.weight), else_=0)), 0)
