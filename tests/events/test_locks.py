"""How the code locks rows: one way, so that people who work at once wait for each other and do not
stop each other.
"""

from pathlib import Path

import events

ALONE = {"taking_back.py"}  # deletes what it locks: nobody may point at it meanwhile


def test_every_lock_lets_others_go_on_pointing_at_the_row():
    rooms = [room for room in Path(events.__file__).parent.rglob("*.py") if room.name not in ALONE]
    lines = [
        line
        for room in rooms
        for line in room.read_text().splitlines()
        if "with_for_update" in line
    ]

    assert len(rooms) > 60
    assert len(lines) > 10
    assert [line for line in lines if "FOR_CHANGE" not in line] == []
