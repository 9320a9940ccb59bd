"""Who may see a page."""

from collections.abc import Callable
from functools import wraps

from flask import abort, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from web.kit.addresses import here
from web.kit.context import current_account
from web.kit.language import gettext as _


def administrators_only(
    view: Callable[..., ResponseReturnValue],
) -> Callable[..., ResponseReturnValue]:
    """Send strangers to sign in, and others away."""

    @wraps(view)
    def guarded(*args: object, **kwargs: object) -> ResponseReturnValue:
        account = current_account()
        if account is None:
            flash(_("Please sign in to see this page."), "warning")
            return redirect(url_for("accounts.sign_in", next=here()), 303)
        if not account.is_administrator:
            abort(403)
        return view(*args, **kwargs)

    return guarded
