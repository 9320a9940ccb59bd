from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from events.campaigns.opening import open_campaigns
from events.campaigns.other_kinds import get_kind, kinds, open_on, switch_off, switch_on
from events.campaigns.rounds import rounds_of, summary_on
from events.days.recurrence import Occurrence
from events.days.workdays import WorkCalendar
from events.errors import ConflictError, InvalidInputError, NotFoundError, YearOutOfRangeError
from events.models import Campaign, ChecklistItem, Round, Template, Unit
from events.replanning.anchors import NewAnchor
from events.units.tree import get_unit
from tests.chance import drawn
from tests.conftest import Cast
from tests.events.replanning.test_anchors import move

NOW = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)  # 23:30 in Vietnam
A_DAY_IN_MARCH = date(2027, 3, 10)
CHOSEN = ["training_course", "inspection_round", "conduct_criteria_rollout", "annual_plan"]
BY_CUT_OFF = ["club_model_cycle", "communication_quarter", "report_half_year", "report_year"]


def counts(session: Session) -> tuple[int | None, int | None]:
    return session.scalar(select(func.count(Campaign.id))), session.scalar(
        select(func.count(ChecklistItem.id))
    )


@pytest.mark.parametrize("key", CHOSEN)
def test_a_kind_opens_on_a_chosen_day(session: Session, vietnam: WorkCalendar, key: str):
    opened = open_on(
        session, get_kind(session, key), A_DAY_IN_MARCH, by=None, now=NOW, calendar=vietnam
    )

    campaigns = session.scalars(select(Campaign)).all()
    assert len(campaigns) == opened.campaigns > 0
    assert opened.items == session.scalar(select(func.count(ChecklistItem.id))) > 0
    assert {(c.dtstart, c.period, c.year, c.observance_id) for c in campaigns} == {
        (A_DAY_IN_MARCH, "2027-03-10", 2027, None)
    }


def test_only_the_chosen_units_and_those_above_take_part(session: Session, vietnam: WorkCalendar):
    commune = session.scalars(select(Unit).where(_below(session))).first()
    opened = open_on(
        session,
        get_kind(session, "training_course"),
        A_DAY_IN_MARCH,
        by=None,
        now=NOW,
        calendar=vietnam,
        unit_ids={commune.id},
    )

    assert opened.campaigns == 2
    assert {c.unit.key for c in session.scalars(select(Campaign))} == {"51-2025", commune.key}


def _below(session: Session):
    return Unit.parent_id == get_unit(session, "51-2025").id


@drawn(25)
@given(
    day=st.dates(date(2027, 1, 1), date(2099, 12, 31)),
    key=st.sampled_from(CHOSEN),
    number=st.integers(1, 3),
)
def test_opening_the_same_day_twice_doubles_nothing(
    session: Session, vietnam: WorkCalendar, day: date, key: str, number: int
):
    with session.begin_nested() as undo:
        units = set(session.scalars(select(Unit.id).where(_below(session)).limit(number)))
        template = get_kind(session, key)
        first = open_on(session, template, day, by=None, now=NOW, calendar=vietnam, unit_ids=units)
        before = counts(session)

        again = open_on(session, template, day, by=None, now=NOW, calendar=vietnam, unit_ids=units)

        assert (first.campaigns, again.campaigns, again.items) == (before[0], 0, 0)
        assert counts(session) == before
        undo.rollback()


def test_a_unit_that_was_forgotten_is_added_later(session: Session, vietnam: WorkCalendar):
    one, two = session.scalars(select(Unit.id).where(_below(session)).limit(2))
    template = get_kind(session, "training_course")
    open_on(session, template, A_DAY_IN_MARCH, by=None, now=NOW, calendar=vietnam, unit_ids={one})

    assert (
        open_on(
            session,
            template,
            A_DAY_IN_MARCH,
            by=None,
            now=NOW,
            calendar=vietnam,
            unit_ids={one, two},
        ).campaigns
        == 1
    )


@pytest.mark.parametrize("day", [date(1899, 12, 31), date(2101, 1, 1)])
def test_a_day_that_no_calendar_knows_is_refused(
    session: Session, vietnam: WorkCalendar, day: date
):
    with pytest.raises(YearOutOfRangeError, match=str(day.year)):
        open_on(
            session, get_kind(session, "training_course"), day, by=None, now=NOW, calendar=vietnam
        )

    assert counts(session) == (0, 0)


