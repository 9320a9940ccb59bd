from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, select, update
from sqlalchemy.orm import Session

from events.activities.planned import Plan, add_activity
from events.calendars.feeds import find_feed, render
from events.campaigns.opening import open_campaigns, open_round
from events.campaigns.other_kinds import get_kind, open_on
from events.campaigns.rounds import rounds_of
from events.checklist.history import Stamp, history_of, not_undone
from events.checklist.integration import credit_item, stand_in
from events.checklist.states import excuse_item, reopen_item, start_item
from events.days.workdays import WorkCalendar
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.localtime import VIETNAM, local_day
from events.models import (
    Campaign,
    CampaignStatus,
    ChecklistItem,
    ItemState,
    Round,
    Template,
    TodoStatus,
)
from events.progress.as_of import AsOf
from events.progress.figures import Progress, own_progress
from events.replanning.cancelling import Extent, cancel_round, extent_of, reopen_round
from tests.conftest import Cast, tick_off

NOW = datetime(2021, 3, 1, 2, tzinfo=UTC)
A_MINUTE = timedelta(minutes=1)
WHY = "Mở nhầm, năm nay lồng ghép vào Tháng 6"


@pytest.fixture
def root(session: Session, cast: Cast, vietnam: WorkCalendar) -> Campaign:
    template = session.scalars(select(Template).where(Template.key == "happiness_day")).one()
    [found] = rounds_of(template, 2021)
    open_round(session, found, now=NOW, calendar=vietnam)
    return session.scalars(select(Campaign).where(Campaign.unit_id == cast.province.id)).one()


def states(session: Session) -> set[tuple]:
    found = session.scalars(select(Campaign))
    return {(one.status, one.round.cancelled, one.changes) for one in found}


def test_a_round_is_cancelled_in_all_units_with_who_and_why(
    session: Session, cast: Cast, root: Campaign
):
    tick_off(root.items[0], cast.hoa, NOW, NOW.date())
    session.flush()
    extent = extent_of(session, root)

    reached = [
        cancel_round(session, root, f" {WHY}\n", by=cast.hoa, now=NOW + n * A_MINUTE)
        for n in range(2)
    ]

    assert extent.campaigns == reached[0] > 100
    assert extent.closed == 1
    assert reached[1] == 0
    assert states(session) == {(CampaignStatus.CANCELLED, NOW, 1)}
    assert root.round.cancellations == [
        {"at": NOW.isoformat(), "by": cast.hoa.full_name, "reason": WHY}
    ]


def test_nobody_is_reminded_progress_leaves_it_out_and_calendars_show_it_cancelled(
    session: Session, cast: Cast, root: Campaign
):
    before = own_progress(session, NOW.date(), Campaign.unit_id == cast.commune.id)
    cancel_round(session, root, WHY, by=cast.hoa, now=NOW)

    assert before[cast.commune.id].expected > 0
    assert (
        own_progress(session, NOW.date(), Campaign.unit_id == cast.commune.id)
        .get(cast.commune.id, Progress())
        .expected
        == 0
    )
    feed = find_feed(session, cast.commune.slug, NOW.date(), "https://lich.example.org")
    assert "SUMMARY:[HUỶ] Ngày Quốc tế Hạnh phúc năm 2021" in render(session, feed).decode()


def test_a_cancelled_round_does_not_open_again_by_itself(
    session: Session, cast: Cast, vietnam: WorkCalendar, root: Campaign
):
    gone = session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()
    session.execute(delete(ChecklistItem).where(ChecklistItem.campaign_id == gone.id))
    session.delete(gone)
    cancel_round(session, root, WHY, by=cast.hoa, now=NOW)

    opened = open_campaigns(session, now=NOW + A_MINUTE, calendar=vietnam, year=2021)

    assert opened == []
    assert {status for status, *_ in states(session)} == {CampaignStatus.CANCELLED}


def test_a_round_is_opened_again_as_it_was(session: Session, cast: Cast, root: Campaign):
    lone = session.scalars(select(Campaign).where(Campaign.unit_id == cast.other_commune.id)).one()
    cancel_round(session, root, WHY, by=cast.hoa, now=NOW)
    extent = extent_of(session, root)

    assert reopen_round(session, root, by=cast.hoa, now=NOW + A_MINUTE) == extent.campaigns
    assert reopen_round(session, root, by=cast.hoa, now=NOW + A_MINUTE) == 0

    assert states(session) == {(CampaignStatus.CONFIRMED, None, 2)}
    assert [told["reason"] for told in root.round.cancellations] == [WHY, None]
    assert lone.status is CampaignStatus.CONFIRMED


def test_figures_of_the_days_on_which_a_round_was_cancelled_stay_whatever_becomes_of_it(
    session: Session, cast: Cast, root: Campaign
):
    days = [NOW + timedelta(days=number) for number in range(5)]
    acts = [
        lambda **who: cancel_round(session, root, WHY, **who),
        lambda **who: reopen_round(session, root, **who),
    ]
    figures = {}
    for number, day in enumerate(days):
        acts[number % 2](by=cast.hoa, now=day)
        today = local_day(day, VIETNAM)
        figures[today] = own_progress(session, today, Campaign.unit_id == cast.commune.id)

    assert [bool(found) for found in figures.values()] == [False, True, False, True, False]
    for day, found in figures.items():
        assert own_progress(session, AsOf(day), Campaign.unit_id == cast.commune.id) == found


