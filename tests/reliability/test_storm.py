"""A short storm: whatever is acknowledged outlives a killed server, once and whole.

``make storm`` plays longer ones.
"""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from events.checklist.history import Stamp, record
from events.files.store import path_of
from events.models import Campaign, ChecklistItem, Evidence, Person
from tests.reliability.storm import Storm

pytestmark = pytest.mark.slow

SEED, SECONDS = 12, 10.0
NOW_PLAYED = datetime(2026, 11, 30, tzinfo=UTC)
A_DAY = timedelta(days=1)


def test_nothing_that_was_acknowledged_is_lost_half_done_or_doubled_in_a_storm(
    blank_engine, tmp_path
):
    storm = Storm(tmp_path, blank_engine.url.render_as_string(False), SEED, SECONDS)

    report = storm.play()

    assert (report.lost, report.half_done, report.doubled, report.errors) == (0, 0, 0, 0)
    assert report.kills > 1
    assert report.acknowledged > 10


def test_a_storm_counts_what_is_lost_half_done_and_doubled(tmp_path):
    storm = Storm(tmp_path, f"sqlite:///{tmp_path / 'var' / 'sumvay.db'}", SEED, 0)
    work = storm._prepare()
    item, kind = work.ticks[1][0]
    photo, _kind = work.proofs[1][0]
    told = storm.ledger.write
    told(("tick", (item, kind)), True)
    told(("note", (photo, "mưa")), True)
    told(("upload", (photo, 7)), True)
    told(("open", work.day), True)
    told(("move", work.day + timedelta(days=1)), True)

    storm._count(work)
    assert (storm.report.lost, storm.report.half_done, storm.report.doubled) == (5, 0, 0)

    with storm.factory.begin() as session:
        who = Stamp(session.scalars(select(Person)).first(), NOW_PLAYED)
        held = session.get_one(ChecklistItem, photo)
        for _twice in range(2):
            record(session, held, {}, {"blocked": "mưa"}, who)
        session.add(Evidence(item=held, kind_key="photo", file_digest="0" * 64, at=NOW_PLAYED))
        root = session.scalars(select(Campaign).where(Campaign.uid == work.round_uid)).one()
        session.execute(
            update(Campaign).where(Campaign.id == root.id).values(event_date=work.day - A_DAY)
        )
    storm.report.lost = 0
    storm._count(work)

    # the note is there twice; the round moved in one unit alone, and a piece has no file
    assert (storm.report.lost, storm.report.half_done, storm.report.doubled) == (4, 2, 1)
    assert not path_of(tmp_path / "var" / "files", "0" * 64).exists()
