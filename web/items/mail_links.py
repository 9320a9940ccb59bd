"""What became of an item, said from a mail and without signing in: whoever has the link is the
person it was mailed to.

Looking changes nothing, however often: programs follow links in mails, and some press buttons. So
there is one button a page, what it does may be sent twice, and it is taken back on the page that
follows. The secret is in the address, which therefore goes into no log and to no other site; since
nobody else can know it, the forms need no cookie.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.checklist.evidence import Proof, add_pieces
from events.checklist.history import Stamp, history_of
from events.checklist.listing import get_item, lines_of
from events.checklist.mail_links import MailLink, last_day_of, opened_by, read_token
from events.checklist.rights import may_work_on_item, require_open
from events.checklist.states import block_item, complete_item
from events.checklist.undo import is_choice, last_change, undo_change
from events.database.sessions import Session
from events.errors import DomainError, EvidenceMissingError, NotFoundError, RealDayError
from events.models import Change, ChecklistItem, Person
from events.models.history import Door
from web.accounts.models import is_shut_out
from web.accounts.pace import counter_of_visitor, failed, refuse_the_hasty
from web.items.proofs import proofs_sent
from web.kit.context import get_config, get_session, read_again, today
from web.kit.entries import day_of, id_of
from web.kit.forms import said, send
from web.kit.language import gettext as _
from web.kit.uploads import LARGEST_UPLOAD

bp = Blueprint("mail_links", __name__, url_prefix="/qua-thu")

_GONE = 410
_UPLOADS = "mail_links.complete"
_Change = Callable[[Session, ChecklistItem, Stamp], object]


class LinkGoneError(NotFoundError):
    """Raised where a link opens nothing any more by the time something is written."""


@bp.url_value_preprocessor
def allow_uploads(_endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Let the form with files be larger than others, for links that were signed here."""
    token = (values or {}).get("token", "")
    if request.endpoint == _UPLOADS and read_token(token, get_config().secret_key):
        request.max_content_length = LARGEST_UPLOAD


@bp.after_request
def keep_secret(response: Response) -> Response:
    """Let no browser keep the page or tell others its address."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    """Show the item and what can be said about it."""
    return _shown(token, "")


@bp.get("/<token>/xong")
def ask_done(token: str) -> ResponseReturnValue:
    """Show the one button that marks it as done, with the day and its evidence."""
    return _shown(token, "done")


@bp.get("/<token>/vuong")
def ask_held_up(token: str) -> ResponseReturnValue:
    """Show the one button that says what stands in the way."""
    return _shown(token, "held-up")


@bp.post("/<token>/xong")
def complete(token: str) -> ResponseReturnValue:
    """Mark the item as done on its real day, with the evidence that came along."""
    proofs: list[Proof] = []

    def change(session: Session, item: ChecklistItem, stamp: Stamp) -> object:
        if item.is_done:
            return item
        require_open(item)
        given = proofs and add_pieces(session, item.id, proofs, stamp)
        done_on = day_of(request.form.get("done_on", ""))
        try:
            return complete_item(session, item.id, stamp, done_on=done_on)
        except (EvidenceMissingError, RealDayError):
            if given:
                session.commit()  # nobody uploads it again because something else is missing
            raise

    def first(item_id: int, person: Person) -> None:
        proofs.extend(proofs_sent(item_id, person))

    return _send(token, change, _("It was recorded as done."), "done", first)


@bp.post("/<token>/vuong")
def hold_up(token: str) -> ResponseReturnValue:
    """Record what stands in the way."""

    def change(session: Session, item: ChecklistItem, stamp: Stamp) -> object:
        return block_item(session, item.id, request.form.get("note", ""), stamp)

    return _send(token, change, _("It was recorded that it is held up."), "held-up")


@bp.post("/<token>/hoan-tac")
def undo(token: str) -> ResponseReturnValue:
    """Take back what was said by this link last."""
    number = id_of(request.form.get("change", "")) or 0

    def change(session: Session, item: ChecklistItem, stamp: Stamp) -> object:
        of_link = {one.id for one in history_of(session, item) if _is_of(one, stamp.person)}
        if number not in of_link:
            raise NotFoundError(kind="change", key=number)
        return undo_change(session, item.id, number, stamp)

    return _send(token, change, _("It was taken back."), "")


def _shown(token: str, verb: str) -> ResponseReturnValue:
    refuse_the_hasty(counter_of_visitor())
    found = _opened(token)
    if found is None:
        return _gone()
    return _page(token, *found, verb=verb)


def _send(
    token: str,
    change: _Change,
    sentence: str,
    verb: str,
    first: Callable[[int, Person], object] = lambda item_id, person: None,
) -> ResponseReturnValue:
    refuse_the_hasty(counter_of_visitor())
    found = _opened(token)
    if found is None:
        if read_token(token, get_config().secret_key) is None:
            failed(counter_of_visitor(), about=None, way="mail-link")
        return _gone()
    person, item_id = found[0], found[1].id

    def use(session: Session, _person: Person, at: datetime) -> object:
        again = _opened(token)
        if again is None:
            raise LinkGoneError(kind="address", key=item_id)
        return change(session, again[1], Stamp(again[0], at, Door.MAIL_LINK))

    def refused(by: Person, error: DomainError) -> str:
        return _page(token, by, get_item(get_session(), item_id), verb=verb, error=error)

    done = url_for(".show", token=token)
    try:
        return send(use, done, sentence, refused, first=lambda by: first(item_id, by), by=person)
    except LinkGoneError:
        read_again()
        return _gone()


def _opened(token: str) -> tuple[Person, ChecklistItem] | None:
    """Return whom and what a link opens now: none for whoever may not sign in either."""
    link: MailLink | None = read_token(token, get_config().secret_key)
    found = opened_by(get_session(), link, today()) if link else None
    if found is None or is_shut_out(get_session(), found[0]):
        return None
    return found if may_work_on_item(get_session(), *found, today()) else None


def _is_of(change: Change, person: Person) -> bool:
    return change.door is Door.MAIL_LINK and change.by_id == person.id and not is_choice(change)


def _gone() -> tuple[str, int]:
    return render_template("mail_links/gone.html"), _GONE


def _page(
    token: str,
    person: Person,
    item: ChecklistItem,
    *,
    verb: str,
    error: DomainError | None = None,
) -> str:
    session = get_session()
    line = next(line for line in lines_of(session, item.campaign, today()) if line.item is item)
    last = last_change(history_of(session, item))
    return render_template(
        "mail_links/show.html",
        link=token,
        person=person,
        line=line,
        item=item,
        campaign=item.campaign,
        last_day=last_day_of(item.campaign, item.due),
        undoable=last.id if last is not None and _is_of(last, person) else None,
        verb=verb if item.is_open else "",
        error=said(error),
    )
