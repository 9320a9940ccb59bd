import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.event import listen, remove

from events.campaigns.opening import open_round
from events.campaigns.provisional import is_provisional, provisional_items
from events.campaigns.rounds import rounds_of
from events.catalog.importing import import_catalog
from events.checklist.dividing import split_item
from events.checklist.history import Stamp
from events.checklist.states import decline_item, reopen_item
from events.days.decision_text import TET, read_decision
from events.days.reasons import Cause, DayReason
from events.days.workdays import Decision, DecisionStatus, Shift, WorkCalendar, swap
from events.errors import ConflictError, InvalidInputError, NotFoundError
from events.installation import INSTALLATION, Installation
from events.models import (
    Anchor,
    CalendarDay,
    CalendarDecision,
    Campaign,
    Change,
    ChecklistItem,
    DecidedYear,
    Round,
    Template,
    TodoStatus,
)
from events.people.persons import add_person
from events.people.posts import give_post
from events.reforms.villages import add_village
from events.replanning.anchors import NewAnchor, apply, preview
from events.replanning.days_off import (
    HolidayFact,
    YearDecision,
    apply_decision,
    apply_holiday,
    decisions,
    preview_decision,
    preview_holiday,
)
from events.replanning.preview import Fate
from events.templates.editing import edit_template, item_entry
from events.working_calendar import work_calendar
from tests.chance import drawn
from tests.conftest import tick_off

NOW = datetime(2026, 12, 1, 1, tzinfo=UTC)
CULTURE_DAY = "Ngày Văn hóa Việt Nam"
MOVED = ChecklistItem.due_reason.is_not(None)
TET_2027 = "Nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027"
A_DAY = timedelta(days=1)
CASES = tomllib.loads((Path(__file__).parents[2] / "data" / "decisions.toml").read_text("utf-8"))
IN_MARCH = datetime(2021, 3, 1, 2, tzinfo=UTC)
A_PROVINCE = 90  # units


def days_of(text, year=2027):
    return {(day.day, day.off) for day in read_decision(text, year).days}


FIFTH_TO_ELEVENTH = {(date(2027, 2, day), True) for day in range(5, 12)}


@pytest.mark.parametrize(
    "text",
    [
        TET_2027,
        "nghỉ tết từ 05-02-2027 đến 11-02-2027.",
        "Nghỉ Tết Nguyên đán từ ngày 05.02.2027 đến hết ngày 11.02.2027",
        "Nghỉ Tết từ ngày 5 tháng 2 năm 2027 đến ngày 11 tháng 2 năm 2027",
        "Nghỉ Tết từ ngày 5 đến hết ngày 11 tháng 02 năm 2027",
        "Nghỉ Tết Đinh Mùi từ thứ Sáu ngày 05/02 đến hết thứ Năm ngày 11/02/2027 (29 tháng Chạp đến mùng 6)".replace(
            "29 tháng Chạp", "29 Tết"
        ),
        "NGHỈ TẾT TỪ NGÀY 05/02 ĐẾN NGÀY 11/02",
    ],
)
def test_the_tet_break_is_read_from_every_form_of_date(text):
    read = read_decision(text, 2027)

    assert days_of(text) == FIFTH_TO_ELEVENTH
    assert {day.reason for day in read.days} == {TET}
    assert read.unread == ()


@pytest.mark.parametrize(
    "text",
    [
        "Nghỉ Tết 05-11/02/2027",
        "Nghỉ Tết 05 - 11/02/2027",
        "Nghỉ Tết 5-11-02-2027",
        "Nghỉ Tết: 05/02 – 11/02/2027",
        "Nghỉ Tết 05-02-2027 - 11-02-2027",
        "Nghỉ Tết từ 05/02 tới hết 11/02/2027",
        "Nghỉ Tết từ ngày 05/02/2027 tới hết ngày 11/02/2027",
        "Nghỉ Tết từ ngày 05 đến hết ngày 11 tháng 02/2027",
        "Nghỉ Tết 2027 từ thứ 6 ngày 05/02 đến thứ 5 ngày 11/02",
        "1. Nghỉ Tết 07 ngày, từ 05/02 đến 11/02/2027 (gồm 05 ngày làm việc)",
        "Nghỉ Tết Nguyên đán từ ngày 05/02/2027 (tức 29/12 âm lịch) đến hết ngày 11/02/2027 (tức 06/01 âm lịch)",
        "Theo Công văn số 1/BNV-VL ngày 20/10/2026, công chức nghỉ Tết từ ngày 05/02/2027 đến hết ngày 11/02/2027",
        "Dịp nghỉ Tết Nguyên đán Đinh Mùi năm 2027, công chức, viên chức được nghỉ từ thứ Sáu ngày 05 tháng 02 năm 2027 Dương lịch "
        "(tức ngày 29 tháng Chạp năm Bính Ngọ) đến hết thứ Năm ngày 11 tháng 02 năm 2027 Dương lịch (tức ngày mùng 06 tháng Giêng "
        "năm Đinh Mùi).",
    ],
)
def test_the_tet_break_is_read_from_every_way_to_write_a_range(text):
    read = read_decision(text, 2027)

    assert days_of(text) == FIFTH_TO_ELEVENTH
    assert {(day.reason, day.doubtful) for day in read.days} == {(TET, False)}
    assert read.unread == ()


