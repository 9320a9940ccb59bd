"""What was written to the folder of mails, for administrators: so that a trial run can be read
before anything is sent. Links that open somebody's account are left out.
"""

from email.utils import parsedate_to_datetime
from pathlib import Path

from flask import Blueprint, Response, render_template
from flask.typing import ResponseReturnValue

from events.errors import N_, NotFoundError
from notifications.letters.wording import veiled
from notifications.transports import maildir
from web.kit.context import get_config

bp = Blueprint("mail", __name__, url_prefix="/thu")

_SHOWN = 100
# A mail's HTML brings its own styles and must reach nothing: no script, no form, no picture from
# elsewhere.
_MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; sandbox"
)


@bp.get("/")
def index() -> ResponseReturnValue:
    """List the newest mails."""
    folder = get_config().maildir
    listed = maildir.list_messages(folder, _SHOWN) if folder else []
    return render_template("mail/index.html", folder=folder, messages=listed, shown=_SHOWN)


@bp.get("/<key>")
def show(key: str) -> ResponseReturnValue:
    """Show one mail: its headers, its text, and its HTML in a frame that can do nothing."""
    mail = maildir.read_message(_folder(), key)
    return render_template(
        "mail/show.html",
        mail=mail,
        text=veiled(mail.text),
        date=parsedate_to_datetime(mail.headers["Date"]),
    )


@bp.get("/<key>/html")
def html(key: str) -> ResponseReturnValue:
    """Answer with a mail's HTML alone, as the frame shows it."""
    mail = maildir.read_message(_folder(), key)
    headers = {"Content-Security-Policy": _MAIL_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(veiled(mail.html), mimetype="text/html", headers=headers)


def _folder() -> Path:
    folder = get_config().maildir
    if folder is None:
        raise NotFoundError(N_("Mail is sent to a server here and not kept in a folder."))
    return folder
