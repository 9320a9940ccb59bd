"""The roles of each level, for administrators: new ones, other names, an end with who follows."""

from datetime import datetime

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from events.checklist.of_roles import Work, work_of_roles
from events.database.sessions import Session
from events.errors import N_, DomainError, InvalidInputError
from events.models import Duty, Person, Role
from events.people.roles import add_role, all_roles, call_role, end_role, get_role
from events.units.tree import levels, levels_in_use
from web.kit.context import get_session, today
from web.kit.entries import day_of
from web.kit.forms import Use, said, send
from web.kit.language import gettext as _
from web.kit.language import lazy_gettext as _l
from web.kit.language import title

DUTIES = {
    Duty.OFFICER: _l("officer: steers the unit and all below"),
    Duty.ORGANISER: _l("organiser: works in the unit"),
    Duty.LEADER: _l("leader: reads of the unit and all below"),
    Duty.READER: _l("reader: reads of the unit"),
}

bp = Blueprint("roles", __name__, url_prefix="/chuc-danh")

_NAMED = 5  # people who hold a role; more are counted


@bp.get("/")
def index() -> ResponseReturnValue:
    """List the roles by level, with what may be done to each."""
    return _page()


@bp.post("/")
def add() -> ResponseReturnValue:
    """Enter a role."""

    def use(session: Session, person: Person, _at: datetime) -> Role:
        form = request.form
        return add_role(
            session,
            form.get("title_vi", ""),
            form.get("title_en"),
            form.get("level") or None,
            duty=_duty(),
            by=person,
            on=today(),
        )

    return _send(use)


@bp.post("/<key>/ten")
def call(key: str) -> ResponseReturnValue:
    """Call a role otherwise."""

    def use(session: Session, person: Person, _at: datetime) -> Role:
        role = get_role(session, key)
        names = request.form.get("title_vi", ""), request.form.get("title_en")
        call_role(session, role, *names, duty=_duty(), by=person, on=today())
        return role

    return _send(use)


@bp.post("/<key>/ket-thuc")
def end(key: str) -> ResponseReturnValue:
    """End a role on a day, after which another one does its work, or the usual one of its level."""

    def use(session: Session, person: Person, _at: datetime) -> Role:
        role, last_day = get_role(session, key), day_of(request.form.get("last_day", ""))
        if last_day is None:
            raise InvalidInputError(N_("Please enter the day."))
        successor = request.form.get("successor")
        end_role(session, role, last_day, successor, by=person, on=today())
        return role

    return _send(use)


def _duty() -> Duty | None:
    """Return what was chosen; None where the form did not ask."""
    chosen = request.form.get("duty")
    if chosen is None:
        return None
    if chosen not in set(Duty):
        raise InvalidInputError(N_("Please choose what the post allows."))
    return Duty(chosen)


def _send(use: Use) -> ResponseReturnValue:
    return send(
        use,
        url_for(".index"),
        lambda role: _("Stored: %(name)s", name=title(role)),
        lambda _person, error: _page(error),
    )


def _page(error: DomainError | None = None) -> str:
    session = get_session()
    known_roles = all_roles(session)
    roles = list(known_roles.values())
    known = levels(session)
    places: dict[str | None, str] = {one.key: title(one) for one in known}
    places[None] = _("At any level")
    ended = [role for role in roles if role.is_over(today())]
    groups = [
        (name, [role for role in roles if role.level_key == key and role not in ended])
        for key, name in places.items()
    ]
    return render_template(
        "roles/index.html",
        groups=groups,
        ended=ended,
        places=places,
        levels=levels_in_use(session, today()),
        duties=DUTIES,
        current=[role for role in roles if role.is_valid(today())],
        work=work_of_roles(session, today()),
        nothing=Work(),
        usual={one.key: known_roles[one.default_role_key] for one in known if one.default_role_key},
        named=_NAMED,
        problem=said(error),
    )
