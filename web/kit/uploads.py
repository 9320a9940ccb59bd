"""Files that people send and get back."""

from flask import Response

from events.files.store import LARGEST_FILE

LARGEST_UPLOAD = 4 * LARGEST_FILE  # bytes: some photos at once


def as_download(body: bytes, media_type: str | None, name: str | None) -> Response:
    """Return a file to be saved and never shown by the browser."""
    answer = Response(body, mimetype=media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=name or "file")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
