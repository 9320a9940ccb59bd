"""Two people at once: what the database ended so that another could go on is done again, and nobody
notices.

A view that wrote in a session which began by reading is ended too when somebody else wrote since;
the second time it writes from its beginning.
"""

from flask import Flask, g, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError

from events.database import is_busy, saying_not_now
from events.locks import through_collisions
from web.kit.context import begin_writing, get_session


class App(Flask):
    """Flask, whose views are asked once more when their transaction was ended for another's
    sake.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        with saying_not_now():
            try:
                return through_collisions(super().dispatch_request, _begin_again)
            except OperationalError as error:
                if not is_busy(error) or "writes" in g:
                    raise
            _begin_again()
            begin_writing()
            return super().dispatch_request()


def _begin_again() -> None:
    get_session().rollback()
    for file in request.files.values():
        file.seek(0)
