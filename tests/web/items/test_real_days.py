"""The day on which an item was done: asked for, proposed, corrected, shown."""

from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.models import ChecklistItem, Evidence
from tests.conftest import Cast
from tests.web.conftest import Clock, Opened, Visitor

A_DAY_BEFORE = date(2021, 2, 26)


@pytest.fixture
def opened(opened: Opened, session: Session) -> Opened:
    """The campaigns, with a commune's item for which a tick is enough."""
    opened.item.evidence_min = 0
    session.commit()
    return opened


@pytest.fixture
def settings(settings: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    return settings | {"files": tmp_path / "files"}


@pytest.fixture
def thi(signed_in, cast: Cast) -> Visitor:
    visitor: Visitor = signed_in(cast.thi)
    return visitor


def photo(taken: str | None, form: str = "JPEG") -> BytesIO:
    """A photo as a phone writes it: with the day, and with the place that nobody is told."""
    picture, body = Image.new("RGB", (8, 8), "red"), BytesIO()
    exif = Image.Exif()
    if taken:
        exif.get_ifd(0x8769)[0x9003] = taken
        exif[0x010F] = "A camera"
        exif.get_ifd(0x8825)[1] = "N"
    picture.save(body, form, exif=exif)
    return BytesIO(body.getvalue())


def wants(session: Session, item: ChecklistItem, *kinds: str) -> str:
    item.evidence, item.evidence_min = list(kinds), 1
    session.commit()
    return f"/viec/{item.id}/hoan-thanh"


def day_of(session: Session, item: ChecklistItem) -> date | None:
    session.expire_all()
    return item.completed_on


def test_the_form_asks_for_the_day_and_has_today_in_it(thi: Visitor, opened: Opened):
    page = thi.read(f"/viec/{opened.item.id}")

    assert "Ngày hoàn thành" in page
    assert 'name="done_on" type="date" min="2021-01-04" max="2021-03-01" value="2021-03-01"' in page


def test_a_day_before_is_stored_and_both_days_are_shown(
    thi: Visitor, opened: Opened, session: Session
):
    thi.post(f"/viec/{opened.item.id}/hoan-thanh", done_on="26/02/2021")

    assert day_of(session, opened.item) == A_DAY_BEFORE
    page = thi.read(f"/viec/{opened.item.id}")
    assert "Làm ngày 26/02/2021, ghi nhận lúc" in page
    assert "làm ngày 26/02/2021, ghi nhận 01/03/2021" in page


def test_a_list_ticks_for_today_or_for_a_day_before(thi: Visitor, opened: Opened, session: Session):
    page = thi.read(f"/chien-dich/{opened.commune.uid}")
    assert "Đã làm từ trước hôm nay?" in page
    assert f'id="ngay-{opened.item.id}"' in page

    thi.post(f"/viec/{opened.item.id}/hoan-thanh")

    assert day_of(session, opened.item) == date(2021, 3, 1)


def test_who_only_reads_is_not_asked_for_a_day(leader: Visitor, opened: Opened):
    assert 'name="done_on"' not in leader.read(f"/viec/{opened.item.id}")
    assert 'name="done_on"' not in leader.read(f"/chien-dich/{opened.commune.uid}")


@pytest.mark.parametrize(
    ("day", "why"), [("2021-03-05", "chưa tới"), ("2021-01-03", "quá sớm"), ("31/02/2021", "31/02")]
)
def test_a_day_that_cannot_be_is_refused_in_words(
    thi: Visitor, opened: Opened, session: Session, day: str, why: str
):
    response = thi.post(f"/viec/{opened.item.id}/hoan-thanh", done_on=day)

    assert response.status_code == 400
    assert why in response.text
    assert day_of(session, opened.item) is None


def test_evidence_that_came_with_a_wrong_day_is_kept(
    thi: Visitor, opened: Opened, session: Session
):
    path = wants(session, opened.item, "doc_ref")
    paper = {"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "2021-02-26"}

    response = thi.post(path, done_on="2021-03-05", **paper)

    assert response.status_code == 400
    assert session.scalars(select(Evidence.text)).all() == ["12/KH-UBND"]


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_the_day_of_a_photo_is_proposed_and_nothing_else_of_it_is_kept(
    thi: Visitor, opened: Opened, session: Session, form: str
):
    path = wants(session, opened.item, "photo")
    sent = {"done_on": "2021-03-01", "done_on_shown": "2021-03-01"}

    asked = thi.post(path, **sent, **{"photo-file": (photo("2021:02:26 08:30:00", form), "le.jpg")})

    assert asked.status_code == 200
    assert "Minh chứng ghi ngày 26/02/2021" in asked.text
    assert 'max="2021-03-01" value="2021-02-26"' in asked.text
    assert day_of(session, opened.item) is None
    piece = session.scalars(select(Evidence)).one()
    assert piece.dated == A_DAY_BEFORE
    stored = thi.get(f"/viec/{opened.item.id}/minh-chung/{piece.id}/tep").data
    assert not Image.open(BytesIO(stored)).getexif()

    thi.post(path, done_on="2021-02-26", done_on_shown="2021-02-26")

    assert day_of(session, opened.item) == A_DAY_BEFORE


@pytest.mark.parametrize("taken", [None, "0000:00:00 00:00:00", "2031:01:01 00:00:00", "hôm qua"])
def test_a_photo_without_a_day_that_can_be_asks_nothing(
    thi: Visitor, opened: Opened, session: Session, taken: str | None
):
    path = wants(session, opened.item, "photo")
    sent = {"done_on": "2021-03-01", "done_on_shown": "2021-03-01"}

    thi.post(path, **sent, **{"photo-file": (photo(taken), "le.jpg")})

    assert day_of(session, opened.item) == date(2021, 3, 1)


def test_a_day_that_somebody_chose_is_not_asked_about(
    thi: Visitor, opened: Opened, session: Session
):
    path = wants(session, opened.item, "doc_ref")
    paper = {"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "2021-02-26"}

    thi.post(path, done_on="2021-02-27", done_on_shown="2021-03-01", **paper)

    assert day_of(session, opened.item) == date(2021, 2, 27)


def test_the_day_of_a_document_that_was_saved_before_stands_in_the_form(
    thi: Visitor, opened: Opened, session: Session
):
    wants(session, opened.item, "doc_ref")
    paper = {"doc_ref-text": "12/KH-UBND", "doc_ref-dated": "2021-02-26"}
    thi.post(f"/viec/{opened.item.id}/minh-chung", **paper)

    page = thi.read(f"/viec/{opened.item.id}")

    assert 'max="2021-03-01" value="2021-02-26"' in page
    assert "Đề xuất theo ngày của minh chứng" in page
    assert 'details class="earlier" open' in thi.read(f"/chien-dich/{opened.commune.uid}")


def test_the_day_of_what_is_done_is_corrected_on_its_page(
    thi: Visitor, opened: Opened, session: Session
):
    page = f"/viec/{opened.item.id}"
    thi.post(f"{page}/hoan-thanh")
    assert "Hoàn thành vào ngày khác?" in thi.read(page)

    assert thi.post(f"{page}/ngay-hoan-thanh", done_on="").status_code == 400
    assert thi.post(f"{page}/ngay-hoan-thanh", done_on="2021-03-05").status_code == 400
    thi.post(f"{page}/ngay-hoan-thanh", done_on="2021-02-26")

    assert day_of(session, opened.item) == A_DAY_BEFORE
    assert "sửa ngày hoàn thành từ 01/03/2021 thành 26/02/2021" in thi.read(page)


def test_what_was_recorded_long_after_is_listed_for_the_unit_above(
    thi: Visitor, leader: Visitor, cast: Cast, opened: Opened, session: Session, clock: Clock
):
    page = f"/tien-do/{cast.province.slug}?nam=2021"
    clock.now = datetime(2021, 4, 13, 2, tzinfo=UTC)
    assert "Ghi nhận muộn" not in leader.read(page)

    thi.post(f"/viec/{opened.item.id}/hoan-thanh", done_on="2021-03-05")

    text = leader.read(page)
    assert "Ghi nhận muộn (1)" in text
    assert "ghi nhận sau 27 ngày làm việc" in text
    assert "ghi nhận sau 27 ngày làm việc" in thi.read(f"/viec/{opened.item.id}")
    assert "Ghi nhận muộn" not in leader.read(f"{page}&ngay=2021-04-12")
