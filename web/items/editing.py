"""An item edited by hand: its wording, its dates, who does it; and back to what its template
says.
"""

from typing import Any

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.checklist.editing import (
    LONGEST_SUMMARY,
    Edit,
    edit_item,
    follow_template,
    remarks,
    sets_its_own_date,
)
from events.checklist.history import Stamp
from events.checklist.listing import get_item
from events.checklist.origins import follows_a_template
from events.database.sessions import Session
from events.errors import N_, ConflictError, DomainError, InvalidInputError
from events.models import Person
from events.people.rights import Capability, require
from events.people.roles import roles_at
from events.units.tree import ancestors
from events.words.language import tell
from web.kit.context import get_calendar, get_session, today
from web.kit.entries import day_of, number_of
from web.kit.forms import for_people, said, send
from web.kit.language import current
from web.kit.language import gettext as _

bp = Blueprint("editing", __name__, url_prefix="/viec")


@bp.get("/<int:item_id>/sua")
def form(item_id: int) -> ResponseReturnValue:
    """Show the form with what the item says now."""
    return for_people(lambda person: _page(item_id, person))


@bp.post("/<int:item_id>/sua")
def save(item_id: int) -> ResponseReturnValue:
    """Store what was edited; a warning never keeps anybody from it."""

    def use(session: Session, person: Person, at: Any) -> None:
        sequence = number_of(request.form.get("sequence", ""))
        item = edit_item(session, item_id, _edit(), Stamp(person, at), sequence=sequence)
        for sentence, facts in remarks(item, get_calendar()):
            flash(tell(sentence, facts, current()), "warning")

    return send(
        use,
        _back(item_id),
        _("The item was changed."),
        lambda person, error: _page(item_id, person, error),
    )


@bp.post("/<int:item_id>/theo-mau")
def follow(item_id: int) -> ResponseReturnValue:
    """Let the item follow its template again."""

    def use(session: Session, person: Person, at: Any) -> None:
        follow_template(session, item_id, Stamp(person, at))

    sentence = _("The item follows its template again.")
    return send(use, _back(item_id), sentence, lambda person, error: _page(item_id, person, error))


def _page(item_id: int, person: Person, error: DomainError | None = None) -> str:
    """Return the form with what was typed; when somebody else was quicker, with what is stored now
    beside it.
    """
    session = get_session()
    item = get_item(session, item_id)
    unit = item.campaign.unit
    require(session, person, Capability.DO_WORK, unit, today())
    stored = {
        "summary": item.summary,
        "due": item.due,
        "dtstart": item.dtstart,
        "role": item.role_key,
    }
    return render_template(
        "editing/form.html",
        item=item,
        unit_path=ancestors(unit)[::-1],
        values={**stored, **request.form},
        roles=roles_at(session, unit, today()),
        longest=LONGEST_SUMMARY,
        has_template=follows_a_template(item),
        sets_its_own_date=sets_its_own_date(item),
        error=said(error),
        shows_stored=isinstance(error, ConflictError),
    )


def _edit() -> Edit:
    form = request.form
    due = day_of(form.get("due", ""))
    if due is None:
        raise InvalidInputError(N_("Please enter the day it is due."))
    return Edit(form.get("summary", ""), due, form.get("role", ""), day_of(form.get("dtstart", "")))


def _back(item_id: int) -> str:
    return url_for("items.show", item_id=item_id)
