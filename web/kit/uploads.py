"""Files that people send and get back."""

from collections import Counter
from collections.abc import Iterable

from flask import Response, request
from werkzeug.datastructures import FileStorage

from events.files.quota import require_room
from events.files.scanning import require_harmless
from events.files.store import (
    LARGEST_FILE,
    StoredFile,
    checked_file,
    keep_file,
    require_folder,
)
from events.models import Unit
from web.kit.context import get_config, get_session, read_again

LARGEST_UPLOAD = 4 * LARGEST_FILE  # bytes: some photos at once


def take_in(sent: Iterable[FileStorage], unit: Unit) -> list[StoredFile]:
    """Return the files of a form, stored for a unit; whoever sent them was asked whether they may.

    Nothing is written in the database, and nobody waits for it. Raises the errors of
    ``store.checked_file``, ``require_harmless`` and ``require_room``; then none of them is stored.
    """
    named, unit_id = [file for file in sent if file.filename], unit.id
    if not named:
        return []
    folder = get_config().files
    require_folder(folder)
    read_again()  # photos take their time, in which no transaction is held open
    uploads = [
        checked_file(file.filename or "", file.stream.read(LARGEST_FILE + 1)) for file in named
    ]
    for upload in uploads:
        require_harmless(get_config().scan, upload.file.name, upload.body)
    session = get_session()
    require_room(
        session, session.get_one(Unit, unit_id), sum(upload.file.size for upload in uploads)
    )
    return [keep_file(folder, upload) for upload in uploads]


def files_sent() -> dict[str, int]:
    """Return how many files the request's form brought along, by the name of their field.

    A browser sends a field in which none was chosen too.
    """
    counted = Counter(name for name, file in request.files.items(multi=True) if file.filename)
    return dict(counted)


def as_download(body: bytes, media_type: str | None, name: str | None) -> Response:
    """Return a file to be saved and never shown by the browser."""
    answer = Response(body, mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name or "file")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