def test_the_local_year_decides_which_years_are_closed(session: Session, vietnam: WorkCalendar):
    template = get_kind(session, "training_course")
    before_midnight, after_midnight = NOW, NOW.replace(hour=17, minute=0)

    open_on(session, template, date(2026, 12, 31), by=None, now=before_midnight, calendar=vietnam)
    with pytest.raises(ConflictError, match="2026 is closed"):
        open_on(
            session, template, date(2026, 12, 31), by=None, now=after_midnight, calendar=vietnam
        )


@pytest.mark.parametrize("key", ["happiness_day", *BY_CUT_OFF])
def test_what_opens_by_itself_is_not_opened_by_hand(
    session: Session, vietnam: WorkCalendar, key: str
):
    with pytest.raises(ConflictError):
        open_on(session, get_kind(session, key), A_DAY_IN_MARCH, by=None, now=NOW, calendar=vietnam)


def test_units_that_are_not_there_on_the_day_are_refused(
    session: Session, cast: Cast, vietnam: WorkCalendar
):
    template = get_kind(session, "training_course")

    for unit_ids in (set(), {cast.commune.id}, {999_999}):
        with pytest.raises(InvalidInputError):
            open_on(
                session,
                template,
                A_DAY_IN_MARCH,
                by=None,
                now=NOW,
                calendar=vietnam,
                unit_ids=unit_ids,
            )
    assert counts(session) == (0, 0)


@pytest.mark.parametrize("key", BY_CUT_OFF)
def test_a_kind_with_a_cut_off_opens_by_itself_while_it_is_switched_on(
    session: Session, vietnam: WorkCalendar, key: str
):
    template = get_kind(session, key)
    session.execute(delete(Campaign))
    session.execute(delete(Round))

    def opened() -> set[str]:
        return {
            result.observance
            for result in open_campaigns(session, now=NOW, calendar=vietnam, year=2026)
        }

    assert key not in opened()
    switch_on(session, template, on=date(2021, 1, 1), by=None)
    assert key in opened()
    switch_off(session, template, by=None, on=date(2026, 12, 31))
    before = counts(session)
    assert opened() == set()
    assert counts(session) == before


def test_a_kind_that_is_switched_on_in_october_does_not_open_the_quarters_that_are_over(
    session: Session, vietnam: WorkCalendar
):
    session.execute(delete(Campaign))
    session.execute(delete(Round))
    template = get_kind(session, "club_model_cycle")
    october = datetime(2026, 10, 15, 2, tzinfo=UTC)

    switch_on(session, template, on=october.date(), by=None)
    switch_on(session, template, on=date(2026, 12, 31), by=None)  # once more changes nothing
    open_campaigns(session, now=october + timedelta(days=60), calendar=vietnam, year=2026)

    assert set(session.scalars(select(Round.period).where(Round.template_id == template.id))) == {
        "2026-4"
    }


@pytest.mark.parametrize("key", ["training_course", "happiness_day"])
def test_what_has_no_cut_off_has_no_switch(session: Session, key: str):
    with pytest.raises(ConflictError):
        switch_on(session, get_kind(session, key), on=date(2021, 1, 1), by=None)


def test_kinds_are_the_templates_of_no_observance(session: Session):
    assert {template.key for template in kinds(session)} == {*CHOSEN, *BY_CUT_OFF}
    assert all(isinstance(template, Template) for template in kinds(session))
    with pytest.raises(NotFoundError):
        get_kind(session, "khong_co")


def test_a_report_on_a_year_that_began_before_a_reform_is_asked_of_those_who_exist_when_it_opens(
    session: Session, vietnam: WorkCalendar
):
    session.execute(delete(Campaign))
    session.execute(delete(Round))
    template = get_kind(session, "report_year")
    template.enabled = True

    # 15/12/2024 – 14/12/2025
    open_campaigns(session, now=datetime(2025, 11, 3, 2, tzinfo=UTC), calendar=vietnam, year=2025)

    campaigns = session.scalars(
        select(Campaign).where(Campaign.round.has(Round.template_id == template.id))
    ).all()
    assert len(campaigns) == 97
    assert all(campaign.unit.valid_to is None for campaign in campaigns)
    roles = {item.role_key for campaign in campaigns for item in campaign.items}
    assert "so_ldtbxh" not in roles


