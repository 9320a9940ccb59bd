"""What was written to the folder of mails, for administrators: so that a trial run can be read before anything is sent."""

from collections.abc import Callable
from email.utils import parsedate_to_datetime
from functools import wraps
from pathlib import Path

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from events.errors import N_, NotFoundError
from notifications import maildir
from web.addresses import here
from web.context import current_account, get_config
from web.language import gettext as _

bp = Blueprint("mail", __name__, url_prefix="/thu")

_SHOWN = 100
# A mail's HTML brings its own styles and must reach nothing: no script, no form, no picture from elsewhere.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"


def administrators_only(view: Callable[..., ResponseReturnValue]) -> Callable[..., ResponseReturnValue]:
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


@bp.get("/")
@administrators_only
def index() -> ResponseReturnValue:
    """List the newest mails."""
    folder = get_config().maildir
    listed = maildir.list_messages(folder, _SHOWN) if folder else []
    return render_template("mail/index.html", folder=folder, messages=listed, shown=_SHOWN)


@bp.get("/<key>")
@administrators_only
def show(key: str) -> ResponseReturnValue:
    """Show one mail: its headers, its text, and its HTML in a frame that can do nothing."""
    mail = maildir.read_message(_folder(), key)
    return render_template("mail/show.html", mail=mail, date=parsedate_to_datetime(mail.headers["Date"]))


@bp.get("/<key>/html")
@administrators_only
def html(key: str) -> ResponseReturnValue:
    """Answer with a mail's HTML alone, as the frame shows it."""
    mail = maildir.read_message(_folder(), key)
    headers = {"Content-Security-Policy": _MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(mail.html, mimetype="text/html", headers=headers)


def _folder() -> Path:
    folder = get_config().maildir
    if folder is None:
        raise NotFoundError(N_("Mail is sent to a server here and not kept in a folder."))
    return folder