@pytest.mark.parametrize(
    ("text", "off", "working"),
    [
        (
            "hoán đổi ngày làm việc từ thứ Hai 31/12/2018 sang thứ Bảy 05/01/2019",
            date(2018, 12, 31),
            date(2019, 1, 5),
        ),
        (
            "Hoán đổi ngày làm việc từ thứ Hai ngày 29/4/2019 sang thứ Bảy ngày 04/5/2019",
            date(2019, 4, 29),
            date(2019, 5, 4),
        ),
        (
            "Nghỉ thứ Hai ngày 29/4/2024 và làm bù vào thứ Bảy ngày 04/5/2024",
            date(2024, 4, 29),
            date(2024, 5, 4),
        ),
        (
            "Nghỉ thứ Sáu 02/5/2025, làm việc bù thứ Bảy 26/4/2025",
            date(2025, 5, 2),
            date(2025, 4, 26),
        ),
        (
            "hoán đổi ngày làm việc từ thứ Sáu ngày 02/01/2026 sang thứ Bảy ngày 10/01/2026",
            date(2026, 1, 2),
            date(2026, 1, 10),
        ),
        (
            "làm bù thứ Bảy 08/5/2027 cho ngày nghỉ thứ Hai 03/5/2027",
            date(2027, 5, 3),
            date(2027, 5, 8),
        ),
        (
            "Đi làm bù vào thứ Bảy ngày 08/5/2027 thay cho ngày nghỉ thứ Hai 03/5",
            date(2027, 5, 3),
            date(2027, 5, 8),
        ),
    ],
)
def test_a_swap_gives_a_day_off_and_a_saturday_on_which_offices_work(text, off, working):
    read = read_decision(text, working.year)

    assert {(day.day, day.off) for day in read.days} == {(off, True), (working, False)}
    assert (read.unread, {day.doubtful for day in read.days}) == ((), {False})


def test_a_sentence_that_names_a_break_and_the_swap_inside_it_gives_both():
    text = (
        "Dịp nghỉ lễ Quốc khánh năm 2026, công chức, viên chức được nghỉ 05 ngày liên tục, từ thứ Bảy ngày 29 tháng 8 năm 2026 đến "
        "hết thứ Tư ngày 02 tháng 9 năm 2026 Dương lịch, trong đó hoán đổi ngày làm việc từ thứ Hai ngày 31 tháng 8 năm 2026 sang "
        "thứ Bảy ngày 22 tháng 8 năm 2026."
    )
    break_ = {(date(2026, 8, 29) + n * A_DAY, True) for n in range(5)}

    assert days_of(text, 2026) == break_ | {(date(2026, 8, 22), False)}


def test_going_back_to_work_ends_a_break_and_makes_no_day_of_it_a_working_day():
    text = "Nghỉ Tết từ 05/02 đến hết 11/02/2027, đi làm trở lại ngày 12/02/2027"

    assert days_of(text) == FIFTH_TO_ELEVENTH | {(date(2027, 2, 12), False)}


def test_new_year_is_no_tet_break():
    [day] = read_decision("Nghỉ Tết Dương lịch ngày 01/01/2027", 2027).days

    assert day.reason != TET


def test_the_years_that_a_text_writes_out_are_told():
    assert read_decision(TET_2027, 2028).years == {2027}
    assert read_decision("Nghỉ Tết từ 05/02 đến 11/02", 2028).years == frozenset()


def test_a_weekday_that_is_not_the_dates_is_doubted():
    wrong = read_decision(
        "hoán đổi ngày làm việc từ thứ Hai 02/5/2027 sang thứ Bảy 08/5/2027", 2027
    )
    right = read_decision(
        "hoán đổi ngày làm việc từ Chủ nhật 02/5/2027 sang thứ Bảy 08/5/2027", 2027
    )

    assert [day.doubtful for day in wrong.days] == [True, True]
    assert [day.doubtful for day in right.days] == [False, False]


