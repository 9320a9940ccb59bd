"""What a unit chooses: its own items, which optional ones it leaves out, who does them, what counts
twice, and its villages.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.opening import get_campaign
from events.checklist.delegating import delegate_item, units_below
from events.checklist.dividing import split_item, take_back_part
from events.checklist.integration import (
    candidates,
    coverable,
    credit_item,
    credited_to,
    remove_credit,
)
from events.checklist.optional import switch_off, switch_on
from events.checklist.origins import is_gone, parts_of
from events.checklist.own_items import HEAVIEST, OwnItem, add_own_item
from events.checklist.transitions import untouched
from events.errors import N_, DomainError, NotFoundError
from events.models import (
    ChecklistItem,
    EvidenceType,
    ItemState,
    Needs,
    Person,
    Phase,
    Role,
    Unit,
)
from events.people.rights import may_work_on, require_post
from events.people.roles import roles_at
from events.reforms.villages import (
    add_village,
    correct_village,
    end_village,
    titles_of,
    usual_type,
    villages_of,
)
from events.units.tree import ancestors, get_unit
from web.kit.addresses import safe_next
from web.kit.closed_units import closed_notice
from web.kit.context import get_calendar, get_session, today
from web.kit.entries import Entries, number_of
from web.kit.forms import (
    Use,
    for_people,
    said,
    send,
    wanted_campaign,
    wrong_fields,
)
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.words import unit_within

bp = Blueprint("choices", __name__)

_LABELS = {
    "summary": _l("What is to be done"),
    "due": _l("Due"),
    "weight": _l("Weight"),
    "evidence_min": _l("How many pieces at least"),
}


@bp.get("/viec/<int:item_id>/tuy-chon")
def item(item_id: int) -> ResponseReturnValue:
    """Show what can be chosen for one item."""
    return for_people(lambda person: _item_page(item_id, person))


@bp.post("/viec/<int:item_id>/chia")
def split(item_id: int) -> ResponseReturnValue:
    """Split an item among units below."""
    chosen = [
        int(text) for text in request.form.getlist("unit") if text.isascii() and text.isdigit()
    ]

    def use(session: Session, person: Person, at: datetime) -> object:
        return split_item(session, item_id, chosen, by=person, now=at, calendar=get_calendar())

    return _change_item(item_id, use, _("The item was split."))


@bp.post("/viec/<int:item_id>/chia/<int:part_id>/thu-lai")
def take_back(item_id: int, part_id: int) -> ResponseReturnValue:
    """Take a part back that nobody has touched."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return take_back_part(session, part_id, by=person, now=at)

    return _change_item(item_id, use, _("The part was taken back."))


@bp.post("/viec/<int:item_id>/giao")
def delegate(item_id: int) -> ResponseReturnValue:
    """Have a unit below do an item, or one post in it; no unit takes it back."""
    unit_id, role = request.form.get("unit", type=int), request.form.get("role") or None

    def use(session: Session, person: Person, at: datetime) -> object:
        return delegate_item(session, item_id, unit_id, role=role, by=person, now=at)

    return _change_item(item_id, use, _("It was recorded who does this item."))


@bp.post("/viec/<int:item_id>/long-ghep")
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


@bp.post("/viec/<int:item_id>/bo-chon")
def switch_item_off(item_id: int) -> ResponseReturnValue:
    """Leave an optional item out."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return switch_off(session, item_id, by=person, now=at)

    return _change_item(item_id, use, _("The item was switched off."))


@bp.post("/viec/<int:item_id>/chon")
def switch_item_on(item_id: int) -> ResponseReturnValue:
    """Take an item in again that was left out."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return switch_on(session, item_id, by=person, now=at)

    return _change_item(item_id, use, _("The item was switched on."))


@bp.get("/chien-dich/<uid>/viec-rieng")
def own(uid: str) -> ResponseReturnValue:
    """Show the form for an item of the unit's own."""
    return for_people(lambda person: _own_page(uid, person))


@bp.post("/chien-dich/<uid>/viec-rieng")
def add_own(uid: str) -> ResponseReturnValue:
    """Add an item of the unit's own to its campaign."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return add_own_item(session, get_campaign(session, uid), _own_item(), by=person, now=at)

    done = url_for("campaigns.show", uid=uid)
    return send(
        use, done, _("The item was added."), lambda person, error: _own_page(uid, person, error)
    )


@bp.get("/don-vi/<slug>/thon")
def villages(slug: str) -> ResponseReturnValue:
    """Show a commune's villages and the form for another one."""
    return for_people(lambda person: _villages_page(slug, person))


