"""A short storm: whatever is acknowledged outlives a killed server, once and whole.

``make storm`` plays longer ones.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from events.checklist.history import Stamp, record
from events.files.store import path_of
from events.models import (
    CalendarDecision,
    Campaign,
    ChecklistItem,
    Evidence,
    Person,
    Round,
    Template,
    TemplateItem,
    TodoStatus,
    Unit,
)
from tests.reliability.storm import Storm
from tests.reliability.storm.province import COURSE

pytestmark = pytest.mark.slow

SEED, KILLS = 12, 4
NOW_PLAYED = datetime(2026, 11, 30, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def storm(tmp_path: Path) -> Iterator[Storm]:
    """One that has not begun to blow."""
    storm = Storm(tmp_path, f"sqlite:///{tmp_path / 'var' / 'sumvay.db'}", SEED)
    yield storm
    storm.engine.dispose()


def test_nothing_that_was_acknowledged_is_lost_half_done_or_doubled_in_a_storm(
    blank_engine: Engine, tmp_path: Path
):
    url = blank_engine.url.render_as_string(False)

    report = Storm(tmp_path, url, SEED, kills=KILLS).play()

    assert report.is_clean, report.plain
    assert report.kills >= KILLS
    assert report.acknowledged > 10


def test_a_storm_counts_what_is_lost(storm: Storm):
    work = storm.prepare()
    (item, kind), (photo, _kind) = work.ticks[2][0], work.proofs[2][0]
    for deed in (
        ("tick", (item, kind)),
        ("note", (photo, "mưa")),
        ("upload", (photo, 7)),
        ("open", work.day),
        ("move", work.day + A_DAY),
        ("merge", ("Xã Mới", *work.others[:2])),
        ("import", 3),
        ("decide", 4),
    ):
        storm.ledger.write(deed, acknowledged=True)

    storm.count(work)

    lost = {fault.removeprefix("lost ") for fault in storm.report.faults if "lost" in fault}
    assert lost == {"tick", "note", "upload", "open", "move", "merge", "import", "decide"}
    assert (storm.report.half_done, storm.report.doubled) == (0, 0)


def test_a_storm_asks_for_nothing_that_was_never_acknowledged(storm: Storm):
    work = storm.prepare()
    for deed in (
        ("tick", work.ticks[2][0]),
        ("note", (work.proofs[2][0][0], "mưa")),
        ("move", work.day + A_DAY),
        ("merge", ("Xã Mới", *work.others[:2])),
        ("decide", 4),
    ):
        storm.ledger.write(deed, acknowledged=False)

    storm.count(work)

    assert storm.report.is_clean, storm.report.plain


def test_a_storm_counts_what_is_half_done_and_doubled(storm: Storm, tmp_path: Path):
    work = storm.prepare()
    (item, kind), (photo, _kind) = work.ticks[2][0], work.proofs[2][0]
    for deed in (
        ("tick", (item, kind)),
        ("note", (photo, "mưa")),
        ("merge", ("Xã Mới", *work.others[:2])),
        ("import", 3),
        ("decide", 4),
    ):
        storm.ledger.write(deed, acknowledged=False)
    with storm.factory.begin() as session:
        who = Stamp(session.scalars(select(Person)).first(), NOW_PLAYED)
        held = session.get_one(ChecklistItem, photo)
        for _twice in range(2):
            record(session, held, {}, {"blocked": "mưa"}, who)
            session.add(
                CalendarDecision(year=2027, text="", source="Bão 4", days={}, at=NOW_PLAYED)
            )
        session.add(Evidence(item=held, kind_key="photo", file_digest="0" * 64, at=NOW_PLAYED))
        session.get_one(ChecklistItem, item).status = TodoStatus.COMPLETED  # and no line of it
        session.scalars(select(Unit).where(Unit.key == work.others[0])).one().valid_to = work.day
        course = session.scalars(select(Template).where(Template.key == COURSE)).one()
        one = session.get_one(TemplateItem, course.current.items[0].id)
        one.title_vi = f"{one.title_vi} (bản 3)"
        root = session.scalars(select(Campaign).where(Campaign.uid == work.round_uid)).one()
        session.execute(
            update(Round).where(Round.id == root.round_id).values(event_date=work.day - A_DAY)
        )

    storm.count(work)

    faults = storm.report.faults
    assert {fault for fault in faults if "half_done" in fault} == {
        f"half_done {kind}" for kind in ("tick", "upload", "merge", "import")
    }
    assert {fault for fault in faults if "doubled" in fault} == {"doubled note", "doubled decide"}
    assert not path_of(tmp_path / "var" / "files", "0" * 64).exists()
