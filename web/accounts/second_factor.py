"""Second factors of one's own account: a program that shows codes, spare codes, passkeys."""

from datetime import timedelta

import segno
from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from events.models import AuditKind
from events.people import audit
from web.accounts import codes, devices, passkeys
from web.accounts.forms import CodeForm
from web.accounts.models import Account
from web.accounts.my_account import account_here
from web.accounts.pace import counters_of, failed, refuse_the_hasty, succeeded
from web.accounts.security import this_device
from web.kit.context import begin_writing, get_config, get_session, now, writing
from web.kit.language import gettext as _

bp = Blueprint("second_factor", __name__, url_prefix="/tai-khoan/hai-buoc")

_OF_LATE = timedelta(minutes=15)
_NEW_KEY = "new_code_key"
_UNPROCESSABLE = 422


@bp.before_request
def _signed_in_of_late() -> ResponseReturnValue | None:
    """Ask whoever is signed in for long already once more who they are: with a factor of their own
    a passer-by would keep the account.
    """
    device = this_device()
    if device is None or now() - device.begun <= _OF_LATE:
        return None
    flash(_("Please sign in once more before you change how you sign in."), "warning")
    return redirect(url_for("accounts.sign_in", next=url_for(".show")), 303)


@bp.get("")
def show() -> ResponseReturnValue:
    """Show which second factors there are."""
    account = account_here()
    return render_template(
        "accounts/second_factor.html",
        passkeys=passkeys.passkeys_of(get_session(), account),
        can_have_passkeys=passkeys.possible(get_config()),
        form=CodeForm(formdata=None),
    )


@bp.get("/ma")
def begin_codes() -> ResponseReturnValue:
    """Show the picture code for the program, and ask for its first code."""
    account = account_here()
    key = cookie.setdefault(_NEW_KEY, codes.new_key())
    return _begin_page(account, key, CodeForm(formdata=None))


@bp.post("/ma")
def add_codes() -> ResponseReturnValue:
    """Store the key once a code shows that the program has it, and show the spare codes, once."""
    account, key, form = account_here(), cookie.get(_NEW_KEY), CodeForm()
    if key is None:
        return redirect(url_for(".begin_codes"), 303)
    step = codes.step_of(key, form.code.data or "", now()) if form.validate_on_submit() else None
    if step is None:
        if not form.code.errors:
            form.code.errors = [_("This code is wrong. Is the clock of the telephone right?")]
        return _begin_page(account, key, form), _UNPROCESSABLE
    with writing():
        account.code_key = codes.locked(key, get_config().secret_key)
        account.last_code = step
        spare = codes.give_spare_codes(account)
        _added(account, "code")
    cookie.pop(_NEW_KEY)
    page = render_template("accounts/spare_codes.html", codes=spare)
    return page, {"Cache-Control": "no-store"}


@bp.post("/ma/bo")
def remove_codes() -> ResponseReturnValue:
    """Remove the program, with a code of it."""
    account, form = account_here(), CodeForm()
    counters = counters_of(f"code:{account.id}")
    refuse_the_hasty(*counters)
    session, secret_key = begin_writing(), get_config().secret_key
    if not codes.take_code(account, form.code.data or "", now=now(), secret_key=secret_key):
        failed(*counters, about=account.person, way="code")
        flash(_("This code is wrong, or was used already."), "error")
        return redirect(url_for(".show"), 303)
    succeeded(counters[0])
    account.code_key, account.last_code, account.spare_codes = None, None, []
    _record(account, AuditKind.FACTOR_REMOVED, "code")
    session.commit()
    flash(_("The second factor is removed."), "success")
    return redirect(url_for(".show"), 303)


@bp.post("/khoa/bat-dau")
def ask_for_passkey() -> ResponseReturnValue:
    """Answer with what the browser is asked for a new passkey."""
    question = passkeys.question_to_add(get_session(), account_here(), get_config())
    return Response(question, mimetype="application/json", headers={"Cache-Control": "no-store"})


@bp.post("/khoa")
def add_passkey() -> ResponseReturnValue:
    """Store the passkey that the browser made."""
    account, form = account_here(), request.form
    answer, name = form.get("credential", ""), form.get("name", "")
    with writing() as session:
        passkeys.add(session, account, answer, name, get_config(), now=now())
        _added(account, "passkey")
    flash(_("The passkey is added. All other devices are signed out."), "success")
    return redirect(url_for(".show"), 303)


@bp.post("/khoa/<int:passkey_id>/bo")
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    """Remove a passkey; removing it twice changes nothing."""
    account = account_here()
    with writing() as session:
        if passkeys.remove(session, account, passkey_id):
            _record(account, AuditKind.FACTOR_REMOVED, "passkey")
            session.commit()
    flash(_("The passkey is removed."), "success")
    return redirect(url_for(".show"), 303)


def _added(account: Account, what: str) -> None:
    """Whoever was in with one factor signs in anew with two; this device has just shown both."""
    session, device = get_session(), this_device()
    assert device is not None
    device.two_factors = True
    devices.end_devices(session, account, now=now(), but=device)
    _record(account, AuditKind.FACTOR_ADDED, what)
    session.commit()


def _record(account: Account, kind: AuditKind, what: str) -> None:
    person = account.person
    audit.record(get_session(), kind, now=now(), by=person, about=person, detail=what)


def _begin_page(account: Account, key: str, form: CodeForm) -> str:
    picture = segno.make(codes.address_of(key, account.email), error="m").svg_inline(
        scale=5, border=3, light="#fff", title=_("Picture code for the program")
    )
    spaced = " ".join(key[start : start + 4] for start in range(0, len(key), 4))
    return render_template("accounts/add_codes.html", picture=picture, key=spaced, form=form)