def test_only_a_post_at_the_top_cancels_with_a_reason_and_in_an_open_year(
    session: Session, cast: Cast, root: Campaign
):
    commune = session.scalars(select(Campaign).where(Campaign.unit_id == cast.commune.id)).one()

    for by, campaign, why, now, error in (
        (cast.thi, root, WHY, NOW, NotAllowedError),
        (cast.hoa, root, "  ", NOW, InvalidInputError),
        (cast.hoa, root, "x" * 501, NOW, InvalidInputError),
        (cast.hoa, commune, WHY, NOW, ConflictError),
        (cast.hoa, root, WHY, NOW.replace(year=2022), ConflictError),
    ):
        with pytest.raises(error):
            cancel_round(session, campaign, why, by=by, now=now)
    assert states(session) == {(CampaignStatus.CONFIRMED, None, 0)}


def test_a_course_is_opened_anew_on_the_day_of_a_cancelled_one(
    session: Session, cast: Cast, vietnam: WorkCalendar
):
    template, day = get_kind(session, "training_course"), NOW.date() + timedelta(days=60)
    first = open_on(session, template, day, by=None, now=NOW, calendar=vietnam)
    root = session.scalars(
        select(Campaign).where(
            Campaign.unit_id == cast.province.id, Campaign.round.has(Round.period == first.period)
        )
    ).one()
    cancel_round(session, root, WHY, by=cast.hoa, now=NOW)

    again = open_on(session, template, day, by=None, now=NOW, calendar=vietnam)

    assert (again.campaigns, again.period) == (first.campaigns, f"{first.period}-2")


def test_the_number_of_statements_does_not_depend_on_the_number_of_units(
    session: Session, cast: Cast, root: Campaign
):
    seen: list[str] = []
    event.listen(
        session.connection(),
        "before_cursor_execute",
        lambda _c, _cur, statement, *_rest: seen.append(statement),
    )

    def statements() -> int:
        session.refresh(root)
        seen.clear()
        cancel_round(session, root, WHY, by=cast.hoa, now=NOW)
        return len(seen)

    statements()  # loads what both read
    reopen_round(session, root, by=cast.hoa, now=NOW)
    many = statements()
    reopen_round(session, root, by=cast.hoa, now=NOW)
    below = select(Campaign.id).where(Campaign.id != root.id)
    session.execute(delete(ChecklistItem).where(ChecklistItem.campaign_id.in_(below)))
    session.execute(update(Campaign).values(parent_id=None))
    session.execute(delete(Campaign).where(Campaign.id != root.id))

    assert statements() == many
    assert extent_of(session, root) == Extent(1, len(root.items), 0)


def items_of(session: Session, key: str, template_key: str) -> dict[int, ChecklistItem]:
    """Return the items of a key in all units, by unit."""
    query = select(ChecklistItem).join(ChecklistItem.campaign).where(ChecklistItem.key == key)
    found = session.scalars(
        query.where(Campaign.round.has(Round.template.has(Template.key == template_key)))
    )
    return {item.campaign.unit_id: item for item in found}


def test_work_that_a_cancelled_round_did_for_another_one_is_open_there_again(
    session: Session, cast: Cast, vietnam: WorkCalendar
):
    open_campaigns(session, now=NOW.replace(month=10), calendar=vietnam, year=2021)
    plans, others = (
        items_of(session, "plan_commune", key) for key in ("gender_action_month", "evaw_day")
    )
    here, there = cast.commune.id, cast.other_commune.id
    start_item(session, others[here].id, Stamp(cast.thi, NOW))
    for unit_id in (here, there):
        credit_item(
            session,
            plans[unit_id].id,
            others[unit_id].campaign,
            covers_id=others[unit_id].id,
            by=cast.hoa,
            now=NOW,
        )
    reopen_item(session, others[there].id, Stamp(cast.hoa, NOW))
    excuse_item(session, others[there].id, "Theo kế hoạch năm", Stamp(cast.hoa, NOW))
    month = plans[here].campaign
    while month.parent is not None:
        month = month.parent

    cancel_round(session, month, WHY, by=cast.hoa, now=NOW)

    assert others[here].state is ItemState.IN_PROGRESS
    assert others[there].reason == "Theo kế hoạch năm"
    assert not_undone(history_of(session, others[here]))[0].after["status"] == TodoStatus.IN_PROCESS


def test_a_round_that_is_opened_again_does_its_work_for_other_rounds_again(
    session: Session, cast: Cast, vietnam: WorkCalendar
):
    open_campaigns(session, now=NOW.replace(month=10), calendar=vietnam, year=2021)
    plans, others = (
        items_of(session, "plan_commune", key) for key in ("gender_action_month", "evaw_day")
    )
    here, there = cast.commune.id, cast.other_commune.id
    for unit_id in (here, there):
        credit_item(
            session,
            plans[unit_id].id,
            others[unit_id].campaign,
            covers_id=others[unit_id].id,
            by=cast.hoa,
            now=NOW,
        )
    month = plans[here].campaign
    while month.parent is not None:
        month = month.parent
    cancel_round(session, month, WHY, by=cast.hoa, now=NOW)
    start_item(session, others[there].id, Stamp(cast.hoa, NOW + A_MINUTE))

    reopen_round(session, month, by=cast.hoa, now=NOW + 2 * A_MINUTE)

    assert stand_in(session, others[here]) is plans[here]
    assert others[there].state is ItemState.IN_PROGRESS


def test_calendars_learn_that_an_activity_fell_with_its_round(
    session: Session, cast: Cast, root: Campaign
):
    start = datetime(2021, 3, 19, 1, tzinfo=UTC)
    launch = add_activity(
        session, root, Plan("Lễ", start, start + timedelta(hours=2)), by=cast.hoa, now=NOW
    )

    cancel_round(session, root, WHY, by=cast.hoa, now=NOW + A_MINUTE)

    assert (launch.is_cancelled, launch.sequence, launch.last_modified) == (True, 1, NOW + A_MINUTE)
