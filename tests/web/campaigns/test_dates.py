import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from events.days.reasons import Cause, DayReason
from events.days.workdays import WorkCalendar
from events.models import ChecklistItem, Document, Person
from events.templates import editing
from tests.conftest import Cast
from tests.events.replanning.test_anchors import open_template
from tests.web.conftest import NOON, Clock, Opened, Visitor


@pytest.fixture
def hoa(signed_in: Callable[[Person], Visitor], cast: Cast, opened: Opened) -> Visitor:
    return signed_in(cast.hoa)


@pytest.fixture
def administrator(
    signed_in: Callable[[Person], Visitor], cast: Cast, opened: Opened, session: Session
) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


def dates(opened: Opened) -> str:
    return f"/chien-dich/{opened.province.uid}/doi-ngay"


def mark_of(page: str) -> str:
    found = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def due_of(session: Session, opened: Opened) -> date:
    session.expire_all()
    mine = ChecklistItem.campaign_id == opened.commune.id
    return (
        session.scalars(select(ChecklistItem).where(mine, ChecklistItem.key == "plan_commune"))
        .one()
        .due
    )


def test_the_campaign_at_the_top_leads_to_moving_its_dates(
    hoa: Visitor, leader: Visitor, opened: Opened
):
    assert dates(opened) in hoa.read(f"/chien-dich/{opened.province.uid}")
    assert dates(opened) not in leader.read(f"/chien-dich/{opened.province.uid}")
    assert "doi-ngay" not in hoa.read(f"/chien-dich/{opened.commune.uid}")


def test_dates_move_only_after_the_preview_was_confirmed(
    hoa: Visitor, opened: Opened, session: Session
):
    page = hoa.read(f"{dates(opened)}?event_date=2021-03-27")
    assert due_of(session, opened) == date(2021, 3, 5)
    assert "12/03/2021" in page

    response = hoa.post(dates(opened), event_date="2021-03-27", fingerprint=mark_of(page))

    assert response.status_code == 303
    assert due_of(session, opened) == date(2021, 3, 12)


def test_the_preview_counts_whom_the_old_date_was_told_and_promises_no_new_mail(
    hoa: Visitor, opened: Opened
):
    page = hoa.read(f"{dates(opened)}?event_date=2021-03-27")

    assert re.search(r"việc dời ngày, trong đó \d+ việc đã được nhắc theo ngày cũ", page)
    assert "nhắc lại" not in page


def test_the_preview_says_why_a_day_is_another_one_than_was_counted(hoa: Visitor, opened: Opened):
    page = hoa.read(f"{dates(opened)}?event_date=2021-03-27")

    assert "vì ngày gốc rơi vào ngày nghỉ cuối tuần</span>" in page


def test_the_preview_gives_its_reasons_to_an_english_reader_in_english(
    hoa: Visitor, opened: Opened, session: Session
):
    opened.item.due_reason = DayReason(Cause.TET)
    session.commit()
    hoa.in_english()

    moved = hoa.read(f"{dates(opened)}?event_date=2021-03-27")
    stays = hoa.read(f"{dates(opened)}?event_date={opened.province.dtstart}")

    assert "because the original date falls on a weekend</span>" in moved
    assert "why that day moves: <span>within the Tết break → <strong>on a weekend</strong>" in stays


def test_the_preview_names_a_change_of_only_the_reason_of_a_date(
    hoa: Visitor, opened: Opened, session: Session
):
    opened.item.due_reason = DayReason(Cause.TET)
    session.commit()

    page = hoa.read(f"{dates(opened)}?event_date={opened.province.dtstart}")

    assert (
        "lý do dời hạn: <span>trong kỳ nghỉ Tết → <strong>vào ngày nghỉ cuối tuần</strong></span>"
        in page
    )


def test_an_old_preview_is_shown_afresh_and_moves_nothing(
    hoa: Visitor, opened: Opened, session: Session
):
    response = hoa.post(dates(opened), event_date="2021-03-27", fingerprint="old")

    assert response.status_code == 409
    assert 'role="alert"' in response.text
    assert 'value="2021-03-27"' in response.text
    assert due_of(session, opened) == date(2021, 3, 5)


@pytest.mark.parametrize(
    "typed", ["event_date=x", "event_date=1800-01-01", "issued=2021-03-02&plan=plan_province"]
)
def test_what_cannot_be_is_said_above_the_form(hoa: Visitor, opened: Opened, typed: str):
    page = hoa.read(f"{dates(opened)}?{typed}")

    assert 'role="alert"' in page
    assert 'name="fingerprint"' not in page
    assert typed.partition("=")[2].partition("&")[0] in page


