"""The desk where people subscribe: the calendars that everybody may have, and their own with what
they have to do.

The address of an own calendar holds its secret and is shown once, after it was made or replaced;
the page that shows it is not kept anywhere.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import segno
from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.calendars.feeds import as_file
from events.calendars.observance_feed import ALL, CORE
from events.calendars.tokens import (
    NAME,
    PASTS,
    PATH,
    Options,
    change_token,
    make_token,
    own_token,
    revoke_token,
    rotate_token,
    tokens_of,
)
from events.database.sessions import Session, saying_not_now
from events.errors import ConflictError, DomainError, InvalidInputError
from events.installation import installation_of
from events.models import FeedScope, FeedToken, Person
from web.calendars.answers import CLIENTS
from web.calendars.scopes import SCOPES
from web.calendars.subscriptions import Subscription
from web.kit.context import (
    begin_writing,
    current_person,
    get_config,
    get_session,
    now,
    read_again,
    signed_in_person,
)
from web.kit.entries import hour_of, number_of
from web.kit.forms import for_people, refusal_of, said, send
from web.kit.language import current
from web.kit.language import gettext as _

bp = Blueprint("desk", __name__, url_prefix="/dang-ky-lich")

_SWITCHES = (
    *("has_items", "has_activities", "has_campaigns", "has_main_events"),
    *("keeps_done", "has_alarms"),
)


@dataclass(frozen=True, slots=True)
class Own:
    """One of a person's calendars, as the desk tells of it.

    ``looks`` is when its program looks again at the earliest and at the latest, None where only its
    owner knows.
    """

    token: FeedToken
    looks: tuple[datetime, datetime] | None


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the calendars of all, and those of whoever is signed in."""
    return _desk(current_person())


@bp.post("")
def make() -> ResponseReturnValue:
    """Make a calendar, and show its address for the only time."""
    return _with_secret(lambda session, person: make_token(session, person, _options(), now=now()))


@bp.get("/<int:token_id>")
def edit(token_id: int) -> ResponseReturnValue:
    """Show the options of a calendar."""
    return for_people(lambda person: _edit_page(person, token_id))


@bp.post("/<int:token_id>")
def change(token_id: int) -> ResponseReturnValue:
    """Change the options; the address stays."""
    return send(
        lambda session, person, _at: change_token(session, person, token_id, _options()),
        url_for(".show"),
        _("The calendar is changed. Programs see it when they look next."),
        lambda person, error: _edit_page(person, token_id, error),
    )


@bp.get("/<int:token_id>/lich.ics")
def download(token_id: int) -> ResponseReturnValue:
    """Give a calendar to its owner as a file, which does not renew itself."""

    def file(person: Person) -> Response:
        token = own_token(get_session(), person, token_id)
        body = as_file(get_session(), token.key, now=now(), public_url=get_config().public_url)
        response = Response(body, content_type="text/calendar; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{NAME}.ics"'
        response.headers["Cache-Control"] = "no-store"
        return response

    return for_people(file)


@bp.get("/<int:token_id>/dia-chi")
def address(token_id: int) -> ResponseReturnValue:
    """Ask whether a calendar shall have another address or none: both end the one that programs
    have.
    """
    return for_people(
        lambda person: render_template(
            "desk/address.html", calendar=own_token(get_session(), person, token_id)
        )
    )


@bp.post("/<int:token_id>/dia-chi-moi")
def rotate(token_id: int) -> ResponseReturnValue:
    """Give a calendar another address, and show it for the only time."""
    return _with_secret(lambda session, person: rotate_token(session, person, token_id, now=now()))


@bp.post("/<int:token_id>/thu-hoi")
def revoke(token_id: int) -> ResponseReturnValue:
    """Let the address of a calendar answer nothing any more."""
    return send(
        lambda session, person, at: revoke_token(session, person, token_id, now=at),
        url_for(".show"),
        _("The calendar is revoked. Programs that subscribed to it are told so."),
    )


def _with_secret(use: Callable[[Session, Person], tuple[FeedToken, str]]) -> ResponseReturnValue:
    person = signed_in_person()
    try:
        with saying_not_now():
            session = begin_writing()
            token, secret = use(session, person)
            session.commit()
    except (ConflictError, InvalidInputError) as error:
        read_again()
        status, headers = refusal_of(error)
        return _desk(person, error), status, headers
    read_again()
    path = PATH.format(secret=secret)
    subscription = Subscription(token.name, NAME, url_for(".show"), path)
    response = make_response(
        render_template(
            "desk/made.html",
            calendar=token,
            subscription=subscription,
            picture=segno.make(subscription.webcal, error="m").svg_inline(
                scale=4, border=3, light="#fff"
            ),
        )
    )
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _edit_page(person: Person, token_id: int, error: DomainError | None = None) -> str:
    token = own_token(get_session(), person, token_id)
    return render_template("desk/edit.html", calendar=token, error=said(error), **_choices())


def _desk(person: Person | None, error: DomainError | None = None) -> str:
    page = url_for(".show")
    common = [
        Subscription(_("Main days of the work for families"), CORE, page),
        Subscription(_("Days kept every year"), ALL, page),
    ]
    own = _own(get_session(), person) if person else []
    return render_template(
        "desk/show.html", common=common, own=own, error=said(error), **_choices()
    )


def _own(session: Session, person: Person) -> list[Own]:
    return [Own(token, _looks(token)) for token in tokens_of(session, person)]


def _looks(token: FeedToken) -> tuple[datetime, datetime] | None:
    hours = CLIENTS.get(token.client or "other")
    if token.fetched is None or hours is None:
        return None
    least, most = hours
    return token.fetched + timedelta(hours=least), token.fetched + timedelta(hours=most)


def _options() -> Options:
    form = request.form
    past = number_of(form.get("past_days", ""))
    try:
        scope = FeedScope(form.get("scope", ""))
    except ValueError as error:
        raise InvalidInputError from error
    if past is None:
        raise InvalidInputError
    return Options(
        name=form.get("name", ""),
        scope=scope,
        language=form.get("language", ""),
        past_days=past,
        alarm_at=hour_of(form["alarm_at"]) if form.get("alarm_at", "").strip() else None,
        **{name: name in form for name in _SWITCHES},
    )


def _choices() -> dict[str, object]:
    return {
        "scopes": SCOPES,
        "kinds": [
            ("has_items", _("Items and their deadlines")),
            ("has_activities", _("Activities")),
            ("has_campaigns", _("Days of campaigns")),
            ("has_main_events", _("Main events")),
        ],
        "remind_at": installation_of(get_session()).remind_at,
        "pasts": PASTS,
        "default_language": current(),
        "clients": {
            "google": "Google",
            "outlook": "Outlook",
            "apple": _("iPhone, Mac"),
            "thunderbird": "Thunderbird",
            "icsx5": "ICSx5",
            "nextcloud": "Nextcloud",
            "other": _("another program"),
        },
    }
