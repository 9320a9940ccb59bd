"""One checklist item: the page that a reminder leads to, and the two forms that change it.

Looking never changes anything: mail scanners follow links. A form sends the state that is wanted, never "the other one", so that
sending it twice does no harm.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from events.checklist import complete_item, history_of, reopen_item
from events.errors import NotFoundError
from events.models import Campaign, ChecklistItem, Unit
from events.units import ancestors
from web.addresses import safe_next
from web.checklists import lines_of, may_tick
from web.context import current_person, get_config, get_session, now
from web.language import gettext as _

bp = Blueprint("items", __name__, url_prefix="/viec")


@bp.get("/<int:item_id>")
def show(item_id: int) -> str:
    """Show one item with its history."""
    session = get_session()
    item = _get(session, item_id)
    line = next(line for line in lines_of(session, item.campaign) if line.item is item)
    return render_template(
        "items/show.html",
        line=line,
        item=item,
        campaign=item.campaign,
        unit_path=ancestors(item.campaign.unit)[::-1],
        history=history_of(session, item),
        may_tick=may_tick(session, item.campaign),
    )


@bp.post("/<int:item_id>/hoan-thanh")
def complete(item_id: int) -> ResponseReturnValue:
    """Tick off one item and go back to where the form stood."""
    return _change(item_id, complete_item, lambda item: _("Done: %(summary)s", summary=item.summary))


@bp.post("/<int:item_id>/mo-lai")
def reopen(item_id: int) -> ResponseReturnValue:
    """Take the tick back."""
    return _change(item_id, reopen_item, lambda item: _("Open again: %(summary)s", summary=item.summary))


def _change(item_id: int, use_case: Callable[..., ChecklistItem], sentence: Callable[[ChecklistItem], str]) -> ResponseReturnValue:
    back = safe_next(request.form.get("back"), url_for(".show", item_id=item_id))
    person = current_person()
    if person is None:
        flash(_("Please sign in first. Nothing was changed."), "warning")
        return redirect(url_for("accounts.sign_in", next=back), 303)
    session = get_session()
    item = use_case(session, item_id, by=person, now=now(), zone=get_config().zone)
    session.commit()
    flash(sentence(item), "success")
    return redirect(f"{back}#viec-{item_id}", 303)


def _get(session: Session, item_id: int) -> ChecklistItem:
    to_unit = joinedload(ChecklistItem.campaign).joinedload(Campaign.unit).joinedload(Unit.level)
    item = session.scalar(select(ChecklistItem).where(ChecklistItem.id == item_id).options(to_unit))
    if item is None:
        raise NotFoundError(kind="checklist item", key=item_id)
    return item