def test_compensation_and_single_days_are_read():
    assert days_of("nghỉ bù ngày 03/9/2027") == {(date(2027, 9, 3), True)}
    assert days_of("Quốc khánh nghỉ ngày 02/9/2027 và ngày 03/9/2027") == {
        (date(2027, 9, 2), True),
        (date(2027, 9, 3), True),
    }
    assert days_of("Đi làm ngày 06/02/2027") == {(date(2027, 2, 6), False)}
    assert days_of("Nghỉ các ngày 08, 09 và 10/02/2027") == {
        (date(2027, 2, day), True) for day in (8, 9, 10)
    }


@pytest.mark.parametrize(
    "line",
    [
        "Kính gửi các bộ, ngành",
        "Nghỉ Tết từ ngày 31/02/2027 đến ngày 11/02/2027",
        "Nghỉ Tết từ ngày 11/02/2027 đến ngày 05/02/2027",
        "Nghỉ Tết từ ngày 05/02/2027 đến ngày 05/08/2027",
        "hoán đổi ngày làm việc 03/5/2027",
        "nghỉ ngày 05/02/1999",
        "Họp ngày 05/02/2027",
        "Không nghỉ bù ngày 03/9/2027",
        "Nghỉ Tết từ ngày 05/02/2027",
        "Nghỉ Tết từ mùng 1 đến mùng 5",
        "Nghỉ Tết từ 05/02/25 đến 11/02/25",
        "Báo cáo việc nghỉ Tết trước ngày 20/01/2027",
        "Căn cứ Công văn số 12729/VPCP-KGVX ngày 25/12/2026 về việc nghỉ Tết",
    ],
)
def test_a_line_that_cannot_be_read_is_shown_and_not_dropped(line):
    read = read_decision(f"{line}\n{TET_2027}", 2027)

    assert read.unread == (line,)
    assert len(read.days) == 7


@given(st.text(alphabet="nghỉ Tếtđừày/.-0123456789\n;tháng 2năm ", max_size=120))
def test_every_line_of_any_text_is_read_or_shown(text):
    read = read_decision(text, 2027)

    written = {
        c for line in (*read.unread, *(day.line for day in read.days)) for c in line if c.isalnum()
    }
    assert read.days or written == {c for c in text if c.isalnum()}


def opened(session, calendar, key, year, day=None):
    """Return the items of a round; with ``day``, those of one commune item that is due then, before
    days off are looked at.
    """
    template = session.scalars(select(Template).where(Template.key == key)).one()
    [found] = rounds_of(template, year)
    single = (
        one
        for one in template.current.items
        if one.shift is Shift.PREVIOUS and one.end_offset_days is None
    )
    made_from = next(one for one in single if one.levels == ["commune"])
    if day is not None:
        made_from.anchor, made_from.depends_on, made_from.level_offsets = Anchor.START, [], {}
        made_from.offset_days = (day - found.dates.dtstart).days
        session.flush()
    open_round(session, found, now=NOW, calendar=calendar)
    query = (
        select(ChecklistItem)
        .join(ChecklistItem.campaign)
        .where(
            Campaign.round.has(Round.template_id == template.id),
            Campaign.round.has(Round.year == year),
        )
    )
    query = query.order_by(ChecklistItem.id)
    return session.scalars(
        query if day is None else query.where(ChecklistItem.key == made_from.key)
    ).all()


def year_2027(text=TET_2027):
    return YearDecision(
        2027, tuple(day.decision for day in read_decision(text, 2027).days), text, "Công văn thử"
    )


def applied(session, decision, by=None, now=NOW):
    seen = preview_decision(session, decision)
    return apply_decision(
        session, decision, stamp=Stamp(by, now), expected_fingerprint=seen.fingerprint
    )


def ids(lines):
    return {line.item_id for line in lines}


def still_to_follow(session):
    """Return what re-anchoring would still change in any round without a new anchor."""
    session.expire_all()
    calendar, roots = (
        work_calendar(session),
        session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).all(),
    )
    found = [preview(session, root, NewAnchor(), calendar, now=NOW) for root in roots]
    return [line for one in found for line in one.lines if line.is_change]


@pytest.fixture
def happiness_2027(session):
    """An item of the campaigns of 20 March 2027 that falls into the break, opened while its Tết was
    a guess.
    """
    return opened(session, work_calendar(session), "happiness_day", 2027, date(2027, 2, 11))


def test_tet_2027_is_provisional_until_it_is_decided(session):
    before = work_calendar(session)
    item = opened(session, before, "happiness_day", 2027, date(2027, 2, 8))[0]
    assert is_provisional(item, before)
    assert not before.is_decided(2027)

    applied(session, year_2027())

    after = work_calendar(session)
    assert after.is_decided(2027)
    assert not is_provisional(item, after)
    assert item.due == date(2027, 2, 4)


