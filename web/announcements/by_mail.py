"""Letters about days and public activities for people without an account: asked for, confirmed from
the mailbox, chosen anew and ended.

No answer tells whether an address is known here: what the form sends is written down, and the clock
looks. Looking at a link changes nothing; its button needs no cookie, since nobody else can know the
address, and mail programs press it themselves (RFC 8058).
"""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.errors import DomainError, InvalidInputError
from notifications.subscribers import choosing
from notifications.subscribers.choosing import CHOOSE, CONFIRM, Wishes
from notifications.subscribers.table import Subscriber
from web.accounts.pace import counter_of_subscriptions, counter_of_visitor, failed, refuse_the_hasty
from web.accounts.tries import count_failure
from web.kit.context import begin_writing, get_config, get_session, now, read_again
from web.kit.entries import id_of
from web.kit.forms import said
from web.kit.language import current

bp = Blueprint("by_mail", __name__, url_prefix="/nhan-thu")

_GONE = 410


@bp.after_request
def keep_secret(response: Response) -> Response:
    """Let no browser keep the page or tell others its address, which may hold a secret."""
    if request.view_args:
        response.headers["Cache-Control"] = "no-store"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Robots-Tag"] = "noindex"
    return response


@bp.get("/")
def show() -> str:
    """Show the form for an address and what it wants letters about."""
    return _form_page(_asked_for(request.args.getlist("ngay"), request.args.get("don-vi", "")))


@bp.post("/")
def ask() -> ResponseReturnValue:
    """Write down what was asked for. The answer is the same for every address."""
    counter = counter_of_subscriptions()
    refuse_the_hasty(counter)
    wishes, email = _wishes(), request.form.get("email", "")
    session = begin_writing()
    try:
        count_failure(session, counter, now=now())
        choosing.ask(session, email, wishes, language=current(), now=now())
    except InvalidInputError as error:
        read_again()
        return _form_page(wishes, error), 400
    session.commit()
    return redirect(url_for(".asked"), 303)


@bp.get("/da-gui")
def asked() -> str:
    return render_template("by_mail/asked.html")


@bp.get("/xac-nhan/<token>")
def ask_to_confirm(token: str) -> ResponseReturnValue:
    """Show the one button that confirms."""
    subscriber = _opened(token, CONFIRM)
    if subscriber is None:
        return _gone()
    return render_template("by_mail/confirm.html", subscriber=subscriber)


@bp.post("/xac-nhan/<token>")
def confirm(token: str) -> ResponseReturnValue:
    """Let letters come. Pressing it twice changes nothing."""
    refuse_the_hasty(counter_of_visitor())
    session = begin_writing()
    subscriber = _opened(token, CONFIRM)
    if subscriber is None:
        return _refused()
    choosing.confirm(session, subscriber, now=now())
    choosing_token = choosing.token_of(subscriber, get_config().secret_key, CHOOSE)
    session.commit()
    read_again()
    return redirect(url_for(".ask_to_choose", token=choosing_token, da="xac-nhan"), 303)


@bp.get("/chon/<token>")
def ask_to_choose(token: str) -> ResponseReturnValue:
    """Show what letters are about, to be chosen anew."""
    subscriber = _opened(token, CHOOSE)
    if subscriber is None:
        return _gone()
    return _choice_page(token, subscriber, choosing.wishes_of(subscriber))


@bp.post("/chon/<token>")
def choose(token: str) -> ResponseReturnValue:
    """Store what letters are about."""
    refuse_the_hasty(counter_of_visitor())
    session, wishes = begin_writing(), _wishes()
    subscriber = _opened(token, CHOOSE)
    if subscriber is None:
        return _refused()
    try:
        choosing.choose(session, subscriber, wishes, now=now())
    except InvalidInputError as error:
        read_again()
        again = _opened(token, CHOOSE)
        return (_choice_page(token, again, wishes, error), 400) if again else _gone()
    session.commit()
    read_again()
    return redirect(url_for(".ask_to_choose", token=token, da="luu"), 303)


@bp.get("/thoi/<token>")
def ask_to_leave(token: str) -> ResponseReturnValue:
    """Show the one button that ends it."""
    if not choosing.is_signed(token, get_config().secret_key, CHOOSE):
        return _gone()
    return render_template("by_mail/leave.html", is_over=_opened(token, CHOOSE) is None)


@bp.post("/thoi/<token>")
def leave(token: str) -> ResponseReturnValue:
    """Forget the address, whether a person or their mail program pressed the button, once or
    again.
    """
    refuse_the_hasty(counter_of_visitor())
    if not choosing.is_signed(token, get_config().secret_key, CHOOSE):
        return _refused()
    session = begin_writing()
    subscriber = _opened(token, CHOOSE)
    if subscriber is not None:
        choosing.leave(session, subscriber)
        session.commit()
    read_again()
    return render_template("by_mail/leave.html", is_over=True)


def _opened(token: str, purpose: str) -> Subscriber | None:
    return choosing.opened_by(get_session(), token, get_config().secret_key, purpose)


def _wishes() -> Wishes:
    return _asked_for(request.form.getlist("observance"), request.form.get("unit", ""))


def _asked_for(observances: list[str], unit: str) -> Wishes:
    numbers = (id_of(text) for text in observances)
    return Wishes(frozenset(number for number in numbers if number is not None), id_of(unit))


def _form_page(wishes: Wishes, error: DomainError | None = None) -> str:
    return render_template("by_mail/form.html", **_choices(wishes), error=said(error))


def _choice_page(
    token: str, subscriber: Subscriber, wishes: Wishes, error: DomainError | None = None
) -> str:
    return render_template(
        "by_mail/choose.html",
        link=token,
        subscriber=subscriber,
        did=request.args.get("da"),
        **_choices(wishes),
        error=said(error),
    )


def _choices(wishes: Wishes) -> dict[str, object]:
    session = get_session()
    return {
        "wishes": wishes,
        "observances": choosing.observances_to_choose(session),
        "units": choosing.units_to_choose(session, now()),
    }


def _refused() -> tuple[str, int]:
    """Count a link that is none; it is in the log."""
    read_again()
    failed(counter_of_visitor(), about=None, way="mail-link")
    return _gone()


def _gone() -> tuple[str, int]:
    return render_template("by_mail/gone.html"), _GONE
