"""When somebody gets their mail: the hour, a pause, days of leave."""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.errors import DomainError
from events.models import Person
from notifications.notices.wishes import Wishes, wish, wishes_by
from web.kit.context import get_session
from web.kit.entries import day_of, hour_of
from web.kit.forms import for_people, said, send
from web.kit.language import gettext as _

bp = Blueprint("my_mail", __name__, url_prefix="/tai-khoan/thu")


@bp.get("")
def show() -> ResponseReturnValue:
    """Show what was wished last."""
    return for_people(_page)


@bp.post("")
def change() -> ResponseReturnValue:
    """Store what is wished."""

    def use(session: Session, person: Person, at: datetime) -> None:
        wish(session, person, _typed(), now=at)

    return send(use, url_for(".show"), _("Stored."), _page)


def _typed() -> Wishes:
    form = request.form
    hour = form.get("hour", "").strip()
    return Wishes(
        hour_of(hour) if hour else None,
        *(day_of(form.get(name, "")) for name in ("paused_until", "away_from", "away_to")),
    )


def _page(person: Person, error: DomainError | None = None) -> str:
    wishes = wishes_by(get_session(), person)
    typed = {
        "hour": f"{wishes.hour:%H:%M}" if wishes.hour else "",
        "paused_until": wishes.paused_until.isoformat() if wishes.paused_until else "",
        "away_from": wishes.away_from.isoformat() if wishes.away_from else "",
        "away_to": wishes.away_to.isoformat() if wishes.away_to else "",
    }
    return render_template(
        "accounts/mail.html", typed=request.form if error else typed, problem=said(error)
    )
