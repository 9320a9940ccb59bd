"""The whole installation at one look."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import func, select

from events.campaigns.lifetime import is_closed, rounds_not_closed
from events.campaigns.opening import open_campaigns
from events.models import Campaign, ChecklistItem, Round
from events.models.items import OPEN
from events.progress.overview import overview
from events.replanning.cancelling import cancel_round
from tests.conftest import tick_off

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
TODAY = date(2021, 3, 4)


def opened(session, vietnam):
    open_campaigns(session, now=NOW, calendar=vietnam)
    session.flush()


def items(session):
    return session.scalars(select(ChecklistItem).order_by(ChecklistItem.due, ChecklistItem.id))


def test_an_empty_installation_has_nothing_to_tell_and_no_next_deadline(session):
    seen = overview(session, TODAY)

    assert (seen.open_rounds, seen.progress.expected, seen.silent_units) == (0, 0, 0)
    assert seen.next_deadline is None


def test_the_look_counts_rounds_once_and_all_items_of_all_units(session, vietnam, cast):
    opened(session, vietnam)
    rounds = select(Round.template_id, Round.period)

    seen = overview(session, TODAY)

    assert seen.open_rounds == len(session.execute(rounds).all())
    assert seen.progress.expected == session.scalar(select(func.count(ChecklistItem.id)))


def test_what_is_done_is_no_next_deadline_any_more(session, vietnam, cast):
    opened(session, vietnam)
    first = overview(session, TODAY).next_deadline
    due_first = [item for item in items(session) if item.due == first.day]
    for item in due_first:
        tick_off(item, cast.hoa, NOW, TODAY)
    session.flush()

    seen = overview(session, TODAY)

    assert first.items == len(due_first)
    assert seen.next_deadline.day > first.day
    assert seen.progress.done == len(due_first)


def test_a_round_that_was_called_off_is_counted_nowhere(session, vietnam, cast):
    opened(session, vietnam)
    before = overview(session, TODAY)
    root = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).first()
    theirs = session.scalar(
        select(func.count(ChecklistItem.id))
        .join(ChecklistItem.campaign)
        .where(
            Campaign.round.has(Round.template_id == root.template_id),
            Campaign.round.has(Round.period == root.period),
        )
    )
    cancel_round(session, root, reason="Mở nhầm", by=cast.hoa, now=NOW)
    session.flush()

    seen = overview(session, TODAY)

    assert seen.open_rounds == before.open_rounds - 1
    assert seen.progress.expected == before.progress.expected - theirs


def test_rounds_that_are_not_closed_are_those_of_which_the_rule_says_so(session, vietnam, cast):
    opened(session, vietnam)
    roots = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).all()
    last = session.scalar(select(func.max(ChecklistItem.due)).where(ChecklistItem.status.in_(OPEN)))
    days = [TODAY, date(2021, 12, 31), date(2022, 1, 1), last, last + timedelta(days=1)]

    for day in days:
        found = set(session.scalars(rounds_not_closed(day)))
        by_rule = {r.round_id for r in roots if not is_closed(session, r, day)}
        assert found == by_rule
