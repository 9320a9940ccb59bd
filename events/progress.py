"""How far a unit and everything below it has come. A parent is always the sum of its leaves, so a silent commune counts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select
from sqlalchemy.orm import Session

from events.models import Campaign, CampaignStatus, ChecklistItem, TodoStatus
from events.models.campaigns import OPEN
from events.units import UnitTree


@dataclass(frozen=True, slots=True)
class Progress:
    """Numbers of checklist items; ``weight`` and ``weight_done`` count only required ones."""

    expected: int = 0
    on_time: int = 0
    late: int = 0
    overdue: int = 0
    weight: int = 0
    weight_done: int = 0

    @property
    def done(self) -> int:
        return self.on_time + self.late

    @property
    def open(self) -> int:
        """Items still to do, the overdue ones among them."""
        return self.expected - self.done

    @property
    def percent(self) -> int:
        """Weighted share of the required work that is done, rounded down: 100 only when all of it is."""
        return 100 * self.weight_done // self.weight if self.weight else 0

    def __add__(self, other: "Progress") -> "Progress":
        return Progress(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


def own_progress(session: Session, today: date, *conditions: ColumnElement[bool]) -> dict[int, Progress]:
    """Return each unit's own progress by unit id, over the campaigns that meet ``conditions``, in one query."""
    return {unit_id: Progress(*numbers) for unit_id, *numbers in session.execute(_numbers([Campaign.unit_id], today, *conditions))}


def round_progress(session: Session, today: date, *conditions: ColumnElement[bool]) -> dict[tuple[int, str], Progress]:
    """Return the progress of each round by template id and period, over the campaigns that meet ``conditions``."""
    query = _numbers([Campaign.template_id, Campaign.period], today, *conditions)
    return {(template_id, period): Progress(*numbers) for template_id, period, *numbers in session.execute(query)}


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


def _numbers(group: Sequence[Any], today: date, *conditions: ColumnElement[bool]) -> Select[Any]:
    item = ChecklistItem
    done = item.status == TodoStatus.COMPLETED
    counted = item.status != TodoStatus.CANCELLED
    return (
        select(
            *group,
            _count(counted),
            _count(done & (item.completed_on <= item.due)),
            _count(done & (item.completed_on > item.due)),
            _count(item.status.in_(OPEN) & (item.due < today)),
            _total(counted & item.required),
            _total(done & item.required),
        )
        .join(item, item.campaign_id == Campaign.id)
        .where(and_(Campaign.status != CampaignStatus.CANCELLED, *conditions))
        .group_by(*group)
    )


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _total(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, ChecklistItem.weight), else_=0)), 0)