def test_what_stays_has_new_stamps_where_its_day_is_no_guess_any_more(session):
    items = opened(session, work_calendar(session), "happiness_day", 2027, date(2027, 2, 8))
    done = items[0]
    done.status = TodoStatus.COMPLETED
    session.flush()
    before = done.sequence

    applied(session, year_2027())

    session.refresh(done)
    assert (done.sequence, done.last_modified) == (before + 1, NOW)


def test_that_a_day_is_a_guess_is_nothing_that_an_item_must_follow(session, happiness_2027):
    session.expire_all()

    assert still_to_follow(session) == []


def test_a_guessed_day_outside_the_decided_break_becomes_a_working_day(session):
    guessed = work_calendar(session).day_off(date(2027, 2, 4)) or work_calendar(session).day_off(
        date(2027, 2, 5)
    )
    assert guessed is not None
    assert guessed.provisional

    applied(session, year_2027("Nghỉ Tết từ ngày 06/02/2027 đến ngày 10/02/2027"))

    assert work_calendar(session).is_working(date(2027, 2, 5))
    assert not work_calendar(session).is_working(date(2027, 2, 8))


def test_the_preview_names_the_guessed_days_that_become_working_days(session):
    shown = preview_decision(session, year_2027("Nghỉ Tết từ ngày 06/02/2027 đến ngày 10/02/2027"))

    assert date(2027, 2, 5) in shown.working
    assert shown.decides
    assert preview_decision(session, year_2027("Nghỉ bù ngày 03/9/2027")).working == ()


def test_a_decision_entered_for_the_wrong_year_does_not_touch_the_tet_of_that_year(session):
    wrong = YearDecision(2028, year_2027().days, TET_2027)

    with pytest.raises(InvalidInputError, match="Please check the year"):
        preview_decision(session, wrong)
    with pytest.raises(InvalidInputError, match="Please check the year"):
        apply_decision(session, wrong, stamp=Stamp(None, NOW), expected_fingerprint="")

    assert not work_calendar(session).is_decided(2028)
    assert not work_calendar(session).is_working(date(2028, 1, 26))


def test_the_right_decision_takes_the_place_of_a_wrong_one(session, happiness_2027):
    as_opened = [(item.id, item.due) for item in happiness_2027]
    applied(session, year_2027("Nghỉ Tết từ ngày 01/03/2027 đến hết ngày 05/03/2027"))
    assert not work_calendar(session).is_working(date(2027, 3, 1))

    shown = preview_decision(session, year_2027())
    applied(session, year_2027())

    assert {date(2027, 3, day) for day in range(1, 6)} <= {day.day for day in shown.earlier}
    assert shown.takes_over
    assert all(work_calendar(session).is_working(date(2027, 3, day)) for day in range(1, 6))
    assert {item.due for item in happiness_2027} == {date(2027, 2, 4)}
    assert still_to_follow(session) == []

    applied(session, YearDecision(2027, (), replaces=True))

    assert not work_calendar(session).is_decided(2027)
    assert [(item.id, item.due) for item in happiness_2027] == as_opened


def test_a_decision_without_a_tet_break_comes_beside_the_years_unless_it_is_said_to_replace_it(
    session,
):
    applied(session, year_2027())
    traded = read_decision(
        "hoán đổi ngày làm việc từ thứ Ba 04/5/2027 sang thứ Bảy 08/5/2027", 2027
    ).days
    decision = YearDecision(2027, tuple(day.decision for day in traded))

    applied(session, decision)
    assert not work_calendar(session).is_working(date(2027, 2, 8))
    assert work_calendar(session).is_decided(2027)

    applied(session, replace(decision, replaces=True))
    assert work_calendar(session).day_off(date(2027, 2, 8)).provisional
    assert work_calendar(session).is_working(date(2027, 5, 8))


@pytest.mark.parametrize(
    ("corrected", "closed", "working"),
    [
        (
            "Hoán đổi ngày làm việc từ 12/02/2027 sang thứ Bảy 27/02/2027",
            date(2027, 2, 12),
            date(2027, 2, 27),
        ),
        (
            "Hoán đổi ngày làm việc từ 15/02/2027 sang thứ Bảy 20/02/2027",
            date(2027, 2, 15),
            date(2027, 2, 20),
        ),
        (
            "Nghỉ ngày 12/02/2027, hoán đổi ngày làm việc từ 12/02/2027 sang 27/02/2027",
            date(2027, 2, 12),
            date(2027, 2, 27),
        ),
        ("Đi làm ngày 12/02/2027", None, date(2027, 2, 12)),
    ],
)
def test_a_corrected_swap_takes_back_the_other_day_of_the_wrong_one_and_nothing_else(
    session, corrected, closed, working
):
    applied(session, year_2027())
    applied(
        session, year_2027("Hoán đổi ngày làm việc từ thứ Sáu 12/02/2027 sang thứ Bảy 20/02/2027")
    )

    applied(session, year_2027(corrected))

    calendar, all_three = (
        work_calendar(session),
        (date(2027, 2, 12), date(2027, 2, 15), date(2027, 2, 20), date(2027, 2, 27)),
    )
    own = {day: calendar.decisions[day].off for day in all_three if day in calendar.decisions}
    assert own == ({closed: True} if closed else {}) | {working: False}
    assert not calendar.is_working(date(2027, 2, 8))
    assert calendar.is_decided(2027)
    assert still_to_follow(session) == []


