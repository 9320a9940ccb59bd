"""Signing in, by password or by a mailed link, signing out, and the very first account."""

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_security.utils import logout_user
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from events.errors import N_, ConflictError
from events.people.persons import find_person
from events.units.tree import roots
from web.accounts import links
from web.accounts.forms import ConfirmForm, LinkForm, PasswordForm, SetupForm, SignInForm
from web.accounts.models import Account
from web.accounts.security import let_in, password_is_right, set_password, signed_in
from web.accounts.setup import (
    FirstAdministrator,
    code_is_right,
    has_administrator,
    make_administrator,
    roles_for,
)
from web.kit.addresses import safe_next
from web.kit.context import current_account, get_config, get_session, now, today
from web.kit.language import gettext as _
from web.kit.language import title

bp = Blueprint("accounts", __name__)
limiter = Limiter(get_remote_address, storage_uri="memory://", strategy="moving-window")

_TRIES = "10 per minute; 60 per hour"
_UNPROCESSABLE = 422


@bp.get("/dang-nhap")
def sign_in() -> str:
    """Offer both ways to sign in."""
    form = SignInForm(formdata=None, next=safe_next(request.args.get("next")))
    return _sign_in_page(form)


@bp.post("/dang-nhap")
@limiter.limit(_TRIES)
def sign_in_by_password() -> ResponseReturnValue:
    """Sign in with e-mail and password."""
    form = SignInForm()
    if not form.validate_on_submit():
        return _sign_in_page(form), _UNPROCESSABLE
    session = get_session()
    account = session.scalar(select(Account).where(Account.email == form.email.data))
    if not password_is_right(account, form.password.data) or account is None:
        form.password.errors = [
            _("E-mail and password do not match. Please check both, or have a link sent to you.")
        ]
        return _sign_in_page(form), _UNPROCESSABLE
    let_in(account)
    session.commit()  # the hash may have been renewed
    return redirect(safe_next(form.next.data), 303)


@bp.post("/dang-nhap/lien-ket")
@limiter.limit("5 per minute; 30 per hour")
def send_link() -> ResponseReturnValue:
    """Mail a link, if the address is somebody's. The answer is the same either way."""
    form = LinkForm()
    if not form.validate_on_submit():
        return _sign_in_page(SignInForm(formdata=None), form), _UNPROCESSABLE
    session = get_session()
    person = find_person(session, form.email.data)
    if person is not None:
        links.send_link(session, person, safe_next(form.next.data), now=now())
        session.commit()
    return redirect(url_for(".link_sent"), 303)


@bp.get("/dang-nhap/da-gui")
def link_sent() -> str:
    return render_template("accounts/link_sent.html", minutes=links.LIFETIME.seconds // 60)


@bp.get("/dang-nhap/lien-ket/<token>")
def open_link(token: str) -> ResponseReturnValue:
    """Show the one button. Nothing happens by looking: programs follow links in mails."""
    account = links.read_token(get_session(), token, now())
    page = render_template("accounts/link.html", found=account, form=ConfirmForm())
    return page, (200 if account else 410), {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


@bp.post("/dang-nhap/lien-ket/<token>")
@limiter.limit(_TRIES)
def sign_in_by_link(token: str) -> ResponseReturnValue:
    """Sign in with a mailed link."""
    account = links.read_token(get_session(), token, now())
    if account is None:
        return render_template("accounts/link.html", found=None, form=ConfirmForm()), 410
    let_in(account)
    return redirect(safe_next(request.args.get("next")), 303)


@bp.post("/dang-xuat")
def sign_out() -> ResponseReturnValue:
    logout_user()
    flash(_("Signed out."), "success")
    return redirect(url_for("home.show"), 303)


@bp.get("/tai-khoan")
def password() -> ResponseReturnValue:
    """Show the form for a new password."""
    if current_account() is None:
        return redirect(url_for(".sign_in", next=url_for(".password")), 303)
    return _password_page(PasswordForm(formdata=None))


@bp.post("/tai-khoan")
@limiter.limit(_TRIES)
def change_password() -> ResponseReturnValue:
    """Give whoever is signed in a new password; every other browser is signed out."""
    account, form = signed_in(), PasswordForm()
    if account is None:
        return redirect(url_for(".sign_in", next=url_for(".password")), 303)
    if not form.validate_on_submit():
        return _password_page(form), _UNPROCESSABLE
    if account.password and not password_is_right(account, form.current.data):
        form.current.errors = [_("This is not your present password.")]
        return _password_page(form), _UNPROCESSABLE
    set_password(account, form.password.data)
    get_session().commit()
    let_in(account)
    flash(_("The password is changed."), "success")
    return redirect(url_for("home.show"), 303)


def _password_page(form: PasswordForm) -> str:
    return render_template("accounts/password.html", form=form)


@bp.get("/cai-dat")
def setup() -> str:
    """Show the page of the first run; afterwards there is none."""
    _only_in_the_first_run()
    return render_template("accounts/setup.html", form=_setup_form())


@bp.post("/cai-dat")
@limiter.limit("5 per minute; 20 per hour")
def make_first_account() -> ResponseReturnValue:
    """Make the first administrator, who is signed in at once."""
    _only_in_the_first_run()
    form = _setup_form()
    if not form.validate_on_submit() or not _code_fits(form):
        return render_template("accounts/setup.html", form=form), _UNPROCESSABLE
    account = _make(form)
    get_session().commit()
    file = get_config().setup_code_file
    if file is not None:
        file.unlink(missing_ok=True)
    let_in(account)
    flash(
        _("The administrator exists. Welcome, %(name)s.", name=account.person.full_name), "success"
    )
    return redirect(url_for("first_run.show"), 303)


def _sign_in_page(form: SignInForm, link_form: LinkForm | None = None) -> str:
    link_form = link_form or LinkForm(formdata=None, next=form.next.data)
    is_new = not has_administrator(get_session())
    return render_template("accounts/sign_in.html", form=form, link_form=link_form, is_new=is_new)


def _only_in_the_first_run() -> None:
    if has_administrator(get_session()):
        abort(404)


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
    form.code.errors = [_("This is not the code that the console shows.")]
    return False


def _make(form: SetupForm) -> Account:
    session = get_session()
    unit = next(unit for unit in roots(session, today()) if unit.id == form.unit.data)
    who = FirstAdministrator(
        form.full_name.data, form.email.data, form.password.data, unit, form.role.data
    )
    try:
        return make_administrator(session, who, today=today())
    except IntegrityError as error:
        session.rollback()
        raise ConflictError(N_("The first administrator exists already.")) from error