def test_a_late_plan_is_entered_with_its_day(hoa: Visitor, opened: Opened, session: Session):
    typed = {"plan": "plan_province", "issued": "2021-03-01"}
    page = hoa.read(f"{dates(opened)}?plan=plan_province&issued=2021-03-01")

    documents = f"/chien-dich/{opened.province.uid}/van-ban"
    assert hoa.post(dates(opened), fingerprint=mark_of(page), **typed).status_code == 303
    assert f'bổ sung số, ký hiệu: <a href="{documents}">' in hoa.read(
        f"/chien-dich/{opened.province.uid}"
    )
    assert "01/03/2021" in hoa.read(documents)


def test_the_preview_says_what_will_be_overdue_at_once(hoa: Visitor, opened: Opened):
    earlier, later = (
        hoa.read(f"{dates(opened)}?event_date={day}") for day in ("2021-03-06", "2021-03-27")
    )

    text = re.sub(r"<[^>]+>", "", earlier)
    assert re.search(r"\d+ việc sẽ quá hạn ngay vì hạn mới là ngày đã qua\.", text)
    assert re.search(r"\d+ việc đã quá hạn sẽ tăng thêm số ngày quá hạn\.", text)
    row = earlier[earlier.index("Ban hành kế hoạch cấp xã") :].partition("</tr>")[0]
    assert "sẽ quá hạn ngay" in row
    assert "quá hạn ngay" not in later


