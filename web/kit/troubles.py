"""What administrators have to see to at once, for every page of theirs: asked for once in a while,
however many pages are shown.
"""

import threading
import time
from collections.abc import Sequence

from flask import current_app

from events.people.rights import Capability
from web.kit.config import Trouble
from web.kit.context import get_config, get_session, now
from web.kit.visibility import allowed

_FOR = 2.0  # seconds
_KEY = "sumvay.troubles"


class _Known:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.at, self.found = -_FOR, list[Trouble]()


def install(app: object) -> None:
    """Give an application its memory."""
    app.extensions[_KEY] = _Known()  # type: ignore[attr-defined]


def troubles_now() -> Sequence[Trouble]:
    """Return what is wrong, as of two seconds ago at most."""
    ask = get_config().troubles
    if ask is None:
        return ()
    known: _Known = current_app.extensions[_KEY]
    with known.lock:
        if time.monotonic() - known.at >= _FOR:
            known.found, known.at = list(ask(get_session(), now())), time.monotonic()
        return known.found


def troubles_to_show() -> Sequence[Trouble]:
    """Return what is wrong to whoever sets the installation up; nothing to others."""
    if get_config().troubles is None or not allowed(Capability.SET_UP):
        return ()
    return troubles_now()
