"""What somebody does with their own account: the password, the devices that are signed in."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_security.utils import hash_password

from events.models import AuditKind
from events.people import audit
from web.accounts import devices
from web.accounts.entering import has_second_factor
from web.accounts.forms import PasswordForm
from web.accounts.models import Account, Device
from web.accounts.pace import counters_of, failed, refuse_the_hasty, succeeded
from web.accounts.security import (
    forgetful,
    let_out,
    password_is_right,
    set_password,
    signed_in,
    this_device,
)
from web.kit.addresses import here
from web.kit.context import begin_writing, get_config, get_session, now, writing
from web.kit.language import gettext as _

bp = Blueprint("my_account", __name__, url_prefix="/tai-khoan")

_UNPROCESSABLE = 422


def account_here() -> Account:
    """Return the account that is signed in; strangers are sent to sign in."""
    account = signed_in()
    if account is None:
        abort(redirect(url_for("accounts.sign_in", next=here()), 303))
    return account


@bp.get("")
def show() -> ResponseReturnValue:
    """Show what there is, with the form for a new password."""
    return _page(account_here(), PasswordForm(formdata=None))


@bp.post("")
def change_password() -> ResponseReturnValue:
    """Give whoever is signed in a new password; every other device is signed out."""
    account, form = account_here(), PasswordForm()
    form.known = (account.email, account.person.full_name)
    counters = counters_of(account.email)
    refuse_the_hasty(*counters)
    if not form.validate_on_submit():
        return _page(account, form), _UNPROCESSABLE
    if account.password and not password_is_right(account, form.current.data):
        failed(*counters, about=account.person, way="password")
        form.current.errors = [_("This is not your present password.")]
        return _page(account, form), _UNPROCESSABLE
    hashed = hash_password(form.password.data)
    with writing() as session:
        succeeded(counters[0])
        set_password(account, hashed, but=this_device())
        session.commit()
    flash(_("The password is changed. All other devices are signed out."), "success")
    return redirect(url_for(".show"), 303)


@bp.get("/thiet-bi")
def list_devices() -> ResponseReturnValue:
    """List the devices on which one is signed in."""
    account = account_here()
    this = this_device()
    listed = devices.open_devices(get_session(), account, get_config(), now=now())
    ordered = sorted(listed, key=lambda device: device is not this)
    return render_template("accounts/devices.html", devices=ordered, this=this, name=_name)


@bp.post("/thiet-bi/<int:device_id>/dang-xuat")
def end_device(device_id: int) -> ResponseReturnValue:
    """Sign one device out; ending one that is out already changes nothing."""
    account, this = account_here(), this_device()
    if this is not None and this.id == device_id:
        return _leave()
    with writing() as session:
        if devices.end_device(session, account, device_id, now=now()):
            _record_end(account, session.get(Device, device_id))
        session.commit()
    flash(_("The device is signed out."), "success")
    return redirect(url_for(".list_devices"), 303)


@bp.post("/thiet-bi/dang-xuat-het")
def end_all_devices() -> ResponseReturnValue:
    """Sign every device out, this one too."""
    account = account_here()
    devices.end_devices(begin_writing(), account, now=now(), but=this_device())
    _record_end(account, None)
    return _leave()


def _leave() -> ResponseReturnValue:
    session = begin_writing()
    let_out()
    session.commit()
    flash(_("Signed out."), "success")
    return forgetful(redirect(url_for("accounts.sign_in"), 303))


def _record_end(account: Account, device: Device | None) -> None:
    person, kind = account.person, AuditKind.DEVICE_ENDED
    detail = ", ".join(filter(None, devices.kind_of(device.agent))) if device else None
    audit.record(get_session(), kind, now=now(), by=person, about=person, detail=detail)


def _name(device: Device) -> str:
    """Return what people call a device, such as "Android telephone, Chrome"."""
    kind, browser = devices.kind_of(device.agent)
    return ", ".join(filter(None, (_(kind) if kind else "", browser))) or _("Unknown device")


def _page(account: Account, form: PasswordForm) -> str:
    return render_template(
        "accounts/show.html", form=form, has_second_factor=has_second_factor(account)
    )
