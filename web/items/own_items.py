"""An item that a unit adds for itself to its campaign, beside its template's."""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.campaigns.lookup import get_campaign
from events.checklist.own_items import HEAVIEST, OwnItem, add_own_item
from events.database.sessions import Session
from events.errors import N_, DomainError
from events.models import Needs, Person
from events.people.rights import Capability, require
from events.people.roles import roles_at
from events.templates.vocabulary import evidence_types, phases
from events.units.tree import ancestors
from web.kit.context import get_session, today
from web.kit.entries import Entries
from web.kit.forms import for_people, said, send, wrong_fields
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l

bp = Blueprint("own_items", __name__, url_prefix="/chien-dich/<uid>/viec-rieng")

_LABELS = {
    "summary": _l("What is to be done"),
    "due": _l("Due"),
    "weight": _l("Weight"),
    "evidence_min": _l("How many pieces at least"),
}


@bp.get("")
def new(uid: str) -> ResponseReturnValue:
    """Show the form for an item of the unit's own."""
    return for_people(lambda person: _page(uid, person))


@bp.post("")
def add(uid: str) -> ResponseReturnValue:
    """Add an item of the unit's own to its campaign."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return add_own_item(session, get_campaign(session, uid), _own_item(), by=person, now=at)

    done = url_for("campaigns.show", uid=uid)
    return send(
        use, done, _("The item was added."), lambda person, error: _page(uid, person, error)
    )


def _page(uid: str, person: Person, error: DomainError | None = None) -> str:
    session = get_session()
    campaign = get_campaign(session, uid)
    require(session, person, Capability.DO_WORK, campaign.unit, today())
    return render_template(
        "own_items/form.html",
        campaign=campaign,
        unit_path=ancestors(campaign.unit)[::-1],
        phases=phases(session).values(),
        kinds=[
            kind for kind in evidence_types(session).values() if kind.needs is not Needs.NOTHING
        ],
        roles=roles_at(session, campaign.unit, today()),
        heaviest=HEAVIEST,
        error=said(error),
        wrong=wrong_fields(error, _LABELS),
    )


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
