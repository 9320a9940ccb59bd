"""The outbox, whichever way mail leaves: what waits, was sent, refused or kept back, and why. Links
that open somebody's account are left out.
"""

import email
import email.policy
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.errors import InvalidInputError, NotFoundError
from events.models import ChecklistItem, Person
from events.units.office import at_home_here, is_copy
from notifications.letters.wording import veiled
from notifications.notices.why import items_told, state_in_words
from notifications.outbox import keeping
from notifications.outbox.keeping import Held
from notifications.outbox.listing import list_messages, next_planned, number_by_state
from notifications.outbox.pausing import pause_of
from notifications.outbox.table import UNDERWAY, Message, MessageKind, MessageState
from web.kit.context import get_config, get_session, now
from web.kit.entries import id_of
from web.kit.forms import send
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l

bp = Blueprint("outbox", __name__, url_prefix="/thu/hang-doi")

_A_PAGE = 50
_FOLDERS = {  # what the address says, its states, its name
    "cho": (UNDERWAY, _l("Waiting")),
    "da-gui": ((MessageState.SENT,), _l("Sent")),
    "bi-tu-choi": ((MessageState.FAILED, MessageState.BOUNCED), _l("Refused")),
    "khong-ro": ((MessageState.UNKNOWN,), _l("Unknown")),
    "tam-ngung": ((MessageState.SUPPRESSED,), _l("Kept back")),
    "thoi-gui": ((MessageState.CANCELLED, MessageState.EXPIRED), _l("Not sent any more")),
}
_MAY_RETRY = {
    MessageState.FAILED,
    MessageState.BOUNCED,
    MessageState.SUPPRESSED,
    MessageState.EXPIRED,
    MessageState.CANCELLED,
}
_KINDS = {
    MessageKind.REMINDER: _l("Reminder"),
    MessageKind.SIGN_IN: _l("Link to sign in"),
    MessageKind.PASSWORD: _l("Link for a password"),
    MessageKind.POST_OFFER: _l("Offer of a post"),
    MessageKind.OPERATOR: _l("To administrators"),
    MessageKind.SUBSCRIBE: _l("Question whether somebody asked for letters"),
    MessageKind.PUBLIC_NEWS: _l("Letter to a subscriber"),
    MessageKind.ANNOUNCEMENT: _l("Announcement"),
    MessageKind.TRIAL: _l("Test mail"),
}


@bp.get("")
def index() -> ResponseReturnValue:
    """List messages, the newest first: those of a folder, to an address, before a number."""
    session, folder = get_session(), request.args.get("muc", "")
    states = _FOLDERS[folder][0] if folder in _FOLDERS else ()
    address = request.args.get("dia-chi", "").strip()[:320]
    before = id_of(request.args.get("truoc", ""))
    found = list_messages(session, states=states, rcpt_to=address, before=before, limit=_A_PAGE + 1)
    asked: dict[str, Any] = {"muc": folder or None, "dia-chi": address or None}
    is_more = len(found) > _A_PAGE
    return render_template(
        "outbox/index.html",
        messages=found[:_A_PAGE],
        folder=folder,
        folders=_FOLDERS,
        numbers=_numbers(session),
        address=address,
        older=url_for(".index", **asked, truoc=found[_A_PAGE - 1].id) if is_more else None,
        planned=next_planned(session),
        pause=pause_of(session),
        is_copy=is_copy(session),
        kinds=_KINDS,
        state_words=state_in_words,
        may_retry=_MAY_RETRY,
    )


@bp.get("/<int:number>")
def show(number: int) -> ResponseReturnValue:
    """Show one message: where it is on its way, and its text as it would be sent now."""
    session, config = get_session(), get_config()
    message = session.get(Message, number)
    if message is None:
        raise NotFoundError(kind="message", key=number)
    text = _text(session, message) if config.way_out else ""
    return render_template(
        "outbox/show.html",
        message=message,
        text=text,
        items=items_told(session, message) if message.person_id else (),
        kinds=_KINDS,
        state_words=state_in_words,
    )


@bp.get("/vi-sao/<int:person_id>/<int:item_id>")
def why(person_id: int, item_id: int) -> ResponseReturnValue:
    """Say why somebody got a mail about an item, or did not."""
    session, ask = get_session(), get_config().why
    person, item = session.get(Person, person_id), session.get(ChecklistItem, item_id)
    if person is None or item is None or ask is None:
        raise NotFoundError(kind="item", key=item_id)
    facts = ask(session, person, item, now=now())
    return render_template("outbox/why.html", person=person, item=item, why=facts)


@bp.post("/gui-lai")
def send_again() -> ResponseReturnValue:
    """Send again what was chosen."""

    def use(session: Session, _person: Person, at: datetime) -> int:
        return keeping.send_again(session, _chosen(), now=at)

    return send(use, _back(), lambda number: _("%(number)s mails go out again.", number=number))


@bp.post("/thoi-gui")
def cancel() -> ResponseReturnValue:
    """Call off what was chosen."""

    def use(session: Session, _person: Person, _at: datetime) -> int:
        return keeping.cancel(session, _chosen())

    return send(use, _back(), lambda number: _("%(number)s mails were called off.", number=number))


@bp.post("/ban-sao")
def decide_held() -> ResponseReturnValue:
    """Let mail leave from a copy, after deciding on what waits in it."""
    chosen = request.form.get("held", "")

    def use(session: Session, _person: Person, at: datetime) -> None:
        if chosen not in set(Held):
            raise InvalidInputError
        if is_copy(session):
            keeping.decide(session, Held(chosen), now=at)
            at_home_here(session)

    return send(use, url_for(".index"), _("Mail leaves from here again."))


def _numbers(session: Session) -> dict[str, int]:
    number = number_by_state(session)
    return {
        key: sum(number.get(state, 0) for state in states)
        for key, (states, _name) in _FOLDERS.items()
    }


def _chosen() -> list[int]:
    return [number for text in request.form.getlist("so") if (number := id_of(text)) is not None]


def _back() -> str:
    folder = request.form.get("muc", "")
    return url_for(".index", muc=folder if folder in _FOLDERS else None)


def _text(session: Session, message: Message) -> str:
    way_out = get_config().way_out
    assert way_out is not None
    mail = email.message_from_bytes(
        way_out.composer.compose(session, message), policy=email.policy.default
    )
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain",))
    return veiled(str(body.get_content())) if body else ""
