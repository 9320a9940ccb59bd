"""The disk fills up in the middle of something: it is not done at all, and reading goes on.

SQLite is given n pages more than it has, for every n until the work succeeds; what it says then is
what it says on a full disk (SQLITE_FULL). That is provable at every point of a transaction; that it
also survives a power cut is SQLite's own promise with ``synchronous = FULL``, which is looked at.
"""

import errno
import itertools

import pytest
from sqlalchemy import func, select, text

from events.checklist.evidence import Proof, add_pieces
from events.checklist.history import Stamp
from events.database.sessions import Base, create_engine, reading, saying_not_now
from events.errors import NoRoomError
from events.models import Change, ChecklistItem, Evidence, Person
from tests.reliability.office import NOW, Office
from web.kit import health

pytestmark = pytest.mark.slow


@pytest.fixture
def office(catalog, tmp_path):
    engine = create_engine(f"sqlite:///{tmp_path / 'sumvay.db'}")
    Base.metadata.create_all(engine)
    yield Office(engine, catalog, tmp_path / "files")
    engine.dispose()


def number_of_rows(office):
    with reading(office.factory)() as session:
        return [
            session.scalar(select(func.count()).select_from(table)) for table in (Evidence, Change)
        ]


def test_on_a_disk_that_fills_up_at_any_page_all_of_it_is_stored_or_nothing(office):
    notes = [Proof("photo", f"{number} " + "x" * 900, file=None) for number in range(20)]
    with office.factory.begin() as session:
        item = session.get_one(ChecklistItem, office.item)
        item.evidence = ["minutes"]
        who = session.scalars(select(Person).where(Person.email == "thu@example.org")).one().id
    notes = [Proof("minutes", note.text) for note in notes]
    before, refused = number_of_rows(office), 0

    for more in itertools.count():
        with office.factory() as session:
            limit(session, more)
            try:
                with saying_not_now():
                    stamp = Stamp(session.get_one(Person, who), NOW)
                    add_pieces(session, office.item, notes, stamp)
                    session.commit()
                break
            except NoRoomError:
                refused += 1
            finally:
                session.rollback()
                limit(session, None)
        assert number_of_rows(office) == before
        assert office.get(office.path).status_code == 200

    assert refused > 10
    assert number_of_rows(office) == [before[0] + 20, before[1] + 20]
    with reading(office.factory)() as session:
        assert session.scalar(text("PRAGMA integrity_check")) == "ok"


def limit(session, more):
    """Let the database grow by so many pages only; None: as much as it wants."""
    pages = session.scalar(text("PRAGMA page_count"))
    session.execute(text(f"PRAGMA max_page_count = {1_000_000 if more is None else pages + more}"))


def test_with_a_full_disk_people_are_told_and_pages_feeds_and_files_are_read(office, monkeypatch):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("events.files.store.write_whole", full)
    monkeypatch.setattr(health, "try_disk", full)
    monkeypatch.setattr(health, "_disk", health._Disk())
    from tests.reliability.test_waiting import a_photo

    answer = office.post(f"{office.path}/minh-chung", **{"photo-file": [a_photo()]})

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "đã đầy" in answer.text
    assert office.get("/khoe").status_code == 503
    assert office.get("/khoe").text == "disk cannot be written\n"
    for path in ("/", office.path, "/lich/", "/robots.txt"):
        assert office.get(path).status_code in (200, 404), path


def test_what_is_committed_is_on_the_disk(office):
    with office.factory() as session:
        assert session.scalar(text("PRAGMA synchronous")) == 2  # FULL


def test_health_tries_the_disk_once_in_a_while_however_often_it_is_asked(office, monkeypatch):
    tried = []
    monkeypatch.setattr(health, "try_disk", tried.append)
    monkeypatch.setattr(health, "_disk", health._Disk())

    assert [office.get("/khoe").status_code for _ in range(5)] == [200] * 5
    assert len(tried) == 1
