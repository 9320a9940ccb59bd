"""How far a unit and everything below it has come. A parent is always the sum of its leaves, so a silent commune counts.

Figures are counted in SQL from the items as they are, or as they were at the end of a past local day: an item's state then is that
of its last change up to that moment, and before its first change it was open and due on its first date; its wording, phase and
weight are what the first change after that moment found. A report of last month can so be made again after everything has changed.

An item that was divided counts once, in the unit whose item it is, and is done when its parts are. The parts are told apart
(``parts``), in the units that do them: dividing work neither makes more of it nor raises anybody's share. What went over to
another unit is counted there, and nowhere in the unit that ended.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, false, func, literal, or_, select, true
from sqlalchemy.orm import Session, aliased

from events.history import UNDOES
from events.localtime import VIETNAM, at_local
from events.models import Campaign, CampaignStatus, Change, ChecklistItem, Document, NotDone, TodoStatus, Unit, UnitSuccession
from events.models.campaigns import OPEN
from events.units import UnitNode, UnitTree

_NOT_REQUIRED = literal(NotDone.NOT_REQUIRED, ChecklistItem.not_done.type)
_JSON = {str: "as_string", int: "as_integer", bool: "as_boolean"}  # how history is read
_Conditions = Sequence[ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers of checklist items; ``weight`` and ``weight_done`` count only required ones. ``not_required`` is not expected.

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


@dataclass(frozen=True, slots=True)
class Waiting:
    """A unit's item that is not done."""

    item_id: int
    unit: str


def own_progress(session: Session, day: Day, *conditions: ColumnElement[bool]) -> dict[int, Progress]:
    """Return each unit's own progress by unit id, over the campaigns that meet ``conditions``, in one query."""
    query = _numbers(session, day, conditions, "unit_id")
    return {unit_id: Progress(*numbers) for unit_id, *numbers in session.execute(query)}


def round_progress(session: Session, day: Day, *conditions: ColumnElement[bool]) -> dict[tuple[int, str], Progress]:
    """Return the progress of each round by template id and period, over the campaigns that meet ``conditions``."""
    query = _numbers(session, day, conditions, "template_id", "period")
    return {(template_id, period): Progress(*numbers) for template_id, period, *numbers in session.execute(query)}


def year_progress(session: Session, day: Day, *conditions: ColumnElement[bool]) -> dict[int, Progress]:
    """Return the progress of each year."""
    query = _numbers(session, day, conditions, "year").order_by("year")
    return {year: Progress(*numbers) for year, *numbers in session.execute(query)}


def parts(session: Session, day: Day, *conditions: ColumnElement[bool]) -> list[Part]:
    """Return the progress item by item in the order of the rounds; phases, items and campaigns are sums of these.

    Items that units added themselves stand alone, by their own key; the parts of a divided item stand with it.
    """
    item = _items(day, _counted(session, day, conditions))
    group = item.c.template_id, item.c.period, item.c.phase_key, item.c.key, item.c.split_from_id
    query = select(*group, func.min(item.c.summary), *_sums(item, day)).group_by(*group)
    order = func.min(item.c.dtstart), item.c.template_id, item.c.period, func.min(item.c.position), item.c.key
    rows = session.execute(query.order_by(_is_whole(item).desc(), *order))
    names, found = _divided(session), dict[tuple[int, str, str, str], Part]()
    for template_id, period, phase_key, key, whole_id, summary, *numbers in rows:
        key, summary = names.get(whole_id, (key, summary))
        one = Part(template_id, period, phase_key, key, summary, Progress(*numbers))
        same = template_id, period, phase_key, key
        found[same] = replace(found[same], progress=found[same].progress + one.progress) if same in found else one
    return list(found.values())


def of_phase(key: str, day: Day) -> ColumnElement[bool]:
    """Return the condition that an item belonged to a phase on the day."""
    belonged: ColumnElement[bool] = _was(ChecklistItem.phase_key, day) == key
    return belonged


def waiting(session: Session, day: Day, *conditions: ColumnElement[bool]) -> dict[str, list[Waiting]]:
    """Return by the item's key the units that have not done it, in their official order; for the campaigns of one round."""
    item = _items(day, _counted(session, day, conditions))
    query = select(item.c.key, item.c.id, Unit.full_name).join(Unit, Unit.id == item.c.unit_id)
    query = query.where(_is_whole(item), _is_expected(item), item.c.status != TodoStatus.COMPLETED)
    found: dict[str, list[Waiting]] = {}
    for key, item_id, name in session.execute(query.order_by(Unit.position, Unit.id)):
        found.setdefault(key, []).append(Waiting(item_id, name))
    return found