def test_two_courses_on_one_day_are_told_apart_by_their_title(
    session: Session, vietnam: WorkCalendar
):
    template = get_kind(session, "training_course")

    def opened(title: str) -> int:
        return open_on(
            session, template, A_DAY_IN_MARCH, by=None, now=NOW, calendar=vietnam, title=title
        ).campaigns

    first, second = opened(""), opened("Tập huấn kỹ năng hoà giải, khoá 1")

    assert first == second > 0
    assert (opened(template.title_vi), opened(" Tập huấn kỹ năng  hoà giải, khoá 1")) == (0, 0)
    names = session.execute(select(Round.period, Round.summary).order_by(Round.period)).all()
    assert names == [
        ("2027-03-10", f"{template.title_vi}, 10/03/2027"),
        ("2027-03-10-2", "Tập huấn kỹ năng hoà giải, khoá 1, 10/03/2027"),
    ]
    with pytest.raises(InvalidInputError):
        opened("x" * 301)


def test_a_course_that_was_moved_is_found_on_its_new_day_and_leaves_its_old_one_free(
    session: Session, vietnam: WorkCalendar
):
    template, new_day = get_kind(session, "training_course"), A_DAY_IN_MARCH + timedelta(days=8)
    open_on(session, template, A_DAY_IN_MARCH, by=None, now=NOW, calendar=vietnam)
    campaign = session.scalars(select(Campaign)).first()
    campaign.round.summary = summary_on(campaign, new_day)
    campaign.round.dtstart, campaign.round.dtend = new_day, Occurrence.of_day(new_day).dtend
    session.flush()

    again = open_on(session, template, new_day, by=None, now=NOW, calendar=vietnam)
    another = open_on(session, template, A_DAY_IN_MARCH, by=None, now=NOW, calendar=vietnam)

    assert (again.campaigns, again.summary) == (0, f"{template.title_vi}, 18/03/2027")
    assert another.campaigns > 0
    assert set(session.execute(select(Round.period, Round.dtstart)).all()) == {
        ("2027-03-10", new_day),
        ("2027-03-10-2", A_DAY_IN_MARCH),
    }


def test_a_course_whose_main_event_was_moved_is_found_on_that_day(
    session: Session, cast: Cast, vietnam: WorkCalendar
):
    template, new_day, now = (
        get_kind(session, "training_course"),
        date(2021, 5, 17),
        datetime(2021, 3, 1, tzinfo=UTC),
    )
    open_on(
        session, template, date(2021, 5, 10), by=None, now=now, calendar=vietnam, title="Tập huấn A"
    )
    top = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()
    move(session, top, NewAnchor(event_date=new_day), vietnam, cast.hoa, now)

    again = open_on(
        session, template, new_day, by=None, now=now, calendar=vietnam, title="Tập huấn A"
    )
    another = open_on(
        session, template, date(2021, 5, 10), by=None, now=now, calendar=vietnam, title="Tập huấn A"
    )

    assert again.campaigns == 0
    assert another.campaigns > 0


def test_a_round_of_a_period_keeps_its_name_wherever_it_begins(
    session: Session, vietnam: WorkCalendar
):
    switch_on(session, get_kind(session, "report_year"), on=date(2021, 1, 1), by=None)
    open_campaigns(session, now=NOW, calendar=vietnam, year=2026)
    report = session.scalars(
        select(Campaign)
        .join(Campaign.round)
        .join(Round.template)
        .where(Template.key == "report_year")
    ).first()

    assert summary_on(report, A_DAY_IN_MARCH) == report.summary


def test_reports_and_quarters_say_their_period_once(session: Session):
    said = {
        key: [found.summary for found in rounds_of(get_kind(session, key), 2026)]
        for key in BY_CUT_OFF
    }

    assert said["report_half_year"] == ["Báo cáo công tác gia đình 6 tháng đầu năm 2026"]
    assert said["report_year"] == ["Báo cáo công tác gia đình năm 2026"]
    assert said["club_model_cycle"][0] == "Theo dõi mô hình, câu lạc bộ gia đình, quý I năm 2026"
    assert (
        said["communication_quarter"][3] == "Truyền thông thường xuyên về gia đình, quý IV năm 2026"
    )
