"""What a unit chooses: its own items, which optional ones it leaves out, who does them, what counts twice, and its villages."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns import get_campaign
from events.checklist import parts_of
from events.choices import OwnItem, add_own_item, delegate_item, split_item, switch_off, switch_on, units_below
from events.credits import candidates, credit_item, credited_to, remove_credit
from events.errors import N_, DomainError, InvalidInputError, NotFoundError
from events.models import ChecklistItem, EvidenceType, Person, Phase, Unit
from events.models.campaigns import TICK_ONLY
from events.people import may_work_on, require_post
from events.units import ancestors, get_unit
from events.villages import COMMUNE, TITLES, VillageType, add_village, villages_of
from web.addresses import safe_next
from web.closures import closed_notice
from web.context import get_calendar, get_config, get_session, today
from web.entries import day_of, number_of
from web.forms import Use, for_people, said, send
from web.language import gettext as _

bp = Blueprint("choices", __name__)


@bp.get("/viec/<int:item_id>/tuy-chon")
def item(item_id: int) -> ResponseReturnValue:
    """Show what can be chosen for one item."""
    return for_people(lambda person: _item_page(item_id, person))


@bp.post("/viec/<int:item_id>/chia")
def split(item_id: int) -> ResponseReturnValue:
    """Split an item among units below."""
    chosen = [int(text) for text in request.form.getlist("unit") if text.isascii() and text.isdigit()]

    def use(session: Session, person: Person, at: datetime) -> object:
        return split_item(session, item_id, chosen, by=person, now=at, calendar=get_calendar(), zone=get_config().zone)

    return _change_item(item_id, use, _("The item was split."))


@bp.post("/viec/<int:item_id>/giao")
def delegate(item_id: int) -> ResponseReturnValue:
    """Have a unit below do an item; no unit takes it back."""
    unit_id = request.form.get("unit", type=int)

    def use(session: Session, person: Person, at: datetime) -> object:
        return delegate_item(session, item_id, unit_id, by=person, now=at, zone=get_config().zone)

    return _change_item(item_id, use, _("It was recorded who does this item."))


@bp.post("/viec/<int:item_id>/long-ghep")
def credit(item_id: int) -> ResponseReturnValue:
    """Let an item count for another campaign too, or no longer."""
    use_case = remove_credit if request.form.get("remove") else credit_item

    def use(session: Session, person: Person, at: datetime) -> object:
        campaign = get_campaign(session, request.form.get("campaign", ""))
        return use_case(session, item_id, campaign, by=person, now=at, zone=get_config().zone)

    return _change_item(item_id, use, _("It was recorded what this item counts for."))


@bp.post("/viec/<int:item_id>/bo-chon")
def switch_item_off(item_id: int) -> ResponseReturnValue:
    """Leave an optional item out."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return switch_off(session, item_id, by=person, now=at, zone=get_config().zone)

    return _change_item(item_id, use, _("The item was switched off."))


@bp.post("/viec/<int:item_id>/chon")
def switch_item_on(item_id: int) -> ResponseReturnValue:
    """Take an item in again that was left out."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return switch_on(session, item_id, by=person, now=at, zone=get_config().zone)

    return _change_item(item_id, use, _("The item was switched on."))


@bp.get("/chien-dich/<uid>/viec-rieng")
def own(uid: str) -> ResponseReturnValue:
    """Show the form for an item of the unit's own."""
    return for_people(lambda person: _own_page(uid, person))


@bp.post("/chien-dich/<uid>/viec-rieng")
def add_own(uid: str) -> ResponseReturnValue:
    """Add an item of the unit's own to its campaign."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return add_own_item(session, get_campaign(session, uid), _own_item(), by=person, now=at, zone=get_config().zone)

    done = url_for("campaigns.show", uid=uid)
    return send(use, done, _("The item was added."), lambda person, error: _own_page(uid, person, error))


@bp.get("/don-vi/<slug>/thon")
def villages(slug: str) -> ResponseReturnValue:
    """Show a commune's villages and the form for another one."""
    return for_people(lambda person: _villages_page(slug, person))


@bp.post("/don-vi/<slug>/thon")
def enter_village(slug: str) -> ResponseReturnValue:
    """Enter a village; it gets its copies of what runs."""

    def use(session: Session, person: Person, at: datetime) -> object:
        commune, name = get_unit(session, slug), request.form.get("name", "")
        if request.form.get("kind") not in list(VillageType):
            raise InvalidInputError(N_("Please choose what the village is called."))
        kind = VillageType(request.form["kind"])
        return add_village(session, commune, kind, name, by=person, now=at, calendar=get_calendar(), zone=get_config().zone)

    done = url_for(".villages", slug=slug)
    return send(use, done, _("The village was entered."), lambda person, error: _villages_page(slug, person, error))


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
    return render_template(
        "choices/item.html",
        item=item,
        unit_path=ancestors(unit)[::-1],
        parts=parts,
        below=units_below(session, unit, today()),
        have=have,
        credited=credited_to(session, item),
        candidates=candidates(session, item),
        error=said(error),
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
        error=said(error),
    )


def _kinds(session: Session) -> Sequence[EvidenceType]:
    return session.scalars(select(EvidenceType).where(EvidenceType.key != TICK_ONLY).order_by(EvidenceType.position)).all()


def _own_item() -> OwnItem:
    form = request.form
    due = day_of(form.get("due", ""))
    if due is None:
        raise InvalidInputError(N_("Please enter the day it is due."))
    kinds = tuple(form.getlist("evidence"))
    wanted = number_of(form.get("evidence_min", ""))
    return OwnItem(form.get("summary", ""), due, form.get("phase", ""), kinds, wanted or 0, number_of(form.get("weight", "")) or 1)


def _villages_page(slug: str, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    commune = get_unit(session, slug)
    if commune.level_key != COMMUNE:
        raise NotFoundError(kind="unit", key=slug)
    return render_template(
        "choices/villages.html",
        commune=commune,
        closed=closed_notice(commune, _villages_of),
        unit_path=ancestors(commune)[::-1],
        villages=villages_of(session, commune, today()),
        types=TITLES,
        may_enter=commune.is_valid(today()) and may_work_on(session, person, commune, today()),
        error=said(error),
    )


def _villages_of(unit: Unit) -> str:
    return url_for(".villages", slug=unit.slug) if unit.level_key == COMMUNE else url_for("units.show", slug=unit.slug)
