from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.checklist.evidence import Proof
from events.checklist.history import Stamp, history_of
from events.checklist.states import Completion, complete_item, complete_items
from events.errors import EvidenceMissingError, NotAllowedError
from events.models import Campaign, ChecklistItem, Round, Unit

NOW = datetime(2021, 3, 4, 2, tzinfo=UTC)
PLAN = Proof("doc_ref", text="12/KH-UBND", dated=date(2021, 3, 3))


@pytest.fixture
def plans(session, vietnam, cast):
    """The communes' plans for 20 March 2021, each of which wants its number and day."""
    open_campaigns(session, now=NOW, calendar=vietnam, year=2021)
    query = select(ChecklistItem).join(ChecklistItem.campaign).join(Campaign.unit)
    query = query.where(ChecklistItem.key == "plan_commune", Campaign.round.has(Round.year == 2021))
    return session.scalars(query.order_by((Unit.key != cast.commune.key), Unit.position)).all()[:8]


def test_many_items_are_done_with_as_many_questions_as_two(session, cast, plans, count_queries):
    tick = Completion(Stamp(cast.hoa, NOW), date(2021, 3, 4), [PLAN])

    few = count_queries(lambda: complete_items(session, {plan.id: tick for plan in plans[:2]}))
    many = count_queries(lambda: complete_items(session, {plan.id: tick for plan in plans[2:]}))

    assert many <= few
    assert all(plan.is_done for plan in plans)


def test_many_at_once_leave_what_one_after_the_other_leave(session, cast, plans):
    first, second = plans[:2]
    stamp = Stamp(cast.hoa, NOW)
    complete_item(session, first.id, stamp, proofs=[PLAN])
    complete_items(session, {second.id: Completion(stamp, proofs=[PLAN])})

    alone, together = history_of(session, first), history_of(session, second)
    assert [change.after for change in alone] == [change.after for change in together]
    assert first.sequence == second.sequence == 2


def test_what_one_item_lacks_leaves_all_of_them_open(session, cast, plans):
    stamp = Stamp(cast.hoa, NOW)
    ticks = {plan.id: Completion(stamp, proofs=[PLAN]) for plan in plans}
    ticks[plans[-1].id] = Completion(stamp)

    with pytest.raises(EvidenceMissingError), session.begin_nested():
        complete_items(session, ticks)

    assert all(plan.is_open for plan in plans)


def test_who_may_not_tick_one_of_them_ticks_none(session, cast, plans):
    stranger = next(plan for plan in plans if plan.campaign.unit != cast.commune)
    own = next(plan for plan in plans if plan.campaign.unit == cast.commune)
    tick = Completion(Stamp(cast.thi, NOW), proofs=[PLAN])

    with pytest.raises(NotAllowedError):
        complete_items(session, {own.id: tick, stranger.id: tick})

    assert not history_of(session, own)
