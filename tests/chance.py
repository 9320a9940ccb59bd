"""How often property tests draw at random.

Their draws are the same in every run, so that nobody's change is held up by what another one did.
To look for more, run them with ``SUMVAY_TEST_DRAWS=20``: twenty times as many draws, others each
time.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

_MORE = int(os.environ.get("SUMVAY_TEST_DRAWS", "0"))
_USUAL = 100  # of a test that asks for no number


def drawn(times: int, **more: Any) -> settings:
    """Let a test draw so often."""
    # Fixtures are made once for all draws: such tests undo what they did, or write nothing.
    shared = [HealthCheck.function_scoped_fixture]
    return settings(
        max_examples=times * max(_MORE, 1),
        deadline=None,
        derandomize=not _MORE,
        suppress_health_check=shared,
        **more,
    )


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """Take everything back afterwards, also when an assertion failed: the next example begins anew."""
    savepoint, known = session.begin_nested(), set(session.identity_map.keys())
    try:
        yield
    finally:
        savepoint.rollback()
        for row in [row for key, row in session.identity_map.items() if key not in known]:
            session.expunge(row)  # its number is given to another row in the next example


settings.register_profile("sumvay", drawn(_USUAL))
settings.load_profile("sumvay")
