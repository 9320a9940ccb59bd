"""Who waits for whom: nobody for a photo, readers for nobody, and people for a writer only so long
that they stay.
"""

import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, update

from events.campaigns.opening import open_campaigns
from events.catalog.importing import import_catalog
from events.database import Base, create_session_factory
from events.files import store
from events.models import Campaign, ChecklistItem, Evidence, TodoStatus
from events.people.persons import add_person
from events.people.posts import give_post
from events.units.tree import get_unit
from events.working_calendar import work_calendar
from tests.reliability.upgraded import HOST, _browser
from web.accounts.models import account_of
from web.app import create_app
from web.config import WebConfig
from web.kit import context

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
PATIENCE = 0.4  # seconds, instead of five


class Office:
    """A province with its pages, somebody who works there, and an item with banners to photograph."""

    def __init__(self, engine, catalog, folder):
        self.factory = create_session_factory(engine)
        with self.factory.begin() as session:
            import_catalog(session, catalog, now=NOW)
            open_campaigns(session, now=NOW, calendar=work_calendar(session), year=2026)
            person = add_person(session, "Cán bộ thử", "thu@example.org")
            give_post(session, person, get_unit(session, "51-2025"), "bcd_tinh")
            self.cookie = account_of(session, person).fs_uniquifier
            query = select(ChecklistItem.id).join(ChecklistItem.campaign)
            self.item = session.scalars(
                query.where(ChecklistItem.key == "banners", Campaign.dtend > NOW.date()).limit(1)
            ).one()
        config = WebConfig("a secret of sixteen characters", HOST, files=folder, rate_limits=False)
        self.app = create_app(self.factory, config)
        self.app.config["WTF_CSRF_ENABLED"] = False
        self.path = f"/viec/{self.item}"

    def post(self, path, **fields):
        return _browser(self.app, self.cookie).post(path, data=fields, base_url=HOST)

    def get(self, path):
        return _browser(self.app, self.cookie).get(path, base_url=HOST)

    @contextmanager
    def held(self):
        """Somebody else writes in the item, and takes their time."""
        with self.factory() as session:
            session.execute(
                update(ChecklistItem).where(ChecklistItem.id == self.item).values(weight=2)
            )
            yield
            session.rollback()


@pytest.fixture
def office(blank_engine, catalog, tmp_path, monkeypatch):
    Base.metadata.create_all(blank_engine)
    monkeypatch.setattr(context, "WAIT", PATIENCE)
    return Office(blank_engine, catalog, tmp_path / "files")


def a_photo():
    body = BytesIO()
    Image.new("RGB", (40, 30), "crimson").save(body, "JPEG")
    return BytesIO(body.getvalue()), "anh.jpg"


def test_a_held_database_is_said_soon_with_what_was_typed_and_nobody_who_reads_waits(office):
    with office.held():
        began = time.monotonic()
        answer = office.post(f"{office.path}/vuong-mac", note="Mưa lũ, đường bị chia cắt")
        waited = time.monotonic() - began
        began = time.monotonic()
        pages = [office.get(path).status_code for path in ("/", office.path, "/khoe")]
        read = time.monotonic() - began

    assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    assert "Mưa lũ, đường bị chia cắt" in answer.text
    assert PATIENCE * 0.9 < waited < PATIENCE + 3
    assert pages == [200, 200, 200]
    assert read < 3
    again = office.post(f"{office.path}/vuong-mac", note="Mưa lũ, đường bị chia cắt")
    assert again.status_code == 303


def test_a_button_that_could_not_be_carried_out_can_be_pressed_once_more(office, monkeypatch):
    monkeypatch.setattr(context, "_WRITERS", threading.BoundedSemaphore(1))
    context._WRITERS.acquire()

    answer = office.post(f"{office.path}/minh-chung/7/xoa-han", note="<ghi chú>")

    assert answer.status_code == 503
    assert 'name="note" value="&lt;ghi chú&gt;"' in answer.text
    assert f'action="{office.path}/minh-chung/7/xoa-han' in answer.text


def test_a_colleague_ticks_while_a_photo_is_made_smaller(office, monkeypatch):
    clean, ticked = store.clean_picture, []

    def slowly(*arguments):
        with office.factory.begin() as session:
            session.get_one(ChecklistItem, office.item).status = TodoStatus.IN_PROCESS
        ticked.append(True)
        return clean(*arguments)

    monkeypatch.setattr(store, "clean_picture", slowly)

    answer = office.post(f"{office.path}/minh-chung", **{"photo-file": [a_photo()]})

    assert answer.status_code == 303
    assert ticked == [True]
    with office.factory() as session:
        assert session.scalars(select(Evidence)).one().item.status is TodoStatus.IN_PROCESS


def test_more_who_write_than_threads_can_wait_are_told_at_once(office, monkeypatch):
    monkeypatch.setattr(context, "_WRITERS", threading.BoundedSemaphore(1))
    context._WRITERS.acquire()

    began = time.monotonic()
    answer = office.post(f"{office.path}/vuong-mac", note="x")

    assert answer.status_code == 503
    assert time.monotonic() - began < PATIENCE + 3
    context._WRITERS.release()
    assert office.post(f"{office.path}/vuong-mac", note="x").status_code == 303
    assert context._WRITERS.acquire(blocking=False)


def test_a_file_of_whoever_may_not_work_there_is_not_stored(office, tmp_path):
    with office.factory.begin() as session:
        stranger = add_person(session, "Người lạ", "la@example.org")
        office.cookie = account_of(session, stranger).fs_uniquifier

    answer = office.post(f"{office.path}/minh-chung", **{"photo-file": [a_photo()]})

    assert answer.status_code == 403
    assert not (tmp_path / "files").exists()
