from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from events.campaigns.opening import open_campaigns
from events.checklist.closing_words import closing_of, why_closed
from events.checklist.history import Stamp, history_of
from events.checklist.integration import (
    candidates,
    coverable,
    credit_item,
    credited_to,
    integrated_in,
    remove_credit,
    stand_in,
)
from events.checklist.states import (
    block_item,
    complete_item,
    decline_item,
    excuse_item,
    reopen_item,
    start_item,
)
from events.checklist.story import story_of
from events.checklist.undo import last_change, undo_change
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.localtime import VIETNAM, local_day
from events.models import Campaign, CampaignStatus, ItemState, Round, Template
from events.people.persons import add_person
from events.people.posts import give_post
from events.progress.figures import own_progress
from events.replanning import anchors, new_version
from events.replanning.anchors import NewAnchor
from events.templates import editing
from events.units.tree import get_unit
from tests.events.replanning.test_anchors import move

PROVINCES = {2021: "62", 2026: "tinh-quang-ngai-2025"}


@pytest.fixture(params=[2021, 2026])
def year(request):
    return request.param


@pytest.fixture
def now(year):
    return datetime(year, 11, 1, 2, tzinfo=UTC)


@pytest.fixture
def officer(session, year):
    person = add_person(session, "Cán bộ tỉnh", "tinh@example.org")
    give_post(session, person, get_unit(session, PROVINCES[year]), "so_vhttdl")
    session.flush()
    return person


@pytest.fixture
def campaign(session, vietnam, year, now):
    """A campaign of the province by its template, as the catalogue has it in that year."""
    open_campaigns(session, now=now, calendar=vietnam, year=year)
    unit = get_unit(session, PROVINCES[year])

    def of(key):
        return session.scalars(
            select(Campaign).where(
                Campaign.unit_id == unit.id,
                Campaign.round.has(Round.template.has(Template.key == key)),
            )
        ).one()

    return of


def test_25_november_lives_inside_the_action_month(campaign):
    assert campaign("evaw_day").outer is campaign("gender_action_month")


def test_an_item_counts_for_another_campaign_without_being_done_twice(
    session, campaign, officer, now, year
):
    inner, outer = campaign("evaw_day"), campaign("gender_action_month")
    item = inner.items[0]
    item.evidence_min = 0
    before = own_progress(session, local_day(now, VIETNAM), Campaign.round.has(Round.year == year))[
        inner.unit_id
    ]

    for _ in range(2):
        credit_item(session, item.id, outer, by=officer, now=now)
    complete_item(session, item.id, Stamp(officer, now))
    session.flush()

    assert integrated_in(session, [inner.id, outer.id]) == {outer.id: [item]}
    assert credited_to(session, item) == [outer]
    after = own_progress(session, local_day(now, VIETNAM), Campaign.round.has(Round.year == year))[
        inner.unit_id
    ]
    assert (after.expected, after.done) == (before.expected, before.done + 1)
    assert [change.after.get("credit") for change in history_of(session, item)] == [
        None,
        outer.summary,
    ]


def keys(campaigns):
    return [campaign.template.key for campaign in campaigns]


def test_the_campaign_around_an_item_is_offered_first_and_none_that_was_long_over(
    session, campaign, officer
):
    item = campaign("evaw_day").items[0]
    over = {"happiness_day", "vn_family_day", "dv_action_month"}

    assert keys(candidates(session, item))[0] == "gender_action_month"
    assert not over & set(keys(candidates(session, item)))
    assert keys(candidates(session, campaign("gender_action_month").items[0]))[0] == "evaw_day"


def test_campaigns_of_the_same_days_are_offered_before_the_nearest_others(session, campaign):
    item = campaign("happiness_day").items[0]
    same_days, later = campaign("vn_family_day"), campaign("evaw_day")
    same_days.round.dtstart, same_days.round.dtend = (
        item.campaign.dtstart - timedelta(days=2),
        item.campaign.dtend,
    )
    session.flush()

    offered = keys(candidates(session, item))

    assert offered[0] == "vn_family_day"
    assert offered.index("gender_action_month") < offered.index(later.template.key)


def test_a_campaign_that_is_over_is_offered_where_it_lately_left_the_same_work_open(
    session, campaign, officer, now
):
    late, own = campaign("vn_family_day"), campaign("evaw_day")
    over = own.dtstart - timedelta(days=30)
    late.round.dtstart, late.round.dtend = over - timedelta(days=1), over
    session.flush()
    left, item = next((a, b) for a in late.items for b in own.items if a.key == b.key)
    assert late in candidates(session, item)

    excuse_item(session, left.id, "Không cần làm", Stamp(officer, now))

    assert late not in candidates(session, item)


def test_a_credit_is_taken_back(session, campaign, officer, now):
    inner, outer = campaign("evaw_day"), campaign("gender_action_month")
    credit_item(session, inner.items[0].id, outer, by=officer, now=now)
    assert outer not in candidates(session, inner.items[0])

    for _ in range(2):
        remove_credit(session, inner.items[0].id, outer, by=officer, now=now)

    assert not credited_to(session, inner.items[0])
    assert outer in candidates(session, inner.items[0])
    assert len(history_of(session, inner.items[0])) == 2


