"""Rounds that somebody opens: before their time, and after it for reference."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from events.campaigns.ahead import open_year_of
from events.campaigns.births import NEVER
from events.campaigns.opened_late import late_if, number_of
from events.campaigns.opening import open_campaigns
from events.campaigns.other_kinds import get_kind, open_on
from events.documents.register import Paper, add_document, issue_document
from events.errors import ConflictError, InvalidInputError, NotFoundError
from events.models import Campaign, ChecklistItem, DocumentKind, Unit
from events.observances.own import observance_by_key
from events.people.posts import give_post
from events.progress.figures import round_progress
from events.reforms.closed_units import open_in_closed_units
from events.units.start_lines import begin_to_follow

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
TODAY = date(2026, 11, 30)


@pytest.fixture
def happiness_day(session):
    begin_to_follow(session, now=NOW)
    return observance_by_key(session, "intl_happiness_day")


def tops(session):
    return session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).all()


def test_a_round_is_opened_before_its_time_and_the_clock_then_opens_nothing(
    session, vietnam, happiness_day
):
    [opened] = open_year_of(session, happiness_day, 2027, by=None, now=NOW, calendar=vietnam)

    assert (opened.year, opened.campaigns) == (2027, 97)
    assert not any(item.for_reference for item in session.scalars(select(ChecklistItem)))
    later = datetime(2027, 2, 1, 2, tzinfo=UTC)
    keys = [one.observance for one in open_campaigns(session, now=later, calendar=vietnam)]
    assert "intl_happiness_day" not in keys
    assert open_year_of(session, happiness_day, 2027, by=None, now=later, calendar=vietnam) == []


def test_the_plan_that_everything_began_with_can_be_entered(session, vietnam, cast, happiness_day):
    here = session.scalars(select(Unit).where(Unit.parent_id.is_(None), Unit.on(TODAY))).one()
    give_post(session, cast.hoa, here, "so_vhttdl", since=date(2025, 7, 1))
    who = {"by": cast.hoa, "now": NOW}

    open_year_of(session, happiness_day, 2021, by=None, now=NOW, calendar=vietnam)

    [top] = tops(session)
    [plan] = (item for item in top.items if item.key == "plan_province")
    paper = Paper(DocumentKind.PLAN, "Kế hoạch năm 2021", "10/KH-BCĐ", date(2021, 1, 19))
    document = add_document(session, top, paper, item=plan, **who)
    issue_document(session, document, date(2021, 1, 19), **who)
    assert (document.number, document.issued) == ("10/KH-BCĐ", date(2021, 1, 19))
    assert top.for_reference


def test_what_is_over_is_opened_for_reference_and_owed_by_nobody(session, vietnam, happiness_day):
    open_year_of(session, happiness_day, 2026, by=None, now=NOW, calendar=vietnam)

    [progress] = round_progress(session, TODAY).values()
    assert (progress.expected, progress.overdue) == (0, 0)
    assert progress.for_reference > 0
    assert set(session.scalars(select(ChecklistItem.followed_from))) == {NEVER}


def test_what_was_opened_for_reference_stays_with_the_units_of_its_time(
    session, vietnam, happiness_day
):
    open_year_of(session, happiness_day, 2025, by=None, now=NOW, calendar=vietnam)

    assert open_in_closed_units(session, TODAY) == []


def test_an_observance_that_is_not_kept_or_has_no_checklist_is_not_opened(session, vietnam):
    how = {"now": NOW, "calendar": vietnam}
    without = next(
        one
        for one in session.scalars(select(type(observance_by_key(session, "intl_happiness_day"))))
        if not one.enabled
    )
    with pytest.raises(ConflictError):
        open_year_of(session, without, 2027, by=None, **how)

    without.enabled = True
    with pytest.raises(ConflictError):
        open_year_of(session, without, 2027, by=None, **how)


def test_nothing_is_opened_years_ahead_or_before_a_day_was_first_kept(
    session, vietnam, happiness_day
):
    how = {"now": NOW, "calendar": vietnam}
    with pytest.raises(InvalidInputError):
        open_year_of(session, happiness_day, 2029, by=None, **how)
    with pytest.raises(NotFoundError):
        open_year_of(session, happiness_day, (happiness_day.first_year or 1) - 1, by=None, **how)


def test_what_would_be_opened_late_is_told_before_and_nothing_stays_of_it(
    session, vietnam, happiness_day
):
    kind = get_kind(session, "training_course")

    def act():
        open_on(session, kind, date(2026, 12, 3), by=None, now=NOW, calendar=vietnam)

    late = late_if(session, act)

    assert tops(session) == []
    act()
    born = [item for top in tops(session) for item in top.items]
    told = {(one.summary, one.due) for one in late}
    assert told
    assert number_of(late) >= len(told)
    assert all(one.was < TODAY <= one.due for one in late)
    assert told >= {(i.summary, i.due) for i in born if i.nominal_due < TODAY}


def test_what_is_opened_in_time_needs_no_telling(session, vietnam, happiness_day):
    late = late_if(
        session,
        lambda: open_year_of(session, happiness_day, 2027, by=None, now=NOW, calendar=vietnam),
    )

    assert late == []