def test_a_break_that_holds_a_traded_day_leaves_the_saturday_worked_for_it(session):
    applied(
        session, year_2027("Hoán đổi ngày làm việc từ thứ Hai 30/8/2027 sang thứ Bảy 21/8/2027")
    )

    applied(session, year_2027("Nghỉ Quốc khánh từ ngày 28/8/2027 đến hết ngày 02/9/2027"))

    assert work_calendar(session).is_working(date(2027, 8, 21))


def test_each_day_entered_before_stays_or_goes_as_somebody_says(session):
    applied(session, year_2027())
    applied(session, year_2027("Nghỉ các ngày 04/5/2027 và 10/5/2027"))

    applied(session, replace(year_2027(), drops={date(2027, 5, 4): False}))
    assert not work_calendar(session).is_working(date(2027, 5, 4))
    assert work_calendar(session).is_working(date(2027, 5, 10))

    applied(session, replace(year_2027("Nghỉ ngày 17/5/2027"), drops={date(2027, 5, 4): True}))
    assert work_calendar(session).is_working(date(2027, 5, 4))
    assert not work_calendar(session).is_working(date(2027, 2, 8))


def test_a_decision_may_name_only_working_days(session):
    applied(session, year_2027("Nghỉ ngày 01/03/2027"))

    applied(session, year_2027("Đi làm ngày 01/03/2027"))

    assert work_calendar(session).is_working(date(2027, 3, 1))


def test_a_swap_alone_does_not_decide_the_year(session):
    text = "Hoán đổi ngày làm việc từ ngày 04/5/2027 sang ngày 08/5/2027"

    applied(session, year_2027(text))
    assert not work_calendar(session).is_decided(2027)
    assert work_calendar(session).day_off(date(2027, 2, 8)).provisional

    applied(session, replace(year_2027(text), is_tet_decided=True))
    assert work_calendar(session).is_decided(2027)
    assert not work_calendar(session).day_off(date(2027, 2, 8)).provisional


def test_the_preview_shows_what_moves_and_applying_moves_exactly_that(
    session, cast, happiness_2027
):
    item = happiness_2027[0]
    decision = year_2027()
    old = item.due

    shown = preview_decision(session, decision)
    version, sequence = item.anchor_version, item.sequence
    assert item.due == old
    moved = apply_decision(
        session, decision, stamp=Stamp(cast.hoa, NOW), expected_fingerprint=shown.fingerprint
    ).moved

    assert ids(shown.moved) == ids(moved)
    assert item.id in ids(shown.moved)
    assert (item.due, item.due_reason) == (date(2027, 2, 4), TET)
    assert (item.anchor_version, item.sequence) == (version + 1, sequence + 1)
    change = session.scalars(select(Change).where(Change.item_id == item.id)).one()
    assert (change.before["due"], change.after["due"], change.due) == (
        old.isoformat(),
        "2027-02-04",
        date(2027, 2, 4),
    )
    assert change.by_name == "Cán bộ tỉnh (Hòa)"


def test_dates_set_by_hand_and_finished_items_stay_and_are_said_to(session, happiness_2027):
    by_hand, done = happiness_2027[:2]
    by_hand.edited = ["due"]
    tick_off(done, None, NOW, NOW.date())
    own = by_hand.campaign.items[-1]
    own.key, own.is_own = "own-1", True
    session.flush()

    found = applied(session, year_2027())

    fates = {line.item_id: line.fate for one in found.rounds for line in one.lines}
    assert (fates[by_hand.id], fates[done.id]) == (Fate.KEPT_BY_HAND, Fate.KEPT_DONE)
    assert by_hand.due == done.due == date(2027, 2, 11)
    assert own.id not in fates
    assert {item.id for item in happiness_2027[2:]} <= ids(found.moved)
    assert still_to_follow(session) == []


