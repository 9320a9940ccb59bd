"""A round that was opened by mistake: what cancelling it reaches, the button, and the way back."""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.campaigns.lookup import get_campaign
from events.errors import DomainError
from events.models import Campaign, Person
from events.people.rights import Capability, require
from events.replanning import cancelling
from events.units.tree import ancestors
from web.kit.context import get_session, today
from web.kit.forms import for_people, said, send
from web.kit.language import gettext as _

bp = Blueprint("cancelling", __name__, url_prefix="/chien-dich/<uid>/huy")


@bp.get("")
def ask(uid: str) -> ResponseReturnValue:
    """Show what cancelling the round reaches; of a cancelled one who did it, and what opening it
    again reaches.
    """
    root = get_campaign(get_session(), uid)

    def page(person: Person) -> str:
        require(get_session(), person, Capability.STEER_ROUNDS, root.unit, today())
        return _page(root)

    return for_people(page)


@bp.post("")
def cancel(uid: str) -> ResponseReturnValue:
    """Cancel the round in all its units."""
    session = get_session()
    root = get_campaign(session, uid)

    def use(_session: object, person: Person, at: datetime) -> None:
        cancelling.cancel_round(session, root, request.form.get("reason", ""), by=person, now=at)

    sentence = _("“%(campaign)s” is cancelled in all units.", campaign=root.summary)
    return send(
        use, url_for("campaigns.show", uid=uid), sentence, lambda _person, error: _page(root, error)
    )


@bp.post("/mo-lai")
def reopen(uid: str) -> ResponseReturnValue:
    """Open a cancelled round again."""
    session = get_session()
    root = get_campaign(session, uid)

    def use(_session: object, person: Person, at: datetime) -> None:
        cancelling.reopen_round(session, root, by=person, now=at)

    sentence = _("“%(campaign)s” is open again in all units.", campaign=root.summary)
    return send(
        use, url_for("campaigns.show", uid=uid), sentence, lambda _person, error: _page(root, error)
    )


def _page(root: Campaign, error: DomainError | None = None) -> str:
    return render_template(
        "cancelling/ask.html",
        campaign=root,
        unit_path=ancestors(root.unit)[::-1],
        extent=cancelling.extent_of(get_session(), root),
        history=[
            (datetime.fromisoformat(told["at"]), told) for told in root.round.cancellations or ()
        ],
        problem=said(error),
    )
