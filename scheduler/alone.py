"""One start at a time: whoever prepares or migrates a database waits for the one before."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sqlalchemy import Engine

from events.database.turns import Turn, turn
from events.errors import N_, CannotRunError

_PATIENCE = 300.0  # seconds: the longest migration of the largest province, many times
_MOMENT = 0.2


class StillStartingError(CannotRunError):
    """Raised when another start goes on for longer than anybody waits."""

    msgid = N_("Another start of this service still prepares the database; please try again later.")


@contextmanager
def alone(engine: Engine, patience: float = _PATIENCE) -> Iterator[None]:
    """Wait until nobody else prepares this database, and keep others waiting meanwhile.

    Raises ``StillStartingError`` after ``patience`` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        with ExitStack() as held:
            if held.enter_context(turn(engine, Turn.START)):
                yield
                return
        if time.monotonic() > deadline:
            raise StillStartingError
        time.sleep(_MOMENT)
