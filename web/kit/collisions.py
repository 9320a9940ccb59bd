"""Two people at once: what the database ended so that another could go on is done again, and nobody
notices.

A view that writes and forgot to say so is asked once more too; the second time it writes from its
beginning. Tests refuse it.
"""

from flask import Flask, request
from flask.typing import ResponseReturnValue

from events.database.sessions import saying_not_now
from events.locks import through_collisions
from web.kit.context import NotAnnouncedError, begin_writing, get_session


class App(Flask):
    """Flask, whose views are asked once more when their transaction was ended for another's
    sake.
    """

    def dispatch_request(self) -> ResponseReturnValue:
        with saying_not_now():
            try:
                return through_collisions(super().dispatch_request, _begin_again)
            except NotAnnouncedError:
                if self.testing:
                    raise
                self.logger.exception("a view that writes has to say so first")
            _begin_again()
            begin_writing()
            return super().dispatch_request()


def _begin_again() -> None:
    get_session().rollback()
    for file in request.files.values():
        file.seek(0)
