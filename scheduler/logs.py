"""The service's log: one line an event on standard error."""

import logging

log = logging.getLogger("sumvay")


def configure() -> None:
    """Write warnings of everything, and what the service says of itself."""
    logging.basicConfig(
        format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.WARNING
    )
    log.setLevel(logging.INFO)
