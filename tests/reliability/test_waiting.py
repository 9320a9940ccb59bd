"""Who waits for whom: nobody for a photo, readers for nobody, and people for a writer only so long
that they stay.
"""

import threading
import time
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, update

from events.database.sessions import Base
from events.files import store
from events.models import ChecklistItem, Evidence, TodoStatus
from events.people.persons import add_person
from tests.reliability.office import Office
from web.kit import context, doors

pytestmark = pytest.mark.slow

PATIENCE = 0.4  # seconds, instead of five


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
    assert 'name="note" maxlength="500" value="Mưa lũ, đường bị chia cắt"' in answer.text
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


@pytest.mark.parametrize("fields", [{"note": "x"}, {}])
def test_whoever_sent_files_is_told_to_choose_them_again(office, fields):
    with office.held():
        sent = office.post(f"{office.path}/minh-chung", **{"photo-file": [a_photo()]}, **fields)
        plain = office.post(f"{office.path}/vuong-mac", note="x")

    assert sent.status_code == plain.status_code == 503
    assert "chọn lại tệp" in sent.text
    assert "chọn lại tệp" not in plain.text


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
        office.sign_in(session, stranger)

    answer = office.post(f"{office.path}/minh-chung", **{"photo-file": [a_photo()]})

    assert answer.status_code == 403
    assert not (tmp_path / "files").exists()


@pytest.fixture(autouse=True)
def door(monkeypatch):
    """Everybody may knock at a page that a test adds."""
    monkeypatch.setitem(doors.DOORS, "write", doors.Open.PUBLIC)


def forgetful(office, change):
    """Add a page that writes and did not say so first; return what it was asked with."""
    asked = []

    def write():
        asked.append("writes" in context.g)
        change(context.get_session())
        context.get_session().commit()
        return "stored"

    office.app.add_url_rule("/thu-ghi", "write", write, methods=["POST"])
    return asked


def by_a_row(office):
    def change(session):
        session.get_one(ChecklistItem, office.item).weight = 4

    return change


def by_a_statement(office):
    def change(session):
        session.execute(
            update(ChecklistItem).where(ChecklistItem.id == office.item).values(weight=4)
        )

    return change


@pytest.mark.parametrize("way", [by_a_row, by_a_statement])
def test_a_view_that_writes_without_saying_so_is_asked_again_and_says_so(office, way):
    asked = forgetful(office, way(office))

    assert office.post("/thu-ghi").text == "stored"

    assert asked == [False, True]
    with office.factory() as session:
        assert session.get_one(ChecklistItem, office.item).weight == 4


@pytest.mark.parametrize("way", [by_a_row, by_a_statement])
def test_a_view_that_writes_without_saying_so_passes_no_test(office, way):
    forgetful(office, way(office))
    office.app.testing = True

    with pytest.raises(context.NotAnnouncedError):
        office.post("/thu-ghi")
