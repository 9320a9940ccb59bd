"""The daily backups, for administrators: whether there are any, and whether this is a copy, which
sends no mail.
"""

import shutil
from datetime import timedelta

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from events.files.backups import backups_in
from events.files.disk import LEAST_FREE
from events.units.office import is_copy
from web.kit.context import get_config, get_session, now

bp = Blueprint("backups", __name__, url_prefix="/quan-tri/sao-luu")

_OLD = timedelta(days=2)  # without a backup, after which somebody should look
_MB = 1024**2


@bp.get("")
def show() -> ResponseReturnValue:
    """List the backups that are there, with the room that is left for more."""
    folder = get_config().backups
    found = [manifest for _folder, manifest in backups_in(folder)] if folder else []
    near = next((above for above in folder.parents if above.is_dir()), None) if folder else None
    free = shutil.disk_usage(near).free if near else None
    return render_template(
        "backups/index.html",
        folder=folder,
        backups=found,
        is_late=not found or now() - found[0].made > _OLD,
        free=free // _MB if free is not None else None,
        is_full=free is not None and free < LEAST_FREE,
        is_copy=is_copy(get_session()),
        mb=_MB,
    )
