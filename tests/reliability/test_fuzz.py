"""No address and no field, whatever is sent there, is a mistake of the program."""

from pathlib import Path
from typing import Any

import pytest

from events.database.sessions import SessionFactory
from tests.reliability.fuzz import fuzz
from tests.web.conftest import Opened, app_with, clock, opened, settings  # noqa: F401 - fixtures
from web.kit.config import WebConfig

pytestmark = pytest.mark.slow


def test_odd_numbers_dates_texts_and_sizes_are_refused_in_words(
    session_factory: SessionFactory,
    settings: dict[str, Any],  # noqa: F811
    opened: Opened,  # noqa: F811
    tmp_path: Path,
):
    app = app_with(session_factory, WebConfig(**settings | {"files": tmp_path}))

    report = fuzz(app, session_factory, ("hoa@example.org", "thi@example.org"), 200, seed=7)

    assert report.plain["errors_500"] == 0, report.mistakes
    # 403 and 409 only meet those who are signed in
    assert {200, 303, 400, 403, 404, 409} <= report.statuses.keys()
