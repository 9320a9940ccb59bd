"""Whether a change of units can be: on its day, in the order of changes, and below units that live
then.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.days.recurrence import check_year
from events.errors import N_, ConflictError, InvalidInputError, NotFoundError
from events.installation import day_here
from events.locks import FOR_CHANGE, lock_tree
from events.models import Level, Unit
from events.units.lineage import Lineage

_A_YEAR = timedelta(days=366)


def all_ending(session: Session, keys: Sequence[str], on: date, now: datetime) -> list[Unit]:
    """Return the units, locked, if they can end the day before ``on``; says in words why they
    cannot.
    """
    require_day(session, on, now)
    lock_tree(session)
    return [_ending(session, key, on) for key in keys]


def require_day(session: Session, on: date, now: datetime) -> None:
    """Refuse a day that is too long past, or no year that can be."""
    check_year(on.year)
    if on < day_here(session, now) - _A_YEAR:
        raise InvalidInputError(
            N_("%(day)s is too long past: a change is entered at most a year after its day."),
            day=_text(on),
        )


def check_order(session: Session, ending: Sequence[Unit], on: date) -> None:
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


def parent_of_new(
    session: Session, old: Sequence[Unit], parent_key: str | None, on: date
) -> Unit | None:
    """Return the unit that a new one stands below: the one chosen, else that of all ``old``."""
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
    parent = unit_named(session, parent_key)
    check_parent(parent, old, on)
    return parent


def unit_named(session: Session, key: str) -> Unit:
    """Return the unit with this key. Raises ``NotFoundError``."""
    unit = session.scalar(select(Unit).where(Unit.key == key))
    if unit is None:
        raise NotFoundError(kind="unit", key=key)
    return unit


def check_parent(parent: Unit, old: Sequence[Unit], on: date) -> None:
    """Refuse a unit as the one above that is among those that end, or cannot have one below."""
    line: Unit | None = parent
    while line is not None:
        if line in old:
            raise InvalidInputError(
                N_("%(unit)s ends itself, or stands below a unit that ends."), unit=parent.full_name
            )
        line = line.parent
    check_above(parent, old[0].level, on)


def check_above(parent: Unit, level: Level, on: date) -> None:
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


def _text(day: date) -> str:
    return f"{day:%d/%m/%Y}"
