"""What others read in our calendars: four parsers and two clients agree with each other."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from vdirsyncer.vobject import Item, split_collection

from events.activities.planned import cancel_activity
from events.calendars.check.whole import events_in
from tests.readers import READERS, with_icalendar
from tests.web.calendars.test_rules_of_feeds import launch  # noqa: F401 - a fixture
from tests.web.conftest import NOON

NOTHING_OF_OURS = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}


@pytest.fixture
def kinds(stranger, session, cast, opened, launch):  # noqa: F811
    """A calendar of each kind, with days, hours, a weekly rule, odd letters and a cancelled one."""
    cancel_activity(session, launch, by=cast.thi, now=NOON + timedelta(days=1))
    session.commit()
    slugs = (cast.commune.slug, cast.province.slug, "ngay-quoc-te-hanh-phuc")
    return {slug: stranger.get(f"/lich/{slug}.ics").data for slug in slugs}


@pytest.mark.parametrize("reader", READERS)
def test_parsers_of_others_read_every_kind_of_calendar_and_agree(kinds, reader):
    for slug, body in kinds.items():
        seen = READERS[reader](body)

        assert seen == with_icalendar(body), slug
        assert len(seen) == len(events_in(body)) > 1


def test_vdirsyncer_takes_each_event_for_one_and_keeps_its_uid(kinds):
    for body in kinds.values():
        uids = [Item(one).uid for one in split_collection(body.decode())]

        assert Counter(uids) == Counter(event.uid for event in events_in(body))


@pytest.mark.slow
def test_khal_imports_every_kind_of_calendar_and_lists_its_events(kinds, tmp_path: Path):
    for slug, body in kinds.items():
        home = tmp_path / slug
        listed = khal(home, body)

        wanted = {(uid, summary) for uid, _start, _end, summary in with_icalendar(body)}
        assert {(one["uid"], one["title"]) for one in listed} == wanted


def khal(home: Path, body: bytes) -> list[dict[str, str]]:
    """Return what khal shows of a calendar that was given to it."""
    (home / "lich").mkdir(parents=True)
    (home / "lich.ics").write_bytes(body)
    (home / "config").write_text(
        f"[calendars]\n[[lich]]\npath = {home}/lich\n[sqlite]\npath = {home}/khal.db\n"
        "[locale]\nlocal_timezone = Asia/Ho_Chi_Minh\ndefault_timezone = Asia/Ho_Chi_Minh\n"
        "dateformat = %d/%m/%Y\nlongdateformat = %d/%m/%Y\ntimeformat = %H:%M\n"
        "datetimeformat = %d/%m/%Y %H:%M\nlongdatetimeformat = %d/%m/%Y %H:%M\n"
    )

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "khal", "-c", str(home / "config"), *arguments]
        done = subprocess.run(
            command, capture_output=True, text=True, env=NOTHING_OF_OURS, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("import", "--batch", "-a", "lich", str(home / "lich.ics"))
    days = run("list", "--json", "uid", "--json", "title", "01/01/2019", "3000d")
    return [one for day in days.splitlines() if day for one in json.loads(day)]
