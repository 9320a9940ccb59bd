"""What the configuration says for all committees reaches whoever works in the database."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from events.checklist.history import Stamp
from events.checklist.states import complete_item
from events.errors import ConflictError
from events.installation import INSTALLATION, Installation
from events.reforms.handover import hand_over
from tests.events.replanning.test_anchors import item_of, open_template

LATE = datetime(2021, 2, 22, 20, tzinfo=UTC)  # the 23rd in Vietnam
PACKAGES = Path(__file__).parents[2]
BY_NATURE = {
    "events/localtime.py",
    "events/installation.py",
    "events/calendars/ical.py",
    "events/calendars/limits.py",
    "events/calendars/observance_feed.py",
    "events/calendars/parts.py",
    "events/calendars/person_feed.py",
}  # calendars say UTC+7
# they are told the zone, and have a default
SETTINGS = {"events/progress/as_of.py", "notifications/letters/composer.py", "web/kit/config.py"}


@pytest.fixture
def in_london(session):
    session.info[INSTALLATION] = Installation(ZoneInfo("Europe/London"))


def test_work_is_done_on_the_day_that_it_is_where_the_officials_sit(
    session, vietnam, cast, in_london
):
    root = open_template(session, vietnam, "happiness_day", 2021, now=LATE)
    item = item_of(session, root, cast.commune, "loudspeaker")
    item.evidence_min = 0

    complete_item(session, item.id, Stamp(cast.thi, LATE))

    assert item.completed_on == date(2021, 2, 22)


def test_closed_units_hand_over_on_the_day_that_it_is_where_the_officials_sit(session, in_london):
    with pytest.raises(ConflictError, match="begin on 23/02/2021"):
        hand_over(session, stamp=Stamp(None, LATE), on=date(2021, 2, 23))


def test_vietnams_time_zone_is_taken_for_granted_only_where_calendars_are_written():
    files = [
        file
        for name in ("events", "notifications", "scheduler", "web")
        for file in (PACKAGES / name).rglob("*.py")
    ]
    found = {
        str(file.relative_to(PACKAGES))
        for file in files
        if re.search(r"\bVIETNAM\b", file.read_text())
    }

    assert found == BY_NATURE | SETTINGS
