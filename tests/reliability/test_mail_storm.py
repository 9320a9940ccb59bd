"""Short storms over mail; ``make storm`` plays longer ones."""

import pytest
from sqlalchemy import Engine

from tests.reliability.mail_storm import MailStorm
from tests.reliability.mail_storm.__main__ import hold

pytestmark = pytest.mark.slow

SEED = 5


@pytest.fixture
def storm(blank_engine: Engine) -> MailStorm:
    storm = MailStorm(blank_engine.url.render_as_string(False), SEED)
    yield storm
    storm.engine.dispose()


def test_relays_that_are_killed_lose_nothing_and_repeat_one_mail_a_connection_at_most(storm):
    report = storm.kills(300, kills=4)

    assert report.is_clean, report.plain
    assert report.kills == 4


def test_relays_that_are_stopped_past_their_leases_change_nothing_that_others_took(storm):
    report = storm.stops(300, rounds=1)

    assert (report.lost, report.misread, report.renamed) == (0, 0, 0), report.plain
    assert report.doubled <= 5, report.plain


def test_a_database_that_cannot_be_written_while_mails_are_taken_loses_and_doubles_nothing(storm):
    report = storm.outage(200, lambda: hold(storm, 3))

    assert (report.lost, report.doubled, report.misread) == (0, 0, 0), report.plain
