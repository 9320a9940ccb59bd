"""An observance's round, opened by an officer ahead of its time, or for reference."""

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from events.campaigns.ahead import open_year_of
from events.campaigns.opening import Opened
from events.database.sessions import Session
from events.models import Person
from events.observances.occurrences import get_enabled
from web.campaigns.late import ask_about_late
from web.kit.context import get_calendar, get_session, now, signed_in_person
from web.kit.entries import id_of
from web.kit.forms import send
from web.kit.language import gettext as _

bp = Blueprint("ahead", __name__, url_prefix="/ngay")


@bp.post("/<slug>/mo")
def open_year(slug: str) -> ResponseReturnValue:
    """Open the campaigns of an observance in the year that was pressed."""
    session = get_session()
    observance, year = get_enabled(session, slug), id_of(request.form.get("year", "")) or 0
    page = url_for("observances.show", slug=slug)

    def use(session: Session, person: Person, at: datetime) -> Sequence[Opened]:
        return open_year_of(session, observance, year, by=person, now=at, calendar=get_calendar())

    def sentence(opened: Sequence[Opened]) -> str:
        if not opened:
            return _("This campaign was open already; nothing was added.")
        return _(
            "Opened in %(campaigns)s units, %(items)s items.",
            campaigns=sum(one.campaigns for one in opened),
            items=sum(one.items for one in opened),
        )

    late = ask_about_late(lambda: use(session, signed_in_person(), now()), page)
    return late or send(use, page, sentence)
