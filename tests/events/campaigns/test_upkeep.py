"""What administrators are told to see to."""

from datetime import UTC, datetime

from sqlalchemy import select

from events.campaigns.missed import missed_rounds
from events.campaigns.opening import open_campaigns
from events.campaigns.upkeep import what_to_see_to
from events.models import Campaign, DecidedYear, Round
from events.working_calendar import work_calendar

IN_SEPTEMBER = datetime(2026, 9, 30, 2, tzinfo=UTC)
IN_OCTOBER = datetime(2026, 10, 1, 2, tzinfo=UTC)


def told(session, now):
    return [str(one) for one in what_to_see_to(session, now=now)]


def test_from_october_a_year_without_a_decision_is_said(session):
    assert told(session, IN_SEPTEMBER) == []

    [said] = told(session, IN_OCTOBER)
    assert "2027" in said

    session.add(DecidedYear(year=2027, catalog_base={}))
    assert told(session, IN_OCTOBER) == []


def test_a_decision_that_only_people_know_makes_the_catalogue_old(session):
    session.add(DecidedYear(year=2027))

    [said] = told(session, IN_OCTOBER)

    assert "catalogue is older than the decision for 2027" in said


def test_rounds_that_came_and_went_while_the_clock_stood_still_are_named(session):
    open_campaigns(
        session, now=datetime(2025, 1, 10, tzinfo=UTC), calendar=work_calendar(session), year=2025
    )
    stood_still = select(Campaign.id).where(Campaign.round.has(Round.year == 2025))
    assert session.scalars(stood_still).first()

    missed = missed_rounds(session, now=datetime(2027, 1, 10, tzinfo=UTC))

    assert "Ngày Gia đình Việt Nam năm 2026" in [one.summary for one in missed]
    assert all(one.year == 2026 for one in missed)
    assert "Ngày Quốc tế Hạnh phúc năm 2026" in " ".join(
        told(session, datetime(2027, 1, 10, tzinfo=UTC))
    )


def test_nothing_was_missed_before_the_first_campaign_was_opened(session):
    assert missed_rounds(session, now=datetime(2027, 1, 10, tzinfo=UTC)) == []
