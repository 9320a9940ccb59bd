"""Pages about calendars of others, and where they are shown."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.calendars import imported
from events.models import ImportedCalendar
from tests.conftest import Cast
from tests.web.conftest import Clock, Opened, Visitor

GOOD = (Path(__file__).parents[2] / "data" / "calendars" / "good.ics").read_bytes()
NOVEMBER = datetime(2026, 11, 23, 5, tzinfo=UTC)


def a_file(body: bytes, name: str = "lich.ics"):
    return io.BytesIO(body), name


@pytest.fixture
def page(cast: Cast, clock: Clock, opened: Opened) -> str:
    clock.now = NOVEMBER
    cast.commune.valid_to = None  # as if the reform had not been
    cast.session.commit()
    return f"/don-vi/{cast.commune.slug}/lich-khac"


@pytest.fixture
def shown(page: str, cast: Cast, session: Session) -> ImportedCalendar:
    """A ministry's calendar in the commune."""
    taken = imported.read_file(session, GOOD, now=NOVEMBER)
    calendar = imported.add_file(
        session, cast.commune, "Lịch của Bộ", taken, by=cast.thi, now=NOVEMBER
    )
    session.commit()
    return calendar


def test_an_address_is_added_and_says_that_it_is_fetched_soon(
    signed_in, cast: Cast, session: Session, page: str
):
    thi = signed_in(cast.thi)

    done = thi.post(page, name="Lịch của Bộ", url="webcal://bo.example.org/lich.ics")

    assert done.status_code == 303
    text = thi.read(page)
    assert "“Lịch của Bộ” sẽ được lấy trong vài phút tới" in text
    assert "https://bo.example.org/lich.ics" in text
    assert "Chưa lấy được lần nào" in text


def test_a_file_is_uploaded_shown_replaced_and_removed(
    signed_in, cast: Cast, session: Session, page: str
):
    thi = signed_in(cast.thi)

    thi.post(page, file=a_file(GOOD))
    calendar = session.scalars(select(ImportedCalendar)).one()
    assert "Lịch mẫu" in thi.read(page)
    newer = GOOD.replace("Họp tổ".encode(), b"Giao ban")
    assert thi.post(f"{page}/{calendar.id}/thay", file=a_file(newer)).status_code == 303
    assert "Giao ban" in thi.read(f"/don-vi/{cast.commune.slug}")
    thi.post(f"{page}/{calendar.id}/bo")
    assert "Đã bỏ “Lịch mẫu”." in thi.read(page)
    assert "Giao ban" not in thi.read(f"/don-vi/{cast.commune.slug}")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Đề nghị nhập địa chỉ hoặc chọn tệp."),
        ({"url": "lịch của bộ"}, "Đây không phải là địa chỉ của một lịch"),
        ({"url": "http://169.254.169.254/latest"}, "169.254.169.254 không nằm trên mạng Internet"),
        ({"file": b"PK\x03\x04"}, "Đây là tệp nén"),
        ({"file": b"<html>"}, "Đây không phải là lịch"),
        ({"file": GOOD.partition(b"SUMMARY")[0]}, "Lịch bị hỏng"),
        ({"file": GOOD + b"X" * 1024**2}, "Lịch lớn hơn 1 MB"),
    ],
)
def test_what_is_refused_is_said_and_leaves_what_is_there(
    signed_in, cast: Cast, shown: ImportedCalendar, page: str, form, said: str
):
    thi = signed_in(cast.thi)
    sent = {name: a_file(v) if name == "file" else v for name, v in form.items()}

    answer = thi.post(page, name="Tên đã gõ", **sent)

    answer.request.environ["wsgi.input"].close()  # a large one lies on the test's disk
    assert answer.status_code == 400
    assert said in answer.text
    assert 'value="Tên đã gõ"' in answer.text
    assert "Họp tổ" in thi.read(f"/don-vi/{cast.commune.slug}")


def test_a_refused_replacement_leaves_the_calendar_as_it_was(
    signed_in, cast: Cast, shown: ImportedCalendar, page: str
):
    thi = signed_in(cast.thi)

    answer = thi.post(f"{page}/{shown.id}/thay", file=a_file(b"BEGIN:VCALENDAR"))

    assert answer.status_code == 400
    assert "Họp tổ" in thi.read(f"/don-vi/{cast.commune.slug}")


def test_the_month_of_who_works_there_says_whose_each_is_and_nobody_elses_does(
    signed_in, stranger: Visitor, cast: Cast, shown: ImportedCalendar
):
    mine = signed_in(cast.thi).read("/?thang=2026-11")

    assert "08:00 Họp tổ" in mine
    month = mine.partition('<table class="month">')[2].partition("</table>")[0]
    assert month.count("Tháng hành động vì bình đẳng giới (đến 15/12)") == 1
    assert mine.count("Lịch của Bộ") >= 2
    for other in (signed_in(cast.khanh), stranger):
        assert "Họp tổ" not in other.read("/?thang=2026-11")


def test_strangers_and_neighbours_see_nothing_of_it_on_the_page_of_the_unit(
    signed_in, stranger: Visitor, cast: Cast, shown: ImportedCalendar, page: str
):
    unit = f"/don-vi/{cast.commune.slug}"

    assert "Họp tổ" in signed_in(cast.hoa).read(unit)
    for other in (signed_in(cast.khanh), stranger):
        assert "Họp tổ" not in other.read(unit)
        assert "lich-khac" not in other.read(unit)
    signed_in(cast.khanh).read(page, 403)


def test_the_page_says_why_the_last_try_failed_and_when_the_next_one_is(
    signed_in, session_factory, cast: Cast, session: Session, page: str
):
    thi = signed_in(cast.thi)
    thi.post(page, url="https://bo.example.org/lich.ics")

    def nobody(url, headers):
        raise imported.CalendarRefusedError(imported.Refused.UNREACHABLE, host="bo.example.org")

    imported.fetch_due(session_factory, now=NOVEMBER, ask=nobody)

    text = thi.read(page)
    assert "Không kết nối được tới bo.example.org." in text
    assert "Lần thử tiếp theo: 13:00" in text
    calendar = session.scalars(select(ImportedCalendar)).one()
    thi.post(f"{page}/{calendar.id}/lay-lai")
    assert "Lịch sẽ được lấy lại trong vài phút tới." in thi.read(page)