def test_a_preview_that_is_no_longer_true_is_refused_and_nothing_changes(session, happiness_2027):
    decision = year_2027()
    seen = preview_decision(session, decision).fingerprint
    tick_off(happiness_2027[0], None, NOW, NOW.date())
    session.flush()

    with pytest.raises(ConflictError, match="look at what moves once more"):
        apply_decision(session, decision, stamp=Stamp(None, NOW), expected_fingerprint=seen)

    assert session.get(DecidedYear, 2027) is None
    assert session.scalar(select(func.count()).select_from(CalendarDecision)) == 0


def test_other_days_than_the_previewed_ones_are_refused(session):
    decision = year_2027()
    seen = preview_decision(session, decision).fingerprint

    with pytest.raises(ConflictError):
        apply_decision(
            session,
            year_2027("nghỉ bù ngày 03/9/2027"),
            stamp=Stamp(None, NOW),
            expected_fingerprint=seen,
        )


def test_a_decision_is_kept_with_its_text_and_source(session, cast):
    applied(session, year_2027(), by=cast.hoa)

    [kept] = decisions(session)
    assert (kept.year, kept.text, kept.source, kept.by) == (
        2027,
        TET_2027,
        "Công văn thử",
        cast.hoa,
    )
    assert kept.days["2027-02-05"] == {"off": True, "reason": {"cause": "tet"}}


def test_an_import_of_the_catalogue_keeps_what_was_decided_here(session, catalog):
    decided = YearDecision(
        2026,
        (
            Decision(date(2026, 2, 13), True, TET),
            Decision(date(2026, 2, 16), True, DayReason(Cause.DECIDED)),
        ),
    )
    applied(session, decided)

    import_catalog(session, catalog, now=NOW)
    import_catalog(session, catalog, now=NOW)

    assert session.get_one(CalendarDay, date(2026, 2, 16)).reason == DayReason(Cause.DECIDED)
    assert session.get_one(CalendarDay, date(2026, 2, 13)).off


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((), "names no day"),
        ((Decision(date(2035, 1, 1), True, TET),), "01/01/2035 is not near the year 2027"),
        (
            (Decision(date(2026, 12, 31), True, TET),),
            "31/12/2026 of the Tết break does not lie in 2027",
        ),
    ],
)
def test_a_decision_that_says_nothing_sensible_is_refused(session, days, words):
    with pytest.raises(InvalidInputError, match=words):
        apply_decision(
            session, YearDecision(2027, days), stamp=Stamp(None, NOW), expected_fingerprint=""
        )


@pytest.mark.parametrize("case", CASES["swap"], ids=lambda case: case["why"])
def test_a_swap_gives_up_one_working_day_for_one_day_of_a_weekend(session, case):
    decision = YearDecision(2027, swap(case["off"], case["work"]))

    with pytest.raises(InvalidInputError, match=r"of a swap|in a swap|cannot be traded"):
        preview_decision(session, decision)


def test_a_day_that_is_traded_already_is_not_traded_again(session):
    known = swap(date(2026, 1, 2), date(2026, 1, 10))
    other = swap(date(2026, 1, 2), date(2026, 1, 17))
    both = swap(date(2027, 5, 4), date(2027, 5, 8)) + swap(date(2027, 5, 5), date(2027, 5, 8))

    assert preview_decision(session, YearDecision(2026, known)).is_known
    for days in (other, both):
        with pytest.raises(InvalidInputError, match="traded already"):
            preview_decision(session, YearDecision(days[0].day.year, days))


def test_half_a_swap_is_refused(session):
    for half in swap(date(2027, 5, 4), date(2027, 5, 8)):
        with pytest.raises(InvalidInputError, match="both days, or neither"):
            preview_decision(session, YearDecision(2027, (half,)))


@pytest.mark.slow
@drawn(15)
@given(
    days=st.dictionaries(
        st.dates(date(2027, 1, 4), date(2027, 4, 30)), st.booleans(), min_size=1, max_size=12
    )
)
def test_a_decision_leaves_nothing_to_follow_and_applied_twice_changes_nothing_more(
    session, happiness_2027, days
):
    savepoint = session.begin_nested()
    off = {**days, min(days): True}
    decision = YearDecision(
        2027, tuple(Decision(day, closed, DayReason(Cause.IN_LIEU)) for day, closed in off.items())
    )
    applied(session, decision)
    session.flush()
    first = everything(session)

    assert still_to_follow(session) == []
    assert preview_decision(session, decision).rounds == ()
    assert applied(session, decision).is_known

    session.flush()
    assert everything(session) == first
    savepoint.rollback()


def everything(session):
    models = (ChecklistItem, Change, CalendarDay, CalendarDecision, DecidedYear)
    return [
        session.execute(select(*m.__table__.columns).order_by(*m.__table__.primary_key)).all()
        for m in models
    ]


