"""Flask-Security on our own sessions: it hashes passwords and remembers who is signed in.

Its ready-made pages stay off. Ours are few, speak in the catalogue's words, and never sign anybody
in by a GET.
"""

import hashlib
import uuid
from typing import cast

from flask import Flask
from flask import session as cookie
from flask_security import Security, SQLAlchemySessionUserDatastore
from flask_security.utils import hash_password, login_user
from werkzeug.local import LocalProxy

from web.accounts.models import Account, AccountRole
from web.config import WebConfig
from web.kit.context import current_account, get_session


def install(app: Flask, config: WebConfig) -> None:
    """Give ``app`` its accounts."""
    app.config.update(
        SECURITY_PASSWORD_SALT=hashlib.sha256(
            f"passwords:{config.secret_key}".encode()
        ).hexdigest(),
        SECURITY_PASSWORD_HASH="argon2",  # noqa: S106 - the name of a method
        SECURITY_CLI_USERS_NAME=None,
        SECURITY_CLI_ROLES_NAME=None,
        REMEMBER_COOKIE_SECURE=config.is_https,
        REMEMBER_COOKIE_SAMESITE="Lax",
    )
    datastore = SQLAlchemySessionUserDatastore(LocalProxy(get_session), Account, AccountRole)  # type: ignore[arg-type]
    Security(app, datastore, register_blueprint=False)


def signed_in() -> Account | None:
    """Return the account that is signed in, with what only this room knows of it."""
    return cast(Account | None, current_account())


def password_is_right(account: Account | None, password: str) -> bool:
    """Tell whether the password opens the account.

    Takes as long for an account that does not exist.
    """
    if account is None or not account.password:
        hash_password(password)
        return False
    return bool(account.verify_and_update_password(password)) and account.active


def let_in(account: Account) -> None:
    """Sign an account in on this browser until the session's lifetime is over."""
    login_user(account)
    cookie.permanent = True


def set_password(account: Account, password: str) -> None:
    """Give an account a new password. Its new uniquifier signs it out everywhere else."""
    account.password = hash_password(password)
    account.fs_uniquifier = uuid.uuid4().hex
