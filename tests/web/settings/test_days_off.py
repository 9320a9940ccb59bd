import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from events.days.workdays import DecisionStatus, Shift
from events.models import (
    Anchor,
    CalendarDecision,
    Change,
    ChecklistItem,
    DecidedYear,
    Person,
    ProposedHoliday,
)
from events.working_calendar import work_calendar
from tests.conftest import Cast
from tests.web.conftest import Clock, Opened, Visitor

TET = "Nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027"
CULTURE_DAY = "Ngày Văn hóa Việt Nam"


@pytest.fixture
def administrator(signed_in: Callable[[Person], Visitor], cast: Cast, session: Session) -> Visitor:
    cast.hoa.is_administrator = True
    return signed_in(cast.hoa)


@pytest.fixture
def in_tet(session: Session, opened: Opened) -> ChecklistItem:
    """An open item of the commune that is due on 11 February 2027, a day of the break that is still
    to be decided.
    """
    return falls_on(session, opened, date(2027, 2, 11))


def falls_on(session: Session, opened: Opened, day: date) -> ChecklistItem:
    """Let an item of every commune count from its campaign's first day to ``day``, and return the
    commune's.
    """
    single = (
        one
        for one in opened.commune.version.items
        if one.shift is Shift.PREVIOUS and one.end_offset_days is None
    )
    made_from = next(one for one in single if one.levels == ["commune"])
    made_from.anchor, made_from.depends_on, made_from.level_offsets = Anchor.START, [], {}
    made_from.offset_days = (day - opened.commune.dtstart).days
    found = work_calendar(session).shift(day, Shift.PREVIOUS)
    dates = {"nominal_due": day, "due": found.effective, "due_reason": found.reason}
    session.execute(update(ChecklistItem).where(ChecklistItem.key == made_from.key).values(dates))
    session.commit()
    return next(item for item in opened.commune.items if item.key == made_from.key)


def seen(page: str) -> str:
    found = re.search(r'name="fingerprint" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def ticked(page: str) -> list[str]:
    return re.findall(r'name="day" value="([0-9-]+)" checked', page)


def applied(visitor: Visitor, page: str, days: list[str] | None = None):
    form = {"year": "2027", "text": TET, "source": "", "listed": "1", "fingerprint": seen(page)}
    return visitor.post("/lich-lam-viec/ap-dung", **form, day=days or ticked(page))


def test_the_page_says_which_years_are_decided(administrator: Visitor):
    page = administrator.read("/lich-lam-viec/")

    assert page.index("2021") < page.index("2022")
    assert CULTURE_DAY in page


def test_items_whose_date_is_still_a_guess_are_listed(
    administrator: Visitor, opened: Opened, session: Session
):
    guessed = falls_on(session, opened, date(2027, 2, 8)).summary

    assert guessed in administrator.read("/lich-lam-viec/")
    applied(
        administrator, administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text
    )
    assert guessed not in administrator.read("/lich-lam-viec/")


def test_a_pasted_decision_is_shown_before_it_is_applied(
    administrator: Visitor, in_tet: ChecklistItem, session: Session
):
    text = f"Kính gửi các cơ quan\n{TET}"
    page = administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=text).text

    assert "Kính gửi các cơ quan" in page
    assert len(ticked(page)) == 7
    assert in_tet.summary in page
    assert "11/02/2027 → <strong>04/02/2027</strong>" in page
    assert session.get(DecidedYear, 2027) is None
    session.refresh(in_tet)
    assert in_tet.due == date(2027, 2, 11)


def test_the_preview_shows_the_months_before_and_after(administrator: Visitor):
    text = "Nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027"
    page = administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=text).text

    before, after = re.findall(r'<table class="small-month">.*?</table>', page, re.DOTALL)
    off = [re.findall(r'class="day-off"[^>]*>(\d+)<', month) for month in (before, after)]
    weekends = {"6", "7", "13", "14", "20", "21", "27", "28"}
    assert set(off[0]) == weekends | {"4", "5", "8", "9", "10"}
    assert set(off[1]) == weekends | {"5", "8", "9", "10", "11"}


def test_the_same_move_in_all_communes_is_one_row_with_every_unit_named(
    administrator: Visitor, in_tet: ChecklistItem, opened: Opened
):
    page = administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text

    assert page.count(in_tet.summary) == 1
    assert opened.commune.unit.full_name in page
    assert opened.other_commune.unit.full_name in page


def test_what_a_decision_makes_overdue_at_once_is_said_before_it_is_applied(
    signed_in: Callable[[Person], Visitor],
    clock: Clock,
    cast: Cast,
    in_tet: ChecklistItem,
    session: Session,
):
    cast.hoa.is_administrator = True
    clock.now = datetime(2027, 2, 8, 5, tzinfo=UTC)
    visitor = signed_in(cast.hoa)

    page = visitor.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text

    assert "102 việc sẽ quá hạn ngay vì hạn mới là ngày đã qua." in page
    assert (
        '<strong>04/02/2027</strong></span> <span class="badge badge-overdue">sẽ quá hạn ngay</span>'
        in page
    )