@pytest.mark.parametrize(
    ("year", "compensation"),
    [
        (2029, date(2029, 11, 26)),  # 24/11 is a Saturday
        (2030, date(2030, 11, 25)),  # a Sunday, and the compensation is the observance day itself
    ],
)
def test_giving_up_24_november_makes_its_compensation_a_working_day(session, year, compensation):
    item = opened(session, work_calendar(session), "evaw_day", year, compensation)[0]
    assert item.due < compensation
    assert is_provisional(item, work_calendar(session))
    assert item.id in session.scalars(select(ChecklistItem.id).where(MOVED)).all()

    shown = preview_holiday(session, HolidayFact(CULTURE_DAY, DecisionStatus.DROPPED))
    [mine] = [line for line in shown.moved if line.item is item]
    assert (mine.new_due, mine.reason) == (compensation, None)
    give_up(session, shown, DecisionStatus.DROPPED)

    assert item.due == compensation
    assert item.id not in session.scalars(select(ChecklistItem.id).where(MOVED)).all()
    assert work_calendar(session).is_working(compensation)
    assert still_to_follow(session) == []


def give_up(session, shown, status):
    return apply_holiday(
        session,
        HolidayFact(CULTURE_DAY, status),
        stamp=Stamp(None, NOW),
        expected_fingerprint=shown.fingerprint,
    )


def is_told_as_a_guess(session, item):
    return work_calendar(session).told(item.due_reason, item.nominal_due).provisional


def test_24_november_made_law_is_no_longer_provisional_and_moves_nothing(session):
    day = date(2028, 11, 24)
    assert work_calendar(session).day_off(day).provisional
    item = opened(session, work_calendar(session), "evaw_day", 2028, day)[0]
    assert is_told_as_a_guess(session, item)
    before = item.sequence

    shown = preview_holiday(session, HolidayFact(CULTURE_DAY, DecisionStatus.ENACTED))
    give_up(session, shown, DecisionStatus.ENACTED)

    assert shown.moved == []
    assert not work_calendar(session).day_off(day).provisional
    assert not is_told_as_a_guess(session, item)
    assert (item.sequence, item.last_modified) == (before + 1, NOW)  # feeds say it otherwise
    assert give_up(session, shown, DecisionStatus.ENACTED).is_known


def test_that_a_holiday_is_law_leaves_open_whether_a_weekend_is_made_up_for(session):
    monday = date(2029, 11, 26)
    fact = HolidayFact(CULTURE_DAY, DecisionStatus.ENACTED)
    give_up(session, preview_holiday(session, fact), DecisionStatus.ENACTED)
    assert work_calendar(session).day_off(monday).provisional
    item = opened(session, work_calendar(session), "evaw_day", 2029, monday)[0]

    none = HolidayFact(CULTURE_DAY, DecisionStatus.DROPPED, is_compensation=True)
    shown = preview_holiday(session, none)
    stamp = Stamp(None, NOW)
    apply_holiday(session, none, stamp=stamp, expected_fingerprint=shown.fingerprint)

    assert item.id in ids(shown.moved)
    assert item.due == monday
    assert not work_calendar(session).is_working(date(2028, 11, 24))
    assert still_to_follow(session) == []


def test_where_announced_days_do_not_count_making_one_law_moves_items(session):
    session.info[INSTALLATION] = Installation(count_announced=False)
    item = opened(session, work_calendar(session), "evaw_day", 2028, date(2028, 11, 24))[0]

    shown = preview_holiday(session, HolidayFact(CULTURE_DAY, DecisionStatus.ENACTED))

    assert item.id in ids(shown.moved)


def test_where_announced_days_do_not_count_an_item_opens_again_on_the_date_that_its_neighbours_have(
    session,
):
    session.info[INSTALLATION] = Installation(count_announced=False)
    day = date(2028, 11, 24)
    item, neighbour = opened(session, work_calendar(session), "evaw_day", 2028, day)[:2]
    official = add_person(session, "Cán bộ xã", None)
    give_post(session, official, item.campaign.unit, item.role_key, since=NOW.date())
    decline_item(session, item.id, "Mưa lũ", Stamp(official, NOW))

    reopen_item(session, item.id, Stamp(official, NOW))

    assert item.due == neighbour.due == day
    assert still_to_follow(session) == []


def test_an_unknown_holiday_is_named(session):
    with pytest.raises(NotFoundError, match="Ngày lạ"):
        preview_holiday(session, HolidayFact("Ngày lạ", DecisionStatus.ENACTED))


