"""Addresses that get no notices since a mail server did not know them, and the button that lets
them have some again; above them, why no mail leaves at all.
"""

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.models import Person
from events.units.office import is_copy
from notifications.outbox.pausing import pause_of
from notifications.outbox.suppression import lift, list_suppressed
from web.kit.context import get_session, now
from web.kit.forms import send
from web.kit.language import gettext as _

bp = Blueprint("suppressed", __name__, url_prefix="/thu/dia-chi-tam-ngung")


@bp.get("")
def index() -> ResponseReturnValue:
    """List the addresses, the newest first."""
    session = get_session()
    return render_template(
        "suppressed/index.html",
        rows=list_suppressed(session, now()),
        pause=pause_of(session),
        is_copy=is_copy(session),
    )


@bp.post("")
def take_off() -> ResponseReturnValue:
    """Let notices go to an address again."""
    address = request.form.get("address", "")

    def use(session: Session, _person: Person, _at: object) -> None:
        lift(session, address)

    done = _("Notices go to %(address)s again.", address=address)
    return send(use, url_for(".index"), done)
