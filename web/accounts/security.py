"""Who is signed in: Flask-Security on our own sessions hashes passwords, Flask-Login asks us whose
a cookie is.

Its ready-made pages stay off. Ours are few, speak in the catalogue's words, and never sign anybody
in by a GET. A cookie names a device (`web.accounts.devices`); without its row it opens nothing.
"""

import hashlib
import uuid
from typing import cast

from flask import Flask, g, request
from flask import session as cookie
from flask_login import login_user, logout_user
from flask_security import Security, SQLAlchemySessionUserDatastore
from flask_security.utils import hash_password, verify_password
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as BaseResponse

from events.models import AuditKind
from events.people import audit
from web.accounts import devices, links
from web.accounts.models import Account, AccountRole, Device
from web.kit.config import WebConfig
from web.kit.context import after_closing, current_account, get_config, get_session, now


def install(app: Flask, config: WebConfig) -> None:
    """Give ``app`` its accounts."""
    app.config.update(
        SECURITY_PASSWORD_SALT=hashlib.sha256(
            f"passwords:{config.password_key or config.secret_key}".encode()
        ).hexdigest(),
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a method
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
    )
    datastore = SQLAlchemySessionUserDatastore(LocalProxy(get_session), Account, AccountRole)  # type: ignore[arg-type]
    Security(app, datastore, register_blueprint=False)
    app.login_manager.user_loader(_whose)  # type: ignore[attr-defined]
    app.login_manager.request_loader(None)  # type: ignore[attr-defined]  # no token in a header


def signed_in() -> Account | None:
    """Return the account that is signed in, with what only this room knows of it."""
    return cast(Account | None, current_account())


def this_device() -> Device | None:
    """Return the device that is signed in, or None."""
    return cast(Device, g.device) if current_account() else None


def password_is_right(account: Account | None, password: str) -> bool:
    """Tell whether the password opens the account.

    Takes as long for an account that does not exist.
    """
    if account is None or not account.password:
        hash_password(password)
        return False
    return bool(verify_password(password, account.password)) and account.active


def let_in(account: Account, *, way: str, two_factors: bool = False) -> None:
    """Sign an account in on this browser. What the browser held before is gone, here and there
    (ASVS 7.2.4); the caller commits.
    """
    session, at = get_session(), now()
    if (before := this_device()) is not None:
        devices.end_device(session, before.account, before.id, now=at)
    device, secret = devices.begin(
        session,
        account,
        now=at,
        agent=request.user_agent.string,
        address=request.remote_addr,
        two_factors=two_factors,
    )
    audit.record(
        session, AuditKind.SIGNED_IN, now=at, by=account.person, about=account.person, detail=way
    )
    cookie.clear()
    login_user(account, force=True)
    cookie["_user_id"] = secret
    cookie.permanent = True
    g.device = device


def let_out() -> None:
    """Sign this device out: its cookie, and every copy of it, opens nothing any more."""
    account, device = signed_in(), this_device()
    if account is not None and device is not None:
        session, at = get_session(), now()
        devices.end_device(session, account, device.id, now=at)
        audit.record(session, AuditKind.SIGNED_OUT, now=at, by=account.person, about=account.person)
    logout_user()
    cookie.clear()


def forgetful(response: BaseResponse) -> BaseResponse:
    """Return an answer that also lets the browser forget the pages that somebody saw."""
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def set_password(account: Account, hashed: str, *, but: Device | None = None) -> None:
    """Give an account a new password, hashed before anybody waits for it; every device but one is
    signed out, every link is void.
    """
    session, at = get_session(), now()
    account.password = hashed
    account.fs_uniquifier = uuid.uuid4().hex
    devices.end_devices(session, account, now=at, but=but)
    links.void_links(session, account, now=at)
    person = account.person
    audit.record(session, AuditKind.PASSWORD_SET, now=at, by=person, about=person)


def _whose(secret: str) -> Account | None:
    """Return the account whose device holds ``secret``, and write down now and then that it was
    here.
    """
    at = now()
    device = devices.holder_of(get_session(), secret, get_config(), now=at)
    if device is None:
        return None
    g.device = device
    if devices.wants_to_be_seen(device, at):
        _see(device, request.remote_addr)
    return device.account


def _see(device: Device, address: str | None) -> None:
    """Note it when the request is over."""
    at, number = now(), device.id
    after_closing(lambda factory: devices.note_seen(factory, number, address, at))