def test_a_date_is_provisional_too_where_only_its_first_day_rests_on_a_guess(session, cast):
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    made_from = next(
        one
        for one in template.current.items
        if one.levels == ["commune"] and one.end_offset_days is not None
    )
    made_from.anchor, made_from.shift = Anchor.START, Shift.NEXT
    made_from.offset_days = (date(2027, 2, 8) - date(2027, 3, 20)).days
    open_round(session, next(rounds_of(template, 2027)), now=NOW, calendar=work_calendar(session))
    item = session.scalars(select(ChecklistItem).where(ChecklistItem.key == made_from.key)).first()

    assert item.dtstart > date(2027, 2, 8)
    assert is_provisional(item, work_calendar(session))
    assert item in provisional_items(session, work_calendar(session), NOW.date())

    applied(session, year_2027())

    assert not is_provisional(item, work_calendar(session))


def test_an_undecided_year_is_said_to_be_provisional_only_where_a_guess_touches_the_date(
    session, happiness_2027
):
    item = happiness_2027[0]
    item.nominal_due = item.due = date(2027, 3, 10)

    assert not is_provisional(item, work_calendar(session))
    assert not is_provisional(item, WorkCalendar())


def test_who_holds_no_post_keeps_the_name_in_the_history(session, happiness_2027):
    person = add_person(session, "Y Ngọc", None)
    person.is_administrator = True
    session.flush()

    applied(session, year_2027(), by=person)

    assert session.scalars(select(Change.by_name)).first() == "Y Ngọc"


@pytest.fixture
def plan(session, cast):
    """The commune's plan in the round of 20 March 2021, with the calendar of that year, and
    somebody who may divide it.
    """
    open_2021 = datetime(2021, 1, 10, tzinfo=UTC)
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    open_round(
        session, next(rounds_of(template, 2021)), now=open_2021, calendar=work_calendar(session)
    )
    mine = (ChecklistItem.key == "plan_commune", Campaign.unit_id == cast.commune.id)
    return session.scalars(select(ChecklistItem).join(ChecklistItem.campaign).where(*mine)).one()


def closed(*days):
    return YearDecision(
        2021, tuple(Decision(date(2021, 3, day), True, DayReason(Cause.DECIDED)) for day in days)
    )


def test_the_parts_of_a_divided_item_follow_the_whole(session, cast, plan):
    village = add_village(
        session,
        cast.commune,
        "thon",
        "1",
        by=cast.thi,
        now=IN_MARCH,
        calendar=work_calendar(session),
    )
    [part] = split_item(
        session, plan.id, [village.id], by=cast.thi, now=IN_MARCH, calendar=work_calendar(session)
    )
    day = plan.due

    found = applied(session, closed(day.day))

    assert {plan.id, part.id} <= ids(found.moved)
    assert part.due == plan.due < day
    assert part.due_reason == plan.due_reason


def test_a_deadline_keeps_its_working_days_after_a_late_plan_when_some_of_them_are_decided_off(
    session, cast, plan
):
    root = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()
    late = NewAnchor(plan="plan_province", issued=date(2021, 3, 1))
    seen, who = (
        preview(session, root, late, work_calendar(session), now=IN_MARCH),
        {"by": cast.hoa, "now": IN_MARCH},
    )
    apply(
        session,
        root,
        late,
        expected_fingerprint=seen.fingerprint,
        calendar=work_calendar(session),
        **who,
    )
    assert plan.due == date(2021, 3, 10)

    applied(session, closed(4, 5))

    assert plan.due == date(2021, 3, 12)
    assert plan.due_reason.day == date(2021, 3, 1)


def test_what_counts_from_a_plan_follows_the_plan(session, cast):
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    counted = {"plan_commune": {"anchor": Anchor.PLAN, "offset_days": 20}}
    entries = [item_entry(item) for item in template.current.items]
    entries = [entry.model_copy(update=counted.get(entry.key, {})) for entry in entries]
    edit_template(session, template, entries, by=cast.hoa, now=NOW)
    open_round(session, next(rounds_of(template, 2027)), now=NOW, calendar=work_calendar(session))
    of_key = select(ChecklistItem).where(ChecklistItem.key == "plan_commune").limit(1)
    before = session.scalars(of_key).one().nominal_due

    applied(session, year_2027("Nghỉ Tết từ ngày 08/02/2027 đến hết ngày 21/02/2027"))

    assert session.scalars(of_key).one().nominal_due != before
    assert still_to_follow(session) == []


def test_the_number_of_statements_of_a_preview_depends_on_rounds_and_not_on_units(
    session, happiness_2027
):
    decision = year_2027()
    statements = []
    note = lambda *args: statements.append(args[2])  # noqa: E731
    listen(session.connection(), "before_cursor_execute", note)
    try:
        assert len(preview_decision(session, decision).moved) > A_PROVINCE
    finally:
        remove(session.connection(), "before_cursor_execute", note)

    assert len(statements) < A_PROVINCE / 4
