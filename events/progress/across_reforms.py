"""How figures compare across a reform: units that are gone are counted with those that followed
them.

Every unit that ever was is counted with one unit that is alive on the day, so that the figures of
living units add up to those of the units above them, and what one unit did before a change is not
lost with its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.orm import Session

from events.models import Campaign, Round, Unit
from events.models.campaigns import of_rounds
from events.progress.as_of import AsOf, Day
from events.progress.figures import Progress, rolled_up, year_progress
from events.units.lineage import Lineage
from events.units.tree import UnitTree, load_tree


@dataclass(frozen=True, slots=True)
class Counted:
    """The units whose work is counted for one unit: those of the tree below it on the day, and
    whatever they were before.

    ``within`` tells with which unit of the tree each of them is counted.
    """

    unit: Unit
    on: date
    tree: UnitTree
    within: Mapping[int, int]

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition that a campaign is counted.

        The ids stand in the statement: a nation has more than parameters may be.
        """
        return Campaign.unit_id.in_(
            bindparam("units", list(self.within), expanding=True, literal_execute=True, unique=True)
        )

    @property
    def before(self) -> list[int]:
        """The units that are counted with the unit itself, and no other below it."""
        return [old for old, new in self.within.items() if new == self.unit.id != old]

    def totals(self, own: Mapping[int, Progress]) -> dict[int, Progress]:
        """Return the progress of every unit of the tree, with everything below it and everything
        before, from each unit's own.
        """
        counted: dict[int, Progress] = {}
        for unit_id, progress in own.items():
            counted_as = self.within[unit_id]
            counted[counted_as] = (
                counted[counted_as] + progress if counted_as in counted else progress
            )
        return rolled_up(self.tree, counted)


def counted_with(session: Session, unit: Unit, day: Day) -> Counted:
    """Return the units that are counted for ``unit`` on the day; if it was not there then, on the
    nearest day on which it was.
    """
    on = day.day if isinstance(day, AsOf) else day
    on = min(on, unit.valid_to or on)
    on = max(on, unit.valid_from or on)
    tree = load_tree(session, on)
    here = {node.id for node in tree.below(tree.nodes[unit.id])}
    return Counted(
        unit, on, tree, {old: new for old, new in mapped_to(session, on).items() if new in here}
    )


def mapped_to(session: Session, on: date) -> dict[int, int]:
    """Return for every unit the unit alive on the day ``on`` that it is counted with; itself while
    it lives.

    One that is still to come is counted with the unit above it.
    """
    lineage = Lineage.load(session, on)
    found = {unit_id: lineage.stand_in(unit_id) for unit_id in lineage.kin}
    return {old: new for old, new in found.items() if new is not None}


def compare_years(
    session: Session, unit: Unit, years: Iterable[int], today: date
) -> dict[int, Progress]:
    """Return the progress of ``unit`` with everything below it in these years, as
    ``progress_by_year`` counts it.
    """
    wanted = list(years)
    found = progress_by_year(session, unit, today, of_rounds(Round.year.in_(wanted)))
    return {year: found.get(year, Progress()) for year in wanted}


def progress_by_year(
    session: Session, unit: Unit, day: Day, *conditions: ColumnElement[bool]
) -> dict[int, Progress]:
    """Return the progress of ``unit`` with everything below it, year by year, over the campaigns
    that meet ``conditions``.
    """
    return year_progress(session, day, counted_with(session, unit, day).condition, *conditions)
