"""What a person sees when two work at once and the database ends one transaction so that the other
can go on: nothing.
"""

from io import BytesIO

import psycopg.errors
import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from events.checklist.history import history_of
from events.models import ChecklistItem, Evidence
from web.items import show

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def settings(settings, tmp_path):
    return settings | {"files": tmp_path / "files"}


@pytest.fixture
def ended(monkeypatch):
    """Let the database end the completing of an item, after its work, once for each of these
    reasons.
    """

    def end(*reasons):
        complete, left = show.complete_item, list(reasons)

        def work(*args, **kwargs):
            item = complete(*args, **kwargs)
            if left:
                raise OperationalError("UPDATE", None, left.pop()())
            return item

        monkeypatch.setattr(show, "complete_item", work)

    return end


def test_a_tick_with_its_file_that_was_ended_for_another_is_done_again_and_stands_once(
    signed_in, cast, opened, session, ended
):
    ended(psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure)
    path = f"/viec/{opened.item.id}"

    response = signed_in(cast.thi).post(
        f"{path}/hoan-thanh", **{"file-file": (BytesIO(PDF), "ke-hoach.pdf")}
    )

    assert response.status_code == 303
    session.expire_all()
    item = session.get_one(ChecklistItem, opened.item.id)
    assert item.is_done
    assert (
        sum(change.after.get("status") == "COMPLETED" for change in history_of(session, item)) == 1
    )
    piece = session.scalars(select(Evidence)).one()
    assert signed_in(cast.thi).get(f"{path}/minh-chung/{piece.id}/tep").data == PDF


def test_a_full_disk_is_not_asked_again_and_what_was_typed_is_kept(
    signed_in, cast, opened, session, ended
):
    ended(psycopg.errors.DiskFull)

    answer = signed_in(cast.thi).post(
        f"/viec/{opened.item.id}/hoan-thanh",
        **{"doc_ref-text": "1/KH", "doc_ref-dated": "2021-03-01"},
    )

    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "đã đầy" in answer.text
    assert 'value="1/KH"' in answer.text
    session.rollback()
    assert not session.get_one(ChecklistItem, opened.item.id).is_done
