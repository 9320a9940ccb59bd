"""Whether the service lives, and what robots should leave alone."""

import threading
import time
from pathlib import Path

from flask import Blueprint, Response, current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from events.files.disk import try_disk
from web.kit.context import get_config, get_session

_PAUSE = 10.0  # seconds

bp = Blueprint("health", __name__)

# calendars stay open to robots
_ROBOTS = "User-agent: *\nDisallow: /dang-nhap\nDisallow: /cai-dat\nDisallow: /thu\n"


class _Disk:
    """Tries to write, once in a while however often strangers ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[Path, tuple[float, str]] = {}

    def problem(self, files: Path | None) -> str:
        """Return what is wrong with the disk of the uploaded files; nothing if all is well."""
        if files is None:
            return ""
        folder = files.parent
        with self._lock:
            at, said = self._found.get(folder, (-_PAUSE, ""))
            if time.monotonic() - at >= _PAUSE:
                said = _tried(folder)
                self._found[folder] = time.monotonic(), said
            return said


def _tried(folder: Path) -> str:
    try:
        try_disk(folder)
    except OSError as error:
        current_app.logger.error("the disk cannot be written: %s", error)
        return "disk cannot be written"
    return ""


_disk = _Disk()


@bp.get("/khoe")
def show() -> Response:
    """Answer 200 when the database answers and the disk can be written, else 503.

    Nobody who writes is waited for.
    """
    try:
        get_session().scalar(select(1))
    except SQLAlchemyError:
        current_app.logger.exception("the database does not answer")
        return Response("database unreachable\n", status=503, mimetype="text/plain")
    problem = _disk.problem(get_config().files)
    if problem:
        return Response(f"{problem}\n", status=503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@bp.get("/robots.txt")
def robots() -> Response:
    return Response(_ROBOTS, mimetype="text/plain")