def test_an_item_counts_only_for_other_running_campaigns_of_its_unit(
    session, campaign, officer, now
):
    inner, outer = campaign("evaw_day"), campaign("gender_action_month")
    elsewhere = session.scalars(select(Campaign).where(Campaign.parent_id == outer.id)).first()

    for other in (inner, elsewhere):
        with pytest.raises(InvalidInputError):
            credit_item(session, inner.items[0].id, other, by=officer, now=now)
    outer.round.status = CampaignStatus.CANCELLED
    with pytest.raises(ConflictError):
        credit_item(session, inner.items[0].id, outer, by=officer, now=now)


def test_only_the_units_people_integrate_its_work(session, campaign, now):
    stranger = add_person(session, "Người lạ", "la@example.org")
    session.flush()

    with pytest.raises(NotAllowedError):
        credit_item(
            session,
            campaign("evaw_day").items[0].id,
            campaign("gender_action_month"),
            by=stranger,
            now=now,
        )


@pytest.fixture
def kits(campaign):
    """The message kit of the month and the one of 25/11, which are the same work."""
    return tuple(
        next(item for item in campaign(key).items if item.key == "message_kit")
        for key in ("gender_action_month", "evaw_day")
    )


def of_campaign(session, item, now):
    return own_progress(session, local_day(now, VIETNAM), Campaign.id == item.campaign_id)[
        item.campaign.unit_id
    ]


def test_one_piece_of_work_for_both_campaigns_is_done_and_counted_once(session, kits, officer, now):
    first, second = kits
    first.evidence_min = 0
    before = [of_campaign(session, item, now) for item in kits]

    for _ in range(2):
        credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    complete_item(session, first.id, Stamp(officer, now))

    assert (second.state, why_closed(closing_of(second), "vi")) == (
        ItemState.NOT_REQUIRED,
        f"Lồng ghép: làm chung với “{first.summary}”",
    )
    assert stand_in(session, second) is first
    after = [of_campaign(session, item, now) for item in kits]
    assert [progress.done for progress in after] == [before[0].done + 1, before[1].done]
    assert [progress.expected for progress in after] == [before[0].expected, before[1].expected - 1]
    assert [len(history_of(session, item)) for item in kits] == [2, 1]


def test_the_second_item_is_open_again_as_it_was_when_the_credit_is_removed(
    session, kits, officer, now
):
    first, second = kits
    block_item(session, second.id, "Chờ kinh phí", Stamp(officer, now))
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)

    remove_credit(session, first.id, second.campaign, by=officer, now=now)

    assert (second.state, second.blocked) == (ItemState.BLOCKED, "Chờ kinh phí")
    assert stand_in(session, second) is None


def test_an_item_stands_for_another_one_instead_when_that_is_chosen_later(
    session, kits, officer, now
):
    first, second = kits
    third = next(item for item in second.campaign.items if item.is_open and item is not second)
    credit_item(session, first.id, second.campaign, by=officer, now=now)
    assert second.is_open

    for covered in (second, third):
        credit_item(session, first.id, second.campaign, covers_id=covered.id, by=officer, now=now)

    assert (second.is_open, third.is_open) == (True, False)
    assert len(credited_to(session, first)) == 1


def test_what_people_closed_themselves_is_left_alone(session, kits, officer, now):
    first, second = kits
    decline_item(session, second.id, "Không ban hành riêng", Stamp(officer, now))

    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    remove_credit(session, first.id, second.campaign, by=officer, now=now)
    assert (second.state, second.reason) == (ItemState.NOT_DONE, "Không ban hành riêng")

    reopen_item(session, second.id, Stamp(officer, now))
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    reopen_item(session, second.id, Stamp(officer, now))
    excuse_item(session, second.id, "Theo kế hoạch năm", Stamp(officer, now))
    remove_credit(session, first.id, second.campaign, by=officer, now=now)
    assert second.reason == "Theo kế hoạch năm"


def test_two_items_cannot_stand_for_each_other_nor_for_one_elsewhere(session, kits, officer, now):
    first, second = kits
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)

    with pytest.raises(ConflictError):
        credit_item(session, second.id, first.campaign, covers_id=first.id, by=officer, now=now)
    with pytest.raises(InvalidInputError):
        credit_item(
            session,
            first.id,
            second.campaign,
            covers_id=first.campaign.items[1].id,
            by=officer,
            now=now,
        )


def test_what_is_optional_does_not_stand_for_what_is_required(session, kits, officer, now):
    first, second = kits
    first.required = False

    with pytest.raises(ConflictError, match="is optional"):
        credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    assert second not in coverable(session, first, [second.campaign])[second.campaign_id]
    assert second.state is ItemState.NOT_STARTED


