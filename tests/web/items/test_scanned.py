"""What is uploaded goes through the scanner before anything is stored."""

from io import BytesIO

import pytest
from sqlalchemy import select

from events.models import Evidence
from tests.events.files.test_scanning import SCANNER

BROKEN = ("/there/is/no/such/program",)


@pytest.fixture(params=[SCANNER, BROKEN], ids=["a virus", "no scanner"])
def settings(request, settings, tmp_path):
    return settings | {"files": tmp_path / "files", "scan": request.param}


def test_what_the_scanner_does_not_let_through_is_not_stored_and_the_page_says_so(
    signed_in, cast, opened, session, tmp_path, settings
):
    sent = {"file-file": (BytesIO(b"%PDF-1.4 EICAR\n%%EOF\n"), "bien-ban.pdf")}

    answer = signed_in(cast.thi).post(f"/viec/{opened.item.id}/minh-chung", **sent)

    known = settings["scan"] is SCANNER
    assert answer.status_code == (400 if known else 503)
    assert ("quét vi-rút từ chối" in answer.text) == known
    assert ("Chưa quét vi-rút" in answer.text) != known
    assert session.scalars(select(Evidence)).all() == []
    assert list((tmp_path / "files").glob("??/*")) == []
