"""An item that a unit below does instead, or one post in it."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from events.checklist.history import (
    DELEGATE,
    DELEGATE_TO,
    Stamp,
    record,
)
from events.checklist.rights import open_for_choice, require_open
from events.errors import N_, InvalidInputError
from events.installation import day_here
from events.models import (
    ChecklistItem,
    Person,
    Role,
    Unit,
)
from events.people.roles import require_role_at
from events.units.tree import ancestors


def delegate_item(
    session: Session,
    item_id: int,
    unit_id: int | None,
    *,
    role: str | None = None,
    by: Person,
    now: datetime,
) -> ChecklistItem:
    """Have a unit below do an item, or one post in it; None takes it back.

    Those in charge there may tick it, and are reminded.

    Only a post in the item's unit or above may do this. ``role`` is a role's key. Raises
    ``InvalidInputError`` for a unit that is not below, or a post that it does not have.
    """
    item, _stamp = open_for_choice(session, item_id, Stamp(by, now))
    unit = (
        None
        if unit_id is None
        else chosen_below(session, item, [unit_id], day_here(session, now))[0]
    )
    role = role if unit is not None else None
    if (item.delegate_unit_id, item.delegate_role_key) == (unit_id, role):
        return item
    require_open(item)
    if unit is not None:
        require_role_at(session, unit, role, day_here(session, now))
    give_to(session, item, unit, role, Stamp(by, now))
    return item


def give_to(
    session: Session,
    item: ChecklistItem,
    unit: Unit | None,
    role: str | None,
    stamp: Stamp,
    **notes: Any,
) -> None:
    """Write who does an item, with its history."""
    before = _delegation(item)
    item.delegate_unit, item.delegate_role = unit, session.get(Role, role) if role else None
    item.touch(stamp.now)
    session.flush()
    record(session, item, before, _delegation(item) | notes, stamp)


def _delegation(item: ChecklistItem) -> dict[str, Any]:
    """Return who does an item as history keeps it: in words, and as the keys that an undo needs."""
    unit, role = item.delegate_unit, item.delegate_role
    words = " – ".join(each for each in (unit and unit.full_name, role and role.title_vi) if each)
    return {DELEGATE: words or None, DELEGATE_TO: [item.delegate_unit_id, item.delegate_role_key]}


def chosen_below(
    session: Session, item: ChecklistItem, unit_ids: Collection[int], on: date
) -> Sequence[Unit]:
    """Return the units in their order.

    Raises ``InvalidInputError`` for none, or one that ended or is not below the item's unit.
    """
    units = session.scalars(
        select(Unit).where(Unit.id.in_(unit_ids)).order_by(Unit.position, Unit.id)
    ).all()
    if not units or len(units) < len(set(unit_ids)):
        raise InvalidInputError(N_("Please choose at least one unit."))
    above = item.campaign.unit
    for unit in units:
        if above not in ancestors(unit):
            raise InvalidInputError(
                N_("%(unit)s is not below %(above)s."), unit=unit.full_name, above=above.full_name
            )
        if not unit.is_valid(on):
            raise InvalidInputError(
                N_("%(unit)s does not exist on %(day)s."), unit=unit.full_name, day=f"{on:%d/%m/%Y}"
            )
    return units
