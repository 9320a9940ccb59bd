"""Who waits for whom: nobody for a photo, readers for nobody, and people for a writer only so long
that they stay.
"""

import threading
import time
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select, update

from events.database import Base
from events.files import store
from events.models import ChecklistItem, Evidence, TodoStatus
from events.people.persons import add_person
from tests.reliability.office import Office
from web.kit import context

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


def test_a_view_that_wrote_without_saying_so_is_asked_again_when_somebody_else_wrote_meanwhile(
    office,
):
    asked = []

    def write():
        session = context.get_session()
        item = session.get_one(ChecklistItem, office.item)
        if not asked:
            with office.factory.begin() as other:
                other.execute(
                    update(ChecklistItem).where(ChecklistItem.id != office.item).values(weight=5)
                )
        asked.append("writes" in context.g)
        item.weight = 4
        session.commit()
        return "stored"

    office.app.add_url_rule("/thu-ghi", "write", write, methods=["POST"])

    assert office.post("/thu-ghi").text == "stored"

    on_sqlite = office.factory.kw["bind"].dialect.name == "sqlite"
    assert asked == ([False, True] if on_sqlite else [False])
    with office.factory() as session:
        assert session.get_one(ChecklistItem, office.item).weight == 4