@bp.post("/don-vi/<slug>/thon")
def enter_village(slug: str) -> ResponseReturnValue:
    """Enter a village; it gets its copies of what runs."""

    def use(session: Session, person: Person, at: datetime) -> object:
        commune = get_unit(session, slug)
        return add_village(
            session, commune, _kind(), _name(), by=person, now=at, calendar=get_calendar()
        )

    return _change_villages(
        slug, use, lambda village: _("Added: %(unit)s", unit=unit_within(village.full_name))
    )


@bp.post("/don-vi/<slug>/thon/<int:village_id>/sua")
def correct(slug: str, village_id: int) -> ResponseReturnValue:
    """Correct what a village is called."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return correct_village(session, village_id, _kind(), _name(), by=person, now=at)

    return _change_villages(
        slug,
        use,
        lambda village: _("It is called %(unit)s now.", unit=unit_within(village.full_name)),
    )


@bp.post("/don-vi/<slug>/thon/<int:village_id>/ket-thuc")
def end(slug: str, village_id: int) -> ResponseReturnValue:
    """End a village."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return end_village(session, village_id, by=person, now=at)

    return _change_villages(
        slug,
        use,
        lambda village: _(
            "Today is the last day of %(unit)s.", unit=unit_within(village.full_name)
        ),
    )


def _kind() -> str:
    return request.form.get("kind", "")


def _name() -> str:
    return request.form.get("name", "")


def _change_villages(slug: str, use: Use, sentence: Callable[[Unit], str]) -> ResponseReturnValue:
    done = url_for(".villages", slug=slug)
    return send(use, done, sentence, lambda person, error: _villages_page(slug, person, error))


def _change_item(item_id: int, use: Use, sentence: str) -> ResponseReturnValue:
    done = safe_next(request.form.get("back"), url_for("items.show", item_id=item_id))
    return send(use, done, sentence, lambda person, error: _item_page(item_id, person, error))


def _item_page(item_id: int, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    item = session.get(ChecklistItem, item_id)
    if item is None:
        raise NotFoundError(kind="checklist item", key=item_id)
    unit = item.campaign.unit
    require_post(session, person, unit, today())
    parts = parts_of(session, item)
    have = {part.campaign.unit_id for part in parts}
    below = units_below(session, unit, today())
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


def _own_page(uid: str, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    campaign = get_campaign(session, uid)
    require_post(session, person, campaign.unit, today())
    return render_template(
        "choices/own.html",
        campaign=campaign,
        unit_path=ancestors(campaign.unit)[::-1],
        phases=session.scalars(select(Phase).order_by(Phase.position)).all(),
        kinds=_kinds(session),
        roles=roles_at(session, campaign.unit, today()),
        heaviest=HEAVIEST,
        error=said(error),
        wrong=wrong_fields(error, _LABELS),
    )


def _kinds(session: Session) -> Sequence[EvidenceType]:
    return session.scalars(
        select(EvidenceType)
        .where(EvidenceType.needs != Needs.NOTHING)
        .order_by(EvidenceType.position)
    ).all()


def _own_item() -> OwnItem:
    form, entries = request.form, Entries(request.form)
    summary = entries.needed_text("summary", missing=N_("Please enter what is to be done."))
    due = entries.needed_day("due", missing=N_("Please enter the day it is due."))
    wanted, weight = entries.number("evidence_min"), entries.number("weight")
    entries.check()
    kinds, role = tuple(form.getlist("evidence")), form.get("role") or None
    return OwnItem(
        summary,
        due,
        form.get("phase", ""),
        kinds,
        wanted or 0,
        1 if weight is None else weight,
        role,
    )


def _villages_page(slug: str, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    commune = get_unit(session, slug)
    level = commune.level.enters
    if level is None:
        raise NotFoundError(kind="unit", key=slug)
    return render_template(
        "choices/villages.html",
        commune=commune,
        closed=closed_notice(commune, _villages_of),
        unit_path=ancestors(commune)[::-1],
        villages=villages_of(session, commune, today()),
        types=titles_of(level),
        usual=usual_type(level, commune),
        may_enter=commune.is_valid(today()) and may_work_on(session, person, commune, today()),
        error=said(error),
    )


def _villages_of(unit: Unit) -> str:
    return (
        url_for(".villages", slug=unit.slug)
        if unit.level.enters
        else url_for("units.show", slug=unit.slug)
    )
