"""What others read in our calendars: four parsers and two clients agree with each other."""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from vdirsyncer.vobject import Item, split_collection

from events.activities.evenings import call_off_time, move_time
from events.activities.planned import cancel_activity
from events.calendars.check.whole import events_in
from events.calendars.observance_feed import ALL, CORE
from events.calendars.tokens import PATH as OWN
from events.calendars.tokens import Options, make_token
from events.models import Activity, FeedScope
from tests.readers import READERS, with_icalendar
from tests.web.calendars.test_rules_of_feeds import launch  # noqa: F401 - a fixture
from tests.web.conftest import NOON

NOTHING_OF_OURS = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME")}


@pytest.fixture
def kinds(stranger, session, cast, opened, launch):  # noqa: F811
    """A calendar of each kind, with days, hours, a weekly rule, a time of it that was moved and one
    that was called off, a main event, odd letters and what is cancelled.
    """
    later = NOON + timedelta(days=1)
    cancel_activity(session, launch, by=cast.thi, now=later)
    weekly = session.scalars(select(Activity).where(Activity.weekly_until.is_not(None))).one()
    second, third = (weekly.dtstart + timedelta(weeks=weeks) for weeks in (1, 2))
    by_hoa = {"by": cast.hoa, "now": later}
    call_off_time(session, weekly.uid, second.date(), **by_hoa)
    new = third + timedelta(days=1)
    move_time(session, weekly.uid, third.date(), new, new + timedelta(hours=1), **by_hoa)
    opened.province.round.event_date = opened.province.dtstart - timedelta(days=1)
    day, campaign = "ngay-quoc-te-hanh-phuc", f"chien-dich/{opened.province.uid}"
    public = (CORE, ALL, day, cast.commune.slug, cast.province.slug, campaign)
    paths = [f"/lich/{language}{key}.ics" for key in public for language in ("", "en/")]
    paths += [f"/ngay/{day}/2021/lich.ics", f"/hoat-dong/{weekly.uid}/lich.ics"]
    of_thi = [Options(scope, scope=scope, has_alarms=True) for scope in FeedScope]
    of_hoa = [Options("Lãnh đạo", scope=FeedScope.LEADER, language="en")]
    owned = [(cast.thi, one) for one in of_thi] + [(cast.hoa, one) for one in of_hoa]
    for person, options in owned:
        secret = make_token(session, person, options, now=NOON)[1]
        paths.append(OWN.format(secret=secret))
    session.commit()
    return {path: stranger.get(path).data for path in paths}


@pytest.mark.parametrize("reader", READERS)
def test_parsers_of_others_read_every_kind_of_calendar_and_agree(kinds, reader):
    for slug, body in kinds.items():
        seen = READERS[reader](body)

        assert seen == with_icalendar(body), slug
        assert len(seen) == len(events_in(body)) >= 1


def test_vdirsyncer_takes_each_event_for_one_and_keeps_its_uid(kinds):
    for body in kinds.values():
        uids = [Item(one).uid for one in split_collection(body.decode())]

        # a rule and a time of it that was moved are one thing
        assert Counter(uids) == Counter({event.uid for event in events_in(body)})


@pytest.mark.slow
def test_khal_imports_every_kind_of_calendar_and_lists_its_events(kinds, tmp_path: Path):
    in_vietnamese = [body for path, body in kinds.items() if "/en/" not in path]
    for number, body in enumerate(in_vietnamese):
        home = tmp_path / str(number)
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
