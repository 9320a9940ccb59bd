"""Erasing what should never have been uploaded, as people see it."""

import re
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import select

from events.installation import Installation
from events.models import Evidence

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture
def settings(settings, tmp_path):
    return settings | {"files": tmp_path / "files"}


def test_an_erased_file_is_gone_from_the_page_the_folder_and_history(
    signed_in, cast, opened, session, tmp_path
):
    path = f"/viec/{opened.item.id}"
    thi = signed_in(cast.thi)
    thi.post(f"{path}/minh-chung", **{"file-file": (BytesIO(PDF), "ten nan nhan.pdf")})
    piece = session.scalars(select(Evidence)).one()
    erase = f"{path}/minh-chung/{piece.id}/xoa-han"
    assert erase in thi.read(path)
    assert list((tmp_path / "files").glob("??/*"))
    khanh = signed_in(cast.khanh)
    assert erase not in khanh.read(path, 403)
    assert khanh.post(erase).status_code == 403

    answer = signed_in(cast.hoa).post(erase)

    assert answer.status_code == 303
    page = thi.read(path)
    assert "nan nhan" not in page
    assert re.search(r"Hòa\) đã xóa hẳn minh chứng", page)
    assert list((tmp_path / "files").glob("??/*")) == []
    assert thi.get(f"{path}/minh-chung/{piece.id}/tep").status_code == 404
    assert signed_in(cast.hoa).post(erase).status_code == 404


def test_a_picture_that_is_too_large_is_said_above_the_form_with_what_was_typed(
    signed_in, cast, opened, monkeypatch
):
    monkeypatch.setattr("events.files.pictures.LARGEST_PICTURE", 0)
    body = BytesIO()
    Image.new("RGB", (40, 30)).save(body, "PNG")

    answer = signed_in(cast.thi).post(
        f"/viec/{opened.item.id}/minh-chung",
        **{
            "doc_ref-text": "12/KH-UBND",
            "doc_ref-dated": "2021-02-26",
            "file-file": (BytesIO(body.getvalue()), "anh.png"),
        },
    )

    assert answer.status_code == 400
    assert "Ảnh này quá lớn" in answer.text
    assert 'value="12/KH-UBND"' in answer.text


def test_a_file_for_which_there_is_no_room_is_refused_before_it_is_stored(
    signed_in, cast, opened, monkeypatch, tmp_path
):
    monkeypatch.setattr(
        "events.files.quota.installation_of", lambda _session: Installation(files_quota=1)
    )

    answer = signed_in(cast.thi).post(
        f"/viec/{opened.item.id}/minh-chung", **{"file-file": (BytesIO(PDF), "a.pdf")}
    )

    assert answer.status_code == 400
    assert "Tổng dung lượng tệp" in answer.text
    assert not (tmp_path / "files").exists()
