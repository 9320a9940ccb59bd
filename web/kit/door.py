"""What every address and every form is asked before a page sees it.

Numbers in addresses are ids, and no database holds one above ``LARGEST``; no text holds the
character zero, which PostgreSQL cannot store nor look for.
"""

from flask import Flask, abort, request
from werkzeug.routing import IntegerConverter

from web.kit.entries import LARGEST

_NOTHING = "\0"


class IdConverter(IntegerConverter):
    """An id in an address: plain digits, up to what a column holds; any other address is none."""

    regex = "[0-9]{1,10}"

    def __init__(self, map: object, **kwargs: object) -> None:
        super().__init__(map, max=LARGEST, **kwargs)  # type: ignore[arg-type]


def install(app: Flask) -> None:
    """Stand at the door of ``app``; before its pages are added."""
    app.url_map.converters["int"] = IdConverter
    app.before_request(_refuse_what_no_database_holds)


def _refuse_what_no_database_holds() -> None:
    if request.routing_exception is not None:
        return  # it is answered already, and its form is nobody's
    if _NOTHING in request.path:
        abort(404)
    if any(_NOTHING in part for item in request.args.items(multi=True) for part in item):
        abort(400)
    if any(_NOTHING in part for item in request.form.items(multi=True) for part in item):
        abort(400)
