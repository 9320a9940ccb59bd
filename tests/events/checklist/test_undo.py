from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from events.checklist.delegating import delegate_item
from events.checklist.dividing import split_item
from events.checklist.editing import Edit, edit_item, follow_template
from events.checklist.evidence import Proof, add_evidence, remove_evidence
from events.checklist.history import Stamp, history_of, state_of
from events.checklist.integration import credit_item, credited_to, remove_credit, stand_in
from events.checklist.states import complete_item, reopen_item, start_item
from events.checklist.undo import last_change, undo_change
from events.errors import ConflictError, NotAllowedError
from events.models import Campaign, Round
from events.people.persons import add_person
from events.people.posts import give_post
from events.reforms.villages import add_village
from events.replanning import anchors
from tests.events.replanning.test_anchors import open_template

NOW = datetime(2021, 2, 22, 2, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
A_DAY = timedelta(days=1)
A_LETTER = Proof("doc_ref", text="12/KH-UBND", dated=date(2021, 2, 20))


@pytest.fixture
def happiness(session, vietnam, cast):
    """The commune's campaign for 20 March 2021."""
    return open_round_of(session, vietnam, "happiness_day", cast.commune)


@pytest.fixture
def plan(happiness):
    return item_of(happiness, "plan_commune")


@pytest.fixture
def banners(happiness):
    """An item of the commune that runs over some days."""
    return item_of(happiness, "banners")


@pytest.fixture
def village(session, cast, happiness, vietnam):
    return add_village(session, cast.commune, "thon", "1", by=cast.thi, now=NOW, calendar=vietnam)


@pytest.fixture
def who(cast):
    return {"by": cast.thi, "now": NOW}


@pytest.fixture
def undo(session, cast):
    def take_back(item, by=cast.thi, change=None):
        change = change or last_change(history_of(session, item))
        return undo_change(session, item.id, change.id, Stamp(by, LATER))

    return take_back


def open_round_of(session, vietnam, key, unit):
    root = open_template(session, vietnam, key, 2021, now=NOW)
    return session.scalars(
        select(Campaign).where(
            Campaign.unit_id == unit.id, Campaign.round.has(Round.template_id == root.template_id)
        )
    ).one()


def item_of(campaign, key):
    return next(item for item in campaign.items if item.key == key)


def edited(item, **changes):
    return Edit(
        **{"summary": item.summary, "due": item.due, "role": item.role_key, "dtstart": item.dtstart}
        | changes
    )


def move_the_event(session, cast, vietnam, day):
    root = session.scalars(select(Campaign).where(Campaign.parent_id.is_(None))).one()
    change = anchors.NewAnchor(event_date=day)
    shown = anchors.preview(session, root, change, vietnam, now=NOW)
    anchors.apply(
        session,
        root,
        change,
        expected_fingerprint=shown.fingerprint,
        by=cast.hoa,
        now=NOW,
        calendar=vietnam,
    )
    session.expire_all()


def test_evidence_that_was_given_is_taken_back_and_the_state_is_left_alone(
    session, plan, who, undo
):
    start_item(session, plan.id, Stamp(**who))
    add_evidence(session, plan.id, A_LETTER, Stamp(**who))
    before = state_of(plan)

    undo(plan)

    assert (plan.evidence_given, state_of(plan)) == ([], before)
    undo(plan)
    assert last_change(history_of(session, plan)) is None


def test_evidence_that_was_taken_away_comes_back_as_it_was(session, cast, plan, who, undo):
    piece = add_evidence(session, plan.id, A_LETTER, Stamp(**who))
    session.flush()
    remove_evidence(session, piece.id, Stamp(cast.hoa, LATER))

    undo(plan, by=cast.hoa)

    [again] = plan.evidence_given
    assert (again.text, again.dated, again.at, again.by) == (
        "12/KH-UBND",
        date(2021, 2, 20),
        NOW,
        cast.thi,
    )
    undo(plan)
    assert plan.evidence_given == []


def test_a_delegation_is_taken_back_to_who_did_it_before(session, plan, village, who, undo):
    delegate_item(session, plan.id, village.id, role="truong_thon", **who)
    delegate_item(session, plan.id, None, **who)

    undo(plan)
    assert (plan.delegate_unit, plan.delegate_role_key) == (village, "truong_thon")
    undo(plan)
    assert (plan.delegate_unit, plan.delegate_role_key) == (None, None)


def test_a_credit_is_taken_back(session, cast, plan, vietnam, who, undo):
    other = open_round_of(session, vietnam, "vn_family_day", cast.commune)
    credit_item(session, plan.id, other, **who)

    undo(plan)

    assert credited_to(session, plan) == []
    assert last_change(history_of(session, plan)) is None


def test_a_credit_that_was_removed_comes_back_with_what_it_stood_for(
    session, cast, plan, vietnam, who, undo
):
    other = open_round_of(session, vietnam, "vn_family_day", cast.commune)
    twin = next(item for item in other.items if item.required and item.is_open)
    credit_item(session, plan.id, other, covers_id=twin.id, **who)
    remove_credit(session, plan.id, other, **who)
    assert twin.is_open

    undo(plan)

    assert credited_to(session, plan) == [other]
    assert stand_in(session, twin) is plan
    undo(plan)
    assert (credited_to(session, plan), twin.is_open) == ([], True)


def test_what_was_opened_by_mistake_is_done_again_on_the_day_it_was_done(session, plan, who, undo):
    add_evidence(session, plan.id, A_LETTER, Stamp(**who))
    complete_item(session, plan.id, Stamp(**who))
    done = state_of(plan)
    reopen_item(session, plan.id, Stamp(who["by"], NOW + 30 * A_DAY))

    undo(plan)

    assert state_of(plan) == done
    undo(plan)
    assert plan.is_open


def test_what_another_item_stood_for_is_not_closed_again_once_that_one_does_so_no_longer(
    session, cast, plan, vietnam, who
):
    other = open_round_of(session, vietnam, "vn_family_day", cast.commune)
    twin = next(item for item in other.items if item.required and item.is_open)
    credit_item(session, plan.id, other, covers_id=twin.id, **who)

    remove_credit(session, plan.id, other, **who)

    assert last_change(history_of(session, twin)) is None


def test_what_is_older_than_a_change_that_cannot_be_undone_is_not_offered(
    session, plan, village, vietnam, who, undo
):
    start_item(session, plan.id, Stamp(**who))
    begun = history_of(session, plan)[0]
    split_item(session, plan.id, [village.id], calendar=vietnam, **who)

    assert last_change(history_of(session, plan)) is None
    with pytest.raises(ConflictError, match="was changed since"):
        undo(plan, change=begun)


def test_who_an_item_was_delegated_to_takes_back_the_own_work_and_no_decision(
    session, plan, village, who, undo
):
    head = add_person(session, "Trưởng thôn", "truong@example.org")
    give_post(session, head, village, "truong_thon")
    session.flush()
    delegate_item(session, plan.id, village.id, role="truong_thon", **who)

    with pytest.raises(NotAllowedError):
        undo(plan, by=head)
    start_item(session, plan.id, Stamp(head, NOW))
    assert undo(plan, by=head).state == "not-started"


def test_a_shorter_deadline_set_from_above_stays_until_somebody_above_lengthens_it(
    session, cast, plan, who, undo
):
    due = plan.due
    edit_item(session, plan.id, edited(plan, due=due - A_DAY), Stamp(cast.hoa, NOW))

    with pytest.raises(ConflictError, match="can give more time"):
        undo(plan)
    with pytest.raises(ConflictError, match="can give more time"):
        follow_template(session, plan.id, Stamp(**who))

    assert plan.due == due - A_DAY
    assert undo(plan, by=cast.hoa).due == due


def test_a_shorter_deadline_of_its_own_choice_a_unit_takes_back(session, plan, who, undo):
    due = plan.due
    edit_item(session, plan.id, edited(plan, due=due - A_DAY), Stamp(**who))
    assert undo(plan).due == due

    edit_item(session, plan.id, edited(plan, due=due - A_DAY), Stamp(**who))
    assert follow_template(session, plan.id, Stamp(**who)).due == due


def test_an_edit_taken_back_after_the_event_moved_follows_the_day_it_moved_to(
    session, cast, plan, vietnam, who, undo
):
    twin = item_of(
        session.scalars(select(Campaign).where(Campaign.unit_id == cast.other_commune.id)).one(),
        plan.key,
    )
    edit_item(session, plan.id, edited(plan, due=plan.due - A_DAY), Stamp(**who))
    move_the_event(session, cast, vietnam, date(2021, 4, 10))
    assert plan.due < twin.due

    undo(plan, by=cast.hoa)

    assert (plan.nominal_due, plan.due, plan.edited) == (twin.nominal_due, twin.due, [])


def test_an_edit_taken_back_never_leaves_an_item_that_begins_after_it_is_due(
    session, cast, banners, vietnam, who, undo
):
    edit_item(session, banners.id, edited(banners, dtstart=banners.due), Stamp(**who))
    edit_item(session, banners.id, edited(banners, due=banners.due + A_DAY), Stamp(cast.hoa, NOW))
    move_the_event(session, cast, vietnam, date(2021, 3, 13))

    undo(banners, by=cast.hoa)

    assert banners.due < date(2021, 3, 20)
    assert (banners.dtstart, banners.edited) == (banners.due, ["dtstart"])


def test_an_edit_taken_back_on_unmoved_days_restores_exactly_what_was(session, banners, who, undo):
    before = (edited(banners), banners.nominal_due, banners.due_reason)
    edit_item(
        session, banners.id, edited(banners, due=banners.due - A_DAY, summary="Khác"), Stamp(**who)
    )

    undo(banners)

    assert (edited(banners), banners.nominal_due, banners.due_reason) == before


def test_a_tick_is_taken_back_before_the_evidence_that_came_with_it(session, plan, who, undo):
    add_evidence(session, plan.id, A_LETTER, Stamp(**who))
    given = history_of(session, plan)[0]
    complete_item(session, plan.id, Stamp(**who))

    with pytest.raises(ConflictError, match="was changed since"):
        undo(plan, change=given)
    assert undo(plan).is_open
    undo(plan, change=given)
    assert plan.evidence_given == []