def test_the_fields_say_the_same_as_the_text(administrator: Visitor):
    fields = {
        "tet_first": "2027-02-05",
        "tet_last": "11/02/2027",
        "swap_off": "2027-05-04",
        "swap_on": "08/05/2027",
    }

    page = administrator.post("/lich-lam-viec/xem-truoc", year="2027", text="", **fields).text

    assert len(ticked(page)) == 9
    assert "2027-05-08" in ticked(page)


def test_applying_moves_what_was_shown_and_sending_it_twice_does_no_harm(
    administrator: Visitor, in_tet: ChecklistItem, session: Session, cast: Cast
):
    page = administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text

    answers = [applied(administrator, page), applied(administrator, page)]

    session.expire_all()
    assert [answer.status_code for answer in answers] == [303, 303]
    assert in_tet.due == date(2027, 2, 4)
    assert session.scalars(select(Change.by_name).where(Change.item_id == in_tet.id)).all() == [
        cast.hoa.full_name
    ]
    assert len(session.scalars(select(CalendarDecision)).all()) == 1
    assert session.get(DecidedYear, 2027) is not None


def test_unticked_days_are_left_out_after_another_look(administrator: Visitor, session: Session):
    some = ["2027-02-08", "2027-02-09"]
    form = {"year": "2027", "text": TET, "listed": "1"}

    page = administrator.post("/lich-lam-viec/xem-truoc", **form, day=some).text

    assert ticked(page) == some
    assert applied(administrator, page, some).status_code == 303
    session.expire_all()
    assert work_calendar(session).is_working(date(2027, 2, 11))


def test_the_form_begins_with_the_first_year_that_is_not_decided(administrator: Visitor):
    assert 'name="year" inputmode="numeric" required value="2027"' in administrator.read(
        "/lich-lam-viec/"
    )


def test_a_decision_of_another_year_is_refused_and_its_year_can_be_corrected(
    administrator: Visitor, session: Session
):
    answer = administrator.post("/lich-lam-viec/xem-truoc", year="2028", text=TET)

    assert answer.status_code == 422
    assert answer.text.count('role="alert"') == 2
    assert "2027, còn quyết định được nhập cho năm 2028" in answer.text
    assert 'name="fingerprint"' not in answer.text
    assert 'name="year" inputmode="numeric" required value="2028"' in answer.text
    assert (
        len(ticked(administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text)) == 7
    )


def test_days_that_become_working_days_are_named(administrator: Visitor):
    page = administrator.post(
        "/lich-lam-viec/xem-truoc", year="2027", text="Nghỉ Tết từ 06/02 đến 10/02/2027"
    ).text

    assert "05/02/2027" in page


def test_a_wrong_decision_is_taken_back(
    administrator: Visitor, in_tet: ChecklistItem, session: Session
):
    old = in_tet.due
    applied(
        administrator, administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text
    )

    page = administrator.post("/lich-lam-viec/xem-truoc", year="2027", replaces="1").text
    days = re.findall(r'name="gone" value="([0-9-]+)" checked', page)
    form = {
        "year": "2027",
        "text": "",
        "source": "",
        "listed": "1",
        "replaces": "1",
        "fingerprint": seen(page),
    }
    answer = administrator.post("/lich-lam-viec/ap-dung", **form, earlier=days, gone=days)

    session.expire_all()
    assert answer.status_code == 303
    assert session.get(DecidedYear, 2027) is None
    assert in_tet.due == old
    assert len(session.scalars(select(CalendarDecision)).all()) == 2


def test_a_day_entered_before_is_taken_back_alone(administrator: Visitor, session: Session):
    applied(
        administrator, administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text
    )
    form = {"year": "2027", "text": "Nghỉ bù ngày 03/9/2027", "listed": "1"}

    page = administrator.post("/lich-lam-viec/xem-truoc", **form, day="2027-09-03").text
    earlier = re.findall(r'name="earlier" value="([0-9-]+)"', page)
    assert "2027-02-11" in earlier
    assert 'name="gone" value="2027-02-11" checked' not in page
    form |= {"source": "", "day": "2027-09-03", "gone": "2027-02-11"}
    page = administrator.post("/lich-lam-viec/xem-truoc", **form, earlier=earlier).text
    administrator.post("/lich-lam-viec/ap-dung", **form, earlier=earlier, fingerprint=seen(page))

    session.expire_all()
    calendar = work_calendar(session)
    assert calendar.is_working(date(2027, 2, 11))
    assert not calendar.is_working(date(2027, 2, 10))
    assert calendar.is_decided(2027)


