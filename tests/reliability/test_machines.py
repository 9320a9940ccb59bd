"""On several machines: whichever process is killed, and while the database is away, no mail is
lost, none comes twice without a kill, and no round opens twice.
"""

import pytest

from tests.reliability.machines import play

pytestmark = [pytest.mark.postgresql, pytest.mark.slow]


def test_two_clocks_two_workers_and_two_web_processes_outlive_kills_and_their_database():
    report = play(rounds=1, away=3.0)

    assert report.is_clean, vars(report)
    assert report.kills == 6
    assert report.arrived >= 20
