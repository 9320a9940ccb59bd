"""Whether the service lives, and what robots should leave alone."""

import threading
import time
from pathlib import Path

from flask import Blueprint, Response, current_app
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from events.files.disk import try_disk
from web.kit.context import get_config, get_session
from web.kit.troubles import troubles_now

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
    """Answer 200 when all is well, else 503: the database does not answer or is of another version,
    the disk cannot be written, the clock or mail stands still, too much has piled up.
    """
    problem = _of_pages() or _of_work()
    return _unwell(problem) if problem else _well()


@bp.get("/khoe/trang")
def pages() -> Response:
    """Answer as ``show`` for pages alone, for what shares visitors out among several servers: a
    clock that stands still is no reason to send nobody here. Nobody who writes is waited for.
    """
    problem = _of_pages()
    return _unwell(problem) if problem else _well()


def _of_pages() -> str:
    expected = get_config().version
    try:
        get_session().scalar(select(1))
    except SQLAlchemyError:
        current_app.logger.exception("the database does not answer")
        return "database unreachable"
    if expected and _version() != expected:
        return "database of another version"
    return _disk.problem(get_config().files)


def _of_work() -> str:
    return ", ".join(one.short for one in troubles_now())


def _version() -> object:
    """Return the version of the database; None for an empty one."""
    try:
        return get_session().scalar(text("SELECT version_num FROM alembic_version"))
    except SQLAlchemyError:
        return None


def _well() -> Response:
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


def _unwell(why: str) -> Response:
    headers = {"Cache-Control": "no-store", "Retry-After": "10"}
    return Response(f"{why}\n", status=503, mimetype="text/plain", headers=headers)


@bp.get("/robots.txt")
def robots() -> Response:
    return Response(_ROBOTS, mimetype="text/plain")