def test_decided_days_say_why_in_the_readers_language(administrator: Visitor):
    form = {"year": "2027", "text": TET}
    applied(administrator, administrator.post("/lich-lam-viec/xem-truoc", **form).text)
    other = {"year": "2027", "text": "Nghỉ bù ngày 03/9/2027", "listed": "1", "day": "2027-09-03"}

    vietnamese = administrator.read("/lich-lam-viec/")
    administrator.in_english()
    english = administrator.read("/lich-lam-viec/")
    earlier = administrator.post("/lich-lam-viec/xem-truoc", **other).text

    assert '<span class="quiet">trong kỳ nghỉ Tết' in vietnamese
    assert '<span class="quiet">within the Tết break' in english
    assert '<span class="quiet">within the Tết break</span>' in earlier
    assert "trong kỳ nghỉ" not in english + earlier


def test_what_changed_meanwhile_is_shown_again(
    administrator: Visitor, in_tet: ChecklistItem, session: Session
):
    page = administrator.post("/lich-lam-viec/xem-truoc", year="2027", text=TET).text
    in_tet.edited = ["due"]
    session.commit()

    answer = applied(administrator, page)

    assert answer.status_code == 409
    assert TET in answer.text
    assert seen(answer.text) != seen(page)
    assert session.get(DecidedYear, 2027) is None


@pytest.mark.parametrize(
    "form",
    [
        {"year": "hai", "text": TET},
        {"year": "9999", "text": TET},
        {"year": "2027", "text": ""},
        {"year": "2027", "text": "", "tet_first": "2027-02-05"},
        {"year": "2027", "text": "", "tet_first": "31/02", "tet_last": "2027-02-05"},
        {"year": "2027", "text": TET * 1000},
    ],
)
def test_what_cannot_be_used_is_said_and_stays_in_the_form(
    administrator: Visitor, form: dict[str, str]
):
    answer = administrator.post("/lich-lam-viec/xem-truoc", **form)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert f'value="{form["year"]}"' in answer.text
    assert form["text"][:40] in answer.text


def test_an_announced_holiday_is_given_up_after_a_preview(administrator: Visitor, session: Session):
    page = administrator.post(
        "/lich-lam-viec/ngay-du-kien", name=CULTURE_DAY, status="dropped"
    ).text
    assert "Xem trước khi ghi nhận không áp dụng. Chưa lưu gì." in page
    assert ">Ghi nhận không áp dụng</button>" in page
    assert session.get_one(ProposedHoliday, CULTURE_DAY).status is DecisionStatus.ANNOUNCED

    form = {"name": CULTURE_DAY, "status": "dropped", "fingerprint": seen(page)}
    answer = administrator.post("/lich-lam-viec/ngay-du-kien", **form, source="Luật thử")

    session.expire_all()
    assert answer.status_code == 303
    assert session.get_one(ProposedHoliday, CULTURE_DAY).status is DecisionStatus.DROPPED
    assert (
        administrator.post(
            "/lich-lam-viec/ngay-du-kien", **(form | {"fingerprint": "0", "status": "enacted"})
        ).status_code
        == 409
    )


def test_whether_a_holiday_is_made_up_for_is_recorded_by_itself(
    administrator: Visitor, session: Session
):
    form = {"name": CULTURE_DAY, "status": "dropped", "compensation": "1"}
    page = administrator.post("/lich-lam-viec/ngay-du-kien", **form).text
    assert "nghỉ bù" in page
    answer = administrator.post("/lich-lam-viec/ngay-du-kien", **form, fingerprint=seen(page))

    session.expire_all()
    holiday = session.get_one(ProposedHoliday, CULTURE_DAY)
    assert answer.status_code == 303
    assert (holiday.status, holiday.compensation) == (
        DecisionStatus.ANNOUNCED,
        DecisionStatus.DROPPED,
    )
    assert "không nghỉ bù" in administrator.read("/lich-lam-viec/")


def test_administrators_are_told_on_their_first_pages_what_the_next_year_lacks(
    administrator: Visitor, clock: Clock
):
    clock.now = datetime(2026, 9, 30, 2, tzinfo=UTC)
    before = administrator.read("/quan-tri") + administrator.read("/")
    clock.now = datetime(2026, 10, 1, 2, tzinfo=UTC)
    after = [administrator.read("/quan-tri"), administrator.read("/")]

    assert "Chưa nhập quyết định" not in before
    assert all("Chưa nhập quyết định về ngày nghỉ của năm 2027" in page for page in after)


def test_the_example_of_the_form_is_of_a_year_that_is_over(administrator: Visitor):
    example = re.search(r'id="text-hint"[^>]*>([^<]+)<', administrator.read("/lich-lam-viec/"))

    assert example
    assert {int(year) for year in re.findall(r"/(\d{4})", example[1])} == {2021}


def test_others_may_neither_look_nor_decide(
    signed_in: Callable[[Person], Visitor], cast: Cast, stranger: Visitor, session: Session
):
    thi = signed_in(cast.thi)

    assert thi.get("/lich-lam-viec/").status_code == 403
    assert stranger.get("/lich-lam-viec/").location.startswith("/dang-nhap")
    for path in ("xem-truoc", "ap-dung", "ngay-du-kien"):
        assert (
            thi.post(f"/lich-lam-viec/{path}", year="2027", text=TET, name=CULTURE_DAY).status_code
            == 403
        )
    assert session.get(DecidedYear, 2027) is None
