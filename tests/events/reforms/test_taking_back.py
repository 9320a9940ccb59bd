"""A change of units that was entered by mistake, a month before its day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from events.checklist.history import Stamp
from events.errors import ConflictError, NotFoundError
from events.models import (
    Campaign,
    Post,
    PostProposal,
    Reform,
    Unit,
    UnitSuccession,
)
from events.models.history import Door
from events.people.offers import offer_post
from events.people.posts import give_post
from events.people.proposed_posts import decide_proposal, waiting_proposals
from events.reforms.handover import hand_over_due
from events.reforms.reform import abolish_level, merge, rename, split
from events.reforms.taking_back import TAKEN_BACK, reform_of, take_back
from events.reforms.writing import NewUnit
from events.units.tree import get_unit
from tests.conftest import holders
from tests.events.replanning.test_anchors import open_template

BEFORE = datetime(2021, 2, 1, 1, tzinfo=UTC)
DAY = date(2021, 3, 1)
ON_THE_DAY = datetime(2021, 3, 1, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


@pytest.fixture
def cast(before_2025):
    return before_2025


@pytest.fixture
def rest(cast):
    return {"on": DAY, "basis": None, "stamp": Stamp(cast.hoa, BEFORE)}


def tree(session):
    session.expire_all()
    tables = (Unit, UnitSuccession, Post, PostProposal)
    return [
        session.execute(select(*table.__table__.columns).order_by(table.id)).all()
        for table in tables
    ]


def merge_two(session, rest):
    return merge(session, ["23341", "23344"], NewUnit("Xã Đăk Mới"), **rest)


CHANGES = {
    "merge": merge_two,
    "split": lambda session, rest: split(
        session, "23341", [NewUnit("Xã A"), NewUnit("Xã B")], **rest
    ),
    "rename": lambda session, rest: rename(session, "610", "Huyện Mới", **rest),
    "abolish": lambda session, rest: abolish_level(session, "district", **rest),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_a_change_that_is_taken_back_leaves_units_and_posts_as_they_were(session, cast, rest, kind):
    ending = give_post(session, cast.la, cast.commune, "ubnd_xa", since=date(2021, 1, 1))
    ending.valid_to = date(2021, 12, 31)
    session.flush()
    before = tree(session)
    reform = CHANGES[kind](session, rest).reform

    for _twice in range(2):
        take_back(session, reform.id, by=cast.hoa, now=BEFORE)

    assert tree(session) == before
    assert reform.detail[TAKEN_BACK]["by"] == cast.hoa.full_name
    assert hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK)).closed == 0


def test_what_was_taken_back_can_be_entered_again(session, cast, rest):
    first = merge_two(session, rest)
    take_back(session, reform_of(session, "23344").id, by=cast.hoa, now=BEFORE)

    again = merge_two(session, rest)

    assert again.begun[0].key == "23341-2021"
    assert session.scalar(select(func.count()).select_from(Reform)) == 2
    with pytest.raises(NotFoundError, match="ends the unit “23347”"):
        reform_of(session, "23347")
    assert first.reform.detail["names"] == {"23341-2021": "Xã Đăk Mới"}


def test_a_post_that_was_confirmed_ahead_goes_and_the_old_one_stays(session, cast, rest):
    done = merge_two(session, rest)
    [proposal] = waiting_proposals(session)
    decide_proposal(session, proposal.id, confirm=True, by=cast.hoa, now=BEFORE)
    offered = {"by": cast.hoa, "now": BEFORE, "since": DAY}
    offer_post(session, cast.khanh, done.begun[0], "ubnd_xa", **offered)
    session.flush()

    take_back(session, done.reform.id, by=cast.hoa, now=BEFORE)

    assert holders(session, cast.commune.id, "ubnd_xa", DAY) == [cast.thi]
    assert [post.unit for post in session.scalars(select(Post).where(Post.person == cast.thi))] == [
        cast.commune
    ]


def test_once_work_was_handed_over_the_change_stands(session, cast, rest, vietnam):
    open_template(session, vietnam, "happiness_day", 2021, now=BEFORE)
    done = merge_two(session, rest)
    hand_over_due(session, stamp=Stamp(None, ON_THE_DAY, Door.CLOCK))
    before = tree(session)

    with pytest.raises(ConflictError, match="Xã Đăk Mới has campaigns or items already"):
        take_back(session, done.reform.id, by=cast.hoa, now=ON_THE_DAY)

    assert tree(session) == before
    assert (
        session.scalar(
            select(func.count()).select_from(Campaign).where(Campaign.unit_id == done.begun[0].id)
        )
        == 1
    )


def test_people_units_and_later_changes_are_not_thrown_away(session, cast, rest):
    done = merge_two(session, rest)
    new = done.begun[0]

    give_post(session, cast.la, new, "ubnd_xa", since=DAY)
    session.flush()
    with pytest.raises(ConflictError, match="Xã Đăk Mới has people in posts"):
        take_back(session, done.reform.id, by=cast.hoa, now=BEFORE)
    session.execute(delete(Post).where(Post.unit_id == new.id))

    later = rename(session, new.key, "Phường Mới", **(rest | {"on": DAY + A_DAY}))
    with pytest.raises(ConflictError, match="Xã Đăk Mới is changed by a later change"):
        take_back(session, done.reform.id, by=cast.hoa, now=BEFORE)

    take_back(session, later.reform.id, by=cast.hoa, now=BEFORE)
    take_back(session, done.reform.id, by=cast.hoa, now=BEFORE)
    assert get_unit(session, "23341").valid_to is None


def test_units_are_not_brought_back_below_a_district_that_ends(session, cast, rest):
    done = merge(session, ["23341", "23344"], NewUnit("Xã Đăk Mới", parent_key="62"), **rest)
    above = abolish_level(session, "district", **rest)

    with pytest.raises(ConflictError, match="Huyện Đăk Glei is changed by a later change"):
        take_back(session, done.reform.id, by=cast.hoa, now=BEFORE)

    for reform in (above.reform, done.reform):
        take_back(session, reform.id, by=cast.hoa, now=BEFORE)
    assert cast.commune.valid_to is None