def test_what_an_item_may_stand_for_is_open_and_the_same_work_comes_first(
    session, kits, officer, now
):
    first, second = kits
    decline_item(
        session,
        next(item for item in second.campaign.items if item is not second).id,
        "x",
        Stamp(officer, now),
    )

    found = coverable(session, first, [second.campaign])[second.campaign_id]

    assert found[0] is second
    assert all(item.is_open for item in found)


@pytest.mark.parametrize("close", [decline_item, excuse_item])
def test_what_an_item_stood_for_is_asked_for_again_when_that_one_is_given_up(
    session, kits, officer, now, close
):
    first, second = kits
    before = of_campaign(session, second, now).expected
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)

    close(session, first.id, "hết kinh phí", Stamp(officer, now))

    assert second.state is ItemState.NOT_STARTED
    assert of_campaign(session, second, now).expected == before
    assert story_of(history_of(session, second)[0], "en").startswith(
        f"open again, since “{first.summary}” stands for it no longer"
    )
    assert last_change(history_of(session, second)) is None
    undo_change(session, first.id, history_of(session, first)[0].id, Stamp(officer, now))
    assert stand_in(session, second) is first


def test_what_somebody_went_on_with_is_not_closed_again_by_the_item_that_stood_for_it(
    session, kits, officer, now
):
    first, second = kits
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    decline_item(session, first.id, "hết kinh phí", Stamp(officer, now))
    start_item(session, second.id, Stamp(officer, now))

    reopen_item(session, first.id, Stamp(officer, now))

    assert second.state is ItemState.IN_PROGRESS


def test_what_somebody_took_up_himself_stays_as_it_is_when_the_item_that_stood_for_it_is_given_up(
    session, kits, officer, now
):
    first, second = kits
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    reopen_item(session, second.id, Stamp(officer, now))
    start_item(session, second.id, Stamp(officer, now))

    decline_item(session, first.id, "hết kinh phí", Stamp(officer, now))

    assert second.state is ItemState.IN_PROGRESS


def test_an_undo_does_not_close_what_nothing_stands_for_any_more(session, kits, officer, now):
    first, second = kits
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    reopen_item(session, second.id, Stamp(officer, now))
    decline_item(session, first.id, "hết kinh phí", Stamp(officer, now))

    with pytest.raises(ConflictError, match="was changed since"):
        undo_change(session, second.id, history_of(session, second)[0].id, Stamp(officer, now))

    assert second.is_open


def test_items_do_not_stand_for_each_other_in_a_chain(session, campaign, kits, officer, now):
    first, second = kits
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    third = next(item for item in second.campaign.items if item.is_open and item.required)

    with pytest.raises(ConflictError, match="stands for another item itself"):
        credit_item(session, third.id, first.campaign, covers_id=first.id, by=officer, now=now)
    with pytest.raises(ConflictError, match="without being done"):
        credit_item(
            session,
            second.id,
            first.campaign,
            covers_id=first.campaign.items[0].id,
            by=officer,
            now=now,
        )

    assert first.is_open
    assert first not in coverable(session, third, [first.campaign])[first.campaign_id]


def test_what_stood_for_nothing_any_more_takes_the_date_that_it_would_have_by_now(
    session, kits, officer, now, vietnam
):
    first, second = kits
    stood = second.due
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    move(
        session,
        second.campaign,
        NewAnchor(event_date=second.campaign.dtstart + timedelta(days=20)),
        vietnam,
        officer,
        now,
    )
    assert second.due == stood

    remove_credit(session, first.id, second.campaign, by=officer, now=now)

    assert second.due > stood
    assert anchors.preview(session, second.campaign, NewAnchor(), vietnam, now=now).is_empty


def test_what_a_version_took_away_meanwhile_is_not_asked_for_when_its_credit_is_removed(
    session, kits, officer, now, vietnam
):
    first, second = kits
    credit_item(session, first.id, second.campaign, covers_id=second.id, by=officer, now=now)
    round_, template = second.campaign, second.campaign.template
    entries = [
        editing.item_entry(item) for item in template.current.items if item.key != second.key
    ]
    rest = [
        entry.model_copy(
            update={"depends_on": [key for key in entry.depends_on if key != second.key]}
        )
        for entry in entries
    ]
    old, version = (
        template.current,
        editing.edit_template(session, template, rest, by=officer, now=now),
    )

    def apply(chosen):
        seen = new_version.compare(session, round_, chosen, calendar=vietnam, now=now)
        mark = seen.fingerprint
        new_version.apply_version(
            session,
            round_,
            chosen,
            expected_fingerprint=mark,
            by=officer,
            now=now,
            calendar=vietnam,
        )

    apply(version)
    remove_credit(session, first.id, round_, by=officer, now=now)

    assert (second.state, why_closed(closing_of(second), "vi")) == (
        ItemState.NOT_REQUIRED,
        f"Không còn trong mẫu (phiên bản {version.number})",
    )
    assert new_version.compare(session, round_, version, calendar=vietnam, now=now).is_empty
    apply(old)
    assert second.is_open
