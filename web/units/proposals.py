"""Posts that a change of units proposes for the units that follow: confirmed or declined by whoever
may decide on them.
"""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Condition, Session
from events.models import Person, PostProposal
from events.people.proposed_posts import (
    decide_proposal,
    decided_by,
    number_waiting,
    waiting_proposals,
)
from events.people.rights import Capability
from web.kit.context import current_person, get_session, today
from web.kit.forms import for_people, send
from web.kit.language import gettext as _
from web.kit.visibility import allowed

bp = Blueprint("proposals", __name__, url_prefix="/cai-cach/chuc-danh")


@bp.get("")
def index() -> ResponseReturnValue:
    """List the proposed posts that the person who is signed in may decide on."""

    def page(person: Person) -> str:
        return render_template(
            "proposals/index.html", proposals=waiting_proposals(get_session(), *_of(person))
        )

    return for_people(page)


@bp.post("/<int:proposal_id>")
def decide(proposal_id: int) -> ResponseReturnValue:
    """Confirm or decline one proposed post."""
    confirm = request.form.get("confirm") == "1"

    def use(session: Session, person: Person, at: datetime) -> PostProposal:
        return decide_proposal(
            session,
            proposal_id,
            confirm=confirm,
            by=person,
            now=at,
        )

    def sentence(proposal: PostProposal) -> str:
        name = proposal.person.full_name
        return (
            _("Confirmed: %(name)s", name=name) if confirm else _("Declined: %(name)s", name=name)
        )

    return send(
        use, url_for("reforms.index" if allowed(Capability.CHANGE_UNITS) else ".index"), sentence
    )


def number_to_decide(*conditions: Condition) -> int:
    """Return how many proposed posts wait for whoever is signed in, of those that meet
    ``conditions``.
    """
    person = current_person()
    return number_waiting(get_session(), *conditions, *_of(person)) if person else 0


def _of(person: Person) -> list[Condition]:
    return [decided_by(person, today())]
