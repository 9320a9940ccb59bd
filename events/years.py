"""How years compare across a reform: units that are gone are counted with those that followed them."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from events.lineage import Lineage
from events.models import Campaign, Unit
from events.progress import AsOf, Day, Progress, year_progress
from events.units import load_tree


def mapped_to(session: Session, on: date) -> dict[int, int]:
    """Return for every unit that lived by ``on`` the unit alive on that day that it is counted with; itself while it lives."""
    lineage = Lineage.load(session, on)
    born = [one.id for one in lineage.kin.values() if one.valid_from is None or one.valid_from <= on]
    found = {unit_id: lineage.stand_in(unit_id) for unit_id in born}
    return {old: new for old, new in found.items() if new is not None}


def compare_years(session: Session, unit: Unit, years: Iterable[int], today: date) -> dict[int, Progress]:
    """Return the progress of ``unit`` with everything below it in these years, as ``progress_by_year`` counts it."""
    wanted = list(years)
    found = progress_by_year(session, unit, today, Campaign.year.in_(wanted))
    return {year: found.get(year, Progress()) for year in wanted}


def progress_by_year(session: Session, unit: Unit, day: Day, *conditions: ColumnElement[bool]) -> dict[int, Progress]:
    """Return the progress of ``unit`` with everything below it, year by year, over the campaigns that meet ``conditions``.

    Old units are added up to those alive on ``day``; of a unit that was not there then, on the nearest day on which it was.
    """
    on = day.day if isinstance(day, AsOf) else day
    on = min(on, unit.valid_to or on)
    on = max(on, unit.valid_from or on)
    tree = load_tree(session, on)
    here = {node.id for node in tree.below(tree.nodes[unit.id])}
    counted = [old for old, new in mapped_to(session, on).items() if new in here]
    return year_progress(session, day, Campaign.unit_id.in_(counted), *conditions)
