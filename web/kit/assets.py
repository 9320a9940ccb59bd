"""Our few files: style, script and picture, read once and named after their content, so that
browsers may keep them for a year.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Response, abort, request, url_for

bp = Blueprint("files", __name__)

_FOLDER = Path(__file__).parent.parent / "static"
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_A_DAY = 86_400  # seconds
_A_YEAR = 365 * _A_DAY


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is served."""

    body: bytes
    mimetype: str

    @property
    def version(self) -> str:
        return hashlib.sha256(self.body).hexdigest()[:10]


def address_of(name: str) -> str:
    """Return the address of a file, which changes with its content."""
    return url_for("files.show", name=name, v=_files()[name].version)


@bp.get("/static/<name>")
def show(name: str) -> Response:
    """Answer with one file; for a year if its version was asked for, else for a day."""
    if name not in _files():
        abort(404)
    return _answer(name, _A_YEAR if "v" in request.args else _A_DAY)


@bp.get("/favicon.ico")
@bp.get("/favicon.svg")
def favicon() -> Response:
    return _answer("favicon.svg", _A_DAY)


def _answer(name: str, seconds: int) -> Response:
    file = _files()[name]
    response = Response(file.body, mimetype=file.mimetype)
    response.set_etag(file.version)
    response.cache_control.public = True
    response.cache_control.max_age = seconds
    response.make_conditional(request)
    return response


@lru_cache
def _files() -> dict[str, File]:
    return {
        path.name: File(path.read_bytes(), _TYPES[path.suffix])
        for path in _FOLDER.iterdir()
        if path.suffix in _TYPES
    }
