"""The day from which the installation is followed, for administrators: what would leave the debts,
doing it, and taking it back.
"""

from datetime import date, datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.checklist.history import Stamp
from events.database.sessions import Session
from events.errors import N_, DomainError, InvalidInputError
from events.models import Person
from events.replanning import start_line as lines
from events.units.start_lines import newest_start_line
from web.kit.context import get_session, today
from web.kit.entries import day_of
from web.kit.forms import said, send
from web.kit.language import gettext as _
from web.kit.words import day_text

bp = Blueprint("start_line", __name__, url_prefix="/quan-tri/ngay-bat-dau-theo-doi")


@bp.get("")
def show() -> ResponseReturnValue:
    """Show the start line and, for the day ``?ngay=``, what would leave the debts."""
    try:
        day = day_of(request.args.get("ngay", ""))
        found = lines.preview(get_session(), day, today=today()) if day else None
    except DomainError as error:
        return _page(None, error), 400
    return _page(found)


@bp.post("")
def apply() -> ResponseReturnValue:
    """Set the start line that was shown."""
    day = _wanted_day()

    def use(session: Session, person: Person, at: datetime) -> lines.Preview:
        mark = request.form.get("fingerprint", "")
        return lines.apply(session, day, expected_fingerprint=mark, stamp=Stamp(person, at))

    def again(_person: Person, error: DomainError) -> str:
        return _page(lines.preview(get_session(), day, today=today()), error)

    sentence = _("Followed from %(day)s.", day=day_text(day))
    return send(use, url_for(".show"), sentence, again)


@bp.post("/bo")
def undo() -> ResponseReturnValue:
    """Take the newest start line back."""

    def use(session: Session, person: Person, at: datetime) -> date:
        return lines.undo(session, stamp=Stamp(person, at)).day

    def sentence(day: date) -> str:
        return _("The start line of %(day)s was taken back.", day=day_text(day))

    return send(use, url_for(".show"), sentence, lambda _person, error: _page(None, error))


def _wanted_day() -> date:
    day = day_of(request.form.get("day", ""))
    if day is None:
        raise InvalidInputError(N_("Please enter the day."))
    return day


def _page(found: lines.Preview | None, error: DomainError | None = None) -> str:
    session = get_session()
    line = newest_start_line(session)
    return render_template(
        "start_line/show.html",
        found=found,
        line=line,
        may_undo=line is not None and lines.may_undo(session, line),
        history=lines.start_lines(session),
        problem=said(error),
    )
