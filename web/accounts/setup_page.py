"""The page of the first run: it makes the first administrator, and is gone then."""

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_security.utils import hash_password
from sqlalchemy.exc import IntegrityError

from events.errors import N_, ConflictError
from events.models import AuditKind
from events.people import audit
from events.units.tree import roots
from web.accounts.forms import SetupForm
from web.accounts.models import Account
from web.accounts.pace import failed, refuse_the_hasty
from web.accounts.security import let_in
from web.accounts.setup import (
    FirstAdministrator,
    code_is_right,
    has_administrator,
    make_administrator,
    roles_for,
)
from web.accounts.tries import OF_ACCOUNT, Counter
from web.kit.context import begin_writing, get_config, get_session, now, today
from web.kit.language import gettext as _
from web.kit.language import title

bp = Blueprint("setup", __name__)

_UNPROCESSABLE = 422


@bp.get("/cai-dat")
def setup() -> str:
    """Show the page of the first run; afterwards there is none."""
    _only_in_the_first_run()
    return render_template("accounts/setup.html", form=_setup_form())


@bp.post("/cai-dat")
def make_first_account() -> ResponseReturnValue:
    """Make the first administrator, who is signed in at once."""
    _only_in_the_first_run()
    refuse_the_hasty(_counter())
    form = _setup_form()
    if not form.validate_on_submit() or not _code_fits(form):
        return render_template("accounts/setup.html", form=form), _UNPROCESSABLE
    hashed = hash_password(form.password.data)
    session = begin_writing()
    account = _make(form, hashed)
    person, at = account.person, now()
    audit.record(session, AuditKind.RIGHT_GIVEN, now=at, by=person, about=person)
    let_in(account, way="set-up")
    session.commit()
    file = get_config().setup_code_file
    if file is not None:
        file.unlink(missing_ok=True)
    flash(
        _("The administrator exists. Welcome, %(name)s.", name=account.person.full_name), "success"
    )
    return redirect(url_for("first_run.show"), 303)


def _only_in_the_first_run() -> None:
    if has_administrator(get_session()):
        abort(404)


def _counter() -> Counter:
    return Counter("set-up", request.remote_addr or "", OF_ACCOUNT)


def _setup_form() -> SetupForm:
    session = get_session()
    units = roots(session, today())
    form = SetupForm()
    form.unit.choices = [(unit.id, unit.full_name) for unit in units]
    form.role.choices = [(role.key, title(role)) for role in roles_for(session, units, today())]
    return form


def _code_fits(form: SetupForm) -> bool:
    if code_is_right(get_config().setup_code_file, form.code.data):
        return True
    current_app.logger.warning("wrong setup code from %s", request.remote_addr)
    failed(_counter(), about=None, way="set-up")
    form.code.errors = [_("This is not the code that the console shows.")]
    return False


def _make(form: SetupForm, hashed: str) -> Account:
    session = get_session()
    unit = next(unit for unit in roots(session, today()) if unit.id == form.unit.data)
    who = FirstAdministrator(form.full_name.data, form.email.data, hashed, unit, form.role.data)
    try:
        return make_administrator(session, who, today=today())
    except IntegrityError as error:
        session.rollback()
        raise ConflictError(N_("The first administrator exists already.")) from error