def silent_units(session: Session, day: Day, *conditions: ColumnElement[bool]) -> Sequence[Unit]:
    """Return the units of which something is expected in the campaigns counted and that reported nothing, in official order.

    What people enter about a unit's work is its report, also when they do it on its behalf: a state, evidence, an item of its
    own, a document of an item. What is decided about its work is none: dates, wording, versions, division, delegation, reforms.
    Work done for another unit counts for both, and what the units said that a unit was made from is its report too. What was taken
    back as a mistake by the end of the day was none.
    """
    counted = _counted(session, day, conditions)
    item = _items(day, counted)
    silent = (Unit.id.not_in(reported) for reported in _reports(day, counted))
    query = select(Unit).where(Unit.id.in_(select(item.c.unit_id).where(_is_expected(item))), *silent)
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


def _numbers(session: Session, day: Day, conditions: _Conditions, *group: str) -> Select[Any]:
    """Return the query for the columns of ``group`` and then the fields of ``Progress`` in their order."""
    item = _items(day, _counted(session, day, conditions))
    columns = [item.c[name] for name in group]
    return select(*columns, *_sums(item, day)).group_by(*columns)


def _items(day: Day, conditions: _Conditions) -> Subquery:
    """Return the items of the campaigns that ``_counted`` gave, as far as they were there on the day and as they stood then."""
    campaign = Campaign.unit_id, Campaign.template_id, Campaign.period, Campaign.year, Campaign.dtstart
    item = ChecklistItem.id, ChecklistItem.key, ChecklistItem.position, ChecklistItem.split_from_id
    kept = ChecklistItem.summary, ChecklistItem.phase_key, ChecklistItem.weight, ChecklistItem.required
    columns = *campaign, *item, *(_was(column, day).label(column.key) for column in kept)
    if not isinstance(day, AsOf):
        return _of_campaigns(select(*columns, *_state_now()), day, conditions).subquery()
    last = aliased(Change)
    query = _of_campaigns(select(*columns, *_state_after(last)), day, conditions)
    return query.outerjoin(last, last.id == _last_change(day)).subquery()


def _of_campaigns(query: Select[Any], day: Day, conditions: _Conditions) -> Select[Any]:
    items = query.select_from(Campaign).join(ChecklistItem, ChecklistItem.campaign_id == Campaign.id)
    return items.where(_by_then(ChecklistItem.created, day), *conditions)


def _counted(session: Session, day: Day, conditions: _Conditions) -> _Conditions:
    """Return ``conditions`` and that a campaign takes place, or did on the day: one that was cancelled did before, and between."""
    takes_place = Campaign.status != CampaignStatus.CANCELLED
    if not isinstance(day, AsOf):
        return [takes_place, *conditions]
    was_off = _off(session, day)
    not_off = [Campaign.id.not_in(_below(was_off))] if was_off else []
    return [or_(takes_place, Campaign.cancelled >= day.end), *not_off, *conditions]


def _off(session: Session, day: AsOf) -> list[int]:
    """Return the tops of the rounds that were cancelled at the end of the day, whatever became of them since."""
    told = select(Campaign.id, Campaign.cancellations).where(Campaign.parent_id.is_(None), Campaign.cancellations.is_not(None))
    found = []
    for campaign_id, cancellations in session.execute(told):
        reasons = [one["reason"] for one in cancellations or () if datetime.fromisoformat(one["at"]) < day.end]
        if reasons and reasons[-1] is not None:  # None: it was opened again
            found.append(campaign_id)
    return found


def _below(campaign_ids: Sequence[int]) -> Select[int]:
    tree = select(Campaign.id.label("id")).where(Campaign.id.in_(campaign_ids)).cte("off", recursive=True)
    child = aliased(Campaign)
    tree = tree.union_all(select(child.id).join(tree, child.parent_id == tree.c.id))
    return select(tree.c.id)


def _by_then(instant: Any, day: Day) -> ColumnElement[bool]:
    return instant < day.end if isinstance(day, AsOf) else true()


def _state_now() -> list[Any]:
    item = ChecklistItem
    return [item.status, item.not_done, item.blocked.is_not(None).label("is_blocked"), item.due, item.completed_on]


def _state_after(last: type[Change]) -> list[Any]:
    """Return the same columns after ``last``, a change that need not exist."""
    unchanged = literal(TodoStatus.NEEDS_ACTION, ChecklistItem.status.type)
    return [
        func.coalesce(last.status, unchanged).label("status"),
        last.not_done,
        func.coalesce(last.blocked, false()).label("is_blocked"),
        func.coalesce(last.due, ChecklistItem.first_due).label("due"),
        last.completed_on,
    ]


def _last_change(day: AsOf) -> Any:
    """Return the id of an item's last change up to the end of the day; the index on item and time finds it at once."""
    change = aliased(Change)
    query = select(change.id).where(change.item_id == ChecklistItem.id, change.at < day.end)
    return query.order_by(change.at.desc(), change.id.desc()).limit(1).correlate(ChecklistItem).scalar_subquery()


