"""How large what people send may be, which the server asks before it has read all of it."""

from flask import Flask
from werkzeug.exceptions import HTTPException

from events.calendars.fetching import LARGEST
from web.kit.uploads import LARGEST_UPLOAD

LARGEST_FORM = 256 * 1024  # bytes; the forms that upload files allow themselves more
LARGEST_TEMPLATE = 2 * 1024 * 1024  # bytes: as many items as one may have, with long names
LARGEST_CALENDAR = LARGEST + 64 * 1024  # bytes: a calendar and the fields beside it
_LARGE = {
    "imported.add": LARGEST_CALENDAR,
    "imported.replace": LARGEST_CALENDAR,
    "items.complete": LARGEST_UPLOAD,
    "items.give": LARGEST_UPLOAD,
    "documents.add": LARGEST_UPLOAD,
    "documents.correct": LARGEST_UPLOAD,
    "templates.save": LARGEST_TEMPLATE,
    "templates.take_in": LARGEST_TEMPLATE,
}


def largest_body(app: Flask, method: str, path: str, cookies: str) -> int:
    """Return how many bytes a request may bring along: more than any other form only where files
    are sent, and by somebody who may be signed in.
    """
    if f"{app.config['SESSION_COOKIE_NAME']}=" not in cookies:
        return LARGEST_FORM
    try:
        endpoint, _values = app.url_map.bind("").match(path, method)
    except HTTPException:
        return LARGEST_FORM
    return _LARGE.get(endpoint, LARGEST_FORM)
