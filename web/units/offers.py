"""Posts that are offered to whoever is signed in, or to people of their units: accepted or declined
here.
"""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.models import Person, PostOffer
from events.people.offers import decide_offer, offers_to_decide
from web.kit.context import get_session, today
from web.kit.forms import for_people, send
from web.kit.language import gettext as _
from web.kit.language import title

bp = Blueprint("offers", __name__, url_prefix="/tai-khoan/chuc-danh")


@bp.get("")
def index() -> ResponseReturnValue:
    """List the offers that somebody may answer."""

    def page(person: Person) -> str:
        listed = offers_to_decide(get_session(), person, today())
        return render_template("offers/index.html", offers=listed, me=person)

    return for_people(page)


@bp.post("/<int:offer_id>")
def decide(offer_id: int) -> ResponseReturnValue:
    """Accept or decline one offer."""
    accept = request.form.get("accept") == "1"

    def use(session: Session, person: Person, at: datetime) -> PostOffer:
        return decide_offer(session, offer_id, accept=accept, by=person, now=at)

    def sentence(offer: PostOffer) -> str:
        facts = {"post": title(offer.role), "unit": offer.unit.full_name}
        if accept:
            return _("Accepted: %(post)s, %(unit)s", **facts)
        return _("Declined: %(post)s, %(unit)s", **facts)

    return send(use, url_for(".index"), sentence)
