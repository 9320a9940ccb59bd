"""The service's log: one line an event on standard error."""

import logging
import re
from types import TracebackType

log = logging.getLogger("sumvay")

# PostgreSQL quotes the row that it refused, with whatever people typed
_QUOTED = re.compile(r"^DETAIL:.*$", re.MULTILINE)


class _Formatter(logging.Formatter):
    """Writes what went wrong without the values of rows, and when with the offset from UTC."""

    default_time_format = "%Y-%m-%dT%H:%M:%S%z"
    default_msec_format = None

    def formatException(  # noqa: N802 - the name that logging calls
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        return _QUOTED.sub("DETAIL:  (not written)", super().formatException(ei))


def configure() -> None:
    """Write warnings of everything, and what the service says of itself."""
    logging.basicConfig(level=logging.WARNING)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    log.setLevel(logging.INFO)