def _was(column: Any, day: Day) -> Any:
    """Return a column of an item as the first change after the day that names it found it, else as it is."""
    if not isinstance(day, AsOf):
        return column
    change = aliased(Change)
    found = getattr(change.before[column.key], _JSON[column.type.python_type])()
    query = select(found).where(change.item_id == ChecklistItem.id, change.at >= day.end, found.is_not(None))
    first = query.order_by(change.at, change.id).limit(1).correlate(ChecklistItem).scalar_subquery()
    return func.coalesce(first, column)


def _divided(session: Session) -> dict[int, tuple[str, str]]:
    """Return by divided item the key and wording of the one that was divided at first: a part may be divided again."""
    ids = select(ChecklistItem.split_from_id).where(ChecklistItem.split_from_id.is_not(None))
    columns = ChecklistItem.id, ChecklistItem.key, ChecklistItem.summary, ChecklistItem.split_from_id
    rows = {row.id: row for row in session.execute(select(*columns).where(ChecklistItem.id.in_(ids)))}

    def first(id_: int) -> tuple[str, str]:
        above = rows[id_].split_from_id
        return (rows[id_].key, rows[id_].summary) if above is None else first(above)

    return {id_: first(id_) for id_ in rows}


def _sums(item: Subquery, day: Day) -> Iterator[ColumnElement[int]]:
    expected, done = _is_expected(item) & _is_whole(item), (item.c.status == TodoStatus.COMPLETED) & _is_whole(item)
    is_open = item.c.status.in_(OPEN) & _is_whole(item)
    today = day.day if isinstance(day, AsOf) else day
    yield _count(expected)
    yield _count(done & (item.c.completed_on <= item.c.due))
    yield _count(done & (item.c.completed_on > item.c.due))
    yield _count(is_open & (item.c.due < today))
    yield _total(expected & item.c.required, item.c.weight)
    yield _total(done & item.c.required, item.c.weight)
    yield _count(expected & (item.c.status == TodoStatus.CANCELLED))
    yield _count(is_open & item.c.is_blocked)
    yield _count(_is_not_required(item) & _is_whole(item))
    yield _count(_is_expected(item) & ~_is_whole(item))
    yield _count((item.c.status == TodoStatus.COMPLETED) & ~_is_whole(item))


def _is_whole(item: Subquery) -> ColumnElement[bool]:
    return item.c.split_from_id.is_(None)


def _is_expected(item: Subquery) -> ColumnElement[bool]:
    """Tell whether an item is to be done in its unit, or was."""
    why = func.coalesce(item.c.not_done, _NOT_REQUIRED)
    return or_(item.c.status != TodoStatus.CANCELLED, why == NotDone.NOT_DONE)


def _is_not_required(item: Subquery) -> ColumnElement[bool]:
    """Tell whether an item is not to be done; one of which nobody said why it is closed is not required."""
    return and_(item.c.status == TodoStatus.CANCELLED, func.coalesce(item.c.not_done, _NOT_REQUIRED) == NotDone.NOT_REQUIRED)


def _reports(day: Day, conditions: _Conditions) -> Iterator[Select[int]]:
    """Yield the queries for the units that reported on a round: on their items, on those of others, by a document of an item.

    What the units said from which one was made counts for it in the same round.
    """
    line, before, item = _lines(), aliased(Campaign), ChecklistItem  # before: the campaign in which something was said
    same_round = before.template_id == Campaign.template_id, before.period == Campaign.period
    mine = select(line.c.unit_id).join(Campaign, Campaign.unit_id == line.c.unit_id).where(*conditions)
    own = mine.join(before, and_(before.unit_id == line.c.of_id, *same_round)).join(item, item.campaign_id == before.id)
    yield own.join(Change, Change.item_id == item.id).where(*_is_report(day))
    said = mine.join(Change, Change.reported_id == line.c.of_id).join(item, item.id == Change.item_id)
    yield said.join(before, and_(before.id == item.campaign_id, *same_round)).where(*_is_report(day))
    yield own.join(Document, Document.item_id == item.id).where(_by_then(Document.entered, day))


def _lines() -> Subquery:
    """Return every unit with itself and all that it was made from, by ``unit_id`` and ``of_id``."""
    line = select(Unit.id.label("unit_id"), Unit.id.label("of_id")).cte("line", recursive=True)
    made = select(line.c.unit_id, UnitSuccession.predecessor_id).join(UnitSuccession, UnitSuccession.successor_id == line.c.of_id)
    return line.union(made).select().subquery()


def _is_report(day: Day) -> _Conditions:
    """Return the conditions that a change was a report that stands: no undo, and not undone by the end of the day."""
    undo = aliased(Change)
    undone = undo.after[UNDOES].as_integer() == Change.id
    taken_back = select(undo.id).where(undo.item_id == Change.item_id, _by_then(undo.at, day), undone).correlate(Change).exists()
    said = Change.reported_id.is_not(None), Change.after[UNDOES].as_integer().is_(None)
    return *said, _by_then(Change.at, day), ~taken_back


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _total(condition: ColumnElement[bool], weight: Any) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, weight), else_=0)), 0)
