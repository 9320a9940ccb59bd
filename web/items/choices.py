"""What a unit chooses for one item: whether it takes an optional one in, who does it, and what it
counts for too.
"""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.campaigns.lookup import get_campaign
from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item, take_back_part
from events.checklist.integration import (
    candidates,
    coverable,
    credit_item,
    credited_to,
    remove_credit,
)
from events.checklist.listing import get_item
from events.checklist.optional import switch_off, switch_on
from events.checklist.origins import is_gone, parts_of
from events.checklist.transitions import untouched
from events.database.sessions import Session
from events.errors import DomainError
from events.models import ItemState, Person, Role, Unit
from events.people.rights import Capability, require
from events.people.roles import roles_at
from events.units.tree import ancestors, children
from web.kit.addresses import safe_next
from web.kit.context import get_calendar, get_session, today
from web.kit.entries import id_of, number_of
from web.kit.forms import Use, for_people, said, send, wanted_campaign
from web.kit.language import gettext as _

bp = Blueprint("choices", __name__, url_prefix="/viec")


@bp.get("/<int:item_id>/tuy-chon")
def item(item_id: int) -> ResponseReturnValue:
    """Show what can be chosen for one item."""
    return for_people(lambda person: _item_page(item_id, person))


@bp.post("/<int:item_id>/chia")
def split(item_id: int) -> ResponseReturnValue:
    """Split an item among units below."""
    chosen = [
        number for text in request.form.getlist("unit") if (number := id_of(text)) is not None
    ]

    def use(session: Session, person: Person, at: datetime) -> object:
        return split_item(session, item_id, chosen, by=person, now=at, calendar=get_calendar())

    return _change_item(item_id, use, _("The item was split."))


@bp.post("/<int:item_id>/chia/<int:part_id>/thu-lai")
def take_back(item_id: int, part_id: int) -> ResponseReturnValue:
    """Take a part back that nobody has touched."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return take_back_part(session, part_id, by=person, now=at)

    return _change_item(item_id, use, _("The part was taken back."))


@bp.post("/<int:item_id>/giao")
def delegate(item_id: int) -> ResponseReturnValue:
    """Have a unit below do an item, or one post in it; no unit takes it back."""
    unit_id, role = id_of(request.form.get("unit", "")), request.form.get("role") or None

    def use(session: Session, person: Person, at: datetime) -> object:
        return delegate_item(session, item_id, unit_id, role=role, by=person, now=at)

    return _change_item(item_id, use, _("It was recorded who does this item."))


@bp.post("/<int:item_id>/long-ghep")
def credit(item_id: int) -> ResponseReturnValue:
    """Let an item count for another campaign too, or no longer.

    ``campaign`` is its UID, with ``/id`` of the item it stands for.
    """

    def use(session: Session, person: Person, at: datetime) -> object:
        uid, _slash, covers = wanted_campaign().partition("/")
        campaign = get_campaign(session, uid)
        if request.form.get("remove"):
            return remove_credit(session, item_id, campaign, by=person, now=at)
        return credit_item(
            session, item_id, campaign, covers_id=number_of(covers), by=person, now=at
        )

    return _change_item(item_id, use, _("It was recorded what this item counts for."))


@bp.post("/<int:item_id>/bo-chon")
def switch_item_off(item_id: int) -> ResponseReturnValue:
    """Leave an optional item out."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return switch_off(session, item_id, by=person, now=at)

    return _change_item(item_id, use, _("The item was switched off."))


@bp.post("/<int:item_id>/chon")
def switch_item_on(item_id: int) -> ResponseReturnValue:
    """Take an item in again that was left out."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return switch_on(session, item_id, by=person, now=at)

    return _change_item(item_id, use, _("The item was switched on."))


def _change_item(item_id: int, use: Use, sentence: str) -> ResponseReturnValue:
    done = safe_next(request.form.get("back"), url_for("items.show", item_id=item_id))
    return send(use, done, sentence, lambda person, error: _item_page(item_id, person, error))


def _item_page(item_id: int, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    item = get_item(session, item_id)
    unit = item.campaign.unit
    require(session, person, Capability.DO_WORK, unit, today())
    parts = parts_of(session, item)
    have = {part.campaign.unit_id for part in parts}
    below = children(session, unit, today())
    others = candidates(session, item)
    return render_template(
        "choices/item.html",
        item=item,
        unit_path=ancestors(unit)[::-1],
        parts=parts,
        may_switch=not item.required
        and (item.is_open or (item.state is ItemState.NOT_REQUIRED and not is_gone(item))),
        free_parts={part.id for part in parts if untouched(part)},
        below=below,
        roles_below=_roles_of(session, below),
        have=have,
        credited=credited_to(session, item),
        candidates=others,
        coverable=coverable(session, item, others),
        error=said(error),
    )


def _roles_of(session: Session, units: Sequence[Unit]) -> list[Role]:
    """Return the posts that the units have, each once; the number of queries depends on their
    levels alone.
    """
    of_level = {unit.level_key: unit for unit in units}
    return list(
        dict.fromkeys(
            role for unit in of_level.values() for role in roles_at(session, unit, today())
        )
    )
