"""What a new installation is shown of the rounds that are open, and of those that come."""

from datetime import UTC, date, datetime, timedelta

import pytest

from events.campaigns.opening import open_campaigns, self_opening
from events.campaigns.rounds import rounds_of
from events.checklist.history import Stamp
from events.checklist.states import decline_item
from events.first_run import begun_rounds, closed_rounds, coming_rounds, committee_proposed
from events.models import Campaign, Round
from events.people.posts import give_post
from events.units.start_lines import begin_to_follow
from events.units.tree import roots

NOW = datetime(2026, 11, 30, 2, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
def running(session, vietnam):
    open_campaigns(session, now=NOW, calendar=vietnam)
    return session


def test_open_rounds_are_listed_the_next_due_first(running):
    found = begun_rounds(running, TODAY, TODAY)

    due = [one.next_due or date.max for one in found]
    assert len(set(due)) > 1
    assert due == sorted(due)


def test_an_item_that_is_closed_is_due_no_more(running, cast):
    [before, *_] = begun_rounds(running, TODAY, TODAY)
    campaign = next(
        one
        for one in running.query(Campaign)
        .join(Campaign.round)
        .filter(Round.summary == before.summary)
        if any(item.due >= TODAY for item in one.items)
    )
    item = next(item for item in campaign.items if item.due >= TODAY)
    give_post(running, cast.hoa, campaign.unit, item.role_key, since=date(2025, 7, 1))
    decline_item(running, item.id, "thiếu kinh phí", Stamp(cast.hoa, NOW))

    after = next(
        one for one in begun_rounds(running, TODAY, TODAY) if one.summary == before.summary
    )
    assert (after.ahead, after.before) == (before.ahead - 1, before.before)


def test_rounds_of_this_year_that_were_over_before_are_named_the_oldest_first(session, vietnam):
    begin_to_follow(session, now=NOW)
    open_campaigns(session, now=NOW, calendar=vietnam)

    closed = closed_rounds(session, TODAY)

    assert closed[0] == "Ngày Quốc tế Hạnh phúc năm 2026"
    assert "Ngày Gia đình Việt Nam năm 2026" in closed
    assert not set(closed) & {one.summary for one in begun_rounds(session, TODAY, TODAY)}
    assert not set(closed) & {one.summary for one in coming_rounds(session, TODAY)}


def test_where_everything_is_followed_no_round_is_left_out(running):
    assert closed_rounds(running, TODAY) == []


def test_a_round_that_opens_today_is_no_longer_to_come(session):
    template = next(one for one in self_opening(session) if list(rounds_of(one, 2027)))
    opens = next(iter(rounds_of(template, 2027))).opens

    coming = [(one.summary, one.opens) for one in coming_rounds(session, opens)]
    the_day_before = [one.opens for one in coming_rounds(session, opens - timedelta(days=1))]

    assert all(day > opens for _summary, day in coming)
    assert opens in the_day_before


def test_the_committee_is_called_after_the_role_at_the_top_and_its_unit(session):
    [top] = roots(session, TODAY)

    assert committee_proposed(session, TODAY).endswith(f" {top.name}")
