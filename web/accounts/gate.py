"""Whoever has no second factor where one is asked for: they add it first, or sign in again with
it.
"""

from flask import Flask, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from web.accounts.entering import has_second_factor
from web.accounts.models import Account
from web.accounts.security import let_out, signed_in, this_device
from web.kit.config import TwoFactors
from web.kit.context import begin_writing, get_config, read_again
from web.kit.language import gettext as _

_OPEN = frozenset({"accounts", "second_factor", "files", "language", "health", "feeds"})


def install(app: Flask) -> None:
    """Let ``app`` ask before every page."""
    app.before_request(_second_factor_first)


def _second_factor_first() -> ResponseReturnValue | None:
    if request.blueprint in _OPEN or get_config().require_2fa is TwoFactors.NOBODY:
        return None
    account, device = signed_in(), this_device()
    if account is None or device is None or device.two_factors or not _is_asked(account):
        return None
    if has_second_factor(account):
        return _sign_in_again()
    flash(_("One signs in with a second factor here. Please add one."), "warning")
    return redirect(url_for("second_factor.show"), 303)


def _is_asked(account: Account) -> bool:
    return account.is_administrator or get_config().require_2fa is TwoFactors.EVERYBODY


def _sign_in_again() -> ResponseReturnValue:
    session = begin_writing()
    let_out()
    session.commit()
    read_again()
    flash(_("Please sign in with your second factor."), "warning")
    return redirect(url_for("accounts.sign_in"), 303)