def test_the_preview_of_a_version_says_what_will_be_overdue_at_once(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    template = editing.get_template(session, "happiness_day")
    entries = [editing.item_entry(item) for item in template.current.items]
    entries = [
        e.model_copy(update={"offset_days": -30}) if e.key == "plan_commune" else e for e in entries
    ]
    editing.edit_template(session, template, entries, by=cast.hoa, now=NOON)
    session.commit()

    page = administrator.read(f"/chien-dich/{opened.province.uid}/phien-ban")

    assert "102 việc sẽ quá hạn ngay vì hạn mới là ngày đã qua." in page


def test_the_preview_says_which_document_is_entered(hoa: Visitor, opened: Opened):
    asked = f"{dates(opened)}?plan=plan_province&issued=2021-03-01"
    page = hoa.read(asked)

    sentence = re.search(r"Văn bản sau sẽ được ghi là đã ban hành[^:]*: (.+?)</p>", page)
    assert sentence
    assert page.index(sentence[0]) < page.index('name="fingerprint"')
    text = re.sub(r"<[^>]+>", "", sentence[1])
    assert text == "Kế hoạch “Ban hành kế hoạch tổ chức cấp tỉnh”, UBND tỉnh Kon Tum, 01/03/2021."

    hoa.post(dates(opened), fingerprint=mark_of(page), plan="plan_province", issued="2021-03-01")
    assert "Văn bản sau sẽ được ghi" not in hoa.read(asked)


def test_a_wrong_day_of_issue_leads_to_the_document_that_says_it(
    hoa: Visitor, opened: Opened, session: Session
):
    page = hoa.read(f"{dates(opened)}?plan=plan_province&issued=2021-02-26")
    hoa.post(dates(opened), fingerprint=mark_of(page), plan="plan_province", issued="2021-02-26")
    paper = session.scalars(select(Document)).one()

    page = hoa.read(f"{dates(opened)}?plan=plan_province&issued=2021-02-28")

    address = f"/chien-dich/{opened.province.uid}/van-ban/{paper.uid}/sua"
    assert f'<a href="{address}">' in page.partition('role="alert"')[2].partition("</div>")[0]
    assert 'value="2021-02-26"' in hoa.read(address)


def test_others_may_not_move_dates(
    signed_in: Callable[[Person], Visitor], stranger: Visitor, cast: Cast, opened: Opened
):
    thi = signed_in(cast.thi)

    thi.read(dates(opened), 403)
    assert thi.post(dates(opened), event_date="2021-03-27", fingerprint="x").status_code == 403
    assert stranger.get(dates(opened)).location.startswith("/dang-nhap")
    assert stranger.post(
        dates(opened), event_date="2021-03-27", fingerprint="x"
    ).location.startswith("/dang-nhap")


def test_an_administrator_applies_a_new_version_after_its_preview(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    template = editing.get_template(session, "happiness_day")
    entries = [editing.item_entry(item) for item in template.current.items]
    entries = [
        e.model_copy(update={"offset_days": -10}) if e.key == "plan_commune" else e for e in entries
    ]
    editing.edit_template(session, template, entries, by=cast.hoa, now=NOON)
    session.commit()
    address = f"/chien-dich/{opened.province.uid}/phien-ban"

    page = administrator.read(address)
    assert "10/03/2021" in page
    assert "102 việc thay đổi ở 102 đơn vị" in page
    assert due_of(session, opened) == date(2021, 3, 5)
    assert administrator.post(address, so="2", fingerprint="old").status_code == 409
    assert administrator.post(address, so="2", fingerprint=mark_of(page)).status_code == 303

    assert due_of(session, opened) == date(2021, 3, 10)
    administrator.read(f"{address}?so=9", 404)


def test_the_preview_of_a_version_says_what_changes_in_peoples_words(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    template = editing.get_template(session, "happiness_day")
    values = {
        "title_vi": "Kế hoạch xã",
        "weight": 5,
        "evidence": ["photo"],
        "required": False,
        "role": "cong_an",
    }
    held = next(item for item in opened.commune.items if item.key == "plan_commune")
    held.due, held.edited = date(2021, 3, 3), ["due"]
    entries = [editing.item_entry(item) for item in template.current.items]
    entries = [
        e.model_copy(update=values | {"offset_days": -10}) if e.key == "plan_commune" else e
        for e in entries
    ]
    editing.edit_template(session, template, entries, by=cast.hoa, now=NOON)
    session.commit()

    page = administrator.read(f"/chien-dich/{opened.province.uid}/phien-ban")

    text = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert (
        "nội dung: Ban hành kế hoạch cấp xã, phân công thôn, tổ dân phố và đoàn thể → Kế hoạch xã"
        in text
    )
    assert "minh chứng cần có: Số, ký hiệu, ngày văn bản; Tệp văn bản (PDF/DOCX) → Ảnh" in text
    assert "bắt buộc: có → không" in text
    assert re.search(r"người phụ trách: [^→]+ → Công an", text)
    assert "giữ: hạn (sửa tay)" in text
    # the head, 101 units together, and the one that chose its own day
    assert page.count("<tr ") == 3


def test_a_new_items_date_follows_no_arrow_since_nothing_came_before_it(
    administrator: Visitor, opened: Opened, session: Session, cast: Cast
):
    template = editing.get_template(session, "happiness_day")
    entries = [editing.item_entry(item) for item in template.current.items]
    thanks = entries[-1].model_copy(
        update={"key": "thank_you", "title_vi": "Gửi thư cảm ơn", "depends_on": []}
    )
    editing.edit_template(session, template, [*entries, thanks], by=cast.hoa, now=NOON)
    session.commit()

    page = administrator.read(f"/chien-dich/{opened.province.uid}/phien-ban")

    row = page[page.index("Gửi thư cảm ơn") :].partition("</tr>")[0]
    assert re.search(r'data-label="Hạn"><span class="days"><strong>\d\d/\d\d/2021</strong>', row)
    assert "→" not in row


def test_only_who_steers_at_the_top_applies_versions(
    hoa: Visitor, signed_in, cast: Cast, opened: Opened
):
    address, thi = f"/chien-dich/{opened.province.uid}/phien-ban", signed_in(cast.thi)

    hoa.read(address)
    thi.read(address, 403)
    assert thi.post(address, so="1", fingerprint="x").status_code == 403


def test_a_report_is_asked_for_its_new_cut_off_alone(
    hoa: Visitor, session: Session, vietnam: WorkCalendar
):
    report = open_template(session, vietnam, "report_year", 2021, NOON)

    page = hoa.read(f"/chien-dich/{report.uid}/doi-ngay?last=2021-12-31")

    assert re.findall(r'name="(\w+)" type="date"', page) == ["last"]
    assert "Ngày chốt số liệu mới" in page
    assert mark_of(page)


def test_the_preview_warns_of_a_campaign_that_it_leaves_outside(
    hoa: Visitor, session: Session, vietnam: WorkCalendar
):
    month, day = (
        open_template(session, vietnam, key, 2021, NOON)
        for key in ("gender_action_month", "evaw_day")
    )

    page = hoa.read(f"/chien-dich/{month.uid}/doi-ngay?first=2021-12-01&last=2021-12-31")

    assert f"“{day.summary}” không còn nằm trong thời gian của “{month.summary}”" in page


def test_a_campaign_whose_main_event_is_to_come_is_not_said_to_be_over(
    hoa: Visitor, clock: Clock, opened: Opened, session: Session
):
    opened.province.round.event_date = date(2021, 4, 3)
    session.commit()
    badge = "badge-over"

    for now, is_over in (
        (datetime(2021, 3, 25, 5, tzinfo=UTC), False),
        (datetime(2021, 4, 4, 5, tzinfo=UTC), True),
    ):
        clock.now = now
        dates_of = hoa.read(f"/chien-dich/{opened.province.uid}").partition("</dd>")[0]
        assert (badge in dates_of) is is_over
        assert (
            f"/chien-dich/{opened.province.uid}" in hoa.read("/mau/happiness_day")
        ) is not is_over
