"""Who answers for papers and finished items of a unit that ended: the people of the units that
follow it, in or above them.
"""

from datetime import timedelta

import pytest

from events.checklist.evidence import add_evidence
from events.checklist.history import Stamp
from events.checklist.states import complete_item, reopen_item
from events.documents.lookup import campaigns_before, documents_of_item, replaceable
from events.documents.register import (
    Paper,
    add_document,
    correct_document,
    issue_document,
    supersede,
)
from events.errors import ConflictError, InvalidInputError, NotAllowedError
from events.models import DocumentKind
from events.models.history import Door
from events.people.proposed_posts import decide_proposal, waiting_proposals
from events.people.rights import Capability, may
from events.reforms.handover import hand_over_due
from events.reforms.reform import abolish_level, merge, rename, split
from events.reforms.writing import NewUnit
from events.units.tree import get_unit
from tests.events.reforms.test_carried_over import (
    BEFORE,
    DAY,
    DOCUMENT,
    ON_THE_DAY,
    campaign_of,
    item_of,
    open_round_of,
    open_to_all,
)

PLAN = Paper(DocumentKind.PLAN, "Kế hoạch xã")
NEXT_DAY = ON_THE_DAY + timedelta(days=1)


@pytest.fixture
def cast(before_2025):
    return before_2025


@pytest.fixture
def happiness(session, cast, vietnam):
    open_round_of(session, vietnam, "happiness_day")
    return cast


def confirm_posts(session, cast):
    for proposal in waiting_proposals(session):
        decide_proposal(session, proposal.id, confirm=True, by=cast.hoa, now=ON_THE_DAY)


@pytest.fixture
def drafted(session, happiness):
    """The plan that Thi drafted for its item before her commune was renamed, with her post
    confirmed in the new one.
    """
    item = item_of(session, happiness.commune, "plan_commune")
    return add_document(session, item.campaign, PLAN, item=item, by=happiness.thi, now=BEFORE)


@pytest.fixture
def finished(session, happiness):
    item = open_to_all(session, happiness.commune, "loudspeaker")
    return complete_item(session, item.id, Stamp(happiness.thi, BEFORE))


@pytest.fixture
def renamed(session, happiness, drafted, finished):
    done = rename(
        session,
        "23341",
        "Thị trấn Tên Mới",
        stamp=Stamp(happiness.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    )
    confirm_posts(session, happiness)
    return done.begun[0]


def test_a_draft_is_corrected_and_issued_after_a_renaming_by_those_who_wrote_it(
    session, happiness, drafted, renamed
):
    who = {"by": happiness.thi, "now": NEXT_DAY}
    correct_document(
        session,
        drafted,
        Paper(DocumentKind.PLAN, "Kế hoạch xã", number="5/KH"),
        item=drafted.item,
        **who,
    )
    issue_document(session, drafted, DAY, **who)

    assert (drafted.number, drafted.issued) == ("5/KH", DAY)


def test_the_new_units_item_shows_the_papers_of_the_old_one(session, happiness, drafted, renamed):
    again = rename(
        session,
        renamed.key,
        "Thị trấn Mới Nữa",
        stamp=Stamp(happiness.hoa, NEXT_DAY),
        on=NEXT_DAY.date(),
        basis=None,
    )
    item = item_of(session, again.begun[0], "plan_commune")

    assert documents_of_item(session, item, drafts=True) == [drafted]
    assert documents_of_item(session, item, drafts=False) == []
    assert campaigns_before(session, item.campaign, drafts=True) == [drafted.campaign]
    assert campaigns_before(session, item.campaign, drafts=False) == []


def test_a_paper_of_the_new_unit_replaces_one_of_the_old(session, happiness, drafted, renamed):
    new = add_document(session, campaign_of(session, renamed), PLAN, by=happiness.thi, now=NEXT_DAY)
    assert replaceable(session, renamed) == [new, drafted]

    supersede(session, new, drafted, by=happiness.thi, now=NEXT_DAY)

    assert new.supersedes == drafted
    assert replaceable(session, renamed) == [new]
    elsewhere = add_document(
        session,
        campaign_of(session, happiness.other_commune),
        PLAN,
        by=happiness.khanh,
        now=NEXT_DAY,
    )
    with pytest.raises(InvalidInputError, match="same unit"):
        supersede(session, elsewhere, drafted, by=happiness.hoa, now=NEXT_DAY)


def test_an_item_wrongly_ticked_before_a_renaming_is_opened_again_and_goes_over(
    session, happiness, finished, renamed
):
    reopen_item(session, finished.id, Stamp(happiness.thi, NEXT_DAY))
    hand_over_due(session, stamp=Stamp(None, NEXT_DAY, Door.CLOCK))

    assert item_of(session, renamed, "loudspeaker").is_open
    with pytest.raises(ConflictError, match="went over to Thị trấn Tên Mới"):
        complete_item(session, finished.id, Stamp(happiness.thi, NEXT_DAY))


def test_only_people_of_the_units_that_follow_or_above_them_answer(
    session, happiness, neighbour, finished
):
    into = [NewUnit("Xã Đông"), NewUnit("Xã Tây")]
    split(session, "23341", into, stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)
    session.flush()
    old = happiness.commune

    # her posts there are not confirmed yet
    assert not may(session, happiness.thi, Capability.DO_WORK, old, DAY)
    confirm_posts(session, happiness)
    session.flush()
    allowed = [
        may(session, who, Capability.DO_WORK, old, DAY)
        for who in (happiness.thi, happiness.hoa, neighbour, happiness.khanh)
    ]
    assert allowed == [True, True, False, False]
    with pytest.raises(NotAllowedError):
        reopen_item(session, finished.id, Stamp(happiness.khanh, ON_THE_DAY))


def test_the_province_answers_for_what_an_abolished_district_left_also_under_its_own_new_name(
    session, happiness
):
    abolish_level(session, "district", stamp=Stamp(happiness.hoa, ON_THE_DAY), on=DAY, basis=None)
    rename(
        session,
        "62",
        "Tỉnh Mới",
        stamp=Stamp(happiness.hoa, NEXT_DAY),
        on=NEXT_DAY.date(),
        basis=None,
    )
    assert not may(session, happiness.hoa, Capability.DO_WORK, happiness.district, NEXT_DAY.date())
    happiness.thi.is_administrator = True
    for proposal in waiting_proposals(session):
        decide_proposal(
            session,
            proposal.id,
            confirm=True,
            by=happiness.thi,
            now=NEXT_DAY,
        )

    assert may(session, happiness.hoa, Capability.DO_WORK, happiness.district, NEXT_DAY.date())


def test_whoever_answers_for_a_merged_unit_does_not_do_there_what_went_over(
    session, happiness, neighbour, finished
):
    merge(
        session,
        ["23341", "23344"],
        NewUnit("Xã Đăk Mới"),
        stamp=Stamp(happiness.hoa, ON_THE_DAY),
        on=DAY,
        basis=None,
    )
    confirm_posts(session, happiness)
    plan = item_of(session, get_unit(session, "23344"), "plan_commune")

    assert may(session, neighbour, Capability.DO_WORK, happiness.commune, DAY)
    with pytest.raises(ConflictError, match="went over"):
        add_evidence(session, plan.id, DOCUMENT, Stamp(happiness.thi, ON_THE_DAY))
