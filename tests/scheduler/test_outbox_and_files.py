"""Two commands for whoever mends a service: send a mail again, and see whether the uploaded files
are there.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.catalog.whole import Catalog
from events.database.sessions import Base
from events.errors import ConflictError
from events.files.store import store_file
from events.models import Campaign, Document, DocumentKind
from events.people.persons import add_person
from events.working_calendar import work_calendar
from notifications.outbox.sets import insert_new
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import Postmark, message_row
from scheduler import doctor
from scheduler.cli import cli
from scheduler.config import load_settings
from scheduler.service import FILES, Service

SHIPPED = Path(__file__).parents[2] / "config.toml"
NOW = datetime(2021, 3, 1, 1, tzinfo=UTC)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalog: Catalog) -> Service:
    """The service in a folder of its own, with the shipped configuration and catalogue."""
    monkeypatch.chdir(tmp_path)
    service = Service(load_settings(SHIPPED))
    Base.metadata.create_all(service.engine)
    with service.session_factory.begin() as session:
        import_catalog(session, catalog, now=NOW)
    return service


def a_message(session: Session, state: MessageState) -> int:
    person = add_person(session, "Thi", "thi@example.org")
    session.flush()
    row = message_row(
        key="digest|1",
        postmark=Postmark.of(session),
        now=NOW,
        kind=MessageKind.REMINDER,
        person_id=person.id,
        rcpt_to="thi@example.org",
        language="vi",
        params={},
        urgent=False,
        state=state,
        next_attempt=None,
        expires=NOW + timedelta(days=1),
    )
    return insert_new(session, Message, [row])["digest|1"]


def test_a_message_that_failed_is_sent_again_and_one_that_arrived_is_not(service: Service):
    with service.session_factory.begin() as session:
        number = a_message(session, MessageState.FAILED)
    command = ["--config", str(SHIPPED), "mail", "requeue", str(number)]

    again = CliRunner().invoke(cli, command)
    twice = CliRunner().invoke(cli, command)

    assert again.exit_code == 0
    assert isinstance(twice.exception, ConflictError)
    with service.session_factory() as session:
        assert session.get_one(Message, number).state is MessageState.READY


def test_the_doctor_finds_files_that_were_not_brought_back(service: Service):
    folder = service.settings.scheduler.data_dir / FILES
    with service.session_factory.begin() as session:
        open_campaigns(session, now=NOW, calendar=work_calendar(session), year=2021)
        campaign = session.scalars(select(Campaign).limit(1)).one()
        file = store_file(folder, "ke-hoach.pdf", b"%PDF-1.7 a plan")
        document = Document(
            uid="x", campaign=campaign, kind=DocumentKind.PLAN, abstract="Kế hoạch", at=NOW
        )
        document.file_name, document.file_type, document.file_digest, document.file_size = (
            file.name,
            file.type,
            file.digest,
            15,
        )
        session.add(document)
    assert found(service).ok

    (folder / file.digest[:2] / file.digest).unlink()

    assert (found(service).ok, found(service).facts["missing"]) == (False, 1)


def found(service: Service) -> doctor.Finding:
    return next(one for one in doctor.examine(service, now=NOW) if one.what == "Files")


def test_the_check_up_says_from_october_that_the_next_year_has_no_decision(service: Service):
    september, october = (
        [
            one
            for one in doctor.examine(service, now=datetime(2026, *day, 2, tzinfo=UTC))
            if one.what == "This year"
        ]
        for day in ((9, 30), (10, 1))
    )

    assert [one.facts for one in september] == [{}]
    assert [one.facts["years"] for one in october] == ["2027"]
    assert all(one.ok for one in october)


def test_the_doctor_finds_files_that_a_disk_forgot(service: Service, monkeypatch):
    folder = service.settings.scheduler.data_dir / FILES
    file = store_file(folder, "ke-hoach.pdf", b"%PDF-1.7 a plan")
    monkeypatch.setattr(doctor, "files_named", lambda _session: {file.digest})
    assert found(service).ok

    (folder / file.digest[:2] / file.digest).write_bytes(b"%PDF-1.7 a plam")

    assert (found(service).ok, found(service).facts["broken"]) == (False, 1)


def test_the_doctor_looks_whether_the_disk_can_be_written_and_has_room(
    service: Service, monkeypatch
):
    def disk() -> doctor.Finding:
        return next(one for one in doctor.examine(service, now=NOW) if one.what == "Disk")

    assert disk().ok
    assert list(service.settings.scheduler.data_dir.glob(".try-*")) == []
    monkeypatch.setattr(doctor, "try_disk", lambda _folder: 100 * 1024**2)
    assert (disk().ok, disk().facts) == (False, {"free": 100})

    def read_only(_folder: Path) -> int:
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(doctor, "try_disk", read_only)
    assert (disk().ok, disk().facts) == (False, {"reason": "Read-only file system"})
