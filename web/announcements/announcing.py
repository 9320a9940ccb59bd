"""Announcements of a unit: written, looked at with whom they reach, tried out, sent and stopped."""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.database.sessions import Session
from events.errors import ChangedMeanwhileError, DomainError
from events.models import Person, Unit
from events.people.rights import Capability, may, require
from events.units.tree import ancestors, get_unit
from notifications.announcements import announcing
from notifications.announcements.announcing import Draft
from notifications.announcements.markdown import as_html, as_text
from notifications.announcements.table import Announcement, Audience
from web.kit.context import get_session, now, signed_in_person, today
from web.kit.entries import number_of
from web.kit.forms import said, send
from web.kit.language import gettext as _

bp = Blueprint("announcing", __name__, url_prefix="/don-vi/<slug>/thong-bao")

_SHOWN = 200  # recipients by name


@bp.get("/")
def index(slug: str) -> str:
    """List what was written in a unit."""
    unit = _unit(slug)
    written = announcing.announcements_of(get_session(), unit)
    return render_template("announcing/index.html", **_around(unit), written=written)


@bp.get("/moi")
def new(slug: str) -> str:
    """Show the form of a new one."""
    return _form_page(_unit(slug), None)


@bp.post("/moi")
def add(slug: str) -> ResponseReturnValue:
    """Store it; nobody gets it yet."""
    unit = _unit(slug)

    def use(session: Session, person: Person, at: datetime) -> int:
        return announcing.write(session, get_unit(session, slug), _draft(), by=person, now=at).id

    return send(
        use,
        lambda number: url_for(".show", slug=unit.slug, announcement_id=number),
        _("It is stored; nobody got it yet."),
        lambda person, error: _form_page(_unit(slug), None, error),
    )


@bp.get("/<int:announcement_id>")
def show(slug: str, announcement_id: int) -> str:
    """Show how it reads, whom it reaches, and what became of it."""
    return _page(_unit(slug), announcement_id)


@bp.get("/<int:announcement_id>/sua")
def edit(slug: str, announcement_id: int) -> str:
    """Show its form again."""
    unit = _unit(slug)
    return _form_page(unit, _one(unit, announcement_id))


@bp.post("/<int:announcement_id>/sua")
def change(slug: str, announcement_id: int) -> ResponseReturnValue:
    """Store what it says now, while nobody got it."""

    def use(session: Session, person: Person, at: datetime) -> object:
        unit = get_unit(session, slug)
        return announcing.rewrite(session, unit, announcement_id, _draft(), by=person, now=at)

    def again(_person: Person, error: DomainError) -> str:
        unit = _unit(slug)
        return _form_page(unit, _one(unit, announcement_id), error)

    _unit(slug)
    return send(use, _here(slug, announcement_id), _("The announcement is stored."), again)


@bp.post("/<int:announcement_id>/thu")
def try_out(slug: str, announcement_id: int) -> ResponseReturnValue:
    """Send it to whoever looks at it."""

    def use(session: Session, person: Person, at: datetime) -> object:
        unit = get_unit(session, slug)
        return announcing.try_out(session, unit, announcement_id, by=person, now=at)

    sentence = _("A trial is on its way to you alone.")
    return _send(slug, announcement_id, use, sentence)


@bp.post("/<int:announcement_id>/gui")
def send_it(slug: str, announcement_id: int) -> ResponseReturnValue:
    """Send it to the recipients that were shown."""
    expected = number_of(request.form.get("expected", ""))

    def use(session: Session, person: Person, at: datetime) -> object:
        unit = get_unit(session, slug)
        return announcing.send(session, unit, announcement_id, expected, by=person, now=at)

    return _send(slug, announcement_id, use, _("It is on its way."))


@bp.post("/<int:announcement_id>/dung")
def stop(slug: str, announcement_id: int) -> ResponseReturnValue:
    """Let nothing of it leave that did not yet."""

    def use(session: Session, person: Person, at: datetime) -> object:
        return announcing.stop(session, get_unit(session, slug), announcement_id, by=person, now=at)

    return _send(slug, announcement_id, use, _("It was stopped: what had not left does not leave."))


def _send(slug: str, number: int, use: object, sentence: str) -> ResponseReturnValue:
    unit = _unit(slug)

    def again(_person: Person, error: DomainError) -> str:
        return _page(_unit(slug), number, error)

    return send(use, _here(unit.slug, number), sentence, again)  # type: ignore[arg-type]


def _here(slug: str, number: int) -> str:
    return url_for(".show", slug=slug, announcement_id=number)


def _unit(slug: str) -> Unit:
    """Return the unit, for those who may announce in it."""
    unit = get_unit(get_session(), slug)
    require(get_session(), signed_in_person(), Capability.ANNOUNCE, unit, today())
    return unit


def _one(unit: Unit, number: int) -> Announcement:
    return announcing.find(get_session(), unit, number, by=signed_in_person(), now=now())


def _draft() -> Draft:
    chosen = request.form.get("audience", "")
    audience = Audience(chosen) if chosen in set(Audience) else Audience.UNIT
    roles = tuple(request.form.getlist("role"))
    return Draft(request.form.get("subject", ""), request.form.get("body", ""), audience, roles)


def _around(unit: Unit) -> dict[str, object]:
    person = signed_in_person()
    return {
        "unit": unit,
        "unit_path": [*ancestors(unit)[::-1], unit],
        "may_reach_public": may(get_session(), person, Capability.ANNOUNCE, None, today()),
    }


def _form_page(unit: Unit, one: Announcement | None, error: DomainError | None = None) -> str:
    typed = _draft() if request.method == "POST" else None
    return render_template(
        "announcing/form.html",
        **_around(unit),
        one=one,
        values=typed or one or Draft("", "", Audience.ALL),
        roles=announcing.roles_to_choose(get_session(), unit, now()),
        longest=announcing.LONGEST_BODY,
        error=said(error),
    )


def _page(unit: Unit, number: int, error: DomainError | None = None) -> str:
    one = _one(unit, number)
    session = get_session()
    recipients = announcing.recipients_of(session, one, now=now()) if one.sent is None else []
    is_public = one.audience is Audience.PUBLIC
    return render_template(
        "announcing/show.html",
        **_around(unit),
        one=one,
        html=as_html(one.body),
        text=as_text(one.body),
        number=len(recipients),
        recipients=[] if is_public else recipients[:_SHOWN],
        shown=_SHOWN,
        progress=announcing.progress_of(session, one) if one.sent else {},
        roles=[
            role
            for role in announcing.roles_to_choose(session, unit, now())
            if role.key in one.roles
        ],
        has_changed=isinstance(error, ChangedMeanwhileError),
        error=said(error),
    )
