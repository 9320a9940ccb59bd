"""A short storm over calendars: killed in the middle, it leaves nothing half and nothing stale."""

import pytest
from sqlalchemy import Engine

from tests.reliability.feed_storm import FeedStorm

SEED, KILLS = 5, 12

pytestmark = pytest.mark.slow


def test_killed_while_it_renews_and_publishes_it_leaves_no_half_file_and_no_stale_etag(
    blank_engine: Engine, tmp_path
):
    (tmp_path / "config.toml").touch()

    report = FeedStorm(tmp_path, blank_engine.url.render_as_string(False), SEED, KILLS).play()

    assert report.problems == []
    assert report.kills == KILLS
    assert report.written > 30
